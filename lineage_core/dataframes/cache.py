"""Frames kept for the next start: one file per lineage directory in the user's cache.

    header   JSON: what the frames were made from (the tailer's checkpoints), the lengths and CRCs of what follows
    names    Arrow IPC: every text of a NAME column, once
    columns  Arrow IPC, some columns of a frame after the other; NAME columns are places among the names

It may be deleted at any time and is never trusted: lengths, CRCs and schemas are checked, and it is used only while
every file that it was made from still begins with what was read of it. Whatever is wrong with it, the journal is read
again.
"""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import polars as pl

from lineage_core.base import user_files
from lineage_core.base.errors import JournalError
from lineage_core.dataframes.schema import FRAMES, NAME, schema_of
from lineage_core.read.checkpoint import Checkpoint, SavedCheckpoint
from lineage_core.read.journal_files import JournalFile, files, opened

FORMAT = 9
"""Of the file and of what `dataframes/tasks.py` and `dataframes/records.py` make of events; a file of another format
is made again."""

_FIRST = 20  # bytes of the first line, which tells the length and the CRC of the header
_TOGETHER = 6  # columns that are packed together


class CachedFrames(NamedTuple):
    """What was kept. checkpoints: for a Tailer to go on. counts: of records, and of quarantined bytes by reason."""

    frames: dict[str, pl.DataFrame]
    checkpoints: list[SavedCheckpoint]
    counts: dict[str, Any]


def keep(directory: Path, cached: CachedFrames) -> bool:
    """Keep frames for the next start; False where the user's cache cannot be written."""
    named = {what: [name for name, kind in schema_of(what).items() if kind == NAME] for what in FRAMES}
    names = pl.concat([cached.frames[what][name].unique() for what in FRAMES for name in named[what]]).unique()
    positions = _positions_of(names)
    blobs = [_packed(pl.DataFrame({"name": names.cast(pl.String)}))]
    for what, columns in _groups():
        part = cached.frames[what].select(columns)
        codes = [positions.gather(part[name].to_physical()).alias(name) for name in columns if name in named[what]]
        blobs.append(_packed(part.with_columns(codes)))
    header = orjson.dumps(
        {
            "format": FORMAT,
            "polars": pl.__version__,
            "directory": _identity(directory),
            "checkpoints": cached.checkpoints,
            "counts": cached.counts,
            "parts": [[len(blob), zlib.crc32(blob)] for blob in blobs],
        }
    )
    folder = user_files.folder("cache", "frames")
    if folder is None:
        return False
    try:
        with user_files.replacing(folder / _name(directory)) as file:
            file.write(b"%010d %08x\n" % (len(header), zlib.crc32(header)))
            file.writelines([header, *blobs])
    except OSError:
        return False
    return True


def cached(directory: Path) -> CachedFrames | None:
    """The frames of a directory as they were kept; None if there are none to be had that hold true."""
    cache = user_files.location("cache")
    if cache is None:
        return None
    try:
        with open(user_files.open_own(cache / "frames" / _name(directory)), "rb") as file:
            fd = file.fileno()
            first = os.pread(fd, _FIRST, 0)
            length = int(first[:10])
            header = orjson.loads(_sound(fd, _FIRST, length, int(first[11:19], 16)))
            if (header["format"], header["polars"]) != (FORMAT, pl.__version__):
                return None
            if header["directory"] != _identity(directory):
                return None
            if not _still_true(directory, header["checkpoints"]):
                return None
            ends = list(accumulate((size for size, _ in header["parts"]), initial=_FIRST + length))
            positions = [(at, *part) for at, part in zip(ends, header["parts"], strict=False)]
            if os.fstat(fd).st_size != ends[-1] or len(positions) != 1 + len(_groups()):
                return None
            names = pl.read_ipc(_sound(fd, *positions[0]))["name"].cast(NAME)

            def part(group: tuple[str, list[str]], span: tuple[int, int, int]) -> pl.DataFrame:
                return _named(pl.read_ipc(_sound(fd, *span)), *group, names)

            with ThreadPoolExecutor() as pool:  # polars decodes a file on one core
                parts = list(pool.map(part, _groups(), positions[1:]))
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
    frames: dict[str, list[pl.DataFrame]] = {}
    for (what, _), columns in zip(_groups(), parts, strict=True):
        frames.setdefault(what, []).append(columns)
    whole = {what: pl.concat(frames[what], how="horizontal") for what in FRAMES}
    return CachedFrames(whole, header["checkpoints"], header["counts"])


def _positions_of(names: pl.Series) -> pl.Series:
    """By the code that polars has for each name: its position among them."""
    codes = names.to_physical()
    last = codes.max()
    positions = pl.zeros(last + 1 if isinstance(last, int) else 1, pl.UInt32, eager=True)
    found = codes.is_not_null()
    return positions.scatter(codes.filter(found), pl.int_range(len(names), dtype=pl.UInt32, eager=True).filter(found))


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_ipc(buffer, compression="lz4", record_batch_size=max(1, frame.height))  # read in one piece, not joined
    return buffer.getvalue()


def _sound(fd: int, offset: int, length: int, crc: int) -> bytes:
    """Bytes of the file; raises ValueError if they are not what was written."""
    data = os.pread(fd, length, offset)
    if len(data) != length or zlib.crc32(data) != crc:
        raise ValueError("damaged")
    return data


def _groups() -> list[tuple[str, list[str]]]:
    """The frames and their columns, some at a time."""
    columns = {what: list(schema_of(what)) for what in FRAMES}
    return [(what, own[n : n + _TOGETHER]) for what, own in columns.items() for n in range(0, len(own), _TOGETHER)]


def _named(frame: pl.DataFrame, what: str, columns: list[str], names: pl.Series) -> pl.DataFrame:
    """The columns with their NAMEs as texts again; raises ValueError if they are others than they should be."""
    schema = {name: kind for name, kind in schema_of(what).items() if name in columns}
    if frame.schema != pl.Schema({name: pl.UInt32 if kind == NAME else kind for name, kind in schema.items()}):
        raise ValueError("other columns")
    named = [names.gather(frame[name]).alias(name) for name, kind in schema.items() if kind == NAME]
    return frame.with_columns(named).rechunk()  # in one piece, or everything that is done with it takes longer


def _identity(directory: Path) -> str:
    """The directory for JSON, which holds no names that are not UTF-8."""
    return os.fsencode(directory.absolute()).decode("latin-1")


def _name(directory: Path) -> str:
    return blake2b(os.fsencode(directory.absolute()), digest_size=8).hexdigest() + ".frames"


def _still_true(directory: Path, checkpoints: list[SavedCheckpoint]) -> bool:
    """Whether each file that was read is still there, under whatever name of its day, and begins with what was read."""
    named: dict[str, list[JournalFile]] = {}  # hosts by the hundred have files by the thousand
    try:
        for file in files(directory):
            named.setdefault(file.name, []).append(file)
    except (FileNotFoundError, JournalError):
        return False
    return all(
        any(_holds(file, checkpoint) for file in named.get(checkpoint.name, ()))
        for checkpoint in map(Checkpoint.from_json, checkpoints)
    )


def _holds(file: JournalFile, checkpoint: Checkpoint) -> bool:
    if file.packed != checkpoint.packed or file.status.st_size < checkpoint.offset:
        return False
    try:
        with opened(file.path) as fd:
            return checkpoint.recognises(fd)
    except JournalError:
        return False

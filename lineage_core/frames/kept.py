"""Frames kept for the next start: one file per lineage directory in the user's cache.

    line 1   JSON: what the frames were made from (the tailer's positions), their lengths and CRCs
    frames   Arrow IPC, one after the other

It may be deleted at any time and is never trusted: lengths, CRCs and schemas are checked, and it is used only while
every file that it was made from still begins with what was read of it. Whatever is wrong with it, the journal is read
again.
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import polars as pl
from platformdirs import user_cache_path

from lineage_core.errors import JournalError
from lineage_core.files import JournalFile, files, open_file
from lineage_core.frames.columns import FRAMES, schema_of
from lineage_core.place import Place

FORMAT = 1
"""Of the file and of what `derive.py` and `rows.py` make of events; a file of another format is made again."""

_LONGEST_HEADER = 64 << 20


class Kept(NamedTuple):
    """What was kept. positions: for a Tailer to go on. told: what else was to be remembered."""

    frames: dict[str, pl.DataFrame]
    positions: dict[str, Any]
    told: dict[str, Any]


def keep(directory: Path, kept: Kept) -> bool:
    """Keep frames for the next start; False where the user's cache cannot be written."""
    blobs = []
    for name in FRAMES:
        buffer = BytesIO()
        kept.frames[name].write_ipc(buffer, compression="lz4")
        blobs.append(buffer.getvalue())
    header = {
        "format": FORMAT,
        "polars": pl.__version__,
        "directory": str(directory.absolute()),
        "positions": kept.positions,
        "told": kept.told,
        "frames": [[name, len(blob), zlib.crc32(blob)] for name, blob in zip(FRAMES, blobs, strict=True)],
    }
    path = _path(directory)
    scratch = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.parent.stat().st_uid != os.getuid():
            return False
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            line = orjson.dumps(header)
            file.write(b"%010d %08x\n" % (len(line), zlib.crc32(line)))
            file.writelines([line, *blobs])
        scratch.replace(path)
    except OSError:
        with suppress(OSError):
            scratch.unlink()
        return False
    return True


def kept(directory: Path) -> Kept | None:
    """The frames of a directory as they were kept; None if there are none to be had that hold true."""
    try:
        raw = _path(directory).read_bytes()
        length, crc = int(raw[:10]), int(raw[11:19], 16)
        line = raw[20 : 20 + length]
        if length > _LONGEST_HEADER or len(line) != length or zlib.crc32(line) != crc:
            return None
        header = orjson.loads(line)
        if (header["format"], header["polars"], header["directory"]) != (
            FORMAT,
            pl.__version__,
            str(directory.absolute()),
        ) or not _still_true(directory, header["positions"]["places"]):
            return None
        frames, at = {}, 20 + length
        for name, size, expected in header["frames"]:
            blob = raw[at : at + size]
            at += size
            if len(blob) != size or zlib.crc32(blob) != expected:
                return None
            frames[name] = pl.read_ipc(BytesIO(blob))
            if frames[name].schema != pl.Schema(schema_of(name)):
                return None
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
    return Kept(frames, header["positions"], header["told"])


def _path(directory: Path) -> Path:
    key = blake2b(os.fsencode(directory.absolute()), digest_size=8).hexdigest()
    return user_cache_path("lineage-tui") / "frames" / f"{key}.frames"


def _still_true(directory: Path, places: list[dict[str, Any]]) -> bool:
    """Whether each file that was read is still there, under whatever name of its day, and begins with what was read."""
    try:
        listed = files(directory)
    except (FileNotFoundError, JournalError):
        return False
    return all(any(_holds(file, place) for file in listed) for place in map(Place.from_json, places))


def _holds(file: JournalFile, place: Place) -> bool:
    if file.name != place.name or file.packed != place.packed or file.status.st_size < place.offset:
        return False
    try:
        fd = open_file(file.path)
    except JournalError:
        return False
    try:
        return place.recognises(fd)
    finally:
        os.close(fd)

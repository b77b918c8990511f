"""Closed days of a lineage directory, or of those of many hosts, into the table: each byte range once.

A commit holds rows and, for each file that they come from, how far it was read: Delta's application transactions, by
which whoever is killed goes on exactly where the last commit ended. What a killed run wrote without a commit is not
part of the table (`vacuum` removes it). A closed file that grew all the same is read on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from polars import col, lit

from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.base.errors import JournalError, no_directory
from lineage_core.dataframes.decoder import DecodedPiece, FrameDecoder
from lineage_core.dataframes.records import Rows
from lineage_core.lake.table_schema import CONFIGURATION, NO_HOST, PARTITIONS, SCHEMA, existing
from lineage_core.model.host_file_names import host_of
from lineage_core.query.search_terms import SLACK
from lineage_core.read.compact_record import one_line
from lineage_core.read.compression import unpack
from lineage_core.read.journal_files import JournalFile, files, open_file, pieces, why

BLOCK = 8 << 20
"""Bytes that are decoded at once."""

COMMIT = 1 << 20
"""Rows of a commit, about; a day of a host is never parted among fewer than it needs."""

_HEAD = 1 << 16  # bytes in which a first line is looked for, before all is read

_WRITER = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=1 << 16)
_INDEX = ["task_id", "at", "event_type", "actor_type", "actor_id", "session", "lineage_id"]


class Synced(NamedTuple):
    """events: rows that were added. files: that they came from. quarantined: pieces that are no events. problems: files
    that could not be read, and why."""

    events: int
    files: int
    quarantined: int
    problems: dict[str, str]


class _Read(NamedTuple):
    """What a file held from an offset on. end: how far it was read; key: what it is known by in the table."""

    rows: pl.DataFrame
    end: int
    key: str
    rejected: int


def is_closed(file: JournalFile, now: int) -> bool:
    """Whether the day of a file is over everywhere; the combined file has no day and counts as read so far."""
    start = parse_timestamp(file.date + "T00:00:00Z") if file.date else None
    return start is None or start + DAY + SLACK <= now


def sync(directory: Path, url: str, now: int, progress: Callable[[float], None] = lambda part: None) -> Synced:
    """Add what the table does not have of the closed days. now: microseconds since the epoch.

    Raises JournalError where there is no directory, the table cannot be written, or another run writes the same.
    """
    problems: dict[str, str] = {}
    try:
        listed = files(directory, problems)
    except FileNotFoundError:
        raise no_directory(directory) from None
    daily = {host_of(file.name) for file in listed if file.date}
    closed = [file for file in listed if is_closed(file, now) and (file.date or host_of(file.name) not in daily)]
    table = existing(url)
    total, done = sum(file.status.st_size for file in closed), 0
    waiting: list[_Read] = []
    events = read_files = rejected = 0
    for file in sorted(closed, key=lambda file: (file.date, file.name)):
        try:
            for one in _read(file, table, {each.key: each.end for each in waiting}):
                waiting.append(one)
                rejected += one.rejected
                if sum(each.rows.height for each in waiting) >= COMMIT:
                    events += _commit(url, waiting)
                    waiting, table = [], existing(url)
            read_files += 1
        except (JournalError, OSError) as error:
            if isinstance(error.__cause__, DeltaError):
                raise
            name = str(file.path.relative_to(directory))
            problems[name] = why(error) if isinstance(error, OSError) else str(error)
        done += file.status.st_size
        progress(done / max(1, total))
    if waiting:
        events += _commit(url, waiting)
    return Synced(events, read_files, rejected, problems)


def _commit(url: str, read: list[_Read]) -> int:
    """Add rows and how far their files were read, both or neither; gives how many rows."""
    rows = pl.concat([one.rows for one in read]).sort("date", "host", "task_id", "at", "file", "offset")
    ends = {one.key: one.end for one in read}
    try:
        write_deltalake(
            url,
            rows,
            mode="append",
            partition_by=PARTITIONS,
            configuration=CONFIGURATION,
            writer_properties=_WRITER,
            commit_properties=CommitProperties(app_transactions=[Transaction(key, end) for key, end in ends.items()]),
        )
    except CommitFailedError as error:
        raise JournalError(f"another run writes to {url}: run this one again") from error
    except (DeltaError, OSError) as error:
        raise JournalError(f"cannot write the lake {url}: {' '.join(str(error).split())[:300]}") from error
    return rows.height


def _read(file: JournalFile, table: DeltaTable | None, pending: dict[str, int]) -> Iterator[_Read]:
    """What a file holds that is neither in the table nor pending, some at a time. Raises JournalError or OSError."""
    fd = open_file(file.path)
    try:
        if table is not None and not file.packed and _is_known(fd, file, table):
            return
        content = unpack(fd, BLOCK) if file.packed else pieces(fd, BLOCK, os.fstat(fd).st_size)
        first = next(content, b"")
        if not first:
            return
        key = _key(file, first)
        known = table.transaction_version(key) if table is not None else None
        start = max(pending.get(key, 0), known or 0)
        decoder = FrameDecoder(start, ids=True)
        recent, base, at = b"", start, 0  # the bytes that records still to come may span
        rows: list[pl.DataFrame] = []
        rejected = 0
        for data in _and(first, content):
            at += len(data)
            if at <= start:
                continue
            fresh = data[max(0, len(data) - (at - start)) :]
            gone = max(0, decoder.settled - base)
            recent, base = recent[gone:] + fresh, base + gone
            found, bad = decoder.feed(fresh)
            rejected += len(bad)
            rows += _laid(file, found, recent, base)
            if sum(part.height for part in rows) >= COMMIT:
                yield _Read(pl.concat(rows), decoder.settled, key, rejected)
                rows, rejected = [], 0
        found, bad = decoder.flush() if file.packed else decoder.take_last()
        rows += _laid(file, found, recent, base)
        end = decoder.settled if decoder.is_open else max(decoder.settled, min(decoder.end, at))
        if rows and sum(part.height for part in rows):
            yield _Read(pl.concat(rows), end, key, rejected + len(bad))
    finally:
        os.close(fd)


def _is_known(fd: int, file: JournalFile, table: DeltaTable) -> bool:
    """Whether the table has all of a plain file, as far as its first line tells without much reading."""
    head = os.pread(fd, _HEAD, 0)
    return b"\n" in head and table.transaction_version(_key(file, head)) == os.fstat(fd).st_size


def _and(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _key(file: JournalFile, first: bytes) -> str:
    """What a file is known by, under whatever name and packed or not: its canonical name, and its first line."""
    line = first.partition(b"\n")[0]
    return f"{file.name}:{blake2b(line, digest_size=8).hexdigest()}"


def _laid(file: JournalFile, found: list, data: bytes, start: int) -> list[pl.DataFrame]:  # type: ignore[type-arg]
    """Rows of what was decoded; `data` holds its bytes from the offset `start` on."""
    parts = list(found.events) if isinstance(found, DecodedPiece) else []
    if found:
        rows = Rows()
        rows.add(file.name, found, data, start)
        parts.append(rows.frame())
    return [_rows(file, part, data, start) for part in parts if part.height]


def _rows(file: JournalFile, events: pl.DataFrame, data: bytes, start: int) -> pl.DataFrame:
    spans = events.select("offset", "length").iter_rows()
    records = [one_line(data[at - start : at - start + size]).decode("utf-8", "replace") for at, size in spans]
    date = lit(file.date) if file.date else col("at").dt.strftime("%Y-%m-%d")
    return events.with_columns(
        date=date,
        host=lit(host_of(file.name) or NO_HOST),
        file=lit(file.name),
        record=pl.Series(records, dtype=pl.String),
    ).select(col(name).cast(kind) for name, kind in SCHEMA.items())

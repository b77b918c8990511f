"""The newest events of a journal, read from the ends of its files backwards: the rest is hardly touched.

Writers append, so the order of a file is that in which its events were written, and no event happened after that. A
stretch at the end is read, twice as long as the last one, until what the older half of it holds was written before
the events asked for had happened. Events that happened long before they were written (see `_written`) prove nothing.
Another host's events, which keep their ids, may be appended too: so some offsets before the stretch are looked at. In
doubt the whole file is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.base.errors import JournalError
from lineage_core.model.facts import digest_of
from lineage_core.model.host_file_names import host_of
from lineage_core.model.lineage_id import made_at
from lineage_core.query.block_search import decoded
from lineage_core.query.journal_search import ROUNDS, identity, label, list_files
from lineage_core.query.records_with_host import tagged
from lineage_core.query.search_terms import SLACK
from lineage_core.read.decoder import Decoder, Found
from lineage_core.read.journal_files import JournalFile, why
from lineage_core.read.open_files import GONE, OpenFiles

FIRST_STRETCH, LAST_STRETCH = 1 << 17, 1 << 22
"""Bytes at the end of a file that are read first, and at most."""

SAMPLES, SAMPLE = 32, 1 << 12
"""How many offsets before the end are looked at, and bytes of each."""

BATCH = 4096
"""Records of a whole file that are kept at once."""


_Position = tuple[int, str, int, int]
"""A record's time, file (its canonical name), offset and digest."""


class NewestEvents:
    """Collects the newest events, at most `limit`, each once."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._newest: dict[_Position, tuple[Found, bytes]] = {}
        self.oldest: int | None = None
        """The time from which on an event is among the newest known; None: any event is."""

    @property
    def raws(self) -> list[bytes]:
        """The records as they were written, in order; of several hosts, each with its host."""
        return [tagged(raw, position[1]) for position, (_, raw) in sorted(self._newest.items())]

    def take(self, name: str, found: list[tuple[Found, bytes]]) -> None:
        """Add the records of a file (its canonical name), and forget what is too old."""
        for one, raw in found:
            if self.oldest is None or one.at >= self.oldest:
                self._newest[one.at, name, one.offset, digest_of(one.record)] = one, raw
        first: dict[tuple[int, int], _Position] = {}  # of copies the first in the order of events
        at = None
        for position in sorted(self._newest, reverse=True):
            if len(first) >= self.limit and position[0] != at:
                break
            at = position[0]
            first[at, position[3]] = position
        self._newest = {
            position: self._newest[position] for position in sorted(first.values())[max(0, len(first) - self.limit) :]
        }
        if len(self._newest) >= self.limit:
            self.oldest = min(self._newest)[0]


class Newest(NamedTuple):
    """raws: the newest events in order, as they were written. problems: files that could not be read, and why.
    hosts: those that have files."""

    raws: list[bytes]
    problems: dict[str, str]
    hosts: set[str]


def newest_events(directory: Path, limit: int) -> Newest:
    """The newest events.

    Raises JournalError when the directory does not exist.
    """
    problems: dict[str, str] = {}
    newest = NewestEvents(limit)
    done: set[tuple[int, int]] = set()
    hosts: set[str] = set()
    for _ in range(ROUNDS if limit else 0):  # files may be moved meanwhile: into the archive, perhaps
        listed = [file for file in list_files(directory, problems) if identity(file) not in done]
        listed.sort(key=lambda file: file.date or "9999", reverse=True)  # the combined one may hold what no other has
        if not listed:
            break
        hosts |= {host_of(file.name) for file in listed}
        opened = OpenFiles(1)
        for file in listed:
            if newest.oldest is None or _newest(file) >= newest.oldest:
                try:
                    with opened.use(file) as fd:
                        _read_back(file, fd, newest)
                except JournalError as error:
                    if str(error) == GONE:
                        continue
                    problems[label(file.path)] = str(error)
            done.add(identity(file))
    return Newest(newest.raws, problems, hosts)


def _newest(file: JournalFile) -> int:
    """The time before which the events of a file lie, by its date."""
    start = parse_timestamp(file.date + "T00:00:00Z") if file.date else None
    return 1 << 62 if start is None else start + DAY + SLACK


def _read_back(file: JournalFile, fd: int, newest: NewestEvents) -> None:
    """Take the newest records of a file: from its end if that is sure to have them all, else from the whole file."""
    if not file.packed and _read_end(file, fd, newest):
        return
    batch: list[tuple[Found, bytes]] = []
    try:
        for found, raw in decoded(fd, file.packed):
            if newest.oldest is None or found.at >= newest.oldest:
                batch.append((found, raw))
            if len(batch) >= BATCH:
                newest.take(file.name, batch)
                batch = []
    finally:
        newest.take(file.name, batch)


def _read_end(file: JournalFile, fd: int, newest: NewestEvents) -> bool:
    """Take the newest records of the end of a file; whether the rest surely has none of them."""
    try:
        size, stretch = os.fstat(fd).st_size, FIRST_STRETCH
        while stretch <= LAST_STRETCH:
            start = max(0, size - stretch)
            data = os.pread(fd, size - start, start)
            found = _found_in(data, start)
            newest.take(file.name, found)
            oldest = newest.oldest
            middle = start + len(data) // 2
            written = max((_written(one) for one, _ in found if one.offset < middle), default=None)
            if start == 0:
                return True
            if oldest is not None and written is not None and written < oldest:
                return all(one.at < oldest for one in _samples(fd, start))
            stretch *= 2
    except OSError as error:
        raise JournalError(why(error)) from error
    return False


def _written(found: Found) -> int:
    """When a record was written, as its id tells if it is one of ours, but not before it happened."""
    return max(found.at, made_at(found.record["lineage_id"]) or 0)


def _samples(fd: int, end: int) -> Iterator[Found]:
    """Some records from all over the beginning of a file, up to `end`."""
    for number in range(SAMPLES):
        start = end * number // SAMPLES
        for found, _ in _found_in(os.pread(fd, SAMPLE, start), start):
            yield found


def _found_in(data: bytes, start: int) -> list[tuple[Found, bytes]]:
    """The records of a stretch that may begin anywhere in a record, with their bytes."""
    begin = 0
    if start:
        begin = data.find(b"\n{") + 1
        if begin == 0:
            return []
    decoder = Decoder(start + begin)
    found = decoder.feed(data[begin:])[0] + decoder.take_last()[0]
    return [(one, data[one.offset - start :][: one.length]) for one in found]

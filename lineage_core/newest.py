"""The newest events of a journal, read from the ends of its files backwards: the rest is not touched.

Files are nearly in order of time, because writers append. So a stretch at the end is read, twice as long as the last
one, until the older half of it holds none of the events asked for.
"""

from __future__ import annotations

import os
from pathlib import Path

from lineage_core.clock import DAY, parse_timestamp
from lineage_core.decode import Decoder, Found
from lineage_core.errors import JournalError
from lineage_core.facts import digest_of
from lineage_core.files import JournalFile, open_file, why
from lineage_core.hits import label, list_files, unpacked
from lineage_core.scan import SLACK

FIRST_STRETCH = 1 << 17
"""Bytes at the end of a file that are read first."""


class Newest:
    """Collects the newest events, at most `limit`, each once."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: dict[tuple[int, str, int], tuple[Found, bytes]] = {}

    @property
    def raws(self) -> list[bytes]:
        """The records as they were written, in order."""
        return [raw for _, (_, raw) in sorted(self._kept.items())]

    @property
    def oldest(self) -> int | None:
        """The time from which on an event is among the newest known; None: any event is."""
        return min(self._kept)[0] if self._kept and len(self._kept) >= self.limit else None

    def take(self, name: str, found: list[tuple[Found, bytes]]) -> None:
        """Add the records of a file (its canonical name), and forget what is too old."""
        for one, raw in found:
            self._kept[one.at, name, one.offset] = one, raw
        first: dict[tuple[int, int], tuple[int, str, int]] = {}  # of copies the first in the order of events
        at = None
        for place in sorted(self._kept, reverse=True):
            if len(first) >= self.limit and place[0] != at:
                break
            at = place[0]
            first[at, digest_of(self._kept[place][0].record)] = place
        self._kept = {place: self._kept[place] for place in sorted(first.values())[max(0, len(first) - self.limit) :]}


def newest_events(directory: Path, limit: int) -> tuple[list[bytes], dict[str, str]]:
    """The newest events in order, as they were written, and the files that could not be read.

    Raises JournalError when the directory does not exist.
    """
    problems: dict[str, str] = {}
    newest = Newest(limit)
    listed = list_files(directory, problems)
    listed.sort(key=lambda file: file.date or "9999", reverse=True)  # the combined file may hold what no daily file has
    for file in listed if limit else []:
        if newest.oldest is not None and _latest(file) < newest.oldest:
            continue
        try:
            _read_back(file, newest)
        except JournalError as error:
            problems[label(file.path)] = str(error)
    return newest.raws, problems


def _latest(file: JournalFile) -> int:
    """The time before which the events of a file lie, by its date."""
    start = parse_timestamp(file.date + "T00:00:00Z") if file.date else None
    return 1 << 62 if start is None else start + DAY + SLACK


def _read_back(file: JournalFile, newest: Newest) -> None:
    """Take the newest records of a file."""
    fd = open_file(file.path)
    try:
        if file.packed:
            data, trouble = unpacked(fd)
            newest.take(file.name, _decoded(data, 0, whole=True))
            if trouble:
                raise JournalError(trouble)
            return
        size, stretch = os.fstat(fd).st_size, FIRST_STRETCH
        while True:
            start = max(0, size - stretch)
            data = os.pread(fd, size - start, start)
            found = _decoded(data, start, whole=False)
            newest.take(file.name, found)
            oldest = newest.oldest
            middle = start + len(data) // 2
            older_half = max((one.at for one, _ in found if one.offset < middle), default=None)
            if start == 0 or (oldest is not None and older_half is not None and older_half < oldest):
                return
            stretch *= 2
    except OSError as error:
        raise JournalError(why(error)) from error
    finally:
        os.close(fd)


def _decoded(data: bytes, start: int, *, whole: bool) -> list[tuple[Found, bytes]]:
    """The records of a stretch that may begin anywhere in a record, with their bytes."""
    begin = 0
    if start:
        begin = data.find(b"\n{") + 1
        if begin == 0:
            return []
    decoder = Decoder(start + begin)
    found = decoder.feed(data[begin:])[0] + (decoder.flush()[0] if whole else [])
    return [(one, data[one.offset - start :][: one.length]) for one in found]


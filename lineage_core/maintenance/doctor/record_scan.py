"""The newest records of a directory, read once for all checks that ask about records."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lineage_core.base.clock import FIRST, LAST, SECOND, out_of_years
from lineage_core.base.errors import JournalError
from lineage_core.maintenance.validate import CLOCK_SLACK, written_at
from lineage_core.model.facts import digest_of
from lineage_core.model.record import Found
from lineage_core.read.journal_files import JournalFile
from lineage_core.read.numbered_lines import numbered
from lineage_core.read.pretty_printed import UNFINISHED

IN_PROGRESS = 5 * SECOND
"""A file that changed less than this ago may end in a pretty-printed record that somebody is just writing, line by
line."""


@dataclass(slots=True)
class Troubles:
    """Things of one kind that were found. first: the place of the first, as `file:line`; most: the largest `by`."""

    count: int = 0
    size: int = 0
    first: str = ""
    most: int = 0

    def add(self, where: str, size: int = 0, by: int = 0) -> None:
        """Count one more of `size` bytes; the first (`where`) and the largest (`by`) of them are kept."""
        self.first = self.first or where
        self.count += 1
        self.size += size
        self.most = max(self.most, by)


@dataclass(slots=True)
class RecordScan:
    """What was read. left_out: files that were not, for they are older or too large together.

    log_us: how long the calls of the shell library took, in microseconds, where they tell (LINEAGE_TIMING=1).
    """

    files: int = 0
    records: int = 0
    left_out: int = 0
    quarantined: Troubles = field(default_factory=Troubles)
    torn: Troubles = field(default_factory=Troubles)
    doubled: Troubles = field(default_factory=Troubles)
    ahead: Troubles = field(default_factory=Troubles)
    back: Troubles = field(default_factory=Troubles)
    out_of_years: Troubles = field(default_factory=Troubles)
    unreadable: dict[str, str] = field(default_factory=dict)
    log_us: array[int] = field(default_factory=lambda: array("q"))

    def percentile(self, share: float) -> int | None:
        """The write time that this share of the calls did not exceed, in microseconds."""
        times = sorted(self.log_us)
        return times[min(len(times) - 1, int(share * len(times)))] if times else None


def read_newest(
    listed: list[JournalFile],
    directory: Path,
    now: int,
    days: int | None,
    budget: int | None,
    progress: Callable[[float], None],
) -> RecordScan:
    """Read the files of the newest days (None: of all) and the combined one, as far as a budget of bytes goes (None:
    all), which the newest spend first.

    now: microseconds since the epoch. progress: is told how far it is, from 0 to 1.
    A record that stands in a daily file and in the combined one is no double: the legacy library wrote it so.
    """
    dates = sorted({file.date for file in listed if file.date}, reverse=True)[:days]
    chosen: list[JournalFile] = []
    for file in listed:
        if budget is not None:
            budget -= file.status.st_size
        if (not file.date or file.date in dates) and (budget is None or budget >= 0 or not chosen):
            chosen.append(file)
    reading, seen = RecordScan(len(chosen), left_out=len(listed) - len(chosen)), (set[int](), set[int]())
    chosen.sort(key=lambda file: (file.name, not file.archived))  # oldest first, as they were written
    for number, file in enumerate(chosen):
        progress(number / len(chosen))
        path = str(file.path.relative_to(directory))
        try:
            _read(file, path, now, reading, seen[bool(file.date)])
        except JournalError as error:
            if file.path.exists():  # else it has just been archived
                reading.unreadable[path] = str(error)
    return reading


def _read(file: JournalFile, path: str, now: int, reading: RecordScan, seen: set[int]) -> None:
    growing = not file.packed and now - file.status.st_mtime_ns // 1000 < IN_PROGRESS
    written = None
    for piece in numbered(file):
        for line, item in piece.items:
            where = f"{path}:{line}"
            if not isinstance(item, Found):
                if piece.size or file.packed:
                    reading.quarantined.add(where, item.length)
                elif not (growing and item.reason == UNFINISHED):
                    reading.torn.add(where, item.length)
                continue
            reading.records += 1
            digest = digest_of(item.record)
            if digest in seen:
                reading.doubled.add(where)
                continue
            seen.add(digest)
            before, written = written, written_at(item)
            if item.at > now + CLOCK_SLACK:
                reading.ahead.add(where, by=item.at - now)
            if item.at in (FIRST, LAST) and out_of_years(item.record["timestamp"]):
                reading.out_of_years.add(where)
            if before is not None and written < before - CLOCK_SLACK:
                reading.back.add(where, by=before - written)
            data = item.record.get("event_data")
            metadata = data.get("metadata") if isinstance(data, dict) else None
            took = metadata.get("log_us") if isinstance(metadata, dict) else None
            if type(took) is int and 0 <= took < 1 << 62:
                reading.log_us.append(took)

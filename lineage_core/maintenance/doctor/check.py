"""What a check says, and what all checks are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.maintenance.doctor.record_scan import RecordScan, read_newest
from lineage_core.read.journal_files import JournalFile, files

MEGABYTE = 1_000_000
SIZE_LIMIT = 100 * MEGABYTE
NEWEST_DAYS = 7
NEWEST_BYTES = 128 * MEGABYTE


class Word(StrEnum):
    """How a thing stands. NOTE: nothing to judge, because something is not there or not known."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


class CheckResult(NamedTuple):
    """What a check found. advice: what to do, if anything. values: numbers and names for monitoring."""

    check: str
    word: Word
    text: str
    advice: str = ""
    values: Mapping[str, Any] = {}


class Surroundings:
    """A lineage directory, and the checkout that writes to it.

    home: the checkout, if it is known. now: microseconds since the epoch. days, budget: how many of the newest
    daily files are read, and bytes of them; None: all. size_limit: bytes from which on a file is too
    large. progress: told the part of the records that is read.
    """

    def __init__(
        self,
        directory: Path,
        home: Path | None,
        now: int,
        *,
        days: int | None = NEWEST_DAYS,
        budget: int | None = NEWEST_BYTES,
        size_limit: int = SIZE_LIMIT,
        progress: Callable[[float], None] = lambda part: None,
    ) -> None:
        self.directory = directory
        self.home = home
        self.now = now
        self.days = days
        self.budget = budget
        self.size_limit = size_limit
        self.progress = progress
        self.problems: dict[str, str] = {}
        self.unread: dict[str, str] = {}

    @cached_property
    def files(self) -> list[JournalFile]:
        """Its files; what cannot be read is in `problems` then, and what may be
        one of them and is not read in `unread`. Raises what `files.files` raises."""
        return files(self.directory, self.problems, self.unread)

    @cached_property
    def live(self) -> list[JournalFile]:
        """The files that events are still appended to: not packed, and not in the archive."""
        return [file for file in self.files if file.path.name == file.name and not file.archived]

    @cached_property
    def reading(self) -> RecordScan:
        """What its newest records tell."""
        return read_newest(self.files, self.directory, self.now, self.days, self.budget, self.progress)

"""What a search of the journal asks for, and which files can hold an answer. Pure."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from lineage_core.base.clock import DAY, HOUR, parse_timestamp
from lineage_core.base.regex import Pattern
from lineage_core.model.host_file_names import host_of
from lineage_core.model.record import Found, Record
from lineage_core.read.compact_record import one_line
from lineage_core.read.journal_files import JournalFile

SLACK = 14 * HOUR
"""A legacy daily file is named by its host's local date: its events lie up to that far outside the UTC day."""


class Search(NamedTuple):
    """What is looked for.

    needles: texts of which a record holds one as a JSON string; none: every record is decoded.
    prefixes: the same, of which a string of the record begins with one.
    matches: whether a decoded record is wanted. grep: what the record's text, as it is written, must match.
    since, until: from when and before when, in microseconds since the epoch. hosts: those whose files are looked into,
    with `*` for any text; none: all.
    """

    needles: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    matches: Callable[[Record], bool] | None = None
    grep: Pattern | None = None
    since: int | None = None
    until: int | None = None
    hosts: tuple[str, ...] = ()

    def wants(self, found: Found) -> bool:
        """Whether a record is an answer, `grep` apart."""
        if self.since is not None and found.at < self.since:
            return False
        if self.until is not None and found.at >= self.until:
            return False
        return self.matches is None or self.matches(found.record)

    def reads(self, raw: bytes) -> bool:
        """Whether a record that was written as `raw` is an answer to `grep`."""
        return self.grep is None or self.grep.found_in(one_line(raw).decode("utf-8", "replace"))

    def on_host(self, file: str) -> bool:
        """Whether a file (its canonical name) is of a host that is asked for."""
        return not self.hosts or any(fnmatchcase(host_of(file), as_pattern(name)) for name in self.hosts)

    def opens(self, file: JournalFile) -> bool:
        """Whether a file can hold an answer, as far as its name tells."""
        if not self.on_host(file.name):
            return False
        if not file.date or (self.since is None and self.until is None):
            return True
        start = parse_timestamp(file.date + "T00:00:00Z")
        if start is None:
            return True
        too_old = self.since is not None and start + DAY + SLACK <= self.since
        return not (too_old or (self.until is not None and start - SLACK >= self.until))


def as_pattern(name: str) -> str:
    """A name in which `*` stands for any text, for `fnmatch`: what else that knows is meant as it is."""
    return name.replace("[", "[[]").replace("?", "[?]")

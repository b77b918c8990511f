"""Every record of a lineage directory against the schema, the rules of a task's lifecycle, and the clock.

An error is an event that is lost, or that readers cannot take as it was meant. A warning is an event that they take
and keep, and that no correct script of ours writes. One pass over the files, oldest first; the rules of a task's
lifecycle are applied at the end, when its events are in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lineage_core.base.clock import (
    DAY,
    FIRST,
    HOUR,
    LAST,
    MINUTE,
    format_duration,
    format_timestamp,
    out_of_years,
    parse_timestamp,
    utc_date,
)
from lineage_core.base.errors import JournalError
from lineage_core.base.escaping import visible
from lineage_core.maintenance.event_index import EventIndex, News, Stand
from lineage_core.maintenance.validation_rules import RULES, Finding, Severity
from lineage_core.model.json_schema import json_schema
from lineage_core.model.lineage_id import made_at
from lineage_core.model.record import Found, Rejected
from lineage_core.model.schema_compiler import Problem, compile_schema
from lineage_core.read.journal_files import JournalFile, files
from lineage_core.read.moved_files import copies_of
from lineage_core.read.numbered_lines import numbered
from lineage_core.rules import lifecycle_errors as lint

CLOCK_SLACK = 5 * MINUTE
"""How far the clocks of one host's processes may disagree before it is worth a word."""

LOCAL_DATES = 14 * HOUR
"""How far the local date, by which the legacy library named its files, may be from the UTC date."""


def quick_check() -> Callable[[Any], bool] | None:
    """Whether a record is surely valid, by jsonschema-rs (the extra `fast`) in a third of the time; None without it.

    It tells no more than that: what is wrong is said by `compile_schema`, with or without it.
    """
    try:
        import jsonschema_rs
    except ImportError:
        return None
    is_valid = jsonschema_rs.Draft202012Validator(json_schema()).is_valid

    def surely(record: Any) -> bool:
        try:
            return bool(is_valid(record))
        except ValueError:  # nested too deeply for it, or text that is no UTF-8
            return False

    return surely


class Validation:
    """One validation of a directory: iterate it for the findings, then read the counts.

    since: report only events from this time on (microseconds since the epoch); older files are not read, and tasks
    that began before are not judged by the rules of lifecycle. now: the present. progress: told the part that is done.

    counts: findings by rule, in the order of RULES. records, copies: how many were read. quarantined: bytes.
    """

    def __init__(
        self, directory: Path, *, now: int, since: int | None = None, progress: Callable[[float], None] | None = None
    ) -> None:
        self.directory = Path(directory)
        self.files = self.records = self.copies = self.quarantined = 0
        self._found: Counter[str] = Counter()
        self._now = now
        self._since = since
        self._progress = progress
        self._done = self._total = 0
        self._check = compile_schema(json_schema())
        self._index = EventIndex()
        self._is_valid = quick_check() or (lambda record: False)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by rule; rules without any are left out."""
        return {name: self._found[name] for name in RULES if self._found[name]}

    def counts_of(self, rule: str) -> int:
        """Findings of one rule so far."""
        return self._found[rule]

    def count(self, severity: Severity) -> int:
        """How many findings are of this severity."""
        return sum(number for name, number in self._found.items() if RULES[name].severity is severity)

    def __iter__(self) -> Iterator[Finding]:
        for finding in self._findings():
            self._found[finding.rule] += 1
            yield finding

    def _findings(self) -> Iterator[Finding]:
        """Raises JournalError when the directory does not exist or cannot be listed."""
        problems: dict[str, str] = {}
        try:
            listed = files(self.directory, problems)
        except FileNotFoundError:
            raise JournalError(f"{self.directory} does not exist") from None
        for name, why in sorted(problems.items()):
            yield _finding("unreadable", name, 0, 0, "", why)
        listed = [file for file in listed if not self._too_old(file)]
        listed.sort(key=lambda file: (file.name, not file.archived))  # oldest first, the combined file last
        self._total = sum(map(_weight, listed))
        for file in listed:
            yield from self._read(file)
            self._done += _weight(file)
        yield from self._lifecycles()

    def _too_old(self, file: JournalFile) -> bool:
        if self._since is None:
            return False
        if not file.date:
            return file.status.st_mtime_ns // 1000 < self._since
        return file.date < utc_date(self._since - DAY)

    def _read(self, file: JournalFile) -> Iterator[Finding]:
        self.files += 1
        path = str(file.path.relative_to(self.directory))
        try:
            yield from self._records(file, path)
        except JournalError as error:
            moved = [] if file.path.exists() else copies_of(self.directory, file.name)
            if not moved:  # else it was archived since the directory was listed
                yield _finding("unreadable", path, 0, 0, "", str(error))
            for copy in moved:
                yield from self._records(file._replace(path=copy), str(copy.relative_to(self.directory)))

    def _records(self, file: JournalFile, path: str) -> Iterator[Finding]:
        day = parse_timestamp(f"{file.date}T00:00:00Z") if file.date else None
        written, last_at = None, day
        strays: set[str] = set()  # other days that were told of
        reached = 0
        for piece in numbered(file):
            reached += piece.size
            if self._progress is not None:
                self._progress((self._done + min(reached, _weight(file))) / max(1, self._total))
            for line, item in piece.items:
                if isinstance(item, Rejected):
                    self.quarantined += item.length
                    if self._wanted(last_at):
                        yield _quarantined(item, path, line)
                    continue
                self.records += 1
                last_at = item.at
                before, written = written, written_at(item)
                news = self._index.enter(item, Stand(file.name, path, item.offset, line))
                if news is News.COPY:
                    self.copies += 1
                elif self._wanted(item.at):
                    task_id = item.record["task_id"]
                    for rule, text in self._judge(item, news, before, written):
                        yield _finding(rule, path, line, item.offset, task_id, text)
                    stray = _stray_day(item.at, day)
                    if stray and stray not in strays:
                        strays.add(stray)
                        text = f"an event of {stray}, the first of that day here"
                        yield _finding("other-day", path, line, item.offset, task_id, text)

    def _wanted(self, at: int | None) -> bool:
        return self._since is None or at is None or at >= self._since

    def _judge(self, item: Found, news: News, before: int | None, written: int) -> Iterator[tuple[str, str]]:
        """What is wrong with one record. before, written: when the one before it and it were written."""
        problems: list[Problem] = []
        if not self._is_valid(item.record):
            self._check(item.record, problems)
        for problem in problems:
            yield _rule_of(problem), problem.text
        if news is News.CLASH:
            yield "duplicate-id", f"{visible(item.record['lineage_id'], 60)} is the id of another event too"
        if item.at > self._now + CLOCK_SLACK:
            yield "clock-ahead", f"it lies {format_duration(item.at - self._now)} in the future"
        if item.at in (FIRST, LAST) and out_of_years(item.record["timestamp"]):
            yield "out-of-years", f"{visible(item.record['timestamp'], 60)} counts as {format_timestamp(item.at)}"
        if before is not None and written < before - CLOCK_SLACK:
            yield "clock-back", f"written {format_duration(before - written)} before the record that precedes it"

    def _lifecycles(self) -> Iterator[Finding]:
        for task_id, steps in self._index.by_task():
            positions = {id(step.fact): step.stand for step in steps}
            for flaw in lint.lint(task_id, (step.fact for step in steps), whole=self._since is None):
                stand = positions[id(flaw.fact)]
                if self._wanted(flaw.fact.at):
                    yield _finding(flaw.rule.name, stand.path, stand.line, stand.offset, task_id, flaw.text)
            if self._since is not None:
                continue  # parents may be older than what was read
            for step in steps:
                if step.orphan:
                    stand = step.stand
                    text = f"{step.orphan} is not in the journal"
                    yield _finding("orphan-parent", stand.path, stand.line, stand.offset, task_id, text)


def _weight(file: JournalFile) -> int:
    """Bytes that a file counts for in the progress."""
    return file.status.st_size * (12 if file.packed else 1)


def _stray_day(at: int, day: int | None) -> str:
    """The UTC date of an event that does not belong into the file of that day; empty if it does."""
    if day is None or day - LOCAL_DATES <= at < day + DAY + LOCAL_DATES:
        return ""
    return utc_date(at)


def written_at(found: Found) -> int:
    """When a record was written: its own id tells if it is one of ours, else its timestamp, which may be older."""
    made = made_at(found.record["lineage_id"])
    return found.at if made is None else made


def _finding(rule: str, file: str, line: int, offset: int, task_id: str, text: str) -> Finding:
    return Finding(rule, RULES[rule].severity, file, line, offset, task_id, text)


def _quarantined(item: Rejected, path: str, line: int) -> Finding:
    """Whole JSON that is no event is told apart from bytes that are no JSON."""
    reason = item.reason.removeprefix("no event: ")
    rule = "quarantined"
    if reason != item.reason:
        rule = "missing-field" if reason.endswith("missing") else "wrong-kind" if "is not a" in reason else "bad-value"
    return _finding(rule, path, line, item.offset, "", f"{reason}; {item.length} bytes: {item.excerpt}")


_RULE_OF = {"type": "wrong-kind", "additionalProperties": "unknown-field", "required": "missing-field"}


def _rule_of(problem: Problem) -> str:
    if problem.keyword == "enum" and problem.path in ("event_type", "actor.type"):
        return "unknown-event-type" if problem.path == "event_type" else "unknown-actor-type"
    if problem.keyword == "required" and problem.path.startswith("event_data"):
        return "missing-data"
    return _RULE_OF.get(problem.keyword, "bad-value")

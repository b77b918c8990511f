"""What one task needs a person for: its findings, how urgent they are, and what they have in common with others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.base.clock import DAY
from lineage_core.model.entities import Status, Task, TaskRow
from lineage_core.model.error_fingerprint import LENGTH, NO_REASON, fingerprint
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.attention import later, urgency
from lineage_core.rules.expectations import Others, expectations
from lineage_core.rules.silence import ZOMBIE, over, watch
from lineage_core.rules.stuck_work import AT_ONCE, RULES, bad_at, check, concerned
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.settings.acknowledgements import Acknowledgements, Grade, Key

RECENT = DAY
"""What happened longer ago, and is not late, comes after all that is newer, however bad."""

LONG_AGO, ACKNOWLEDGED = 4, 10
"""See `AttentionItem.rank`."""

UNTYPED = "untyped"
"""What workers of no type are called."""

MASTER_SILENT = "master-silent"

_GRADES = {Severity.PAST: 0, Severity.WARNING: 1, Severity.BAD: 2}


class Cause(NamedTuple):
    """What findings have in common that are folded into one line. name: the rule, or `zombie`; what: the reason without
    numbers and ids, the worker type, or the silent master; band: 0 for what is recent, else as the first part of
    `AttentionItem.rank`."""

    name: str
    what: str
    band: int


class Found(NamedTuple):
    """A finding. times: how often it happened, for what happens again and again; what: see `Cause`, empty for what
    stands alone."""

    finding: Finding
    times: int = 0
    what: str = ""


Rank = tuple[int, int, int, int, int, int, str, str, str]


class AttentionItem(NamedTuple):
    """A finding in the list.

    rank: its place: how severe (0 bad, 1 a warning, 4 past or long ago; 10 more once it was acknowledged), the priority
    of its task, how many wait for it, whether it waits for a person, hangs or failed, and how late it is. Of equals the
    newest comes first. silent: the silent master that it waits for, else empty.
    """

    finding: Finding
    grade: Grade
    rank: Rank
    what: str
    silent: str = ""

    @property
    def key(self) -> Key:
        """What it is about."""
        return key_of(self.finding)

    @property
    def acknowledged(self) -> bool:
        """Whether the operator has seen it as it is."""
        return self.rank[0] >= ACKNOWLEDGED

    @property
    def group(self) -> Cause | Key:
        """What it is folded into; its own key if it always stands alone."""
        band = ACKNOWLEDGED if self.acknowledged else LONG_AGO if self.rank[0] == LONG_AGO else 0
        if self.silent:
            return Cause(MASTER_SILENT, self.silent, band)
        if not self.what:
            return self.key
        zombie = self.finding.severity is Severity.BAD and self.finding.rule in AT_ONCE
        return Cause(ZOMBIE if zombie else self.finding.rule, self.what, band)


def key_of(finding: Finding) -> Key:
    """What a finding is about: it stays the same while it gets older or worse."""
    return (finding.rule, finding.task_id, finding.subject)


def examine(
    state: State, others: Others, task_id: str, now: int, limits: Thresholds
) -> tuple[list[Found], list[int], Task | None]:
    """The findings of a task, the times at which there may be others, and the task, if it was looked at."""
    row = state.rows[task_id]
    found = [_failed(row)] if row.status is Status.FAILED else []
    if not concerned(row):
        return found, [], None
    with state.lock:
        task = state.task(task_id)
        if task is None:
            return found, [], None
        bounces = len(task.handoffs) + sum(mark.kind == "reassigned" for mark in task.marks)
        times = {"ping-pong": bounces, "retries-in-vain": row.retries}
        for one in check(task, others, now, limits):
            if one.rule != "found-dead" or row.status is not Status.FAILED:  # the failure says it
                worker = task.workers.get(one.subject) if RULES[one.rule].zombie else None
                what = (worker.worker_type or UNTYPED) if worker is not None else ""
                found.append(Found(one, times.get(one.rule, 0), what))
        return found, list(_times(task, others, now, limits)), task


def rated(found: Found, row: TaskRow, acknowledged: Acknowledgements, now: int, silent: str = "") -> AttentionItem:
    """A finding with its place in the list. silent: the silent master that it waits for, if it does."""
    finding = found.finding
    grade = Grade(_GRADES[finding.severity], finding.since, found.times)
    severity, *rest = urgency(finding, row, now)
    if (now - finding.since >= RECENT and finding.late_since is None) or finding.severity is Severity.PAST:
        severity = LONG_AGO
    elif silent:
        severity = 0
    if acknowledged.covers(key_of(finding), grade):
        severity += ACKNOWLEDGED
    priority, waiters, kind, late = rest
    rank = (severity, priority, waiters, kind, late, -finding.since, finding.task_id, finding.subject, finding.rule)
    return AttentionItem(finding, grade, rank, found.what, silent)


def changes_at(finding: Finding, now: int) -> Iterator[int]:
    """When the place of a finding is another one, though nothing happens."""
    yield finding.since + RECENT
    if (at := later(finding, now)) is not None:
        yield at


def _times(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[int]:
    """When a rule may begin to speak of a task, or speak louder."""
    for run in task.runs:
        if (seen := watch(run, over(task), limits)) is not None:
            yield seen.warned_at
            if seen.dead_at is not None:
                yield seen.dead_at
    for one in expectations(task, others, now, limits):
        yield from (at for at in (one.due, bad_at(task, one, limits)) if at is not None)


def _failed(row: TaskRow) -> Found:
    since = row.ended_at if row.ended_at is not None else row.last_at
    reason = row.reason or NO_REASON
    text = reason + (f" (attempt {row.attempts})" if row.attempts > 1 else "")
    finding = Finding("failed", Severity.BAD, row.task_id, row.task_id, since, text)
    return Found(finding, row.attempts, fingerprint(reason) or reason[:LENGTH])

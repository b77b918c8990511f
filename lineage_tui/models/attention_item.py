"""What one task needs a person for: its findings, how urgent they are, and what they have in common with others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.base.clock import DAY
from lineage_core.model.entities import Status, Task, TaskRow
from lineage_core.model.error_fingerprint import LENGTH, NO_REASON, fingerprint
from lineage_core.model.event_types import PRIORITIES
from lineage_core.rules.silence import ZOMBIE, levels, over, watch
from lineage_core.rules.stuck_work import AT_ONCE, RULES, Finding, Severity, check, concerned
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.settings.acknowledgements import Acknowledgements, Grade, Key

RECENT = DAY
"""What began longer ago comes after all that is newer, however bad."""

LONG_AGO, ACKNOWLEDGED = 4, 10
"""See `AttentionItem.rank`."""

UNTYPED = "untyped"
"""What workers of no type are called."""

_GRADES = {Severity.PAST: 0, Severity.WARNING: 1, Severity.BAD: 2}


class Cause(NamedTuple):
    """What findings have in common that are folded into one line. name: the rule, or `zombie`; what: the reason without
    numbers and ids, or the worker type; band: 0 for what is recent, else as the first part of `AttentionItem.rank`."""

    name: str
    what: str
    band: int


class Found(NamedTuple):
    """A finding. times: how often it happened, for what happens again and again; what: see `Cause`, empty for what
    stands alone."""

    finding: Finding
    times: int = 0
    what: str = ""


class AttentionItem(NamedTuple):
    """A finding in the list. rank: its place; the first part says how urgent: 0 a task that waits for a person, 1 what
    hangs and is bad, 2 a failure, 3 a warning, 4 what is past or long ago; 10 more once it was acknowledged. Of equals
    those of urgent tasks come first, then the newest."""

    finding: Finding
    grade: Grade
    rank: tuple[int, int, int, str, str, str]
    what: str

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
        if not self.what:
            return self.key
        zombie = self.finding.severity is Severity.BAD and self.finding.rule in AT_ONCE
        band = ACKNOWLEDGED if self.acknowledged else LONG_AGO if self.rank[0] == LONG_AGO else 0
        return Cause(ZOMBIE if zombie else self.finding.rule, self.what, band)


def key_of(finding: Finding) -> Key:
    """What a finding is about: it stays the same while it gets older or worse."""
    return (finding.rule, finding.task_id, finding.subject)


def examine(state: State, task_id: str, now: int, thresholds: Thresholds) -> tuple[list[Found], list[int]]:
    """The findings of a task, and the times at which there may be others."""
    row = state.rows[task_id]
    found = [_failed(row)] if row.status is Status.FAILED else []
    if not concerned(row):
        return found, []
    with state.lock:
        task = state.task(task_id)
        if task is None:
            return found, []
        bounces = len(task.handoffs) + sum(mark.kind == "reassigned" for mark in task.marks)
        times = {"ping-pong": bounces, "retries": row.retries}
        if row.escalated:
            found.append(Found(_escalated(task)))
        for one in check(task, state.rows, now, thresholds):
            if one.severity is not Severity.PAST or row.status is not Status.FAILED:  # the failure says it
                worker = task.workers.get(one.subject) if RULES[one.rule].zombie else None
                what = (worker.worker_type or UNTYPED) if worker is not None else ""
                found.append(Found(one, times.get(one.rule, 0), what))
        return found, list(_times(task, thresholds))


def rated(found: Found, acknowledged: Acknowledgements, now: int, priority: str | None = None) -> AttentionItem:
    """A finding with its place in the list. priority: of its task."""
    finding = found.finding
    grade = Grade(_GRADES[finding.severity], finding.since, found.times)
    if now - finding.since >= RECENT or finding.severity is Severity.PAST:
        urgency = LONG_AGO
    elif finding.rule == "escalated":
        urgency = 0
    else:
        urgency = 2 if finding.rule == "failed" else 1 if finding.severity is Severity.BAD else 3
    if acknowledged.covers(key_of(finding), grade):
        urgency += ACKNOWLEDGED
    importance = PRIORITIES.index(priority) if priority in PRIORITIES else PRIORITIES.index("medium")
    rank = (urgency, importance, -finding.since, finding.task_id, finding.subject, finding.rule)
    return AttentionItem(finding, grade, rank, found.what)


def _times(task: Task, t: Thresholds) -> Iterator[int]:
    """When a rule may begin to speak of a task, or speak louder."""
    for worker in task.workers.values():
        if (seen := watch(worker, over(task))) is not None:
            yield from (seen.since + after for after, _ in levels(seen.rule, t))
    for handoff in task.handoffs.values():
        if handoff.waiting and handoff.created_at is not None:
            yield from (handoff.created_at + after for after in (t.handoff, t.silent))
    if task.status is Status.BLOCKED:
        yield task.since + t.blocked


def _failed(row: TaskRow) -> Found:
    since = row.ended_at if row.ended_at is not None else row.last_at
    reason = row.reason or NO_REASON
    text = reason + (f" (attempt {row.attempts})" if row.attempts > 1 else "")
    finding = Finding("failed", Severity.BAD, row.task_id, row.task_id, since, text)
    return Found(finding, row.attempts, fingerprint(reason) or reason[:LENGTH])


def _escalated(task: Task) -> Finding:
    last = max((mark for mark in task.marks if mark.kind == "escalated"), key=lambda mark: mark.at, default=None)
    since, why = (last.at, last.text) if last is not None else (task.since, task.reason)
    return Finding("escalated", Severity.BAD, task.task_id, task.task_id, since, why or "no reason was given")

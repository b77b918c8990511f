"""What one task needs a person for: its findings, how urgent they are, and what they have in common with others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.attention import RECENT
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.expectations import Others, expectations
from lineage_core.rules.finding_groups import cause_of
from lineage_core.rules.silence import over, watch
from lineage_core.rules.stuck_work import bad_at, check, failure
from lineage_core.rules.task_for_rules import task_for_rules
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.urgency import earlier, later, urgency
from lineage_core.state.store import State
from lineage_tui.settings.acknowledgements import Acknowledgements, Grade, Key

LONG_AGO, ACKNOWLEDGED = 4, 10
"""See `AttentionItem.rank`."""

MASTER_SILENT = "master-silent"

_GRADES = {Severity.PAST: 0, Severity.WARNING: 1, Severity.BAD: 2}


class Cause(NamedTuple):
    """What findings have in common that are folded into one line. name: the rule, or `zombie`; what: the reason without
    numbers and ids, the worker type, or the silent master; band: 0 for what is recent, else as the first part of
    `AttentionItem.rank`."""

    name: str
    what: str
    band: int


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
        cause = cause_of(self.finding)
        return Cause(cause.name, cause.what, band) if cause is not None else self.key


def key_of(finding: Finding) -> Key:
    """What a finding is about: it stays the same while it gets older or worse."""
    return (finding.rule, finding.task_id, finding.subject)


def examine(
    state: State, others: Others, bounds: RowBounds, task_id: str, now: int, limits: Thresholds
) -> tuple[list[Finding], list[int]]:
    """The findings of a task, and the times at which there may be others, or were."""
    row = state.rows[task_id]
    failed = failure(row)
    found = [failed] if failed is not None else []
    at = bounds.speaks_from(row, now)
    if at is None or at > now:
        return found, [] if at is None else [at]
    with state.lock:
        task = task_for_rules(state, row, now, limits)
        if task is None:
            return found, []
        said = check(task, others, now, limits)
        found += [one for one in said if one.rule != "found-dead" or failed is None]  # the failure says it
        return found, [at, *_times(task, others, now, limits)]


def rated(
    finding: Finding, row: TaskRow | None, acknowledged: Acknowledgements, now: int, silent: str = ""
) -> AttentionItem:
    """A finding with its place in the list.

    row: of its task, if it is of one. silent: the silent master that it waits for, if it does.
    """
    grade = Grade(_GRADES[finding.severity], finding.since, finding.times)
    severity, *rest = urgency(finding, row, now)
    if (now - finding.since >= RECENT and finding.late_since is None) or finding.severity is Severity.PAST:
        severity = LONG_AGO
    elif silent:
        severity = 0
    if acknowledged.covers(key_of(finding), grade):
        severity += ACKNOWLEDGED
    priority, waiters, kind, late = rest
    rank = (severity, priority, waiters, kind, late, -finding.since, finding.task_id, finding.subject, finding.rule)
    return AttentionItem(finding, grade, rank, silent)


def changes_at(finding: Finding, now: int) -> Iterator[int]:
    """When the place of a finding is another one, or was until then, though nothing happens."""
    yield finding.since + RECENT
    yield from (at for at in (earlier(finding, now), later(finding, now)) if at is not None)


def _times(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[int]:
    """When a rule may begin to speak of a task, or speak louder."""
    for run in task.runs:
        if (seen := watch(run, over(task), limits)) is not None:
            yield seen.warned_at
            if seen.dead_at is not None:
                yield seen.dead_at
    for one in expectations(task, others, now, limits):
        yield from (at for at in (one.due, bad_at(task, one, limits)) if at is not None)

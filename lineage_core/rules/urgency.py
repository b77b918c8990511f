"""Which finding comes first, and when its place is another one though nothing happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineage_core.base.clock import MINUTE
from lineage_core.model.entities import TaskRow
from lineage_core.model.event_types import PRIORITIES
from lineage_core.model.expectations import Finding, Severity

KINDS = {"escalated": 0, "failed": 2}
"""What waits for a person comes before what hangs, and that before what failed."""

Urgency = tuple[int, int, int, int, int]


def urgency(one: Finding, row: TaskRow | None, now: int) -> Urgency:
    """The place among others, the most urgent first: severity, priority, how many wait for it, its kind, how late it is
    relative to the time that it had."""
    priority = row.priority if row is not None else None
    return (
        list(Severity).index(one.severity),
        PRIORITIES.index(priority if priority in PRIORITIES else "medium"),
        -one.waiting,
        KINDS.get(one.rule, 1),
        -lateness(one, now),
    )


def lateness(one: Finding, now: int) -> int:
    """How late a finding is relative to the time that it had: how many times that has doubled since; 0 for others."""
    if one.late_since is None:
        return 0
    return max(0, (now - one.since) // max(MINUTE, one.late_since - one.since)).bit_length()


def later(one: Finding, now: int) -> int | None:
    """When its `lateness` is another one."""
    if one.late_since is None:
        return None
    return one.since + max(MINUTE, one.late_since - one.since) * (1 << lateness(one, now))


def by_urgency(findings: Iterable[Finding], rows: Mapping[str, TaskRow], now: int) -> list[Finding]:
    """Findings, the most urgent first; of equals those that began last."""
    return sorted(
        findings,
        key=lambda one: (urgency(one, rows.get(one.task_id), now), -one.since, one.rule, one.task_id, one.subject),
    )

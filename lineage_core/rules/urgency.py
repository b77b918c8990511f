"""Which finding comes first, and when its place is another one though nothing happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineage_core.base.clock import MINUTE
from lineage_core.model.entities import TaskRow
from lineage_core.model.event_types import PRIORITIES
from lineage_core.model.expectations import Finding, Severity

KINDS = {"escalated": 0, "failed": 2}
"""What waits for a person comes before what hangs, and that before what failed."""

_SEVERITIES = {severity: number for number, severity in enumerate(Severity)}
_PRIORITIES = {priority: number for number, priority in enumerate(PRIORITIES)}

Urgency = tuple[int, int, int, int, int]


def urgency(one: Finding, row: TaskRow | None, now: int) -> Urgency:
    """The place among others, the most urgent first: severity, priority, how many wait for it, its kind, how late it is
    relative to the time that it had."""
    priority = row.priority if row is not None and row.priority else "medium"
    return (
        _SEVERITIES[one.severity],
        _PRIORITIES.get(priority, _PRIORITIES["medium"]),
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


def earlier(one: Finding, now: int) -> int | None:
    """When its `lateness` became what it is now; None if it never changed."""
    doubled = lateness(one, now)
    if one.late_since is None or not doubled:
        return None
    return one.since + max(MINUTE, one.late_since - one.since) * (1 << (doubled - 1))


def by_urgency(findings: Iterable[Finding], rows: Mapping[str, TaskRow], now: int) -> list[Finding]:
    """Findings, the most urgent first; of equals those that began last."""
    return sorted(
        findings,
        key=lambda one: (urgency(one, rows.get(one.task_id), now), -one.since, one.rule, one.task_id, one.subject),
    )

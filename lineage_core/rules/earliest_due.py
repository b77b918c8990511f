"""From when on a rule can speak of a task, told by its row alone: so what is not late is not derived.

A bound may be too early, never too late: what is usual, and a thing's own pauses, only make it later. A test compares
it with what the rules say.
"""

from __future__ import annotations

from collections.abc import Iterator

from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import ENDED, Status
from lineage_core.rules.expectations import URGENT, Others, blockers_of
from lineage_core.rules.task_for_rules import may_be_pattern
from lineage_core.rules.thresholds import UNASSIGNED_URGENT, UNBLOCK, Thresholds

AT_ONCE = -(1 << 62)
"""Before all times: it can speak now."""


class RowBounds:
    """When the rules can speak of tasks, with the least times that these thresholds may give."""

    def __init__(self, limits: Thresholds, others: Others) -> None:
        self._limits = limits
        self._others = others
        least = limits.least
        self._warned = min(least("warned"), least("silent"))
        self._unheard = min(least("never-started"), self._warned)
        self._queued = least("unassigned")
        self._urgent = least("unassigned", UNASSIGNED_URGENT)
        self._assigned = least("unstarted")
        self._idle = least("idle")
        self._offered = least("handoff-unaccepted")
        self._taken = least("handoff-uncompleted")
        self._escalated = least("escalated")
        self._parent = least("parent-waiting")
        self._blocked = min(least("blocked"), least("blocked", UNBLOCK))

    def speaks_from(self, row: TaskRow, now: int) -> int | None:
        """Before that time no rule speaks of a task; None: never, while nothing of it and of those beside it changes.

        now: times after it count as earlier ones, so that a task that has any is to be looked at.
        """
        if row.remarks:
            return AT_ONCE
        watched = row.watched
        for run in watched:
            if run.ended_at is not None:  # found dead
                return AT_ONCE
        if row.status in ENDED:
            if not watched:
                return None
            return (row.ended_at if row.ended_at is not None else row.last_at) + self._warned
        if row.last_at > now or may_be_pattern(row, self._limits):
            return AT_ONCE
        return min(self._bounds(row), default=None)

    def _bounds(self, row: TaskRow) -> Iterator[int]:
        status = row.status
        for run in row.watched:
            yield run.last_at + (self._warned if run.heard else self._unheard)
        if status is Status.QUEUED:
            yield row.since + (self._urgent if row.priority in URGENT else self._queued)
        elif status is Status.ASSIGNED:
            yield row.since + self._assigned
        elif status is Status.BLOCKED:
            yield self._wait(row)
        elif not row.watched:  # none is open
            yield row.last_at + self._idle
        if row.handoff_since is not None:
            yield row.handoff_since + self._offered
        if row.taken_since is not None:
            yield row.taken_since + self._taken
        if row.escalated_at is not None:
            yield row.escalated_at + self._escalated
        if children := self._others.children(row.task_id):
            rows = self._others.rows
            if not any((kid := rows.get(child)) is not None and not kid.status.ended for child in children):
                yield row.last_at + self._parent

    def _wait(self, row: TaskRow) -> int:
        """What blocks a task may be no work that goes on: then it is late at once, or in a circle."""
        for _, blocker in blockers_of(row, self._others):
            if blocker is not None:
                status = self._others.status(blocker)
                if status is None or status.ended or status is Status.BLOCKED:
                    return AT_ONCE
        return row.since + self._blocked

"""Counts over all tasks, kept up to date task by task: what the status line tells at a glance."""

from __future__ import annotations

from collections import Counter

from lineage_core.state import TaskRow
from lineage_core.zombies import Thresholds


class Tally:
    """How many tasks are in each status, and which ones may need a person.

    open: tasks that go on, with when the quietest of their open workers was last heard of. escalated: tasks that wait
    for a person. last_at: the time of the newest event.
    """

    def __init__(self) -> None:
        self.by_status: Counter[str] = Counter()
        self.open: dict[str, int] = {}
        self.escalated: set[str] = set()
        self.last_at: int | None = None

    def take(self, old: TaskRow | None, row: TaskRow) -> None:
        """Count a task as it is now in place of what it was."""
        if old is not None:
            self.by_status[old.status.value] -= 1
        self.by_status[row.status.value] += 1
        self.last_at = max(self.last_at or 0, row.last_at)
        if row.silent_since is not None and not row.status.ended:
            self.open[row.task_id] = row.silent_since
        else:
            self.open.pop(row.task_id, None)
        if row.escalated:
            self.escalated.add(row.task_id)
        else:
            self.escalated.discard(row.task_id)

    def quiet(self, now: int, thresholds: Thresholds) -> tuple[int, int]:
        """How many tasks have an open worker that counts as a zombie, and how many one that is only silent so far."""
        zombies = sum(now - since > thresholds.silent for since in self.open.values())
        return zombies, sum(now - since > thresholds.warned for since in self.open.values()) - zombies

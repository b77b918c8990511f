"""Counts over all tasks, kept up to date task by task: what the status line tells at a glance."""

from __future__ import annotations

from collections import Counter

from lineage_core.state import TaskRow


class Tally:
    """How many tasks are in each status, and which ones may need a person.

    open: tasks with workers whose end has not been seen. escalated: tasks that wait for a person.
    """

    def __init__(self) -> None:
        self.by_status: Counter[str] = Counter()
        self.open: dict[str, int] = {}
        self.escalated: set[str] = set()
        self.zombies: set[str] = set()

    def take(self, old: TaskRow | None, row: TaskRow) -> None:
        """Count a task as it is now in place of what it was."""
        if old is not None:
            self.by_status[old.status.value] -= 1
        self.by_status[row.status.value] += 1
        if row.open_workers and row.silent_since is not None:
            self.open[row.task_id] = row.silent_since
        else:
            self.open.pop(row.task_id, None)
        if row.escalated:
            self.escalated.add(row.task_id)
        else:
            self.escalated.discard(row.task_id)

    def silent(self, now: int, silent_after: int) -> int:
        """How many tasks have an open worker that has said nothing for longer than `silent_after` microseconds."""
        return sum(now - since > silent_after for since in self.open.values())

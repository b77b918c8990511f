"""Counts over all tasks, kept up to date task by task: what the status line tells at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from lineage_core.meaning.task_row import task_of
from lineage_core.model.entities import TaskRow
from lineage_core.rules.silence import Watch, over, watch
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.open_workers import OpenWorkers


class StatusCounts:
    """How many tasks are in each status, and how many of their workers are stuck.

    escalated: tasks that wait for a person. last_at: the time of the newest event.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self.by_status: Counter[str] = Counter()
        self.escalated: set[str] = set()
        self.last_at: int | None = None
        self._open_workers: OpenWorkers[tuple[str, str]] = OpenWorkers()
        self._open: dict[str, tuple[str, ...]] = {}  # the open workers of a task

    def take(self, old: TaskRow | None, row: TaskRow | None) -> None:
        """Count a task as it is now (None: it is not known any more) in place of what it was."""
        if old is not None:
            self.by_status[old.status.value] -= 1
        if row is None:
            if old is not None:
                self.escalated.discard(old.task_id)
                self._watch(old.task_id, {})
            return
        self.by_status[row.status.value] += 1
        self.last_at = max(self.last_at or 0, row.last_at)
        if row.escalated:
            self.escalated.add(row.task_id)
        else:
            self.escalated.discard(row.task_id)
        if row.open_workers or row.task_id in self._open:
            ended, runs = over(row), task_of(row).runs
            self._watch(row.task_id, {run.worker_id: watch(run, ended, self.thresholds) for run in runs if run.open})

    def turn_back(self, last_at: int | None) -> None:
        """The state is now as it was at an earlier time, and last_at its newest event; `take` tells what is another."""
        self.last_at = last_at

    def _watch(self, task_id: str, watches: Mapping[str, Watch | None]) -> None:
        for name in self._open.pop(task_id, ()):
            if name not in watches:
                self._open_workers.put((task_id, name), None)
        for name, seen in watches.items():
            self._open_workers.put((task_id, name), seen)
        if watches:
            self._open[task_id] = tuple(watches)

    def stuck(self, now: int) -> Counter[str]:
        """How many open workers are `zombie`, or what `WATCHES` names: as the workers view shows them."""
        return self._open_workers.counts(now)

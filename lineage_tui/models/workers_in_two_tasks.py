"""Which workers are open in which tasks that go on: one that is open in two is looked at in both."""

from __future__ import annotations

from collections.abc import Collection

from lineage_core.model.entities import TaskRow


class SharedWorkers:
    """The open workers of all tasks, kept up to date task by task."""

    def __init__(self) -> None:
        self._tasks: dict[str, dict[str, None]] = {}  # by worker the tasks that it is open in
        self._workers: dict[str, tuple[str, ...]] = {}  # by task

    def put(self, row: TaskRow) -> set[str]:
        """Take in what changed in a task; the other tasks with which it shares a worker from now on, or no more."""
        return self._replace(row.task_id, () if row.status.ended else tuple(dict.fromkeys(row.at_work)))

    def drop(self, task_id: str) -> set[str]:
        """Take in that a task is not known any more; as `put`."""
        return self._replace(task_id, ())

    def _replace(self, task_id: str, runs: tuple[str, ...]) -> set[str]:
        others: set[str] = set()
        for name in self._workers.pop(task_id, ()):
            if name not in runs:
                tasks = self._tasks[name]
                del tasks[task_id]
                others.update(tasks)
                if not tasks:
                    del self._tasks[name]
        for name in runs:
            tasks = self._tasks.setdefault(name, {})
            if task_id not in tasks:
                others.update(tasks)
            tasks[task_id] = None
        if runs:
            self._workers[task_id] = runs
        return others

    def of(self, task_id: str) -> dict[str, Collection[str]]:
        """By open worker of a task all tasks that it is open in."""
        return {name: self._tasks[name] for name in self._workers.get(task_id, ())}

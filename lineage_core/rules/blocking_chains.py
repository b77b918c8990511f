"""Chains of tasks that wait for each other: what stands at their end, and circles."""

from __future__ import annotations

from lineage_core.meaning.waits import tokens_of
from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Status, Wait
from lineage_core.rules.expectations import Others, blockers_of

LONGEST = 1000
"""Tasks of a chain that are looked at."""


def waits_for(task_id: str, others: Others) -> list[str]:
    """The tasks that a blocked task waits for and that have not completed, as named or as its reasons seem to name."""
    row = others.rows.get(task_id)
    if row is None or row.status is not Status.BLOCKED:
        return []
    names = (blocker for _, blocker in blockers_of(row, others) if blocker is not None)
    return [name for name in dict.fromkeys(names) if others.status(name) is not Status.COMPLETED]


def root_blocker(task_id: str, others: Others) -> str:
    """The deepest task down the chain of a blocked one that has not completed; itself if it waits for none."""
    seen = {task_id}
    while len(seen) < LONGEST:
        below = next((name for name in waits_for(task_id, others) if name not in seen), None)
        if below is None:
            break
        seen.add(below)
        task_id = below
    return task_id


def deadlock(task_id: str, others: Others) -> tuple[str, ...]:
    """A circle of tasks that wait for each other, beginning with this one; empty if it is on none."""
    came: dict[str, str] = {}
    queue = [task_id]
    for at in queue:
        for name in waits_for(at, others):
            if name == task_id:
                circle = [at]
                while circle[-1] != task_id:
                    circle.append(came[circle[-1]])
                return tuple(reversed(circle))
            if name not in came and len(came) < LONGEST:
                came[name] = at
                queue.append(name)
    return ()


class Dependents:
    """Which blocked tasks wait for which, kept up to date row by row: how many wait for one."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[str]] = {}
        self._blockers: dict[str, tuple[str, ...]] = {}

    def put(self, row: TaskRow) -> bool:
        """Take a task as it is now; whether it waits for others than before."""
        return self._replace(row.task_id, tuple(name for wait in row.waits for name in _may_name(wait)))

    def drop(self, task_id: str) -> bool:
        """Take in that a task is not known any more; as `put`."""
        return self._replace(task_id, ())

    def _replace(self, task_id: str, names: tuple[str, ...]) -> bool:
        before = self._blockers.get(task_id, ())
        if names == before:
            return False
        for name in before:
            self._waiters[name].discard(task_id)
        for name in names:
            self._waiters.setdefault(name, set()).add(task_id)
        if names:
            self._blockers[task_id] = names
        else:
            del self._blockers[task_id]
        return True

    def waiters(self, task_id: str) -> set[str]:
        """The tasks that name it as what they wait for."""
        return self._waiters.get(task_id, set())

    def blockers(self, task_id: str) -> tuple[str, ...]:
        """The names that it waits for; where only a reason tells, all of its words."""
        return self._blockers.get(task_id, ())

    def waiting(self, task_id: str, others: Others) -> int:
        """How many open tasks wait for one: its subtree, and all that is blocked by any of these. Counted up to
        LONGEST."""
        if others.status(task_id) is Status.COMPLETED:
            return 0
        seen, stack = {task_id}, [task_id]
        while stack and len(seen) < LONGEST:
            at = stack.pop()
            for name in (*others.children(at), *self.waiters(at)):
                row = others.rows.get(name)
                if name not in seen and row is not None and not row.status.ended:
                    seen.add(name)
                    stack.append(name)
        return len(seen) - 1


def _may_name(wait: Wait) -> list[str]:
    return [wait.name] if wait.name is not None else tokens_of(wait.reason)

"""Which other tasks may have other findings when one changes: those that wait for it, and those it hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Status
from lineage_core.rules.blocking_chains import LONGEST, Dependents
from lineage_core.rules.expectations import Others


class AffectedTasks:
    """Who waits for whom, and how each task stood when it was looked at.

    parent: the task above another, if it has one.
    """

    def __init__(self, parent: Callable[[str], str | None]) -> None:
        self._parent = parent
        self._dependents = Dependents()
        self._stood: dict[str, tuple[Status, int]] = {}

    def put(self, row: TaskRow) -> Iterable[str]:
        """Take in a task; gives those to look at again, if it stands otherwise than before."""
        before = self._dependents.blockers(row.task_id)
        moved = self._dependents.put(row)
        stands = row.status, (row.ended_at or row.last_at) if row.status.ended else 0
        if not moved and self._stood.get(row.task_id) == stands:
            return ()
        self._stood[row.task_id] = stands
        return self._related(row.task_id, before)

    def drop(self, task_id: str) -> Iterable[str]:
        """Forget a task; gives those to look at again."""
        affected = self._related(task_id)
        self._dependents.drop(task_id)
        self._stood.pop(task_id, None)
        return affected

    def waiting(self, task_id: str, others: Others) -> int:
        """How many tasks wait for one."""
        return self._dependents.waiting(task_id, others)

    def _related(self, task_id: str, before: Iterable[str] = ()) -> set[str]:
        """The tasks whose findings may be others when this one begins, ends, or waits for others: those that wait for
        it, and all above it and below it in the chains of waiting, of which it may close a circle or leave one.

        before: what it waited for until now; of a circle that is left, all below that.
        """
        found, stack = set(self._dependents.waiters(task_id)), [task_id, *before]
        seen = set(stack)
        while stack and len(seen) < LONGEST:
            at = stack.pop()
            above = self._parent(at)
            for name in (*self._dependents.blockers(at), *(() if above is None else (above,))):
                if name not in seen:
                    seen.add(name)
                    stack.append(name)
        return found | seen - {task_id}

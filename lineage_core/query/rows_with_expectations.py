"""Tasks as rows, with what is expected of them and what is late: for the queries that list or show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Expectation
from lineage_core.present.task_rows import task_row
from lineage_core.rules.attention import learned, others_of
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.expectations import expectations
from lineage_core.rules.stuck_work import is_bad
from lineage_core.rules.task_for_rules import task_for_rules
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.parents import family_of
from lineage_core.state.store import State

if TYPE_CHECKING:
    from lineage_core.model.row_types import TaskJson


class JudgedTasks:
    """The tasks of a state at a time. limits: what is usual is added, once it is asked for.

    known: whether there ever was a task that is not in the state.
    """

    def __init__(
        self, state: State, now: int, limits: Thresholds, known: Callable[[str], bool] = lambda task_id: False
    ) -> None:
        self.state = state
        self.now = now
        self.limits = learned(state, now, limits)
        self._others = others_of(state, known)
        self._bounds = RowBounds(limits, self._others)

    def row(self, row: TaskRow) -> TaskJson:
        """A task, by `TASK_KEYS`."""
        expected, urgency = self._judged(row)
        family = family_of(self.state, row.task_id, self.now)
        return task_row(row, family, self.state.rows, self.now, expected, urgency)

    def expected(self, row: TaskRow) -> list[Expectation]:
        """What is expected in a task, late or not; nothing once it has ended."""
        return self._judged(row)[0]

    def late(self, row: TaskRow) -> bool:
        """Whether anything of a task is past the time in which it should have happened."""
        at = None if row.status.ended else self._bounds.speaks_from(row, self.now)
        if at is None or at > self.now:
            return False
        return any(one.late(self.now) for one in self.expected(row))

    def _judged(self, row: TaskRow) -> tuple[list[Expectation], str | None]:
        """What is expected, and how urgent what is late of it is."""
        if row.status.ended:
            return [], None
        with self.state.lock:
            task = task_for_rules(self.state, row, self.now, self.limits)
            if task is None:
                return [], None
            found = expectations(task, self._others, self.now, self.limits)
            late = [one for one in found if one.late(self.now)]
            bad = any(is_bad(task, one, self.now, self.limits) for one in late)
            return found, ("bad" if bad else "warning") if late else None

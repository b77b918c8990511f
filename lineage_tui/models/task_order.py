"""The orders in which the tasks of a group can stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage_core.model.entities import TaskRow

_URGENCY = ("failed", "blocked", "running", "assigned", "queued", "unknown", "cancelled", "completed")

SORTS: dict[str, Callable[[TaskRow], tuple[Any, ...]]] = {
    "newest": lambda row: (-row.first_at,),
    "last event": lambda row: (-row.last_at,),
    "status": lambda row: (_URGENCY.index(row.status.value), -row.first_at),
    "time taken": lambda row: (row.first_at - (row.ended_at if row.ended_at is not None else row.last_at),),
    "expected end": lambda row: (row.status.ended, -row.first_at),
    "tokens": lambda row: (-(row.tokens or 0),),
    "name": lambda row: (row.task_id,),
}
"""The orders of the tasks in a group; by expected end comes first what is forecast (`GroupOrders.ends_at`)."""


class Descending:
    """A sort key turned round."""

    __slots__ = ("value",)

    def __init__(self, value: tuple[Any, ...]) -> None:
        self.value = value

    def __lt__(self, other: Descending) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)


class GroupOrders:
    """The order that each group is in: a new one is taken up group by group.

    sorted_by: one of SORTS, inverted: whether it is turned round; both as they were chosen last. ends_at: when a task
    is expected to end, in microseconds, if that is known.
    """

    def __init__(self) -> None:
        self.sorted_by = "newest"
        self.inverted = False
        self.ends_at: Callable[[str], int | None] = lambda task_id: None
        self._of_group: dict[str, tuple[str, bool]] = {}

    def turn(self, step: int, *, invert: bool) -> None:
        """Choose the next of SORTS, or the one before, or turn the order round; groups have it once they take it up."""
        names = list(SORTS)
        self.sorted_by = names[(names.index(self.sorted_by) + step) % len(names)]
        self.inverted ^= invert

    def choose(self, name: str) -> None:
        """Choose one of SORTS, as it stands there; groups have it once they take it up."""
        self.sorted_by, self.inverted = name, False

    def take_up(self, group: str) -> None:
        """From now on a group is in the order that was chosen."""
        self._of_group[group] = (self.sorted_by, self.inverted)

    def is_newest_first(self, group: str) -> bool:
        """Whether the first task of a group is its newest."""
        return self._of_group.get(group, (self.sorted_by, self.inverted)) == ("newest", False)

    def sort_key(self, group: str, row: TaskRow) -> tuple[object, ...]:
        """The place of a task among those of its group, in the order that the group is in."""
        sorted_by, inverted = self._of_group.setdefault(group, (self.sorted_by, self.inverted))
        value = SORTS[sorted_by](row)
        if sorted_by == "expected end" and not row.status.ended:
            at = self.ends_at(row.task_id)
            value = (at is None, at or 0, *value)
        elif sorted_by == "expected end":
            value = (True, 1, *value)
        return (Descending(value) if inverted else value, row.task_id)

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
"""The orders of the tasks in a group; by expected end comes first what is forecast (`TaskTree.ends_at`)."""


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

"""A worker as the table of workers shows it, and an order of workers in which some are held where they stood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lineage_core.model.task_parts import WorkerEnd
from lineage_core.rules.silence import Watch

STATES = ("spawn", "run", WorkerEnd.ZOMBIE.value, WorkerEnd.FAILED.value, WorkerEnd.PARTIAL.value,
          WorkerEnd.SUCCESS.value)  # fmt: skip
"""The states of a worker, the most pressing first; the first two are those of an open one."""

Sort = Callable[[int], Any]


class IndexedWorker(NamedTuple):
    """A worker of the roster: what a line shows of it. Times in microseconds; None where nobody told.

    state: one of STATES. words: its last word: its error, or its step. watch: how it is watched, while it is open.
    """

    worker_id: str
    task_id: str
    worker_type: str
    master: str
    state: str
    first: int
    last: int
    ended: int | None
    percent: float | None
    tokens: int | None
    budget: int | None
    words: str
    watch: Watch | None
    host: str = ""

    @property
    def open(self) -> bool:
        """Whether its end has not been seen."""
        return self.watch is not None

    def look(self, now: int) -> str:
        """The state to show it in: what is the matter with it, else its state."""
        return (self.watch.word(now) if self.watch is not None else "") or self.state


class HeldSort:
    """The order of slots by a column, in which some are held where they stood, whatever their values are now.

    sort: the order of the column. held: the sort values of what is held.
    """

    def __init__(self, sort: Sort) -> None:
        self.sort = sort
        self.held: dict[int, Any] = {}

    def __call__(self, slot: int) -> Any:
        return self.held.get(slot) or self.sort(slot)

    def hold(self, slot: int) -> None:
        """Keep a slot where it stands, whatever is written to it next."""
        self.held.setdefault(slot, self.sort(slot))

    def compare(self, slot: int) -> None:
        """Hold a slot no longer if it stands where it belongs."""
        if slot in self.held and self.held[slot] == self.sort(slot):
            del self.held[slot]

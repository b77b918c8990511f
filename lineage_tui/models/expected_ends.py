"""What the screen knows of when open tasks will end: learned in slices, then kept up to date change by change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from lineage_core.base.clock import Clock
from lineage_core.forecast.live_forecasts import Foresight
from lineage_core.forecast.phrases import says
from lineage_core.model.entities import TaskRow
from lineage_core.state.store import State

AT_ONCE = 200
"""Tasks whose changes are taken in at a time."""


class ExpectedEnds:
    """Forecasts of open tasks as of the screen's time. learning: whether the first learning is under way."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._foresight = Foresight(state)
        self._clock = clock
        self._waiting: dict[str, None] = {}
        self.learning = False

    @property
    def learned(self) -> bool:
        """Whether anything is forecast yet."""
        return self._foresight.learned

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed."""
        if self.learned or self.learning:
            self._waiting.update(dict.fromkeys(task_ids))

    def turn_back(self) -> None:
        """The state is now as it was at an earlier time: forget all, to be learned anew."""
        self._foresight = Foresight(self._foresight.state)
        self._waiting.clear()

    def learn(self) -> Iterator[int]:
        """Learn from all that is there; a generator, for the caller to pace."""
        self.learning = True
        try:
            yield from self._foresight.learn(self._clock())
        finally:
            self.learning = False

    def update(self) -> bool:
        """Take in some of what changed; whether there was any."""
        some = list(islice(self._waiting, AT_ONCE))
        for task_id in some:
            del self._waiting[task_id]
        self._foresight.heard(some)
        self._foresight.update(self._clock())
        return bool(some)

    def text(self, task_id: str) -> str:
        """When a task will end, in words: `about 2m left (30s to 6m)`; empty if it is over, or nothing is known yet."""
        if not self.learned or self._foresight.sample(task_id) is None:
            return ""
        return says(self._foresight.of(task_id, self._clock()))

    def ends_at(self, task_id: str) -> int | None:
        """The middle of what is forecast, as a time; None without a forecast."""
        if not self.learned or (forecast := self._foresight.of(task_id, now := self._clock())) is None:
            return None
        return None if forecast.middle is None else now + forecast.middle

    def slow(self, row: TaskRow) -> bool:
        """Whether it, or a worker of it, is beyond its 95 % interval (the filter `is:slow`)."""
        return self.learned and self._foresight.slow(row.task_id, self._clock())

"""What the screen knows of what is not normal: looked for once in five minutes, in slices of the interface thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage_core.base.clock import MINUTE, Clock
from lineage_core.forecast.anomalies import Anomaly
from lineage_core.forecast.live_anomalies import Watchman
from lineage_core.state.store import State

EVERY = 5 * MINUTE
"""Between two looks, as `lineage alert` looks."""

MOST = 5000
"""Tasks that are taken in at a look: those that were last heard of."""


class AnomalyWatch:
    """Anomalies of a state as of the screen's time. found: what the last look found, the least probable first."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.found: list[Anomaly] = []
        self._state = state
        self._watchman = Watchman(state)
        self._clock = clock
        self._changed: set[str] = set()
        self._looked_at: int | None = None
        self._looking = False

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed."""
        self._changed.update(task_ids)

    def turn_back(self) -> None:
        """The state is now as it was at an earlier time: forget all, to be looked for anew."""
        self._watchman = Watchman(self._state)
        self._changed = set(self._state.rows)
        self._looked_at, self.found = None, []

    @property
    def due(self) -> bool:
        """Whether it is time to look."""
        return not self._looking and (self._looked_at is None or self._clock() - self._looked_at >= EVERY)

    @property
    def looked(self) -> bool:
        """Whether a look was finished."""
        return self._looked_at is not None and not self._looking

    def look(self) -> Iterator[int]:
        """Look for anomalies; a generator that gives the steps done, for the caller to pace."""
        self._looking = True
        try:
            watchman = self._watchman
            watchman.heard(one for one in self._changed if one in self._state.rows)
            self._changed.clear()
            step = -1
            for step in watchman.learn(MOST):
                yield step
            now = self._clock()
            asked = []
            for number, one in enumerate(watchman.histories.tests(now), step + 1):
                asked.append(one)
                yield number
            if watchman is self._watchman:  # else time was turned back meanwhile
                self.found = watchman.histories.judge(asked)
                self._looked_at = now
        finally:
            self._looking = False

"""Levels of quantiles that are moved after each end, so that in the long run they hold what they promise.

Adaptive conformal inference (Gibbs and Candès 2021, "Adaptive Conformal Inference Under Distribution Shift"), for each
end of each interval by itself. An end is compared with the levels of now, not with those of the forecast: so many that
are open at once, whose ends all come later, do not move a level further than they tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lineage_core.forecast.learning_samples import Group

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""The quantiles that a forecast has: of the 95 % and the 80 % interval the lower ends, the middle, the upper ends."""

RATE = 0.2
"""How far a level moves after an end, relative to what lies beyond it."""

_STEPS = tuple(RATE * min(level, 1 - level, 0.1) for level in LEVELS)

Quantiles = tuple[int, int, int | None, int | None, int | None]
"""Lengths at LEVELS; None beyond all that was seen."""

Reached = tuple[float, float, float]
"""The levels from which on a lower, the middle and an upper quantile is at least some length (`Curve.levels`)."""


class AdaptiveLevels:
    """The levels at which quantiles are taken so that LEVELS of 1 are not above them. before: where they begin."""

    __slots__ = ("at",)

    def __init__(self, before: Sequence[float] = LEVELS) -> None:
        self.at = list(before)

    def learn(self, reached: Reached, levels: Iterable[int] = range(len(LEVELS))) -> None:
        """Something took as long as quantiles at these levels told: from below, the middle one, from above. places:
        which of LEVELS are moved."""
        low, middle, high = reached
        at, steps = self.at, _STEPS
        for level in levels:
            below = at[level] > low if level < 2 else at[level] >= (middle if level == 2 else high)
            at[level] += steps[level] * (LEVELS[level] - below)

    def passed(self, reached: Reached, levels: Iterable[int]) -> set[int]:
        """Something has taken that long and goes on: moves those of the lower and middle levels that it is beyond, and
        returns their places. Else only what ends soon would count while most is still open."""
        low, middle, _ = reached
        found = {level for level in levels if level <= 2 and (low if level < 2 else middle) > self.at[level]}
        self.learn((1.0, 1.0, 1.0), found)
        return found


class LevelsByGroup:
    """The levels of each group and stage: of the closest group of which so many forecasts were judged at that stage
    that it can have levels of its own. They begin as those of the next wider group stand then."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._judged: Counter[tuple[Group, int]] = Counter()
        self._levels: dict[tuple[Group, int], AdaptiveLevels] = {}
        self._found: dict[tuple[Group, int], AdaptiveLevels] = {}  # by closest group and stage: what `of` gave
        self.changes = 0

    def of(self, groups: Sequence[Group], stage: int) -> AdaptiveLevels:
        """The levels for what is of these groups, the closest first."""
        if (known := self._found.get((groups[0], stage))) is None:
            known = self._found[groups[0], stage] = self._closest(groups, stage)
        return known

    def _closest(self, groups: Sequence[Group], stage: int) -> AdaptiveLevels:
        found: AdaptiveLevels | None = None
        for group in reversed(groups):
            if found is not None and self._judged[group, stage] < self._enough:
                break
            if (known := self._levels.get((group, stage))) is None:
                known = self._levels[group, stage] = AdaptiveLevels(found.at if found is not None else LEVELS)
            found = known
        assert found is not None
        return found

    def learn(self, groups: Sequence[Group], stage: int, reached: Reached, levels: Iterable[int]) -> None:
        """The end came of something of these groups that was forecast at a stage; see `AdaptiveLevels.learn`."""
        self.of(groups, stage).learn(reached, levels)
        self.changes += 1
        for group in groups:
            self._judged[group, stage] += 1
            if self._judged[group, stage] == self._enough:  # it has levels of its own from now on
                self._found.clear()

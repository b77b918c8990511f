"""Levels of quantiles that are moved after each end, so that in the long run they hold what they promise.

Adaptive conformal inference (Gibbs and Candès 2021, "Adaptive Conformal Inference Under Distribution
Shift"), for each end of each interval by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""The quantiles that a forecast has: of the 95 % and the 80 % interval the lower ends, the middle, the upper ends."""

RATE = 0.2
"""How far a level moves after an end, relative to what lies beyond it."""

_STEPS = tuple(RATE * min(level, 1 - level, 0.25) for level in LEVELS)

Quantiles = tuple[int, int, int | None, int | None, int | None]
"""Lengths at LEVELS; None beyond all that was seen."""


class AdaptiveLevels:
    """The levels at which quantiles are taken so that LEVELS of 1 are not above them."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = list(LEVELS)

    def learn(self, told: Sequence[int | None], length: int) -> None:
        """Something took so long for which these quantiles were told."""
        for place, level in enumerate(LEVELS):
            value = told[place]
            below = value is None or (length < value if level < 0.5 else length <= value)
            self.at[place] += _STEPS[place] * (level - below)

"""Whether forecasts hold what they promise: coverage of their intervals, and pinball loss, of forecasts that were made
before the end came. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, lgamma, log
from typing import NamedTuple

from lineage_core.forecast.adaptive_quantiles import LEVELS, Quantiles
from lineage_core.forecast.forecaster import SHARES, WAITING, Score
from lineage_core.forecast.learning_samples import Group

SURE = 0.999
"""How probable it is that a true interval lies within its `band`."""

STAGES = {WAITING: "when created", **{n: f"at {share:g} of the usual" for n, share in enumerate(SHARES)}, 0: "at start"}
"""What the stages of a score mean: when the forecast was made, relative to the middle of its group."""


class Held(NamedTuple):
    """What became of the forecasts of a group that were made at a stage.

    number: of them. in80, in95: how many ends lay in the interval. unbounded: how many 95 % intervals had no upper end.
    loss, plain_loss: mean pinball loss over LEVELS in microseconds, as told, and of the quantiles of everything.
    """

    group: Group
    stage: int
    number: int
    in80: int
    in95: int
    unbounded: int
    loss: float
    plain_loss: float

    def honest(self, sure: float = SURE) -> bool:
        """Whether both intervals cover what they promise, as far as so many can tell. Where more than a tenth of the
        95 % intervals have no upper end, too few were known: then they may cover more."""
        (low80, high80), (low95, high95) = band(self.number, 0.8, sure), band(self.number, 0.95, sure)
        open_ended = 10 * self.unbounded > self.number
        return low80 <= self.in80 <= high80 and low95 <= self.in95 and (open_ended or self.in95 <= high95)


def pinball(quantiles: Quantiles, longest: int, length: int) -> float:
    """The mean pinball loss of quantiles at LEVELS. longest: what counts in place of one that is not bounded."""
    known = max(longest, *(value for value in quantiles if value is not None))
    loss = 0.0
    for level, value in zip(LEVELS, quantiles, strict=True):
        at = known if value is None else value
        loss += level * (length - at) if length >= at else (1 - level) * (at - length)
    return loss / len(LEVELS)


def summary(scores: Iterable[Score], depth: int = 9) -> list[Held]:
    """The scores by group and stage. depth: how many values a group has at most; 0: tasks, runs."""
    held: dict[tuple[Group, int], list[float]] = {}
    for one in scores:
        sums = held.setdefault((one.sample.groups[0][: depth + 1], one.stage), [0.0] * 6)
        low95, low, _, high, high95 = one.quantiles
        length = one.length
        added = (
            1,
            low <= length and (high is None or length <= high),
            low95 <= length and (high95 is None or length <= high95),
            high95 is None,
            pinball(one.quantiles, one.longest, length),
            pinball(one.plain, one.longest, length),
        )
        for step, value in enumerate(added):
            sums[step] += value
    return [
        Held(group, stage, int(n), int(in80), int(in95), int(unbounded), loss / n, plain / n)
        for (group, stage), (n, in80, in95, unbounded, loss, plain) in sorted(held.items())
    ]


def band(count: int, share: float, sure: float = SURE) -> tuple[int, int]:
    """Between which counts a binomial variable of `count` trials lies with at least that probability."""
    out = (1 - sure) / 2
    chances = [
        exp(lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1) + k * log(share) + (count - k) * log(1 - share))
        for k in range(count + 1)
    ]
    return _tail(chances, out), count - _tail(chances[::-1], out)


def _tail(chances: list[float], out: float) -> int:
    summed = 0.0
    for k, chance in enumerate(chances):
        summed += chance
        if summed > out:
            return k
    return 0

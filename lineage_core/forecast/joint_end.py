"""When several tasks are all over: a queue, a session. The end of the last one, if they end independently of one
another and none is added. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lineage_core.base.clock import DAY, SECOND
from lineage_core.forecast.forecaster import Forecaster
from lineage_core.forecast.learning_samples import Sample

MOST = 1000 * DAY
"""What takes longer is not told."""


class Together(NamedTuple):
    """Of `open` tasks those that are `known` are over within `low`, `middle`, `high` (10, 50, 90 of 100 times), in
    microseconds from now; None beyond all that was seen. The others have no forecast: too few like them are known, or
    they are later than nearly all."""

    open: int
    known: int
    low: int | None = None
    middle: int | None = None
    high: int | None = None


def together(forecaster: Forecaster, samples: Iterable[Sample], now: int) -> Together:
    """When all of these open tasks are over."""
    every = list(samples)
    with_forecast = [one for one in every if (f := forecaster.forecast(one, now)) is not None and f.middle is not None]
    if not with_forecast:
        return Together(len(every), 0)

    def over(left: int) -> float:
        chance = 1.0
        for one in with_forecast:
            chance *= forecaster.left_by(one, now, left) or 0.0
            if chance < 1e-6:
                break
        return chance

    def first(level: float, at_least: int) -> int | None:
        low, high = at_least, max(SECOND, 2 * at_least)
        while over(high) < level:
            low, high = high, 2 * high
            if high > MOST:
                return None
        while high - low > max(SECOND // 10, low // 100):
            middle = (low + high) // 2
            low, high = (middle, high) if over(middle) < level else (low, middle)
        return high

    least = first(0.1, 0)
    mid = first(0.5, least) if least is not None else None
    most = first(0.9, mid) if mid is not None else None
    return Together(len(every), len(with_forecast), least, mid, most)

"""Forecasts in words: what a bound does not tell is left out."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import SECOND
from lineage_core.forecast.forecaster import Forecast
from lineage_core.forecast.phrases import NOTHING, says, short


@pytest.mark.parametrize(
    ("low", "middle", "high", "words"),
    [
        (30, 120, 360, "about 2m left (30s to 6m)"),
        (30, 120, None, "about 2m left (30s or more)"),
        (0, 120, None, "about 2m left"),
        (30, None, None, "30s or more left"),
        (0, None, None, "longer than 70 of 100 like it"),
        (None, None, None, "longer than 70 of 100 like it"),
    ],
)
def test_a_forecast_says_what_it_tells(low: int | None, middle: int | None, high: int | None, words: str) -> None:
    times = [None if one is None else one * SECOND for one in (low, low, middle, high, high)]
    assert says(Forecast(None, 40, SECOND, 70, *times, False, False)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize("low", [0, None])
def test_what_took_longer_than_none_is_not_compared(low: int | None) -> None:
    forecast = Forecast(None, 40, SECOND, 0, low, low, None, None, None, False, False)  # type: ignore[arg-type]
    assert says(forecast) == NOTHING
    assert short(forecast) == ""
    slow = Forecast(None, 40, SECOND, 0, *[30 * SECOND] * 5, False, True)  # type: ignore[arg-type]
    assert says(slow) == "about 30s left (30s)"

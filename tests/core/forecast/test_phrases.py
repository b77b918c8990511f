"""Forecasts in words: what a bound does not tell is left out."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import SECOND
from lineage_core.forecast.forecaster import Forecast
from lineage_core.forecast.phrases import says


@pytest.mark.parametrize(
    ("low", "middle", "high", "words"),
    [
        (30, 120, 360, "about 2m left (30s to 6m)"),
        (30, 120, None, "about 2m left (30s or more)"),
        (0, 120, None, "about 2m left"),
        (30, None, None, "30s or more left"),
        (0, None, None, "later than 70 of 100"),
        (None, None, None, "later than 70 of 100"),
    ],
)
def test_a_forecast_says_what_it_tells(low: int | None, middle: int | None, high: int | None, words: str) -> None:
    times = [None if one is None else one * SECOND for one in (low, low, middle, high, high)]
    assert says(Forecast(None, 40, SECOND, 70, *times, False, False)) == words  # type: ignore[arg-type]

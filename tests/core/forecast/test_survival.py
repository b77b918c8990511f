"""Survival curves: the product-limit estimate, late entry, and quantiles that keep their promise for few."""

from __future__ import annotations

from random import Random

from lineage_core.forecast.survival import Curve, Span


def curve(*spans: Span) -> Curve:
    return Curve(spans)


def test_the_product_limit_estimate_of_a_textbook() -> None:
    """Kaplan and Meier 1958, section 2: deaths at 0.8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1 months."""
    deaths, losses = (8, 31, 54, 92), (10, 27, 70, 121)
    found = curve(*((0, age, True) for age in deaths), *((0, age, False) for age in losses))
    assert [round(1 - found.within(age), 4) for age in deaths] == [0.875, 0.7, 0.525, 0.2625]


def test_what_was_watched_late_is_at_risk_from_then_on_only() -> None:
    found = curve((0, 10, True), (0, 20, True), (15, 20, True), (15, 30, True))
    assert found.within(10) == 0.5
    assert round(found.within(20), 6) == round(1 - 0.5 * (1 / 3), 6)
    assert found.at_risk(12) == 1 and found.at_risk(16) == 3


def test_few_have_no_upper_quantile() -> None:
    nine = curve(*((0, age, True) for age in range(10, 100, 10)))
    assert nine.high(0.9) == 90
    assert nine.high(0.91) is None
    assert nine.low(0.1) == 10
    assert nine.low(0.05) < 10


def test_a_quantile_of_a_few_keeps_its_promise() -> None:
    rng, inside = Random(5), 0
    for _ in range(4000):
        *known, new = (int(rng.lognormvariate(10, 1)) for _ in range(20))
        found = curve(*((0, age, True) for age in known))
        inside += found.low(0.1) <= new <= (found.high(0.9) or 0)
    assert 0.78 < inside / 4000 < 0.82


def test_what_has_taken_long_is_compared_with_those_that_took_longer() -> None:
    found = curve(*((0, age, True) for age in range(1, 101)))
    assert abs((found.middle(0.5) or 0) - 50) <= 1
    assert abs((found.middle(0.5, 80) or 0) - 90) <= 1
    assert found.low(0.01, 80) == 80
    assert round(found.over_by(90, 80), 6) == 0.5
    assert found.over_by(500, 100) == 1.0


def test_instant_ends_count() -> None:
    assert curve(*((0, 0, True) for _ in range(40))).high(0.9) in (0, 1)


def test_nothing_tells_nothing() -> None:
    assert curve().middle(0.5) is None and curve().low(0.5) == 0 and curve().at_risk(0) == 0


def test_what_all_takes_the_same_time_is_told_so() -> None:
    found = curve(*((0, 600, True) for _ in range(100)))
    assert found.levels(600, 0) == (100 / 101, 0.0, 0.0)
    assert (found.low(0.1), found.middle(0.5), found.high(0.9)) == (0, 600, 600)

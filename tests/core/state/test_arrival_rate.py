"""How many events a second arrive."""

from __future__ import annotations

from lineage_core.base.clock import SECOND
from lineage_core.model.record import Found
from lineage_core.state.arrival_rate import RECENT, ArrivalRate
from tests.build import record

PRESENT = 1_000_000.0


def of_age(seconds: float) -> Found:
    return Found(0, 1, round((PRESENT - seconds) * SECOND), record(1))


def test_the_rate_is_of_the_last_ten_seconds() -> None:
    rate = ArrivalRate()
    rate.count([of_age(0)] * 30, 100.0, PRESENT)
    rate.count([of_age(0)] * 20, 105.0, PRESENT)
    assert rate.per_second(105.0) == 5
    assert rate.per_second(110.0) == 5
    assert rate.per_second(110.5) == 2
    assert rate.per_second(116.0) == 0


def test_what_is_read_late_does_not_arrive_now() -> None:
    rate = ArrivalRate()
    rate.count([of_age(RECENT - 1), of_age(RECENT + 1), of_age(3600)], 0.0, PRESENT)
    assert rate.per_second(0.0) == 0.1

"""How often something may be done that takes long."""

from __future__ import annotations

import pytest

from lineage_tui.models.throttle import Throttle


def test_what_took_long_is_done_twice_a_second_and_what_is_quick_forty_times() -> None:
    now = 0.0
    pace = Throttle(lambda: now)
    for took, wait in ((0.001, 0.02), (0.1, 0.5), (2.0, 0.5)):
        pace.begin()
        now += took
        pace.end()
        assert pace.wait() == pytest.approx(wait)
        now += 10
        assert pace.wait() == 0

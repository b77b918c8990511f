"""In random cortexes of which the truth is known: what is stuck is reported, and what is reported is stuck."""

from __future__ import annotations

import pytest

from tests.core.rules.random_cortex import MINUTE
from tests.core.rules.stuck_simulation import measure


@pytest.mark.parametrize(("minutes", "lost"), [(0, 0.0), (5, 0.0), (5, 0.02)])
def test_no_false_all_clear_and_few_false_alarms(minutes: int, lost: float) -> None:
    """What is usual stands in lineage_core/rules/README.md; the clocks are off by so many minutes either way."""
    found = measure(150, minutes * MINUTE, lost)
    assert found.stuck > 300 and found.sound > 800
    assert found.missed == 0, found.examples
    assert found.false < found.sound / 100, found.examples
    assert found.owners + found.causes <= (0 if minutes == lost == 0 else found.stuck // 100)
    assert found.silent > 20 and found.alive <= (3 if lost else 0)


def test_by_clocks_that_are_50_minutes_off_nothing_that_is_stuck_is_missed() -> None:
    found = measure(400, 50 * MINUTE)
    assert found.stuck > 400 and found.missed == 0, found.examples
    assert found.false < found.sound / 50, found.examples


def test_the_truth_is_noticed_where_the_rules_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.core.rules.stuck_simulation.attention", lambda state, now: [])
    found = measure(20)
    assert found.missed == found.stuck > 30 and found.false == 0

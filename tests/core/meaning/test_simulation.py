"""Random tasks of which the truth is known, logged by clocks that are off by up to 50 minutes."""

from __future__ import annotations

import pytest

from tests.core.meaning.simulation import by_actor, by_family, measure


@pytest.mark.parametrize("handoffs", [False, True])
def test_where_a_task_its_workers_and_handoffs_have_a_clock_each_every_status_is_right(handoffs: bool) -> None:
    found = measure(400, by_family, handoffs)
    assert (found.wrong, found.status) == (0, 0)
    assert found.owner <= (8 if handoffs else 0)


@pytest.mark.parametrize(("handoffs", "statuses", "owners"), [(False, 4, 0), (True, 28, 8)])
def test_where_each_actor_has_a_clock_of_its_own_few_are_wrong(handoffs: bool, statuses: int, owners: int) -> None:
    """1 % and 7 % of the statuses, 2 % of the owners; what is usual stands in lineage_core/meaning/README.md."""
    found = measure(400, by_actor, handoffs)
    assert found.wrong == 0
    assert found.status <= statuses
    assert found.owner <= owners


def test_by_clocks_that_are_right_everything_is() -> None:
    found = measure(400, by_actor, handoffs=True, spread=0)
    assert (found.wrong, found.status, found.owner) == (0, 0, 0)

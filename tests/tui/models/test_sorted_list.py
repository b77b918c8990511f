"""The sorted list: after any changes it is what `sorted` gives, and every place in it can be asked for."""

from __future__ import annotations

from array import array
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_tui.models import sorted_list as ranked
from lineage_tui.models.sorted_list import SortedList


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_order_equals_sorted_after_any_changes(data: Any) -> None:
    values = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=40))

    def rising(item: int) -> tuple[int, int]:
        return (values[item], item)

    def falling(item: int) -> tuple[int, int]:
        return (-values[item], item)

    with patch.object(ranked, "BLOCK", 4), patch.object(ranked, "STEP", 3):
        order = SortedList(rising, lambda items: array("I", items))
        items = data.draw(st.permutations(range(len(values))))
        for item in items:
            order.add(item)
        held = set(items)
        for _ in range(data.draw(st.integers(0, 60))):
            item = data.draw(st.integers(0, len(values) - 1))
            match data.draw(st.sampled_from(["toggle", "toggle", "toggle", "change", "refill"])):
                case "toggle" if item in held:
                    order.remove(item)
                    held.remove(item)
                case "toggle":
                    order.add(item)
                    held.add(item)
                case "change":
                    if item in held:
                        order.remove(item)
                    values[item] = data.draw(st.integers(0, 9))
                    if item in held:
                        order.add(item)
                case "refill":
                    held = data.draw(st.sets(st.integers(0, len(values) - 1)))
                    for _done in order.refill(list(held), data.draw(st.sampled_from([rising, falling]))):
                        pass
        plain = sorted(held, key=order.sort)
        assert list(order) == plain
        assert [order[n] for n in range(len(order))] == plain
        assert [order.index_of(item) for item in plain] == list(range(len(plain)))
        assert order.rank((5, -1)) == sum(order.sort(item) < (5, -1) for item in plain)
        with pytest.raises(IndexError):
            order[len(plain)]


def test_the_old_order_stays_until_the_new_one_is_ready() -> None:
    order = SortedList(lambda item: item)
    for item in range(2000):
        order.add(item)
    steps = order.refill(range(2000), lambda item: -item)
    for _ in range(5):
        next(steps)
    assert order[0] == 0
    for _ in steps:
        pass
    assert order[0] == 1999 and len(order) == 2000

"""The orders of tasks in a group: which comes first in each, and when a group takes another one up."""

from __future__ import annotations

import pytest

from lineage_core.model.entities import TaskRow
from lineage_core.state.store import State
from lineage_tui.models.task_order import SORTS, GroupOrders
from tests.build import placed


def rows() -> dict[str, TaskRow]:
    """Three tasks of one session: `ended` began first and was over soon, `waits` began last."""
    state = State()
    state.merge_facts(
        [
            placed("task_created", "ended", 1, session="s"),
            placed("task_created", "runs", 2, session="s"),
            placed("task_started", "runs", 3, session="s"),
            placed("task_completed", "ended", 5, session="s"),
            placed("task_created", "waits", 9, session="s"),
        ]
    )
    return dict(state.rows)


def in_order(orders: GroupOrders) -> list[str]:
    found = rows()
    return sorted(found, key=lambda task_id: orders.sort_key("s", found[task_id]))


@pytest.mark.parametrize(
    ("order", "first_to_last"),
    [
        ("newest", ["waits", "runs", "ended"]),
        ("last event", ["waits", "ended", "runs"]),
        ("status", ["runs", "waits", "ended"]),
        ("time taken", ["ended", "runs", "waits"]),
        ("name", ["ended", "runs", "waits"]),
    ],
)
def test_each_order_and_the_same_turned_round(order: str, first_to_last: list[str]) -> None:
    orders = GroupOrders()
    orders.sorted_by = order
    assert in_order(orders) == first_to_last
    orders.turn(0, invert=True)
    orders.take_up("s")
    assert in_order(orders) == first_to_last[::-1]


def test_by_expected_end_comes_what_is_forecast_then_what_is_open_then_what_is_over() -> None:
    orders = GroupOrders()
    orders.sorted_by = "expected end"
    orders.ends_at = {"waits": 50}.get
    assert in_order(orders) == ["waits", "runs", "ended"]
    orders.ends_at = {"waits": 50, "runs": 40}.get
    assert in_order(orders) == ["runs", "waits", "ended"]


def test_a_group_keeps_its_order_until_it_takes_the_next_one_up() -> None:
    orders = GroupOrders()
    assert orders.is_newest_first("s")
    before = in_order(orders)
    orders.turn(1, invert=False)
    assert orders.sorted_by == "last event"
    assert in_order(orders) == before
    orders.take_up("s")
    assert not orders.is_newest_first("s")
    assert in_order(orders) == ["waits", "ended", "runs"]


def test_the_orders_are_gone_through_in_a_circle() -> None:
    orders = GroupOrders()
    seen = [orders.sorted_by]
    for _ in SORTS:
        orders.turn(1, invert=False)
        seen.append(orders.sorted_by)
    assert seen == [*SORTS, "newest"]
    orders.turn(-1, invert=False)
    assert orders.sorted_by == [*SORTS][-1]

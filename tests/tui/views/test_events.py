"""The events view: the newest events over all tasks, in order, following until the operator moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core import demo
from lineage_core.base.errors import BadInputError
from lineage_core.model.facts import Fact, distinct, order, unpack
from lineage_core.query.filter_parser import parse
from lineage_core.query.filter_terms import FilterContext
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_tui.models import events as event_window
from lineage_tui.models.events import EventWindow
from lineage_tui.views.events import EventsView
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, styles, text_of
from tests.tui.conftest import until


def stream(log: Log, most: int = 10_000, **options: Any) -> EventsView:
    view = EventsView(styles(), log.state, Clock(), most, id="view", **options)
    view.arrived(set(log.state.rows))
    return view


def lines_of(view: EventsView) -> list[str]:
    """The lines below the title, without the scroll bar."""
    return [line[:-1] for line in text_of(view).splitlines()[1:]]


def places(window: EventWindow) -> list[Any]:
    return [event.position for event in window.shown]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_window_holds_the_newest_events_in_whatever_order_they_arrive(data: Any) -> None:
    log = Log()
    events = st.tuples(st.sampled_from(["task-1", "task-2", "task-3"]), st.integers(0, 30))
    facts = [
        (task, log.fact("worker_progress", task, ago, worker_id="worker-1"))
        for task, ago in data.draw(st.lists(events, min_size=1, max_size=50))
    ]
    state = State()
    window = EventWindow(state, most=10)
    with patch.object(event_window, "TAIL", 300):
        while facts:
            size = data.draw(st.integers(1, 8))
            window.take(state.merge_facts(facts[:size]))
            facts = facts[data.draw(st.integers(1, size)) :]  # what is left over comes a second time
            everything = sorted(order(fact) for task_id in state.rows for fact in state.facts(task_id))
            shown = places(window)
            assert shown == everything[-10:]


def test_a_history_is_read_newest_first_or_oldest_first_to_the_same_end(tmp_path: Path) -> None:
    demo.backfill(tmp_path, 3000, days=2)
    state = load(tmp_path).state
    ids = sorted(state.rows, key=lambda task_id: state.rows[task_id].last_at)
    forward, backward = EventWindow(state, 500), EventWindow(state, 500)
    forward.take(ids)
    backward.take(reversed(ids))
    facts = distinct(fact for task_id in ids for fact in state.facts(task_id))
    assert places(forward) == places(backward) == [order(fact) for fact in facts[-500:]]


@pytest.mark.parametrize("text", ["}],[-5,", '}],[1,"x', "}],[5", '","'])
def test_a_text_that_ends_as_a_fact_begins_does_not_mislead(text: str) -> None:
    log = Log()
    for n in range(6):
        log.add("task_blocked", "task-1", 60 - n, reason=text, blocked_by=[text, ",5,", text])
    for size in range(20, 600):
        window = EventWindow(log.state)
        with patch.object(event_window, "TAIL", size):
            window.take(["task-1"])
        assert len(window.shown) == 6


def test_of_a_task_with_very_many_events_only_the_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    log.state.merge_facts(
        ("task-1", log.fact("worker_progress", "task-1", 90_000 - n, worker_id="worker-1")) for n in range(60_000)
    )
    window = EventWindow(log.state, 100)
    assert window.take(["task-1"]) >= 100
    sizes: list[int] = []

    def counted(packed: bytes) -> list[Fact]:
        sizes.append(len(packed))
        return unpack(packed)

    monkeypatch.setattr(event_window, "unpack", counted)
    window.take(log.add("worker_progress", "task-1", 0, worker_id="worker-1", progress_percentage=50))
    assert window.shown[-1].fact.data["progress_percentage"] == 50
    assert sum(sizes) <= 2 * event_window.TAIL < len(log.state.packed("task-1")) // 100


async def test_new_events_appear_at_the_end_while_following() -> None:
    log = Log()
    view = stream(log)
    async with alone(view):
        for n in range(60):
            view.arrived(log.add("task_created", f"task-{n:02}", 60 - n))
        assert "task-59" in text_of(view).splitlines()[-1]
        assert view.target() == ("task-59", None)
        assert view.count_line() == "60 events"


async def test_what_the_operator_looks_at_stays_and_new_events_are_counted() -> None:
    log = Log()
    view = stream(log, most=50)
    async with alone(view, (100, 20)):
        for n in range(40):
            view.arrived(log.add("task_created", f"task-{n:03}", 900 - n))
        view.move(-5)
        shown = lines_of(view)
        for n in range(40, 400):
            view.arrived(log.add("task_created", f"task-{n:03}", 900 - n))
        assert lines_of(view) == shown
        assert view.target() == ("task-034", None)
        assert "360 new" in text_of(view) and "360 new below" in view.count_line()
        assert view.waiting() == ["360 new below"]
        view.follow()
        await until(lambda: view.target() == ("task-399", None), "the newest")
        assert "new" not in text_of(view)
        assert view.count() == 50


async def test_going_to_the_end_follows_again() -> None:
    log = Log()
    view = stream(log)
    async with alone(view):
        for n in range(60):
            view.arrived(log.add("task_created", f"task-{n}", 60 - n))
        view.edge(-1)
        assert not view.following and view.target() == ("task-0", None)
        view.edge(1)
        assert view.following
        view.arrived(log.add("task_created", "task-new", 0))
        assert view.target() == ("task-new", None)


async def test_a_filter_asks_the_event_for_its_words_and_the_task_for_its_state() -> None:
    log = Log()
    log.add("task_created", "task-1", 50, "user-kim")
    log.worker("task-1", "worker-1", "scan-worker", [40, 30, 20], "failed")
    log.add("task_failed", "task-1", 10, reason="no disk")
    log.add("task_created", "task-2", 5, "user-kim")
    view = stream(log)

    def chosen(text: str) -> list[str]:
        view.set_filter(parse(text, FilterContext(log.state, NOW)).matches, text)
        return [event.fact.event_type for event in view.model.shown]

    async with alone(view):
        assert chosen("status:failed !worker:scan,worker-1") == ["task_created", "task_failed"]
        assert chosen("worker:scan") == ["worker_spawned", "worker_started"]
        assert chosen("type:created") == ["task_created", "task_created"]
        assert chosen("disk") == ["worker_failed", "task_failed"]
        assert chosen("!type:worker !type:created") == ["task_failed"]
        assert view.count_line() == "1 of the newest 6 events"
        view.arrived(log.add("task_failed", "task-2", 1, reason="no disk"))
        assert view.count() == 2
        with pytest.raises(BadInputError):
            view.set_filter(lambda row: True, "nonsense:1")
        view.set_filter(lambda row: row.task_id == "task-2")
        assert view.count() == 2
        view.set_filter(None)
        assert view.count() == 7


async def test_an_event_names_its_worker_or_handoff() -> None:
    log = Log()
    log.add("handoff_created", "task-1", 10, handoff_id="handoff-1", from_master="a", to_master="b")
    view = stream(log)
    async with alone(view):
        assert view.target() == ("task-1", "handoff-1")
        view.arrived(log.worker("task-1", "worker-1", "scan-worker", [5]))
        assert view.target() == ("task-1", "worker-1")


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (80, 24), (200, 50)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_events_of_every_kind_fit_any_size_and_ascii_stays_ascii(size: tuple[int, int], ascii_only: bool) -> None:
    log = Log()
    log.add("task_failed", "task-1\x1b]0;x\x07", 90_000, reason="[/x] \x1b[31m")
    log.add("something_new", "task-1", 2)
    for n in range(40):
        log.worker("task-2", f"worker-{n}", "scan-worker", [30, 20, 10], "zombie")
    view = EventsView(styles(ascii_only=ascii_only), log.state, Clock(NOW), id="view", empty="nothing yet")
    async with alone(view, size):
        view.arrived(set(log.state.rows))
        view.edge(-1)
        text = text_of(view)
        assert "\x1b" not in text and "\x07" not in text
        assert text.isascii() or not ascii_only or "…" in text
        if size[0] >= 80:
            assert "[/x]" in text and "03-13" in text


async def test_without_events_it_says_what_it_was_told_to_say() -> None:
    view = stream(Log(), empty="no events yet")
    async with alone(view):
        assert "no events yet" in text_of(view)
        assert view.target() is None
        assert view.count_line() == "0 events"

"""Moving and entering: who reads is left alone, and every key goes to what is under the cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from lineage_tui.models.worker_columns import COLUMNS
from lineage_tui.screens.link_picker import JumpScreen
from lineage_tui.settings.config import SavedState
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.views.workers import WorkersView
from tests.tui.conftest import opened, resized, screen_of, text_of, until


@pytest.fixture
def journal(lineage: Path) -> Journal:
    """Two tasks: one with a failed worker and its retry, and a subtask of it that another blocks."""
    journal = Journal(lineage)
    cause = journal.log("task_created", "task-1", "user-kim")
    journal.log("task_started", "task-1", "development-master")
    journal.log("worker_spawned", "task-1", "development-master", "worker-7", "scan-worker")
    journal.log("worker_failed", "task-1", "worker-7", "no disk")
    journal.log("worker_spawned", "task-1", "development-master", "worker-8", "scan-worker")
    journal.log("handoff_created", "task-1", "handoff-1", "development-master", "cicd-master")
    journal.log("task_created", "task-2", "development-master", parent=cause)
    journal.log("task_blocked", "task-2", "development-master", "needs it", data='{"blocked_by":["task-1"]}')
    return journal


@pytest.fixture
async def pilot(journal: Journal, lineage: Path) -> AsyncIterator[Pilot[None]]:
    async with opened(lineage) as pilot:
        yield pilot


# Reading.


@pytest.mark.parametrize("keys", [("enter",), ("tab",), ("b",), ("enter", "enter", "enter"), ("2", "enter")])
async def test_whoever_goes_into_the_detail_pane_keeps_its_task(
    keys: tuple[str, ...], pilot: Pilot[None], journal: Journal
) -> None:
    screen = screen_of(pilot)
    await pilot.press(*keys)
    read, tab, line = screen.detail.task_id, screen.detail.tab, screen.views.view.cursor_key
    journal.log("task_created", "task-new", "user-kim")
    journal.log("worker_spawned", "task-new", "development-master", "worker-new", "scan-worker")
    await until(lambda: "task-new" in screen.tree_view.model.rows, "the new task")
    await pilot.pause()
    assert (screen.detail.task_id, screen.detail.tab, screen.views.view.cursor_key) == (read, tab, line)


async def test_a_task_that_leaves_the_filter_stays_in_the_detail_pane_while_it_is_read(
    pilot: Pilot[None], journal: Journal
) -> None:
    screen = screen_of(pilot)
    await resized(pilot, 99, 36)  # no room for the directory in the top line
    screen.navigation.go_to_task("task-2")
    screen.filtering.set("status:blocked")
    await pilot.press("tab")
    journal.log("task_unblocked", "task-2", "development-master", "it is there")
    await until(lambda: screen.tree_view.count() == 0, "nothing in the list")
    await pilot.pause()
    assert screen.detail.task_id == "task-2"
    assert "task-2 › timeline" in text_of(pilot).splitlines()[0]
    await pilot.press("tab")
    assert screen.detail.task_id is None


async def test_the_figures_have_no_pane_to_go_to(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("4", "tab")
    assert screen.views.view.has_focus
    assert "figures are of no single task" in text_of(pilot)


# Back and forward.


async def test_back_shows_the_task_of_the_list_in_the_detail_pane(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1")
    await pilot.press("2", "1", "end")
    assert screen.detail.task_id == "task-2"
    await pilot.press("left_square_bracket")
    target = screen.views.view.target()  # type: ignore[attr-defined]
    assert screen.detail.task_id == target[0] == "task-1"


async def test_back_returns_to_the_event_that_was_read(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1")
    await pilot.press("tab", "right", "down", "down")
    event = screen.detail.tabs.fact()
    await pilot.press("2", "left_square_bracket")
    assert screen.panes.in_detail and screen.detail.tabs.fact() == event


# Entering.


async def test_enter_on_an_event_opens_that_event(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("5", "k", "k", "k", "enter")
    event = screen.detail.tabs.fact()
    assert event is not None and event.event_type == "worker_spawned"
    assert screen.detail.task_id == "task-1" and screen.panes.in_detail


async def test_enter_on_a_worker_opens_its_last_event_and_then_the_record(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1", "worker-7")
    await pilot.press("enter")
    event = screen.detail.tabs.fact()
    assert event is not None and event.event_type == "worker_failed"
    await pilot.press("enter")
    await until(lambda: '"worker_failed"' in text_of(pilot), "its record")


@pytest.mark.parametrize("keys", [("tab", "down", "enter"), ("tab", "right", "right", "enter")])
async def test_enter_on_a_lane_or_a_line_of_the_workers_opens_its_last_event(
    keys: tuple[str, ...], pilot: Pilot[None]
) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1")
    await pilot.press(*keys)
    event = screen.detail.tabs.fact()
    assert event is not None and event.event_type == "worker_failed"


# Messages.


async def test_a_message_goes_with_the_next_key(pilot: Pilot[None]) -> None:
    await pilot.press("y")
    assert "(OSC 52)" in text_of(pilot).splitlines()[-1]
    await pilot.press("pagedown")
    assert "(OSC 52)" not in text_of(pilot).splitlines()[-1]


async def test_the_top_line_names_the_task_that_the_pane_shows_at_once(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await resized(pilot, 99, 36)  # no room for the directory in the top line
    screen.navigation.go_to_task("task-2")
    await pilot.press("home")
    for _ in range(screen.tree_view.count()):
        await pilot.press("down")
        assert (screen.detail.task_id or "lineage") in text_of(pilot).splitlines()[0]


# Jumping.


async def test_jump_goes_at_once_where_the_line_names_one_thing(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1")
    await pilot.press("J")
    assert screen.tree_view.cursor_key == ("task", "task-2", "")
    assert "from task-1; [ goes back" in text_of(pilot)
    await pilot.press("left_square_bracket")
    assert screen.tree_view.cursor_key == ("task", "task-1", "")


async def test_jump_asks_which_of_several_and_a_digit_goes_there(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1", "worker-8")
    await pilot.press("J")
    assert isinstance(pilot.app.screen, JumpScreen)
    text = text_of(pilot)
    assert "1 retry of   worker-7" in text and "2 of task" in text
    await pilot.press("1")
    assert screen.tree_view.cursor_key == ("worker", "worker-7", "task-1")


async def test_jump_goes_to_the_event_that_caused_a_task(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-2")
    await pilot.press("J", "down", "enter")
    event = screen.detail.tabs.fact()
    assert screen.detail.task_id == "task-1"
    assert event is not None and event.event_type == "task_created"


async def test_jump_from_an_event_shows_the_task_that_it_names(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1")
    await pilot.press("5", "k", "j", "J")
    assert "1 blocked by ● task-1" in text_of(pilot)
    await pilot.press("1")
    assert screen.tree_view.cursor_key == ("task", "task-1", "") and screen.detail.task_id == "task-1"


async def test_any_other_key_closes_the_list_and_nothing_moves(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-2")
    await pilot.press("J", "x")
    assert pilot.app.screen is screen and screen.tree_view.cursor_key == ("task", "task-2", "")


# Copying.


async def test_y_copies_the_id_of_what_is_under_the_cursor(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    screen.navigation.go_to_task("task-1")
    copied = []
    await pilot.press("y", "tab")
    copied.append(pilot.app.clipboard)
    for keys in (("y",), ("down", "y"), ("down", "down", "y"), ("end", "y"), ("home", "right", "right", "y")):
        await pilot.press(*keys)
        copied.append(pilot.app.clipboard)
        assert f"(OSC 52): {pilot.app.clipboard}" in text_of(pilot)
    assert copied == ["task-1", "task-1", "worker-7", "handoff-1", "task-2", "worker-7"]
    await pilot.press("2", "y")
    assert pilot.app.clipboard in ("worker-7", "worker-8")
    await pilot.press("5", "y")
    event = screen.views.view.event()  # type: ignore[attr-defined]
    assert pilot.app.clipboard == event.fact.lineage_id


# The field, the mouse.


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_no_key_leaves_the_filter_field_open_without_focus(key: str, pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("slash", *"task-2", key)
    field = screen.query_one("#field", Input)
    assert field.display == field.has_focus and screen.filtering.text == "task-2"


async def test_a_click_beside_the_field_closes_it(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("slash", *"task")
    await pilot.click("#timeline")
    assert not screen.query_one("#field", Input).display and screen.panes.in_detail


async def test_a_click_on_a_view_in_the_key_line_opens_it(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    line = text_of(pilot).splitlines()[-1]
    await pilot.click("#keys", offset=(line.index("workers"), 0))
    await until(lambda: screen.views.shown == "workers", "the workers")
    assert screen.views.view.has_focus
    await pilot.click("#keys", offset=(line.index("filter"), 0))
    await until(lambda: screen.prompt.purpose == "filter", "the filter")


async def test_a_click_on_a_tab_of_the_detail_pane_opens_it(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    y, line = next((y, line) for y, line in enumerate(text_of(pilot).splitlines()) if "[timeline]" in line)
    await pilot.click(offset=(line.index("workers"), y))
    assert screen.detail.tab == "workers" and screen.panes.in_detail


async def test_a_click_on_the_name_of_a_column_sorts_by_it_and_another_turns_the_order_round(
    pilot: Pilot[None],
) -> None:
    screen = screen_of(pilot)
    tree = screen.views.view
    assert isinstance(tree, TaskTreeView)
    orders = tree.model.orders

    async def click(column: str) -> None:
        line = text_of(pilot).splitlines()[1]
        await pilot.click(offset=(line.index(column) + 1, 1))

    assert orders.sorted_by == "newest"
    for column, order in (("task", "name"), ("status", "status"), ("time", "time taken"), ("last word", "last event")):
        await click(column)
        await until(lambda order=order: (orders.sorted_by, orders.inverted) == (order, False), order)
    await click("last word")
    await until(lambda: (orders.sorted_by, orders.inverted) == ("last event", True), "the other way round")
    await pilot.press("2")
    view = screen.views.view
    assert isinstance(view, WorkersView)
    for column in view.columns(view.room):
        if COLUMNS[column].falls is not None and column not in ("gauge", "progress", "usual", view.sorted_by):
            await click(column)
            await until(lambda column=column: (view.sorted_by, view.inverted) == (column, False), column)
    await click(view.sorted_by)
    await until(lambda: view.inverted, "the other way round")


async def test_nothing_lies_behind_what_a_screen_opens_with(journal: Journal, lineage: Path) -> None:
    """Also where it goes on as the last run was left."""
    async with opened(lineage, saved=SavedState(view="workers")) as pilot:
        await pilot.press("left_square_bracket")
        assert "nowhere to go back to" in text_of(pilot)
        await pilot.press("1", "left_square_bracket", "right_square_bracket", "left_square_bracket")
        await pilot.press("left_square_bracket")
        assert pilot.app.is_running and "nowhere to go back to" in text_of(pilot)


async def test_help_is_read_on_a_small_terminal_by_scrolling(journal: Journal, lineage: Path) -> None:
    async with opened(lineage, size=(60, 15)) as pilot:
        await pilot.press("question_mark")
        await until(lambda: "the tree of tasks" in text_of(pilot), "the first key")
        assert "out; at the root: quit" not in text_of(pilot)
        await pilot.press("tab")
        await until(lambda: "Signs: tasks" in text_of(pilot), "the signs")
        await pilot.press("G")
        await until(lambda: "until:" in text_of(pilot), "the last line")
        await pilot.press("g", *["j"] * 3)
        await until(lambda: "all events, as they come" in text_of(pilot), "what follows")
        await pilot.press("tab", "tab")  # the signs, then this
        await until(lambda: "What a filter can ask" in text_of(pilot), "the filter language")
        before = text_of(pilot)
        await pilot.press("pagedown")
        await until(lambda: text_of(pilot) != before, "the next page of it")


async def test_what_a_list_cannot_do_is_said_with_the_list_that_can(pilot: Pilot[None]) -> None:
    await pilot.press("full_stop")
    assert "that is for stats (4)" in text_of(pilot)
    await pilot.press("a")
    assert "that is for attention (3)" in text_of(pilot)
    await pilot.press("colon", *"page up", "enter")
    assert "no command" not in text_of(pilot)
    await pilot.press("colon", *"nope", "enter")
    assert "no command 'nope': ^P lists them all" in text_of(pilot)


async def test_while_a_list_is_filled_it_is_said(
    journal: Journal, lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(300):
        journal.log("task_failed", f"task-f{n}", "development-master", "no disk")
        journal.log("task_completed", f"task-c{n}", "development-master", "success")
    monkeypatch.setattr("lineage_tui.widgets.background_work.BUDGET", 0.0002)
    monkeypatch.setattr("lineage_tui.widgets.background_work.PAUSE", 0.05)
    monkeypatch.setattr("lineage_tui.views.switcher.SLICE", 25)
    app = LineageApp(lineage)
    async with app.run_test(size=(120, 36)) as pilot:  # not `opened`, which waits for what fills the list
        await until(lambda: app.feed.health.loaded and not app.feed.waiting, "the history")
        screen = screen_of(pilot)
        await pilot.press("3")
        assert "filling " in text_of(pilot)
        await until(lambda: screen.views.filled > 0.1, "a beginning")
        assert screen.views.view.lines.total, "what matters comes first"  # type: ignore[attr-defined]
        await until(lambda: not screen.views.behind, "all of it")
        screen.resume()
        await pilot.pause()
        assert "filling" not in text_of(pilot)


async def test_a_place_that_cannot_be_read_does_not_look_empty(lineage: Path) -> None:
    lineage.parent.mkdir(parents=True)
    lineage.write_text("no directory")
    async with opened(lineage, size=(240, 30)) as pilot:
        await until(lambda: "Cannot be read:" in text_of(pilot), "that it cannot be read")
        assert "ot a directory" in text_of(pilot) and "No events yet" not in text_of(pilot)

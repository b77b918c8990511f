"""The screen opens at what matters, once; after that nothing but the operator moves the selection."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core import Journal
from lineage_tui.app import LineageApp
from lineage_tui.screenshots import NOW, stage
from tests.tui.conftest import opened, screen_of, until

URGENT = "task-leaked-signing-key-9004"


@pytest.fixture
def cortex(lineage: Path) -> Path:
    stage(lineage)
    return lineage


def log(directory: Path, event_type: str, task_id: str, *words: str, at: str, **data: object) -> None:
    Journal(directory).log(event_type, task_id, *words, timestamp=f"2026-03-14T{at}Z", data=data)


async def test_it_opens_at_the_most_urgent_open_thing(cortex: Path) -> None:
    async with opened(cortex, clock=lambda: NOW) as pilot:
        screen = screen_of(pilot)
        assert screen.tree_view.cursor_key == ("task", URGENT, "")
        assert screen.detail.task_id == URGENT
        tree = screen.tree_view
        assert tree.top < tree.cursor < tree.top + tree.page - 1, "with lines above and below it"


async def test_where_nothing_needs_anybody_it_opens_at_what_has_gone_on_for_longest(lineage: Path) -> None:
    for name, at in (("done", "02:00:00"), ("older", "02:59:10"), ("newer", "02:59:30"), ("newest", "02:59:50")):
        log(lineage, "task_created", f"task-{name}", "user-kim", at=at)
    log(lineage, "task_completed", "task-done", "development-master", "success", at="02:10:00")
    async with opened(lineage, clock=lambda: NOW) as pilot:
        assert not len(screen_of(pilot).attention.model)
        assert screen_of(pilot).tree_view.cursor_key == ("task", "task-older", "")


async def test_the_saved_filter_decides_among_what(cortex: Path) -> None:
    async with opened(cortex, clock=lambda: NOW) as pilot:
        await pilot.press("slash", *"master:cicd", "enter")
        saved = screen_of(pilot).keep()
    async with opened(cortex, clock=lambda: NOW, saved=saved) as pilot:
        key = screen_of(pilot).tree_view.cursor_key
        assert isinstance(key, tuple) and screen_of(pilot).app.state.rows[key[1]].master == "cicd-master"
        assert screen_of(pilot).filtering.text == "master:cicd"


@pytest.mark.parametrize("view", ["tasks", "workers", "attention"])
async def test_what_comes_later_moves_neither_the_selection_nor_its_line(cortex: Path, view: str) -> None:
    async with opened(cortex, clock=lambda: NOW) as pilot:
        screen = screen_of(pilot)
        await pilot.press({"tasks": "1", "workers": "2", "attention": "3"}[view])
        await until(lambda: not screen.views.behind, "the view")
        shown = screen.views.view
        before = shown.cursor_key, shown.cursor - shown.top
        for n in range(5):
            at = f"02:0{n}:00"
            log(cortex, "task_created", f"task-x{n}", "user-kim", at=at, priority="critical")
            log(cortex, "worker_spawned", f"task-x{n}", "d-master", f"w-x{n}", "scan-worker", at=at)
        await until(lambda: "task-x4" in screen.tree_view.model.rows, "the news")
        await until(lambda: shown.line_of(_line_key(view)) is not None, "the news in the view")
        await pilot.pause()
        assert (shown.cursor_key, shown.cursor - shown.top) == before


def _line_key(view: str) -> object:
    keys = {"tasks": ("task", "task-x4", ""), "workers": ("task-x4", "w-x4")}
    return keys.get(view, ("never-started", "task-x4", "w-x4"))


async def test_the_operator_who_was_faster_is_left_alone(cortex: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_tui.widgets.background_work.PAUSE", 0.2)
    monkeypatch.setattr("lineage_tui.views.switcher.SLICE", 5)
    monkeypatch.setattr("lineage_tui.widgets.background_work.BUDGET", 0.0001)
    app = LineageApp(cortex, clock=lambda: NOW)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.main_screen is not None and app.main_screen.tree_view.count() > 50, "the tasks")
        assert not screen_of(pilot).live.opening.done
        await pilot.press("j")
        chosen = screen_of(pilot).tree_view.cursor_key
        await until(lambda: screen_of(pilot).live.opening.done, "the opening")
        assert screen_of(pilot).tree_view.cursor_key == chosen


async def test_an_empty_directory_opens_at_the_first_task_that_comes(lineage: Path) -> None:
    lineage.mkdir(parents=True)
    async with opened(lineage, clock=lambda: NOW) as pilot:
        tree = screen_of(pilot).tree_view
        log(lineage, "task_created", "task-first", "user-kim", at="02:59:30")
        await until(lambda: tree.cursor_key == ("task", "task-first", ""), "the first task")
        log(lineage, "task_created", "task-second", "user-kim", at="02:59:40")
        await until(lambda: tree.model.find(("task", "task-second", "")) is not None, "the second")
        await pilot.pause()
        assert tree.cursor_key == ("task", "task-first", "")


async def test_a_view_that_was_left_as_it_opened_opens_at_the_most_urgent_again(cortex: Path) -> None:
    async with opened(cortex, clock=lambda: NOW) as pilot:
        view = screen_of(pilot).attention
        await pilot.press("3")
        await until(lambda: not screen_of(pilot).views.behind, "the view")
        assert view.cursor == 0
        first = view.cursor_key
        log(cortex, "task_created", "task-worse", "user-kim", at="01:00:00", priority="critical")
        await until(lambda: view.line_of(("unassigned", "task-worse", "task-worse")) is not None, "what is worse")
        assert view.cursor_key == first
        await pilot.press("1", "3")
        await until(lambda: view.cursor == 0, "the most urgent")
        await pilot.press("j", "1", "3")
        assert view.cursor == 1, "what the operator chose is kept"


async def test_a_filter_that_is_dropped_leads_back_to_what_was_selected(cortex: Path) -> None:
    async with opened(cortex, clock=lambda: NOW) as pilot:
        tree = screen_of(pilot).tree_view
        await pilot.press("slash", *"master:cicd", "enter")
        await until(lambda: tree.cursor_key not in (("task", URGENT, ""), None), "another task")
        assert tree.cursor_key[0] == "task"  # type: ignore[index]
        await pilot.press("escape")
        await until(lambda: tree.cursor_key == ("task", URGENT, ""), "the task of before")

"""The app as an operator meets it: what is in the directory is on the screen, and keys do what the help says."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from tests.conftest import DATA
from tests.tui.conftest import opened, resized, screen_text, until


def app_of(pilot: object) -> LineageApp:
    return pilot.app  # type: ignore[attr-defined, no-any-return]


async def test_the_legacy_directory_shows_its_two_tasks_and_each_event_once() -> None:
    async with opened(DATA / "legacy") as pilot:
        app = app_of(pilot)
        assert sorted(app.state.rows) == ["task-a-deps-audit", "task-a-rollout"]
        assert app.state.events == 30
        text = screen_text(app)
        assert "task-a-rollout" in text and "task-a-deps-audit" in text
        assert "30 events" in text and "30 copies" in text


async def test_the_tangled_sample_shows_every_intact_event_and_the_count_of_the_others(lineage: Path) -> None:
    lineage.mkdir(parents=True)
    shutil.copy(DATA / "legacy-tangled.jsonl", lineage / "lineage-2026-11-20.jsonl")
    async with opened(lineage) as pilot:
        assert app_of(pilot).state.events == 236
        await until(lambda: "4 quarantined" in screen_text(app_of(pilot)), "what was quarantined")


@pytest.mark.clock
async def test_an_event_logged_elsewhere_appears_without_a_key(lineage: Path) -> None:
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        await until(lambda: "does not exist yet" in screen_text(app), "that it waits for the directory")
        Journal(lineage).log("task_created", "task-1", "user-kim", data={"priority": "high"})
        await until(lambda: "task-1" in screen_text(app), "task-1 on the screen")


async def test_workers_handoffs_and_subtasks_hang_below_their_task(lineage: Path) -> None:
    journal = Journal(lineage)
    cause = journal.log("task_created", "task-1", "user-kim")
    journal.log("task_started", "task-1", "development-master")
    journal.log("worker_spawned", "task-1", "development-master", "worker-7", "scan-worker")
    journal.log("handoff_created", "task-1", "handoff-1", "development-master", "cicd-master")
    journal.log("task_created", "task-2", "development-master", parent=cause)
    async with opened(lineage) as pilot:
        tree = app_of(pilot).main_screen.tree_view  # type: ignore[union-attr]
        found = [(tree.model.line(n).kind, tree.model.line(n).ident) for n in range(tree.count())]
        assert found == [
            ("group", "no session"),
            ("task", "task-1"),
            ("worker", "worker-7"),
            ("handoff", "handoff-1"),
            ("task", "task-2"),
        ]


async def test_enter_goes_from_task_to_events_to_the_record_and_escape_comes_back(lineage: Path) -> None:
    Journal(lineage).log("task_created", "task-1", "user-kim", data='{"size": 1.50}')
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        detail = app.main_screen.detail  # type: ignore[union-attr]
        await pilot.press("enter", "enter")
        assert detail.tab == "events"
        await pilot.press("enter")
        await until(lambda: '"size": 1.50' in screen_text(app), "the record in its own spelling")
        await pilot.press("escape", "escape")
        assert detail.tab == "timeline"
        await pilot.press("escape")
        assert app.main_screen.tree_view.has_focus  # type: ignore[union-attr]


async def test_the_selection_stays_with_its_task_when_others_arrive(lineage: Path) -> None:
    journal = Journal(lineage)
    for n in range(50):
        journal.log("task_created", f"task-{n}", "user-kim")
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        tree = app.main_screen.tree_view  # type: ignore[union-attr]
        await pilot.press("j", "j", "j")
        chosen, place = tree.cursor_key, tree.cursor - tree.top
        for n in range(50, 80):
            journal.log("task_created", f"task-{n}", "user-kim")
        await until(lambda: len(tree.model.rows) == 80, "80 tasks")
        assert (tree.cursor_key, tree.cursor - tree.top) == (chosen, place)
        await until(lambda: "30 new above (f)" in screen_text(app), "what is new")
        await pilot.press("f")
        assert tree.cursor_key == ("task", "task-79", "")


async def test_the_counts_stay_right_while_the_feed_moves_on_in_the_middle_of_a_take(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(lineage)
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        screen = app.main_screen
        assert screen is not None
        arrived = screen.views.arrived

        def late(task_ids: set[str]) -> None:
            """The feed merges one event more after the tasks were taken and before they are shown."""
            if app.state.counts["queued"]:
                journal.log("task_assigned", "task-1", "coordinator-master", "development-master")
                while app.state.counts["queued"]:
                    time.sleep(0.001)
            arrived(task_ids)

        monkeypatch.setattr(screen.views, "arrived", late)
        journal.log("task_created", "task-1", "user-kim")
        await until(lambda: app.state.events == 2 and not app.feed.waiting, "both events")
        await until(lambda: "assigned" in screen_text(app), "the status on the screen")
        assert {status: count for status, count in screen.status_counts.by_status.items() if count} == {"assigned": 1}


async def test_a_key_does_not_wait_for_the_next_frame_of_a_busy_feed(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_tui.screens.feed_intake.BUSY_FRAME", 3600)
    journal = Journal(lineage)
    for n in range(3):
        journal.log("task_created", f"task-{n}", "user-kim")
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        tree = app.main_screen.tree_view  # type: ignore[union-attr]
        monkeypatch.setattr(app.feed, "rate", lambda: 200.0)
        journal.log("task_created", "task-last-frame", "user-kim")
        await until(lambda: "task-last-frame" in screen_text(app), "the last frame of the hour")
        journal.log("task_created", "task-next-frame", "user-kim")
        await until(lambda: app.feed.waiting == 1, "an event for the next frame")
        before = tree.cursor
        await pilot.press("k")
        assert tree.cursor == before - 1
        assert app.feed.waiting == 1 and "task-next-frame" not in screen_text(app)
        await pilot.press("3")
        assert app.main_screen.views.shown == "attention"  # type: ignore[union-attr]


@pytest.mark.clock
async def test_pause_freezes_the_picture_while_reading_goes_on(lineage: Path) -> None:
    journal = Journal(lineage)
    journal.log("task_created", "task-1", "user-kim")
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        await pilot.press("p")
        journal.log("task_created", "task-2", "user-kim")
        journal.log("task_failed", "task-1", "security-master", "no disk")
        await until(lambda: "paused, 2 events wait" in screen_text(app), "the count of what waits")
        for view in "12345":
            await pilot.press(view)
            assert "task-2" not in screen_text(app)
            assert "no disk" not in screen_text(app)
        assert app.state.events == 1
        await pilot.press("1", "p")
        await until(lambda: "task-2" in screen_text(app) and "no disk" in screen_text(app), "what happened meanwhile")
        assert app.state.events == 3
        await until(lambda: "paused" not in screen_text(app), "the status line")


async def test_nothing_moves_on_a_paused_screen_when_learning_ends(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal(lineage).log("worker_completed", "task-1", "worker-1", "success")
    async with opened(lineage) as pilot:
        app = pilot.app
        assert isinstance(app, LineageApp) and app.main_screen is not None
        screen = app.main_screen
        drawn: list[int] = []
        monkeypatch.setattr(screen.live, "grow", lambda: drawn.append(1))
        screen.learning.usual.heard(app.state.rows)
        await screen.learning.learn_silences(screen.attention, screen.live.take_in, screen.live.grow)
        assert drawn == [1]
        await pilot.press("p")
        drawn.clear()
        screen.learning.usual.heard(app.state.rows)
        assert screen.learning.usual.behind
        await screen.learning.learn_silences(screen.attention, screen.live.take_in, screen.live.grow)
        assert drawn == [] and not screen.learning.usual.behind


async def test_what_is_read_while_paused_is_bounded_and_nothing_is_lost(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_core.state.feed.ASIDE", 1000)
    journal = Journal(lineage)
    journal.log("task_created", "task-first", "user-kim")
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        await pilot.press("p")
        for number in range(10):
            journal.log("task_created", f"task-{number}", "user-kim")
        await until(lambda: app.feed._aside_size > 1000, "as much as may be set aside")
        for number in range(10, 100):
            journal.log("task_created", f"task-{number}", "user-kim")
        await asyncio.sleep(0.5)  # long enough for what must not happen
        assert app.feed.health.aside <= 10
        await pilot.press("p")
        await until(lambda: app.state.events == 101, "all events")
        assert app.feed.health.aside == 0


async def test_a_filter_shows_what_matches_and_escape_drops_it(lineage: Path) -> None:
    journal = Journal(lineage)
    for name in ("task-alpha", "task-beta"):
        journal.log("task_created", name, "user-kim")
    journal.log("task_failed", "task-beta", "security-master", "no disk")
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        await pilot.press("slash", *"status:failed", "enter")
        await until(lambda: "task-alpha" not in screen_text(app), "task-alpha to go")
        assert "task-beta" in screen_text(app)
        await pilot.press("escape")
        await until(lambda: "task-alpha" in screen_text(app), "task-alpha to come back")


async def test_one_key_leaves_only_what_goes_on_and_keeps_the_rest_of_the_filter(lineage: Path) -> None:
    journal = Journal(lineage)
    for name in ("task-alpha", "task-beta", "task-gamma"):
        journal.log("task_created", name, "user-kim")
    journal.log("task_failed", "task-beta", "security-master", "no disk")
    async with opened(lineage) as pilot:
        app = app_of(pilot)
        await pilot.press("slash", *"alpha|beta", "enter", "O")
        await until(lambda: "task-beta" not in screen_text(app), "what is over to go")
        assert "task-alpha" in screen_text(app) and "task-gamma" not in screen_text(app)
        await pilot.press("O")
        await until(lambda: "task-beta" in screen_text(app), "what is over to come back")
        assert app.main_screen is not None and app.main_screen.filtering.text == "alpha|beta"


async def test_markup_in_a_text_is_shown_as_it_is(lineage: Path) -> None:
    for n, text in enumerate(("[/x]", "[b", "[@click=app.quit]x[/]")):
        Journal(lineage).log("task_failed", f"task-{n}-{text}", "security-master", text)
    async with opened(lineage, size=(160, 40)) as pilot:
        for n, text in enumerate(("[/x]", "[b", "[@click=app.quit]x[/]")):
            assert f"task-{n}-{text}" in screen_text(app_of(pilot))


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (1, 1), (160, 50)])
async def test_no_size_crashes_and_a_resize_keeps_the_selection(lineage: Path, size: tuple[int, int]) -> None:
    journal = Journal(lineage)
    for n in range(60):
        journal.log("task_created", f"task-{n}", "user-kim")
    async with opened(lineage) as pilot:
        tree = app_of(pilot).main_screen.tree_view  # type: ignore[union-attr]
        await pilot.press("g", "pagedown", "j")
        chosen = tree.cursor_key
        await resized(pilot, *size)
        await pilot.press("j", "k", "enter", "escape")
        await resized(pilot, 120, 36)
        assert tree.cursor_key == chosen


async def test_q_leaves() -> None:
    async with opened(DATA / "legacy") as pilot:
        await pilot.press("q")
        await until(lambda: not app_of(pilot).is_running or app_of(pilot)._exit, "the app to end")

"""The app at another time: it shows what was known then and nothing else, moves, and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lineage_core.base.clock import MINUTE, SECOND, format_timestamp
from lineage_core.read.as_of_copy import cut
from lineage_core.state.load import load
from lineage_tui.screens.main import MainScreen
from lineage_tui.views.stats import StatsView
from lineage_tui.widgets.scrubber import Scrubber
from tests.build import NOW, record, write
from tests.tui.conftest import opened, screen_text, until


def event(ago: int, task: str, kind: str, number: int = 0, **data: Any) -> dict[str, Any]:
    """An event that was written so many minutes before NOW."""
    at = NOW - ago * MINUTE
    return record(
        lineage_id=f"lineage-{at:016d}{number:010d}",
        task_id=task,
        event_type=kind,
        timestamp=format_timestamp(at),
        actor={"type": "master", "id": "dev-master", "principal": "p"},
        event_data=data,
    )


@pytest.fixture
def directory(lineage: Path) -> Path:
    return write(
        lineage,
        event(90, "task-one", "task_created"),
        event(80, "task-one", "task_started"),
        event(60, "task-two", "task_created", priority="critical"),
        event(30, "task-one", "task_failed", reason="the secret of later"),
        event(20, "task-three", "task_created"),
        event(10, "task-two", "task_started"),
        event(9, "task-late", "task_created") | {"timestamp": format_timestamp(NOW - 85 * MINUTE)},
    )


def shown(pilot: Pilot[None]) -> str:
    return screen_text(pilot.app)  # type: ignore[arg-type]


def screen_of(pilot: Pilot[None]) -> MainScreen:
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    return screen


def at(minutes: int) -> int:
    return NOW - minutes * MINUTE


async def stands(pilot: Pilot[None], minutes: int) -> None:
    """Wait until the screen is at a time, so many minutes before NOW, and has taken what there is."""
    travel = pilot.app.travel  # type: ignore[attr-defined]

    def is_there() -> bool:
        past = travel.past
        if past is None or past.at != at(minutes) or not isinstance(pilot.app.screen, MainScreen):
            return False
        screen = pilot.app.screen
        return screen.context.state is past and screen.tree_view.model.rows.keys() == past.rows.keys()

    await until(is_there, f"the time {minutes} minutes ago")
    await pilot.pause()


def same_as_cut(pilot: Pilot[None], directory: Path, there: Path, minutes: int) -> None:
    """What the screen has is what a fresh fold of the files cut at that time has."""
    cut(directory, at(minutes), there)
    fresh, screen = load(there).state, screen_of(pilot)
    assert screen.context.state.rows == fresh.rows
    assert screen.tree_view.model.rows == fresh.rows
    counts = {str(status): count for status, count in fresh.counts.items() if count}
    assert {name: count for name, count in screen.status_counts.by_status.items() if count} == counts


async def test_it_begins_as_of_a_time_and_shows_nothing_of_later(directory: Path, tmp_path: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(45)) as pilot:
        await stands(pilot, 45)
        same_as_cut(pilot, directory, tmp_path / "then", 45)
        text = shown(pilot)
        assert "task-one" in text and "task-two" in text
        for later in ("task-three", "task-late", "secret of later"):
            assert later not in text
        assert f"as of {format_timestamp(at(45))[:10]}" in text
        await pilot.press("3")
        await pilot.pause()
        assert "secret of later" not in shown(pilot)


async def test_before_anything_was_written_it_says_so_and_how_to_go_on(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(600)) as pilot:
        await until(lambda: "Nothing had been written by then" in shown(pilot), "why nothing is shown")
        assert "R back to now" in shown(pilot) and "No events yet" not in shown(pilot)


async def test_typed_times_lead_back_and_forth_and_one_key_to_now(directory: Path, tmp_path: Path) -> None:
    async with opened(directory, clock=lambda: NOW) as pilot:
        live = pilot.app.screen
        for number, minutes in enumerate((45, 5, 85, 25, 89)):
            await pilot.press("at", *f"{minutes}m", "enter")
            await stands(pilot, minutes)
            same_as_cut(pilot, directory, tmp_path / str(number), minutes)
        await pilot.press("R")
        await until(lambda: pilot.app.screen is live, "the present")
        assert "task-three" in shown(pilot)
        assert pilot.app.travel.past is None  # type: ignore[attr-defined]


async def test_keys_lead_from_event_to_event(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(45)) as pilot:
        await stands(pilot, 45)
        for key, minutes in ((")", 30), (")", 20), ("(", 30), ("(", 60), ("(", 80)):
            await pilot.press({"(": "left_parenthesis", ")": "right_parenthesis"}[key])
            await stands(pilot, minutes)


async def test_steps_keep_the_selected_task(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(10)) as pilot:
        await stands(pilot, 10)
        screen_of(pilot).navigation.go_to_task("task-one")
        await pilot.press("left_curly_bracket")
        await until(lambda: pilot.app.travel.past.at < at(10), "a step")  # type: ignore[attr-defined]
        await until(lambda: screen_of(pilot).panes.shown_target() == ("task-one", None), "the task")


async def test_the_mouse_leads_to_a_time(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(10)) as pilot:
        await stands(pilot, 10)
        bar = screen_of(pilot).query_one(Scrubber)
        await pilot.click(bar, offset=(len(bar.label) + 2, 0))
        await stands(pilot, 90)
        assert "task-two" not in shown(pilot)


async def test_time_passes_as_fast_as_was_asked_for(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(45)) as pilot:
        await stands(pilot, 45)
        await pilot.press("P", "P", "P", "P")
        assert "P 1000x" in shown(pilot)
        past = pilot.app.travel.past  # type: ignore[attr-defined]
        await until(lambda: past.at > at(45) + 200 * SECOND, "time to pass")
        await pilot.press("P")
        await until(lambda: "P still" in shown(pilot), "time to stand still")


async def test_now_has_no_later_and_what_is_no_time_is_said(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW) as pilot:
        await pilot.press("right_curly_bracket")
        assert "nobody knows what will be" in shown(pilot)
        await pilot.press("R")
        assert "this is live" in shown(pilot)
        await pilot.press("at", *"soon", "enter")
        await until(lambda: "'soon' is no time" in shown(pilot), "the error")


async def test_figures_are_those_of_then(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(45)) as pilot:
        await stands(pilot, 45)
        await pilot.press("4", "right", "right")
        figures = screen_of(pilot).views.view
        assert isinstance(figures, StatsView)
        await until(lambda: figures.settled and figures.pane == "failures", "the figures")
        assert "secret of later" not in shown(pilot)
        await pilot.press("at", *"25m", "enter")
        await stands(pilot, 25)
        await until(lambda: "secret of later" in shown(pilot), "the failure, once it is known")
        await pilot.press("at", *"45m", "enter")
        await stands(pilot, 45)
        await until(lambda: "secret of later" not in shown(pilot), "the figures of before")


async def test_copies_of_which_nobody_can_tell_when_they_were_made_are_said_to_be_those_of_now(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(45)) as pilot:
        await stands(pilot, 45)
        await pilot.press("4", "left", "left")
        await until(lambda: "are copies (as of now)" in shown(pilot), "the page about the lineage itself")
    async with opened(directory, clock=lambda: NOW) as pilot:
        await pilot.press("4", "left", "left")
        await until(lambda: "are copies" in shown(pilot) and "as of now" not in shown(pilot), "the same of now")


async def test_what_was_quarantined_later_is_not_counted(lineage: Path) -> None:
    write(
        lineage,
        event(90, "task-one", "task_created"),
        b"{torn\n",
        event(30, "task-one", "task_started"),
        b"{torn, too\n",
    )
    async with opened(lineage, clock=lambda: NOW, at=at(45)) as pilot:
        await stands(pilot, 45)
        await until(lambda: " 1 quarantined " in shown(pilot), "the count of then")
        await pilot.press("at", *"25m", "enter")
        await stands(pilot, 25)
        await until(lambda: " 2 quarantined " in shown(pilot), "the count of later")


async def test_what_changed_since_is_listed_and_leads_to_the_task(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW) as pilot:
        await pilot.press("C", *"45m", "enter")
        await until(lambda: "4 tasks changed since" in shown(pilot), "the page")
        text = shown(pilot)
        assert text.index("running → failed") < text.index("new, queued")
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, MainScreen), "the way back")
        assert screen_of(pilot).panes.shown_target() == ("task-one", None)


@pytest.mark.first
async def test_small_steps_keep_the_screen_and_show_what_a_fresh_one_shows(directory: Path, tmp_path: Path) -> None:
    async with opened(directory, (160, 50), clock=lambda: NOW, at=at(5)) as pilot:
        await stands(pilot, 5)
        first = screen_of(pilot)
        await pilot.press("5", "3", "2", "1")
        for number, minutes in enumerate((8, 15, 25, 45, 25, 61, 85, 9)):
            await pilot.press("at", *f"{minutes}m", "enter")
            await stands(pilot, minutes)
            assert screen_of(pilot) is first
            same_as_cut(pilot, directory, tmp_path / str(number), minutes)
            seen = {}
            for key in "1235":
                await pilot.press(key)
                await pilot.pause()
                await until(lambda: not first.views.behind, "the view")
                seen[key] = listed(pilot)
            async with opened(directory, (160, 50), clock=lambda: NOW, at=at(minutes)) as other:
                await stands(other, minutes)
                for key, lines in seen.items():
                    await other.press(key)
                    await until(lambda: not screen_of(other).views.behind, "the view of the other")
                    await other.pause()
                    assert lines == listed(other), (minutes, key)


def listed(pilot: Pilot[None]) -> list[str]:
    """The lines of the list that is shown; columns are as wide as what they held once."""
    region = screen_of(pilot).views.region
    lines = shown(pilot).splitlines()[region.y : region.bottom]
    return [" ".join(line[region.x : region.right - 1].split()) for line in lines]


async def test_the_pane_does_not_keep_what_was_not_known_yet(directory: Path) -> None:
    async with opened(directory, clock=lambda: NOW, at=at(5)) as pilot:
        await stands(pilot, 5)
        screen_of(pilot).navigation.go_to_task("task-one")
        await pilot.press("tab", "right", "end", "enter")
        detail = screen_of(pilot).detail
        await until(lambda: detail.tab == "record" and '"the secret of later"' in shown(pilot), "the record")
        await pilot.press("at", *"45m", "enter")
        await stands(pilot, 45)
        assert detail.tab == "events" and "failed" not in shown(pilot).replace(" 0 failed", "")
        screen_of(pilot).navigation.go_to_task("task-two")
        await pilot.press("tab", "at", *"70m", "enter")
        await stands(pilot, 70)
        assert "task-two" not in shown(pilot)

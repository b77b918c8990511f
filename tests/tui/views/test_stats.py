"""The stats view in the app: panes, windows, filters, the tasks behind a figure; live, beside the interface."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from textual.pilot import Pilot

from lineage_core import demo, stats
from lineage_core.base.clock import MINUTE, SECOND, format_local, format_timestamp
from lineage_core.dataframes.reader import read_frames
from lineage_core.meaning.money import Prices
from lineage_core.query.filter_parser import parse
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.thresholds import Thresholds
from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from lineage_tui.settings.config import OwnSettings, SavedState
from lineage_tui.stats import PAGES
from lineage_tui.stats.charts import GUTTER
from lineage_tui.stats.page_thread import window_for
from lineage_tui.views.stats import StatsView
from lineage_tui.views.stats_title import PANES
from tests.build import NOW
from tests.tui.alone import Clock
from tests.tui.conftest import opened, screen_text, until

GLYPHS = frozenset("▁▂▃▄▅▆▇█▉▊▋▌▍▎▏░▒▓·←→├─┤●µ┃│┊╷")
"""What we draw with and no plain terminal has."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lineage")
    demo.backfill(path, 2500, days=1.5, clock=Clock())
    return path


def app_of(pilot: Pilot[None]) -> LineageApp:
    assert isinstance(pilot.app, LineageApp)
    return pilot.app


def view_of(pilot: Pilot[None]) -> StatsView:
    return pilot.app.screen.query_one(StatsView)


async def settled(pilot: Pilot[None]) -> StatsView:
    view = view_of(pilot)
    await until(lambda: view.settled, "the figures")
    await pilot.pause()
    return view


async def go_to(pilot: Pilot[None], pane: str) -> StatsView:
    """Open the stats and turn to a pane by keys."""
    await pilot.press("4")
    view = await settled(pilot)
    for _ in range(PANES.index(pane)):
        await pilot.press("right")
    view = await settled(pilot)
    assert view.pane == pane
    return view


def text(view: StatsView) -> str:
    return "\n".join(view.text_lines())


async def test_opening_the_app_imports_no_polars_until_the_stats_are_looked_at(directory: Path) -> None:
    script = (
        "import asyncio, sys, pathlib\n"
        "from lineage_tui.app import LineageApp\n"
        "async def main():\n"
        "    app = LineageApp(pathlib.Path(sys.argv[1]))\n"
        "    async with app.run_test() as pilot:\n"
        "        await pilot.press('2', '1')\n"
        "        print('polars' in sys.modules)\n"
        "        await pilot.press('4')\n"
        "        view = app.screen.query_one('#stats')\n"
        "        while not view.settled: await asyncio.sleep(0.01)\n"
        "        print('polars' in sys.modules)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(directory)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


async def test_figures_stand_still_while_the_screen_is_paused(directory: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(directory, tmp_path / "lineage")
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, "flow")
        await pilot.press("p")
        before = text(view)
        Journal(directory).log("task_created", "task-meanwhile", "user-kim", timestamp=format_timestamp(NOW - SECOND))
        await pilot.press("comma", "full_stop")
        await settled(pilot)
        view.took = 0.0
        assert without_took(text(view)) == without_took(before)
        await pilot.press("p")
        await until(lambda: without_took(text(view)) != without_took(before), "the new event")


def without_took(shown: str) -> str:
    return re.sub("made in [0-9]+ ms", "", shown)


async def test_enter_on_a_line_without_tasks_behind_it_says_so(directory: Path) -> None:
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        await go_to(pilot, "flow")
        await pilot.press("g", "enter")
        app = pilot.app
        assert isinstance(app, LineageApp)
        assert "no tasks stand behind this line" in screen_text(app)


@pytest.mark.parametrize("pane", PAGES)
async def test_each_pane_shows_what_its_page_holds(directory: Path, pane: str) -> None:
    frames = read_frames(directory).frames
    cut = stats.Window(frames, None, NOW)
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, pane)
        assert [row.key for row in view.rows] == [row.key for row in PAGES[pane](cut, Thresholds(), view.page)]
        assert f"[{pane}]" in text(view)


async def test_a_longer_window_holds_more(directory: Path) -> None:
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, "flow")
        while view.window != "24h":
            await pilot.press("comma")
        await settled(pilot)
        totals = []
        for window in ("24h", "7d", "all"):
            assert view.window == window
            frames = read_frames(directory).frames
            span = stats.WINDOWS[window]
            cut = stats.Window(frames, None if span is None else NOW - span, NOW)
            total = int(stats.flow(cut)["events"].sum())
            assert f"{total:,}  most" in text(view)
            totals.append(total)
            await pilot.press("full_stop")
            await settled(pilot)
        assert totals[0] < totals[1] == totals[2]
        assert view.window == "all"
        for _ in range(6):
            await pilot.press("comma")
        await settled(pilot)
        assert view.window == "15m"


async def test_the_cost_stands_beside_the_tokens_where_there_are_prices(directory: Path) -> None:
    for prices in (None, Prices("USD", 3.0, {"fix-worker": 10.0})):
        async with opened(directory, own=OwnSettings(prices=prices), clock=Clock()) as pilot:
            view = view_of(pilot)
            await pilot.press("4")
            view.pane, view.window, view.window_chosen = "tokens", "all", True
            view.ask()
            await settled(pilot)
            heads = [line.split() for line in screen_text(app_of(pilot)).splitlines() if "told by" in line]
            assert heads and all(("cost" in line and "USD" in line) == (prices is not None) for line in heads)


async def test_a_filter_narrows_the_figures(directory: Path) -> None:
    frames = read_frames(directory).frames
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, "failures")
        app = pilot.app
        assert isinstance(app, LineageApp)
        await pilot.press("slash", *"master:security", "enter")
        await until(lambda: view.settled and view._shown and view._shown.request.text == "master:security")
        chosen = parse("master:security", FilterContext(app.state, NOW))
        tasks = [row.task_id for row in app.state.rows.values() if chosen.matches(row)]
        cut = stats.Window(stats.narrowed(frames, tasks), None, NOW)
        assert [row.key for row in view.rows] == [row.key for row in PAGES["failures"](cut, Thresholds(), 0)]
        all_tasks = stats.Window(frames, None, NOW)
        assert len(view.rows) < len(PAGES["failures"](all_tasks, Thresholds(), 0))


async def test_what_is_logged_shows_within_a_moment(tmp_path: Path) -> None:
    demo.backfill(tmp_path, 300, days=0.1)
    async with opened(tmp_path, size=(130, 60)) as pilot:
        view = await go_to(pilot, "failures")
        assert "the printer is on fire" not in text(view)
        Journal(tmp_path).log("task_failed", "task-hot", "development-master", "the printer is on fire")
        await until(lambda: "the printer is on fire" in text(view), "the new reason")


async def test_the_cursor_stays_with_its_row_when_figures_change(tmp_path: Path) -> None:
    demo.backfill(tmp_path, 1500, days=0.5)
    async with opened(tmp_path, size=(130, 60)) as pilot:
        view = await go_to(pilot, "failures")
        key = ("rate master", "inventory-master", "row")
        assert view.select_key(key)
        journal = Journal(tmp_path)
        for n in range(30):
            journal.log("task_failed", f"task-hot-{n}", "development-master", f"reason {n} of its kind")
        await until(lambda: "reason # of its kind" in text(view), "the new reason")
        assert view.cursor_key == key


async def test_hidden_stats_are_not_computed(directory: Path) -> None:
    async with opened(directory, clock=Clock()) as pilot:
        view = await go_to(pilot, "flow")
        await pilot.press("1")
        begun = view._begun
        for _ in range(3):
            pilot.app.screen.live.tick()  # type: ignore[attr-defined]
        await pilot.pause()
        assert view._begun == begun


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (220, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_pane_fits_any_terminal(directory: Path, size: tuple[int, int], ascii_only: bool) -> None:
    async with opened(directory, size=size, clock=Clock(), ascii_only=ascii_only) as pilot:
        view = await go_to(pilot, "flow")
        for _ in PANES:
            for line in view.text_lines():
                assert len(line) <= size[0]
                assert not ascii_only or GLYPHS.isdisjoint(line), line
            await pilot.press("right")
            await settled(pilot)


async def test_hostile_text_in_reasons_and_names_stays_text(tmp_path: Path) -> None:
    evil = "\x1b]0;pwned\x07 [red]boom[/x] \u202e"
    journal = Journal(tmp_path)
    journal.log("task_created", "task-1", "user-kim", data={"type": evil})
    journal.log("worker_spawned", "task-1", evil, "worker-1", evil)
    journal.log("worker_failed", "task-1", "worker-1", evil)
    journal.log("task_failed", "task-1", evil, evil)
    async with opened(tmp_path, size=(200, 50)) as pilot:
        await go_to(pilot, "flow")
        seen = ""
        for _ in PANES:
            view = await settled(pilot)
            seen += text(view)
            await pilot.press("right")
        assert "\x1b" not in seen
        assert "\u202e" not in seen
        assert "[red]boom[/x]" in seen


async def test_an_empty_directory_shows_empty_panes(tmp_path: Path) -> None:
    async with opened(tmp_path / "none") as pilot:
        await go_to(pilot, "flow")
        for _ in PANES:
            await settled(pilot)
            await pilot.press("right")


@pytest.mark.parametrize(
    ("minutes", "window"), [(10, "15m"), (3, "all"), (50, "1h"), (90, "all"), (13 * 60, "24h"), (5 * 1440, "7d")]
)
def test_the_first_look_is_at_the_window_that_the_data_fills(minutes: int, window: str) -> None:
    assert window_for(minutes * MINUTE, minutes * MINUTE) == window
    assert window_for(minutes * MINUTE, 8 * 1440 * MINUTE) == {3: "15m", 90: "24h"}.get(minutes, window)


async def test_a_few_old_events_do_not_make_the_first_look_an_empty_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for ago in (7 * 60, *(10 - n / 2 for n in range(19))):
        at = format_timestamp(NOW - round(ago * MINUTE))
        journal.log("task_created", "task-1", "user-kim", timestamp=at)
    async with opened(tmp_path, size=(130, 60), clock=Clock()) as pilot:
        assert (await go_to(pilot, "flow")).window == "15m"


async def test_what_the_operator_chose_is_not_changed_by_the_first_look(directory: Path) -> None:
    async with opened(directory, size=(130, 60), clock=Clock(), saved=SavedState(window="1h")) as pilot:
        assert (await go_to(pilot, "flow")).window == "1h"
        kept = app_of(pilot).main_screen.keep()  # type: ignore[union-attr]
        assert kept.window == "1h"
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        assert (await go_to(pilot, "flow")).window == "all"
        assert app_of(pilot).main_screen.keep().window == ""  # type: ignore[union-attr]


async def test_charts_fill_the_room_and_are_one_line_each_where_there_is_none(directory: Path) -> None:
    for height, tall in ((24, False), (60, True)):
        async with opened(directory, size=(130, height), clock=Clock()) as pilot:
            view = await go_to(pilot, "flow")
            charts = [row for row in view.rows if row.columns is not None]
            assert bool(charts) == tall
            assert (len(view.rows) > height / 2) == tall or not tall
            assert all(name in text(view) for name in ("events", "created", "completed", "failed"))


async def test_a_stretch_of_time_is_read_by_keys_and_by_the_mouse(directory: Path) -> None:
    frames = read_frames(directory).frames
    told = stats.flow(stats.Window(frames, None, NOW))
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, "flow")
        await pilot.press("H")
        assert f"{told['events'][-1]:,} events" in view.text_lines()[2]
        await pilot.press("H", "H", "L")
        assert f"{told['events'][-2]:,} events" in view.text_lines()[2]
        row = next(n for n, row in enumerate(view.rows) if row.columns is not None)
        await pilot.hover(view, offset=(GUTTER, view.title_lines + row))
        assert f"{told['events'][0]:,} events" in view.text_lines()[2]
        await pilot.press("j")
        assert view.stretch == 0  # the cursor may move while something is read


async def test_the_cursor_passes_the_lines_of_a_chart_that_stand_for_nothing(directory: Path) -> None:
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, "flow")
        seen = set()
        for _ in range(len(view.rows)):
            await pilot.press("j")
            assert not view.rows[view.cursor].joined
            seen.add(view.cursor)
        assert seen >= {n for n, row in enumerate(view.rows) if row.filter}


async def test_the_line_under_the_cursor_is_explained(directory: Path) -> None:
    async with opened(directory, size=(160, 60), clock=Clock()) as pilot:
        view = await go_to(pilot, "durations")
        assert view.select_key(("run master", "cicd-master", "row"))
        assert "p50 and p95" in view.text_lines()[2]


@pytest.fixture
def nepal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A time zone that is no whole hour away from UTC: five and three quarters ahead."""
    monkeypatch.setenv("TZ", "XXX-05:45")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def test_local_times_are_those_of_the_figures_too(directory: Path, nepal: None) -> None:
    async with opened(directory, clock=Clock()) as pilot:
        view = await go_to(pilot, "flow")
        assert "as of 03:00:00Z" in text(view) and "hour UTC" in text(view) and "hour local" not in text(view)
        axis = next(line for line in text(view).splitlines() if re.match(r"\s+\d\d-\d\d \d\d:\d\d|\s+\d\d:\d\d", line))
        await pilot.press("p", "t")  # also while the picture is frozen
        await until(lambda: "as of 08:45:00 local" in text(view) and "hour local" in text(view), "local times")
        assert "hour UTC" not in text(view)
        assert axis not in text(view)
        for pane in ("failures", "workers", "health"):
            await go_to(pilot, pane) if pane == "failures" else await pilot.press(*["right"] * 2)
            view = await settled(pilot)
            assert "as of 08:45:00 local" in text(view)


@pytest.mark.parametrize("zone", ["XXX-05:45", "XXX+03:30", "Europe/Berlin", "UTC"])
def test_the_heat_map_has_the_hours_of_the_zone(zone: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        frames = read_frames(directory).frames
        heat = stats.heat(stats.Window(frames, None, NOW, local=True))
        found = {(str(row["day"]), row["hour"]): row["events"] for row in heat.iter_rows(named=True) if row["events"]}
        micros = frames.events["at"].cast(pl.Int64)
        written = Counter(format_local(at)[:13] for at in micros)
        assert found == {(hour[:10], int(hour[11:])): count for hour, count in written.items()}
    finally:
        monkeypatch.undo()
        time.tzset()

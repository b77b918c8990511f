"""From a figure to its tasks: those that are shown are exactly those that were counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_core import demo, stats
from lineage_core.dataframes.reader import Frames, read_frames
from lineage_core.query.filter_parser import parse
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_core.stats import NOBODY, WINDOWS, Window, narrowed
from lineage_tui.app import LineageApp
from lineage_tui.screens.main import MainScreen
from lineage_tui.stats import PAGES
from lineage_tui.stats.charts import Row
from lineage_tui.views.stats import StatsView
from tests.build import NOW
from tests.tui.alone import Clock
from tests.tui.conftest import opened, screen_text, until

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lineage")
    demo.backfill(path, 2500, days=1.5, seed=7, clock=Clock())
    return path


@pytest.fixture(scope="module")
def frames(directory: Path) -> Frames:
    return read_frames(directory).frames


@pytest.fixture(scope="module")
def state(directory: Path) -> State:
    return load(directory).state


def cut_of(frames: Frames, window: str) -> Window:
    width = WINDOWS[window]
    return Window(frames, None if width is None else NOW - width, NOW)


_rows: dict[int, tuple[Frames, dict[str, Rows]]] = {}


def rows_of(frames: Frames) -> dict[str, Rows]:
    """All rows of the frames as plain data."""
    if id(frames) not in _rows:
        names = ("tasks", "workers", "phases", "costs", "events")
        _rows[id(frames)] = frames, {name: frames.of(name).to_dicts() for name in names}
    return _rows[id(frames)][1]


def counted(cut: Window, row: Row) -> set[str]:
    """The tasks that a drillable row counts, by looking at every row of the frames."""
    tables = rows_of(cut.frames)

    def recent(name: str, time: str) -> Iterator[dict[str, Any]]:
        for one in tables[name]:
            at = one[time]
            if at is not None and (cut.since is None or at.timestamp() * 1e6 >= cut.since):
                yield one

    def names(rows: Iterator[dict[str, Any]], holds: Callable[[dict[str, Any]], object]) -> set[str]:
        return {one["task_id"] for one in rows if holds(one)}

    section, name, *_ = row.key  # type: ignore[misc]
    told, _, by = str(section).partition(" ")
    of = lambda one: (one.get(by) or NOBODY) == name  # noqa: E731
    workers = by == "worker_type"
    match told:
        case "flow" if name in ("completed", "failed", "cancelled"):
            return names(recent("phases", "start"), lambda one: one["status"] == name)
        case "flow" if name == "workers":
            return names(iter(tables["workers"]), lambda one: one["ended_at"] is None)
        case "flow":
            wanted = ("queued", "assigned") if name == "to start" else (name,)
            return names(iter(tables["tasks"]), lambda one: one["status"] in wanted)
        case "run":
            ended = recent("workers" if workers else "tasks", "ended_at")
            return names(ended, lambda one: of(one) and one["run_ms"] is not None)
        case "rate" if workers:
            return names(recent("workers", "ended_at"), lambda one: of(one) and one["end"] in ("failed", "zombie"))
        case "rate":
            return names(recent("tasks", "ended_at"), lambda one: of(one) and one["status"] == "failed")
        case "tokens" if by == "master":
            owners = {one["task_id"]: one["master"] for one in recent("tasks", "last_at") if one["tokens"] is not None}
            split = {one["task_id"] for one in tables["costs"]}
            used = {one["task_id"] for one in tables["costs"] if one["master"] == name} & owners.keys()
            return used | {task for task, owner in owners.items() if task not in split and (owner or NOBODY) == name}
        case "tokens":
            heard = recent("workers" if workers else "tasks", "last_at")
            return names(heard, lambda one: of(one) and one["tokens"] is not None)
        case "workers":
            return names(recent("workers", "last_at"), lambda one: (one["worker_type"] or NOBODY) == name)
        case "types":
            return names(recent("events", "at"), lambda one: one["event_type"] == name)
        case "reasons":
            texts = [(one, _reason(one, by)) for one in recent("events", "at")]
            fingerprint = dict(zip([t for _, t in texts if t], _patterns([t for _, t in texts if t]), strict=True))
            return {one["task_id"] for one, text in texts if text and fingerprint[text] == name}
    raise AssertionError(f"{row.key} can be drilled into, and nobody knows what it counts")


def _reason(event: dict[str, Any], kind: str) -> str | None:
    failed = event["event_type"] == f"{kind}_failed" or (
        event["event_type"] == f"{kind}_completed" and event["completion_status"] == "failed"
    )
    told = (event["reason"], event["error"]) if kind == "task" else (event["error"], event["reason"])
    return (told[0] or told[1] or "(no reason given)") if failed else None


def _patterns(texts: list[str]) -> list[str]:
    import polars as pl

    return (
        pl.DataFrame({"text": texts}, schema={"text": pl.String})
        .select(stats.pattern_of(pl.col("text")))["text"]
        .to_list()
    )


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("pane", PAGES)
def test_every_filter_behind_a_figure_chooses_the_tasks_that_it_counts(
    pane: str, window: str, frames: Frames, state: State
) -> None:
    cut = cut_of(frames, window)
    rows = [row for row in PAGES[pane](cut, Thresholds()) if row.filter is not None]
    assert rows or window in ("15m", "1h")
    for row in rows:
        assert row.filter is not None
        matches = parse(row.filter, FilterContext(state, NOW)).matches
        chosen = {task_id for task_id, one in state.rows.items() if matches(one)}
        if isinstance(row.key, tuple) and row.key[0] == "tokens master":  # chosen are also those it had without tokens
            assert chosen >= counted(cut, row), row
            assert all((row.key[1] in (*state.rows[one].masters, NOBODY)) for one in chosen)
        else:
            assert chosen == counted(cut, row), row


@pytest.mark.parametrize("by", ["master", "task_type"])
def test_the_count_is_the_figure_where_that_counts_tasks(by: str, frames: Frames) -> None:
    cut = cut_of(frames, "24h")
    failures = {row["key"]: row["failed"] for row in stats.failures(cut, by).to_dicts()}
    durations = {row["key"]: row["count"] + row["left_out"] for row in stats.durations(cut, by).to_dicts()}
    reasons = {(f"reasons {row['kind']}", row["reason"]): row["tasks"] for row in stats.reasons(cut).to_dicts()}
    seen = 0
    for pane in ("failures", "durations"):
        for row in PAGES[pane](cut, Thresholds()):
            section, name, *_ = row.key if isinstance(row.key, tuple) else (row.key, "")
            figures = {f"rate {by}": failures.get(name), f"run {by}": durations.get(name)}
            figure = figures.get(str(section), reasons.get((str(section), name)))
            if row.filter is not None and figure is not None:
                seen += 1
                assert len(counted(cut, row)) == figure, row
    assert seen > 10


@pytest.mark.parametrize("pane", PAGES)
async def test_enter_shows_as_many_tasks_and_back_brings_the_filter_back(
    directory: Path, frames: Frames, pane: str
) -> None:
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        app = pilot.app
        assert isinstance(app, LineageApp) and isinstance(app.screen, MainScreen)
        screen, view = app.screen, app.screen.query_one(StatsView)
        await pilot.press("slash", *"master:sec", "enter", "4")
        view.pane = pane
        view.ask()
        await until(lambda: view.settled and not view._again, "the figures")
        matches = parse("master:sec", FilterContext(app.state, NOW)).matches
        tasks = [task_id for task_id, row in app.state.rows.items() if matches(row)]
        cut = cut_of(narrowed(frames, tasks), view.window)
        rows = [row for row in view.rows if row.filter is not None]
        assert rows
        for row in rows:
            await until(lambda: view.settled and not view._again, "the figures")
            assert view.select_key(row.key)
            view.enter()
            assert screen.views.shown == "tasks" and screen.filtering.text == f"master:sec {row.filter}"
            tree = screen.tree_view.model
            await until(lambda: "slices" not in {w.group for w in app.workers if not w.is_finished}, "the filter")
            count = len(counted(cut, row))
            assert tree.found == count or (row.key[0] == "tokens master" and tree.found > count), row
            assert tree.found == sum(node.matches for node in tree.tasks())
            screen.navigation.travel(-1)
            assert screen.views.shown == "stats" and screen.filtering.text == "master:sec"
        assert "tasks match master:sec" in screen_text(app)


async def test_a_figure_of_nothing_cannot_be_entered(directory: Path) -> None:
    async with opened(directory, size=(130, 60), clock=Clock()) as pilot:
        await pilot.press("4")
        view = pilot.app.screen.query_one(StatsView)
        await until(lambda: view.settled, "the figures")
        view.select_key(("flow", "created"))
        await pilot.press("enter")
        assert pilot.app.screen.views.shown == "stats"  # type: ignore[attr-defined]

"""The detail pane alone: what it says of a task, what its timeline shows, and that its work stays bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from lineage_core.base.clock import MINUTE, SECOND
from lineage_core.model.facts import Fact
from lineage_core.present.timeline import timeline
from lineage_core.rules.root_cause import cause, root_cause
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual import Usual
from lineage_core.state.store import State
from lineage_tui.detail import pane as detail_module
from lineage_tui.detail.pane import DetailPane
from lineage_tui.models import task_events
from lineage_tui.models.session_summary import Session
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.throttle import Throttle
from tests.build import NOW, Log
from tests.tui.alone import Clock, styles
from tests.tui.conftest import until

DAY = 86400.0


class DetailApp(App[None]):
    """The pane and nothing else, over what a test has logged."""

    CSS = """
    ContentSwitcher { height: 1fr; } ContentSwitcher > * { height: 1fr; } #heading { height: 4; } #foot { height: 0; }
    """

    def __init__(self, log: Log, *, record: str = "{}", ascii_only: bool = False) -> None:
        super().__init__()
        self.clock = Clock()
        self.model = TaskTree(log.state)
        self.model.update(log.state.rows)
        self.under_cursor: str | None = None
        self.gone_to: list[str] = []
        self.detail = DetailPane(
            styles(ascii_only=ascii_only),
            log.state,
            self.clock,
            Thresholds(),
            lambda _fact: record,
            Session(self.model),
            group=lambda: self.under_cursor,
            go_to=self.gone_to.append,
            usually=lambda kind: Usual(10 * SECOND, 102 * SECOND) if kind == "fix-worker" else None,
        )

    def compose(self) -> ComposeResult:
        yield self.detail


@asynccontextmanager
async def shown(
    log: Log, task: str | None = "task-1", size: tuple[int, int] = (100, 40), **options: Any
) -> AsyncIterator[tuple[Pilot[None], DetailApp]]:
    """The pane with a task in it."""
    app = DetailApp(log, **options)
    async with app.run_test(size=size) as pilot:
        app.detail.show(task)
        await pilot.pause()
        yield pilot, app


def text_of(app: DetailApp) -> str:
    """What the pane shows."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines[:height])


def lane_of(app: DetailApp, name: str) -> str:
    """The line of a lane."""
    return next(line for line in text_of(app).splitlines() if line.startswith(name))


def failing() -> Log:
    """A task whose two workers fail, the second in place of the first."""
    log = Log()
    log.add("task_created", "task-1", 600)
    log.add("task_started", "task-1", 590)
    log.worker("task-1", "worker-scan-1", "scan-worker", (580, 570, 500, 400), "failed")
    log.worker("task-1", "worker-scan-2", "scan-worker", (300, 290, 200), "failed")
    log.add("task_failed", "task-1", 190, reason="two scans failed")
    return log


# The heading.


async def test_the_heading_of_a_failed_task_names_who_failed_when_and_why() -> None:
    async with shown(failing()) as (_, app):
        lines = text_of(app).splitlines()
        assert lines[0].startswith("✗ failed task-1")
        assert lines[1].startswith("✗ worker-scan-2, 02:56:40.000 (3m20s ago): no disk")
        assert lines[2].startswith("failed after 6m50s: two scans failed")


@pytest.mark.parametrize("end", ["task_failed", "task_cancelled", "task_blocked", "task_escalated", None])
def test_the_cause_is_what_blame_finds(end: str | None) -> None:
    log = failing()
    if end:
        log.add("task_started", "task-1", 100)
        log.add(end, "task-1", 50, reason="because")
    task, facts = log.state.task("task-1"), log.state.facts("task-1")
    assert task is not None
    found, fact = cause(task), root_cause(task, facts)
    assert found is not None and fact is not None
    assert (found.at, found.worker) == (fact.at, fact.data.get("worker_id"))


async def test_a_silent_worker_is_told_with_what_is_usual_and_its_last_word() -> None:
    log = Log()
    log.add("task_started", "task-1", 4000)
    log.add("worker_started", "task-1", 3900, worker_id="worker-fix-1", worker_type="fix-worker")
    word: dict[str, Any] = {"progress_percentage": 53, "current_step": "bumping openssl"}
    log.add("worker_progress", "task-1", 3180, worker_id="worker-fix-1", **word)
    async with shown(log) as (_, app):
        lines = text_of(app).splitlines()
        assert lines[0].startswith("☠ zombie task-1  running")
        assert lines[1].startswith("☠ worker-fix-1 silent for 53m00s, usual ≤1m42s, last word: 53% bumping openssl")


async def test_a_long_error_is_read_in_full_in_the_heading() -> None:
    log = Log()
    words = " ".join(f"word{n:02}" for n in range(25))
    log.add("task_started", "task-1", 60)
    log.add("task_failed", "task-1", 30, reason=words)
    async with shown(log, size=(80, 30)) as (_, app):
        top = " ".join(line.strip() for line in text_of(app).splitlines()[1:5])
        assert words in top


async def test_where_there_is_room_the_last_events_stand_below_the_timeline() -> None:
    log = failing()
    async with shown(log, size=(100, 40)) as (pilot, app):
        lines = text_of(app).split(" events ──")[1].rstrip().splitlines()[1:]
        assert len(lines) == len(log.state.facts("task-1"))
        assert lines[-1].split()[1:4] == ["+6m50s", "✗", "task_failed"]
        log.add("task_started", "task-1", 100)
        app.detail.update()
        await pilot.pause()
        assert "task_started" in text_of(app).rstrip().splitlines()[-1], "it came just now"
        log.add("task_escalated", "task-1", 90, reason="worker-scan-1")  # an event that only names the worker
        app.detail.update()
        app.detail.view.select_key(("worker", "worker-scan-1"))
        await pilot.pause()
        lines = text_of(app).split(" events ──")[1].rstrip().splitlines()[1:]
        assert len(lines) == 4 and all("worker-scan-1" in line for line in lines)
    async with shown(log, size=(100, 20)) as (_, app):
        assert "── last events ──" in text_of(app) and "task_escalated" in text_of(app).rstrip().splitlines()[-1]
    async with shown(log, size=(100, 14)) as (_, app):
        assert " events ──" not in text_of(app)


async def test_no_heading_takes_more_than_half_of_the_pane() -> None:
    log = Log()
    log.add("task_started", "task-1", 60)
    log.add("task_failed", "task-1", 30, reason="x " * 140)
    for height in (1, 2, 3, 6, 9, 14):
        async with shown(log, size=(40, height)) as (_, app):
            assert len(app.detail.heading.lines) <= max(2, height // 2)


# The timeline.


def night() -> Log:
    """A task with marks over its bars."""
    log = Log()
    log.add("task_created", "task-1", 1000)
    log.add("task_started", "task-1", 990)
    log.add("task_escalated", "task-1", 700, reason="needs a person")
    log.worker("task-1", "worker-fix-1", "fix-worker", (980, 970, 600, 400, 350), None)
    return log


async def test_escalations_and_progress_are_marked_on_the_bars() -> None:
    async with shown(night()) as (_, app):
        assert "▲" in lane_of(app, "phases")
        assert lane_of(app, "worker-fix-1").count("╵") == 3


async def test_a_mark_stands_where_it_belongs_and_leaves_the_bar_behind_it() -> None:
    async with shown(night(), ascii_only=True) as (_, app):
        lane = lane_of(app, "phases")
        bar = lane[lane.index(" running") :]
        assert bar.count("!") == 1 and "=!=" in bar


async def test_the_timeline_of_what_goes_on_ends_at_now_and_of_what_ended_does_not() -> None:
    async with shown(night()) as (_, app):
        axis = next(line for line in text_of(app).splitlines() if "┊+" in line)
        assert axis.index("now") == lane_of(app, "worker-fix-1").index("│") - 2
        assert "│" in lane_of(app, "worker-fix-1")
    async with shown(failing()) as (_, app):
        assert "│" not in lane_of(app, "worker-scan-1")


async def test_a_retry_is_joined_to_the_failure_it_follows() -> None:
    async with shown(failing(), ascii_only=True) as (_, app):
        first, second = lane_of(app, "worker-scan-1"), lane_of(app, "worker-scan-2")
        joint = second.index("`")
        assert second[joint + 1] == "-" and "=" in first[joint - 1 : joint + 1]


async def test_below_the_timeline_stand_the_phases_with_durations_shares_and_times() -> None:
    async with shown(failing()) as (pilot, app):
        text = text_of(app)
        assert "── phases" in text
        row = next(line for line in text.splitlines() if line.startswith(" ● running"))
        assert "6m40s" in row and "98%" in row and "02:50:10.000 – 02:56:50.000" in row
        app.detail.timeline_tab.focus()
        app.detail.timeline_tab.move(2)
        await pilot.pause()
        assert "── worker-scan-2 scan-worker retry of worker-scan-1" in text_of(app)
        assert "   no disk" in text_of(app)


async def test_exact_times_never_take_room_from_the_lanes_at_80_columns() -> None:
    async with shown(failing(), size=(80, 14)) as (_, app):
        assert app.detail.timeline_tab.size.width == 80
        assert all(name in text_of(app) for name in ("phases", "worker-scan-1", "worker-scan-2"))


def test_a_thousand_times_more_progress_costs_a_timeline_no_more() -> None:
    """A lane asks for as many ticks as it has cells, and a timeline makes none before."""
    from lineage_core.present.timeline import Words
    from lineage_tui.models.gantt_cells import Axis, paint

    log = Log()
    log.worker("task-1", "worker-1", "fix-worker", (900, 890), None)
    task = log.state.task("task-1")
    assert task is not None
    task.workers["worker-1"].progress += [(NOW - 800 * SECOND + n * 30_000, 50.0) for n in range(20_000)]
    looked_at = 0

    class Counted(Words):
        def time(self, number: int) -> int:
            nonlocal looked_at
            looked_at += 1
            return super().time(number)

    lane = timeline(task).lanes[1]
    lane = lane._replace(ticks=Counted(task.workers["worker-1"]))
    painted = paint(lane, Axis(NOW - 900 * SECOND, NOW, 80), NOW, styles())
    assert 0 < looked_at < 80 * 4
    assert sum(cell.text == "╵" for cell in painted) > 20


# Dates.


@pytest.mark.clock
async def test_what_happened_on_another_day_is_shown_with_its_date() -> None:
    log = Log()
    log.add("task_started", "task-1", 3 * DAY)
    log.add("task_failed", "task-1", 3 * DAY - 60, reason="no disk")
    async with shown(log) as (pilot, app):
        assert "03-11 03:01:00 (2d23h ago): no disk" in text_of(app)
        assert "03-11 03:00:00" in text_of(app).splitlines()[4]  # where the axis begins
        app.detail.open_tab("events")
        await pilot.pause()
        lines = text_of(app).splitlines()
        assert any(line.startswith("03-11 03:00:00 ") for line in lines) and "2026-03-11 03:00:00.000Z" in text_of(app)


# Events and records in full.


async def test_the_event_under_the_cursor_is_read_in_full_below_the_list() -> None:
    log = Log()
    log.add("task_created", "task-1", 60)
    words = " ".join(f"word{n:02}" for n in range(20))
    log.add("task_blocked", "task-1", 30, reason=words)
    async with shown(log, size=(80, 36)) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.events.edge(1)
        await pilot.pause()
        below = " ".join(line.strip() for line in text_of(app).splitlines()[-12:])
        assert words in below


async def test_a_record_is_wrapped_and_broken_at_its_line_breaks_and_copied_as_it_is() -> None:
    log = Log()
    log.add("task_created", "task-1", 60)
    message = "a" * 60 + " " + "b" * 60
    record = '{\n  "message": "' + message + '",\n  "trace": "first\\n\\tsecond \\\\n \\"third\\"\\nlast"\n}'
    async with shown(log, size=(60, 30), record=record) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.open_tab("record")
        await until(lambda: app.detail.record.lines[:1] == ["{"], "the record")
        await pilot.pause()
        text = text_of(app)
        flat = "".join(line.strip(" │┃") for line in text.splitlines())
        assert "a" * 40 in text and flat.count("a") >= 60 and flat.count("b") >= 60
        lines = [line.strip(" │┃") for line in text.splitlines()]
        at = next(n for n, line in enumerate(lines) if line.startswith('"trace"'))
        assert lines[at].endswith('"first\\n')
        assert lines[at + 1 : at + 3] == ['second \\\\n \\"third\\"\\n', 'last"']
        assert "\n".join(app.detail.record.lines) == record


async def test_the_record_tab_shows_an_event_of_its_own_task_whatever_was_looked_at_before() -> None:
    log = Log()
    log.add("task_created", "task-1", 60)
    log.add("task_created", "task-2", 50)
    async with shown(log) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.open_tab("timeline")
        app.detail.show("task-2")
        app.detail.turn(-1)
        await pilot.pause()
        assert app.detail.tab == "record" and app.detail.events.fact() == log.state.facts("task-2")[0]


async def test_the_focus_stays_in_the_pane_when_its_record_goes() -> None:
    async with shown(session_log()) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.events.focus()
        app.detail.open_tab("record")
        await pilot.pause()
        app.detail.show("task-ok-1")
        await pilot.pause()
        assert app.detail.tab == "events" and app.focused is app.detail.events


# Bounded work.


async def test_a_task_that_did_not_change_is_not_looked_into_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0

    def counted(task: Any) -> Any:
        nonlocal made
        made += 1
        return timeline(task)

    monkeypatch.setattr(detail_module, "timeline", counted)
    log = night()
    async with shown(log) as (pilot, app):
        before = made
        for _ in range(20):
            app.detail.update()
        assert made == before
        log.add("worker_progress", "task-1", 100, worker_id="worker-fix-1", progress_percentage=90)
        await until(lambda: (app.detail.update(), made > before)[1], "the new event")
        await pilot.pause()


def test_what_took_long_is_done_twice_a_second_and_what_is_quick_forty_times() -> None:
    now = 0.0
    pace = Throttle(lambda: now)
    for took, wait in ((0.001, 0.02), (0.1, 0.5), (2.0, 0.5)):
        pace.begin()
        now += took
        pace.end()
        assert pace.wait() == pytest.approx(wait)
        now += 10
        assert pace.wait() == 0


def events_of(count: int, state: State | None = None) -> Log:
    log = Log(state)
    word: dict[str, Any] = {"worker_id": "worker-1", "progress_percentage": 5}
    agos = (9000 - n / 10 for n in range(count))
    log.state.merge_facts([("task-1", log.fact("worker_progress", "task-1", ago, **word)) for ago in agos])
    return log


def read(model: task_events.TaskEvents) -> int:
    """Read to the end; how many pieces it took."""
    return sum(1 for _ in model.read())


def test_of_a_task_with_many_events_only_what_is_new_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    log = events_of(3000)
    model = task_events.TaskEvents(log.state)
    model.open("task-1")
    assert read(model) > 5
    assert model.facts == log.state.facts("task-1")
    unpacked = 0
    plain = task_events.unpack

    def counted(buffer: bytes) -> list[Fact]:
        nonlocal unpacked
        unpacked += len(buffer)
        return plain(buffer)

    monkeypatch.setattr(task_events, "unpack", counted)
    log.add("worker_progress", "task-1", 1, worker_id="worker-1", progress_percentage=99)
    assert read(model) == 1 and unpacked < 1000
    assert model.facts == log.state.facts("task-1")


@pytest.mark.parametrize("ago", [9000.05, 4321.05, 8700.05, 8701.0])
def test_a_late_event_takes_its_place(ago: float) -> None:
    log = events_of(3000)
    model = task_events.TaskEvents(log.state)
    model.open("task-1")
    read(model)
    log.add("worker_progress", "task-1", ago, worker_id="worker-late", progress_percentage=1)
    read(model)
    assert model.facts == log.state.facts("task-1") and len(model.facts) == 3001


async def test_many_events_are_read_in_slices_and_the_one_that_was_asked_for_is_found() -> None:
    log = events_of(12_000)
    async with shown(log) as (pilot, app):
        last = log.state.facts("task-1")[-1]
        app.detail.show_event(last.digest)
        assert app.detail.events.count() < 12_000  # the key was answered before everything was read
        await until(lambda: app.detail.events.count() == 12_000, "all events")
        await pilot.pause()
        assert app.detail.events.fact() == last


# The session.


def session_log() -> Log:
    log = failing()
    for n in range(3):
        log.add("task_created", f"task-ok-{n}", 500 - n)
        log.add("task_completed", f"task-ok-{n}", 400 - n, completion_status="success", token_usage=1000)
    return log


async def test_on_the_heading_of_a_session_the_pane_sums_it_up_and_nothing_stale_stays() -> None:
    async with shown(session_log()) as (pilot, app):
        app.detail.open_tab("events")
        app.under_cursor = "session-a"
        app.detail.show(None)
        await until(lambda: "4 tasks" in text_of(app) and app.detail.timeline_tab.count() == 4, "the session")
        await pilot.pause()
        text = text_of(app)
        for words in ("✗ 1 failed", "✓ 3 completed", "3,000 tokens", "2 workers, 2 failed"):
            assert words in text
        assert "task_created" not in text and "worker-scan-2" not in text
        app.detail.timeline_tab.focus()
        app.detail.timeline_tab.select_key(("task", "task-ok-1"))
        app.detail.timeline_tab.enter()
        assert app.gone_to == ["task-ok-1"]


async def test_back_on_a_task_the_tab_is_the_one_that_was_open() -> None:
    async with shown(session_log()) as (pilot, app):
        app.detail.open_tab("events")
        app.under_cursor = "session-a"
        app.detail.show(None)
        app.under_cursor = None
        app.detail.show("task-1")
        await pilot.pause()
        assert "[events]" in text_of(app) and "task_created" in text_of(app)


async def test_a_session_of_many_tasks_is_summed_up_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    log.state.merge_facts([(f"task-{n}", log.fact("task_created", f"task-{n}", 900)) for n in range(3000)])
    async with shown(log, None) as (pilot, app):
        app.under_cursor = "session-a"
        app.detail.show(None)
        assert app.detail.session.sums is None
        await until(lambda: app.detail.session.sums is not None, "the sums")
        await pilot.pause()
        assert "the first 1,000 of 3,000" in text_of(app)


@pytest.mark.parametrize("size", [(1, 1), (8, 3), (20, 5), (40, 12), (200, 60)])
async def test_no_size_breaks_it(size: tuple[int, int]) -> None:
    async with shown(night(), size=size) as (pilot, app):
        for tab in ("events", "workers", "record", "timeline"):
            app.detail.open_tab(tab)
            await pilot.pause()
        app.detail.timeline_tab.zoom(1)
        app.clock.at += 10 * MINUTE
        app.detail.update()
        await pilot.pause()


async def test_a_reason_that_only_repeats_the_error_is_not_told_twice() -> None:
    log = Log()
    log.add("task_started", "task-1", 600)
    log.worker("task-1", "worker-scan-1", "scan-worker", (580, 570, 400), "failed")
    log.add("task_failed", "task-1", 190, reason="no worker could finish: no disk")
    async with shown(log, size=(80, 13)) as (_, app):
        text = "\n".join(text_of(app).splitlines()[:6])
        assert "failed after 6m50s: no worker could finish" in text and text.count("no disk") == 1

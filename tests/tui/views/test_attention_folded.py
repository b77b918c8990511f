"""Findings of one cause are one line of the attention view, which opens into them."""

from __future__ import annotations

from typing import Any

from lineage_core.base.clock import MINUTE
from lineage_tui.models.attention_item import Cause
from lineage_tui.settings.acknowledgements import Acknowledgements
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, text_of
from tests.tui.conftest import until
from tests.tui.views.attention_lists import DIRECTORY, attention, listed, pushes


async def test_failures_of_alike_reason_are_one_line_that_opens_into_its_tasks() -> None:
    log = Log()
    pushes(log, range(3))
    log.add("task_failed", "task-other", 99.5, reason="no disk")
    log.add("task_failed", "task-last", 200, reason="no memory")
    view = attention(log)
    async with alone(view, (120, 20)) as pilot:
        assert listed(view) == [
            ("failed", "push rejected: branch is # behind #"),
            ("failed", "task-other"),
            ("failed", "task-last"),
        ], "it ranks as its most urgent"
        line = text_of(view).splitlines()[2]
        assert line.split()[:4] == ["✗", "3", "failed", "1m38s"] and "▸ push rejected: branch is # behind #" in line
        assert line.rstrip().endswith("newest 1m38s, first 1m40s")
        assert view.look_at(0) == "failed" and view.target() == ("task-2", None)
        cause = view.cursor_key
        for opens, closes in ((view.unfold, view.fold), (view.enter, view.enter), (view.toggle_fold, view.toggle_fold)):
            opens()
            await pilot.pause()
            assert [task for _, task in listed(view)[1:]] == ["task-2", "task-1", "task-0", "task-other", "task-last"]
            assert "▾ push rejected" in text_of(view) and "branch is 1 behind task-1" in text_of(view)
            assert view.cursor_key == cause
            closes()
            assert len(listed(view)) == 3
        view.unfold()
        view.unfold()
        view.move(1)
        assert view.target() == ("task-1", None), "l on an open one goes in"
        view.fold()
        assert view.cursor_key == cause and view.target() == ("task-1", None), "the pane goes on showing it"


async def test_the_selection_stays_when_lines_are_folded_together_and_come_apart() -> None:
    log = Log()
    long = 30_000.0  # seconds: a failure within 100 minutes before the only start could be one of a skewed clock
    pushes(log, [0], long)
    log.add("task_failed", "task-other", 99.5, reason="no disk")
    view = attention(log)
    moved: list[Any] = []
    view.on_moved = moved.append
    async with alone(view):
        view.move(1)
        assert view.target() == ("task-0", None)
        view.arrived(pushes(log, [1, 2], long))
        assert isinstance(view.cursor_key, Cause) and view.target() == ("task-0", None)
        assert moved[-1] == view.cursor_key
        view.arrived(log.add("task_started", "task-0", 1))
        assert view.target() == ("task-2", None) and moved[-2:] == [view.cursor_key] * 2, "the pane is told"
        view.arrived(log.add("task_started", "task-2", 1))
        assert view.cursor_key == ("failed", "task-1", "task-1") and view.target() == ("task-1", None)


async def test_a_silent_master_is_counted_until_all_that_waits_for_it_is_acknowledged() -> None:
    log = Log()
    log.add("task_started", "task-old", 90 * 60)
    log.add("task_completed", "task-old", 80 * 60, completion_status="success")
    for n in range(3):
        log.add("task_assigned", f"task-{n}", 40 * 60, "coordinator-master", master_id="development-master")
    log.add("task_created", "task-new", 60, "kim")  # so that the feed speaks
    view = attention(log)
    async with alone(view):
        assert view.count_line() == "1 silent master" and view.model.by_rule(NOW)["late"] == 1
        assert view.acknowledge() == "all 3: acknowledged; what gets worse comes back"
        await until(lambda: view.model.counts.seen == 3, "all of them")
        assert view.count_line() == "3 acknowledged" and view.model.by_rule(NOW)["late"] == 0


async def test_what_is_folded_is_acknowledged_together_and_what_comes_later_is_not() -> None:
    log = Log()
    pushes(log, range(30))
    view = attention(log)
    async with alone(view):
        assert view.acknowledge() == "all 30: acknowledged; what gets worse comes back"
        await until(lambda: view.model.counts.seen == 30, "all of them")
        assert listed(view) == [] and view.count_line() == "30 acknowledged"
        assert len(Acknowledgements(DIRECTORY)) == 30
        view.arrived(pushes(log, [40, 41]))
        assert listed(view) == [("failed", "push rejected: branch is # behind #")] and "2 failed" in text_of(view)
        assert view.show_acknowledged() == "30 acknowledged, at the end: a takes it back"
        await until(lambda: view.count() == 2, "both")
        assert "acknowledged: push rejected" in text_of(view)
        view.edge(1)
        assert view.acknowledge() == "all 30: no longer acknowledged"
        await until(lambda: view.model.counts.seen == 0, "all of them")
        assert view.count() == 1 and "32 failed" in text_of(view)
        assert view.show_acknowledged() == "what was acknowledged is hidden"
        assert view.show_acknowledged() == "nothing is acknowledged"


def silent_beside_usual(kind: str) -> Log:
    """Ten workers of a type that ended, never silent for more than 10 s; and two that are silent."""
    log = Log()
    for n in range(10):
        log.worker("task-done", f"worker-{n}", kind, [100, 90, 80, 70], "success")
    for n in range(2):
        log.worker(f"task-a{n}", f"worker-a{n}", kind, [900, 800, 400 + n])
    return log


async def test_workers_of_no_type_are_told_what_is_usual_too() -> None:
    view = attention(silent_beside_usual(""))
    async with alone(view, (160, 20)):
        assert "untyped workers (usual ≤10s)" in text_of(view)


async def test_stuck_workers_of_one_type_are_folded_by_what_is_the_matter_with_them_and_told_what_is_usual() -> None:
    log, clock = silent_beside_usual("scan-worker"), Clock()
    for n in range(2):
        log.worker(f"task-b{n}", f"worker-b{n}", "fix-worker", [9000, 8000, 7000 + n])
    log.worker("task-c", "worker-c", "fix-worker", [900, 800, 400])
    log.worker("task-z", "worker-z", "fix-worker", [9000])
    view = attention(log, clock)
    async with alone(view, (160, 20)):
        view.tick()
        assert [key[:2] for key in listed(view)] == [
            ("zombie", "fix-worker"), ("silent", "scan-worker"), ("silent", "task-c"),
        ]  # fmt: skip
        lines = text_of(view).splitlines()
        assert "3 zombie" in lines[2] and "fix workers" in lines[2]
        assert "2 silent" in lines[3] and "scan workers (usual ≤10s)" in lines[3]
        view.select(1)
        view.unfold()
        assert "worker-a1 has been silent for 6m41s after 10% (usual ≤10s)" in text_of(view)
        assert view.target() == ("task-a0", "worker-a0")
        clock.at += 24 * MINUTE
        view.tick()
        assert listed(view) == [("zombie", "fix-worker"), ("zombie", "scan-worker")]
        assert view.cursor == 1 and view.target() == ("task-a0", "worker-a0"), "it became a zombie under the cursor"

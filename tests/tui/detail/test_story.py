"""The pane as the story of a task: who had it, the runs of its workers, its subtasks, clocks that are off, its cost."""

from __future__ import annotations

import pytest

from lineage_core.meaning.money import Prices
from lineage_tui.models.detail_header import session_lines
from lineage_tui.models.session_summary import Session
from lineage_tui.models.task_tree import TaskTree
from tests.build import Log
from tests.tui.alone import styles
from tests.tui.conftest import until
from tests.tui.detail.detail_app import lane_of, shown, text_of


def handed_over() -> Log:
    """A task that went from one master to another, with a cost under each."""
    log = Log()
    log.add("task_created", "task-1", 1000)
    log.add("task_assigned", "task-1", 990, master_id="development-master")
    log.add("task_started", "task-1", 980)
    log.worker("task-1", "worker-a-1", "fix-worker", (970, 960, 900), None)
    log.add("worker_completed", "task-1", 800, worker_id="worker-a-1", token_usage=100)
    offer = {"handoff_id": "handoff-1", "from_master": "development-master", "to_master": "cicd-master"}
    log.add("handoff_created", "task-1", 700, **offer)
    log.add("handoff_accepted", "task-1", 600, "cicd-master", **offer)
    log.add("worker_spawned", "task-1", 500, "cicd-master", worker_id="worker-b-1", worker_type="deploy-worker")
    log.add("worker_completed", "task-1", 300, worker_id="worker-b-1", token_usage=900)
    return log


async def test_the_owners_stand_in_a_lane_of_their_own_and_the_cost_is_told_by_owner() -> None:
    async with shown(handed_over()) as (pilot, app):
        lane = lane_of(app, "owners")
        assert lane.index("▏development 6m30s") < lane.index("▏cicd 10m00s")
        assert "cost 1,000 tokens (development 100, cicd 900)" in text_of(app)
        app.detail.tabs.timeline.move(1)
        await pilot.pause()
        assert "── owners" in text_of(app)
        row = next(line for line in text_of(app).splitlines() if line.startswith(" ◇ cicd"))
        assert "10m00s" in row and "02:50:00.000 – now" in row


@pytest.mark.parametrize(
    ("default", "cost"), [(None, "at least 0.0090 USD"), (20.0, "0.0110 USD")], ids=["one type", "all"]
)
async def test_the_cost_in_money_stands_beside_the_tokens(default: float | None, cost: str) -> None:
    async with shown(handed_over(), prices=Prices("USD", default, {"deploy-worker": 10.0})) as (_, app):
        assert f"cost 1,000 tokens (development 100, cicd 900), {cost}" in text_of(app)
    async with shown(handed_over(), prices=Prices("USD", None, {"scan-worker": 10.0})) as (_, app):
        assert "USD" not in text_of(app)


async def test_a_task_that_one_master_had_all_the_time_has_no_lane_of_owners() -> None:
    log = Log()
    log.add("task_assigned", "task-1", 990, master_id="development-master")
    async with shown(log) as (_, app):
        assert "owners" not in text_of(app)


async def test_the_runs_of_one_worker_stand_in_one_lane_with_the_gap_between_them() -> None:
    log = Log()
    log.add("task_started", "task-1", 1000)
    for start in (900, 300):
        log.add("worker_spawned", "task-1", start, worker_id="worker-x", worker_type="fix-worker")
        log.add("worker_started", "task-1", start, worker_id="worker-x")
        log.add("worker_progress", "task-1", start - 50, worker_id="worker-x", progress_percentage=40)
        log.add("worker_failed", "task-1", start - 200, worker_id="worker-x", error_details={"error_message": "no"})
    async with shown(log, ascii_only=True) as (pilot, app):
        assert sum(line.startswith("worker-x") for line in text_of(app).splitlines()) == 1
        lane = lane_of(app, "worker-x")
        assert lane.count(" s 3m20s ") == 2
        assert "=   " in lane[lane.index(" s 3m20s ") : lane.rindex(" s 3m20s ")], "nothing between them"
        app.detail.tabs.timeline.select_key(("worker", "worker-x"))
        await pilot.pause()
        assert "── worker-x fix-worker 2 runs" in text_of(app) or "-- worker-x fix-worker 2 runs" in text_of(app)
        assert "2 reports, the last 40%" in text_of(app)


def family() -> Log:
    """A root with a child that has three subtasks: done, failed, at work."""
    log = Log()
    log.add("task_created", "task-root", 1000)
    log.add("task_created", "task-mid", 900, parent_task_id="task-root")
    log.add("task_started", "task-mid", 890)
    for number, name in enumerate(("task-done", "task-broken", "task-busy")):
        log.add("task_created", name, 800 - number, parent_task_id="task-mid")
        log.add("task_started", name, 700)
    log.add("task_completed", "task-done", 500)
    log.add("task_failed", "task-broken", 400, reason="no disk")
    log.worker("task-busy", "worker-busy", "fix-worker", (600, 590, 300), None)
    return log


async def test_the_subtasks_of_a_task_have_lanes_with_progress_and_enter_goes_to_one() -> None:
    async with shown(family(), "task-mid") as (_, app):
        assert "1 of 3 subtasks done (1 failed, 1 running)" in text_of(app)
        assert "part of task-root" in text_of(app)
        order = [line.split()[0] for line in text_of(app).splitlines() if line.startswith(("task-b", "task-d"))]
        assert order == ["task-broken", "task-busy", "task-done"], "the worst first"
        assert "running 10% " in lane_of(app, "task-busy") and "completed" in lane_of(app, "task-done")
        app.detail.tabs.timeline.select_key(("task", "task-busy"))
        app.detail.tabs.timeline.focus()
        app.detail.tabs.timeline.enter()
        await until(lambda: app.gone_to == ["task-busy"], "the subtask")


async def test_what_happens_to_a_subtask_is_seen_in_the_story_of_its_parent() -> None:
    log = family()
    async with shown(log, "task-mid") as (_, app):
        log.add("task_completed", "task-busy", 1)
        await until(lambda: (app.detail.update(), "completed" in lane_of(app, "task-busy"))[1], "its end")


async def test_a_task_deep_below_is_told_its_root_and_the_chain_to_it() -> None:
    async with shown(family(), "task-busy") as (_, app):
        lines = text_of(app).splitlines()
        assert any("part of task-root" in line for line in lines)
        assert "task-root › task-mid › task-busy" in [line.strip() for line in lines]
    async with shown(family(), "task-busy", size=(30, 40)) as (_, app):
        assert "task-root › … › task-busy" in [line.strip() for line in text_of(app).splitlines()]


async def test_a_clock_that_is_off_is_marked_on_its_lane_and_named() -> None:
    log = Log()
    log.add("task_started", "task-1", 1000)
    log.add("worker_spawned", "task-1", 900, "development-master", worker_id="worker-x", worker_type="fix-worker")
    log.add("worker_started", "task-1", 1175, "worker-x", worker_id="worker-x")
    log.add("worker_progress", "task-1", 1075, "worker-x", worker_id="worker-x", progress_percentage=40)
    async with shown(log) as (pilot, app):
        assert lane_of(app, "worker-x ").startswith("worker-x ±")
        assert "± clock off" in text_of(app), "the legend"
        assert not lane_of(app, "phases").startswith("phases ±")
        app.detail.tabs.timeline.select_key(("worker", "worker-x"))
        await pilot.pause()
        assert "── worker-x fix-worker, clock 4m35s behind" in text_of(app)


async def test_bars_too_short_for_their_word_have_a_legend() -> None:
    log = Log()
    log.add("task_created", "task-1", 1000)
    log.add("task_assigned", "task-1", 999, master_id="development-master")
    log.add("task_started", "task-1", 998)
    log.add("task_escalated", "task-1", 500, reason="needs a person")
    async with shown(log) as (_, app):
        rule = next(line for line in text_of(app).splitlines() if line.startswith("── phases"))
        assert "q queued  a assigned  ▲ escalated" in rule and "running" not in rule


@pytest.mark.parametrize("size", [(100, 40), (80, 11), (40, 12), (60, 7)])
async def test_the_story_fits_any_pane(size: tuple[int, int]) -> None:
    for log, task in ((family(), "task-mid"), (family(), "task-busy"), (handed_over(), "task-1")):
        async with shown(log, task, size=size) as (_, app):
            assert len(app.detail.heading.lines) <= max(2, size[1] // 2)


async def test_what_a_task_with_its_subtasks_and_what_a_session_cost_is_told() -> None:
    log = handed_over()
    log.add("task_created", "task-below", 500, parent_task_id="task-1")
    log.add("task_completed", "task-below", 100, token_usage={"total_tokens": 3000})
    prices = Prices("USD", 20.0, {"deploy-worker": 10.0})
    async with shown(log, prices=prices) as (_, app):
        assert "4,000 tokens, 0.0710 USD, with subtasks" in text_of(app)


def test_the_cost_of_a_session_is_that_of_its_tasks() -> None:
    log = handed_over()
    log.add("task_created", "task-2", 500)
    log.add("task_completed", "task-2", 100, token_usage={"total_tokens": 3000})
    tree = TaskTree(log.state)
    tree.update(log.state.rows)
    session = Session(tree, Prices("USD", 20.0, {"deploy-worker": 10.0}))
    session.open(log.state.rows["task-1"].group)
    for _ in session.read():
        pass
    assert session.money is not None and session.money.text("USD") == "0.0710 USD"
    lines = session_lines(session, 2, 0, 200, styles())
    assert "4,000 tokens, 0.0710 USD" in " ".join(text for line in lines for text, *_ in line)

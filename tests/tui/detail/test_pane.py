"""The detail pane alone: what it says of a task, what its timeline shows, and that its work stays bounded."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.base.clock import MINUTE
from lineage_core.rules.root_cause import cause, root_cause
from lineage_core.state.store import State
from lineage_tui.detail import tabs as tabs_module
from lineage_tui.models.task_story import timeline_of
from tests.build import Log
from tests.tui.conftest import until
from tests.tui.detail.detail_app import failing, night, session_log, shown, text_of


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
        app.detail.tabs.view.select_key(("worker", "worker-scan-1"))
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


async def test_a_task_that_did_not_change_is_not_looked_into_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0

    def counted(state: State, shown: Any) -> Any:
        nonlocal made
        made += 1
        return timeline_of(state, shown)

    monkeypatch.setattr(tabs_module, "timeline_of", counted)
    log = night()
    async with shown(log) as (pilot, app):
        before = made
        for _ in range(20):
            app.detail.update()
        assert made == before
        log.add("worker_progress", "task-1", 100, worker_id="worker-fix-1", progress_percentage=90)
        await until(lambda: (app.detail.update(), made > before)[1], "the new event")
        await pilot.pause()


async def test_on_the_heading_of_a_session_the_pane_sums_it_up_and_nothing_stale_stays() -> None:
    async with shown(session_log()) as (pilot, app):
        app.detail.open_tab("events")
        app.under_cursor = "session-a"
        app.detail.show(None)
        await until(lambda: "4 tasks" in text_of(app) and app.detail.tabs.timeline.count() == 4, "the session")
        await pilot.pause()
        text = text_of(app)
        for words in ("✗ 1 failed", "✓ 3 completed", "3,000 tokens", "2 workers, 2 failed"):
            assert words in text
        assert "task_created" not in text and "worker-scan-2" not in text
        app.detail.tabs.timeline.focus()
        app.detail.tabs.timeline.select_key(("task", "task-ok-1"))
        app.detail.tabs.timeline.enter()
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
        app.detail.tabs.timeline.zoom(1)
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

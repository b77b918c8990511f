"""What was acknowledged in the attention view: it leaves the list until it gets worse, and is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_core.base.clock import MINUTE
from lineage_tui.settings.acknowledgements import acknowledged_path
from tests.build import Log
from tests.tui.alone import Clock, alone, text_of
from tests.tui.conftest import until
from tests.tui.views.attention_lists import attention, listed, troubles


async def test_what_is_acknowledged_leaves_the_list_and_comes_back_when_it_gets_worse() -> None:
    log, clock = Log(), Clock()
    log.add("task_started", "task-1", 900)
    log.worker("task-1", "worker-1", "scan-worker", [800, 700, 400])
    log.add("task_failed", "task-2", 300, reason="no disk")
    view = attention(log, clock)
    async with alone(view):
        assert listed(view) == [("failed", "task-2"), ("silent", "task-1")]
        assert view.acknowledge() == "task-2: acknowledged; what gets worse comes back"
        view.acknowledge()
        assert listed(view) == [] and view.count_line() == "2 acknowledged"
        assert view.acknowledge() == "nothing to acknowledge"

        again = attention(log, clock)
        assert listed(again) == [], "the next run"
        assert len(listed(attention(log, clock, Path("/other")))) == 2, "another directory"

        clock.at += 25 * MINUTE
        view.tick()
        assert listed(view) == [("silent", "task-1")], "it is a zombie now"
        view.arrived(log.add("task_started", "task-2", 200))
        view.arrived(log.add("task_failed", "task-2", -60, reason="no disk again"))
        assert ("failed", "task-2") in listed(view), "a new event"


async def test_ping_pong_that_goes_on_comes_back() -> None:
    log = Log()
    for n in range(3):
        log.add("task_reassigned", "task-1", 300 - n, from_master="ab"[n % 2], to_master="ba"[n % 2])
    view = attention(log)
    async with alone(view):
        view.acknowledge()
        view.arrived(log.add("task_reassigned", "task-1", 100, from_master="c", to_master="d"))
        assert listed(view) == [("ping-pong", "task-1")]


async def test_acknowledged_things_can_be_listed_and_taken_back() -> None:
    log = troubles()
    view = attention(log)
    async with alone(view):
        count = view.count()
        view.acknowledge()
        assert view.count() == count - 1
        view.show_acknowledged()
        await until(lambda: view.count() == count, "all lines")
        view.edge(1)
        assert view.key_at(view.cursor) == ("escalated", "task-escalated", "task-escalated")
        assert "acknowledged: needs a person" in text_of(view)
        assert view.acknowledge() == "task-escalated: no longer acknowledged"
        assert listed(view)[0] == ("escalated", "task-escalated")
        assert not json.loads(acknowledged_path().read_text())


async def test_where_nothing_can_be_kept_it_holds_for_this_run_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    view = attention(troubles())
    async with alone(view):
        count = view.count()
        assert "acknowledged until you quit: it cannot be kept" in view.acknowledge()
        assert view.count() == count - 1

"""The events of one task as a model: only what is new is read, and late ones take their places."""

from __future__ import annotations

import pytest

from lineage_core.model.facts import Fact
from lineage_tui.models import task_events
from tests.tui.detail.detail_app import events_of


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

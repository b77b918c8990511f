"""What the events of a task say of it, where that is easily got wrong."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from lineage_core.meaning.fold import derive
from lineage_core.meaning.task_row import row_of
from lineage_core.model import facts
from lineage_core.model.entities import Task
from lineage_core.model.facts import fact_of
from lineage_core.model.task_parts import Status
from lineage_core.read.tailer import Tailer
from lineage_core.state import snapshot_cache
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_core.write import record_builder as compose
from tests.build import compact, record

DAY = "lineage-2026-11-22.jsonl"


def task_of(*events: tuple[str, dict[str, Any]]) -> Task:
    """The task that these events make, one a second."""
    made = []
    for number, (event_type, data) in enumerate(events):
        actor = {"type": "master", "id": "development-master"}
        told = record(number, task_id="task-1", event_type=event_type, event_data=data, actor=actor)
        made.append(fact_of(DAY, number, 1, number * 1_000_000, told))
    return derive("task-1", made)


def test_a_worker_that_is_spawned_again_under_its_own_id_is_a_retry() -> None:
    worker = {"worker_id": "worker-1", "worker_type": "scan"}
    task = task_of(("worker_spawned", worker), ("worker_failed", worker), ("worker_spawned", worker))
    assert task.workers["worker-1"].retry_of == "worker-1"
    assert row_of(task).retries == 1


def test_a_retry_follows_the_worker_of_its_type_that_failed_last() -> None:
    scan = {"worker_type": "scan"}
    task = task_of(
        *(("worker_failed", {"worker_id": name, **scan}) for name in ("worker-1", "worker-2")),
        ("worker_failed", {"worker_id": "worker-3", "worker_type": "fix"}),
        ("worker_spawned", {"worker_id": "worker-4", **scan}),
    )
    assert task.workers["worker-4"].retry_of == "worker-2"


@pytest.mark.parametrize(
    ("event", "waits"),
    [("task_started", True), ("task_assigned", True), ("task_unblocked", False), ("task_completed", False)],
)
def test_a_wait_ends_with_its_unblock_and_with_its_attempt(event: str, waits: bool) -> None:
    task = task_of(("task_created", {}), ("task_blocked", {"reason": "waits", "blocked_by": ["task-2"]}), (event, {}))
    assert (task.blocked_by, task.reason) == ((("task-2",), "waits") if waits else ((), None))
    assert (task.status is Status.BLOCKED) is waits


def test_a_handoff_is_offered_and_accepted_once() -> None:
    handoff = {"handoff_id": "handoff-1"}
    events = [("handoff_created", handoff), ("handoff_accepted", handoff)]
    assert not task_of(*events).handoffs["handoff-1"].waiting
    assert row_of(task_of(*events, events[0])).handoff_since is None
    assert row_of(task_of(events[0], events[0])).handoff_since == 0
    assert not task_of(*events, *events).handoffs["handoff-1"].waiting
    assert not task_of(*events[::-1]).handoffs["handoff-1"].waiting  # by a clock that is behind


def test_an_escalation_keeps_its_own_reason_until_the_task_ends() -> None:
    events = [
        ("task_started", {}),
        ("task_escalated", {"reason": "no permission"}),
        ("task_blocked", {"reason": "waits for a review"}),
    ]
    row = row_of(task_of(*events))
    assert (row.escalated, row.escalation, row.reason) == (True, "no permission", "waits for a review")
    assert row_of(task_of(*events, ("task_escalated", {"reason": "still none"}))).escalation == "still none"
    assert row_of(task_of(*events, ("task_completed", {}))).escalation is None
    assert row_of(task_of(("task_completed", {}), events[1])).escalation is None


def test_ids_are_as_long_as_writers_allow() -> None:
    assert facts.MAX_ID == compose.MAX_ID
    long = "w" * (facts.MAX_ID - 1)
    task = task_of(*(("worker_spawned", {"worker_id": long + end}) for end in "ab"))
    assert list(task.workers) == [long + "a", long + "b"]
    task = task_of(("task_created", {"parent_task_id": long, "blocked_by": [long], "reason": long}))
    assert task.parent_id == long


def test_very_many_events_of_one_moment_are_known_each() -> None:
    state = State()
    made = [("task-1", fact_of(DAY, n, 1, 0, record(n, task_id="task-1"))) for n in range(500)]
    for fact in [*made, *made]:
        state.merge_facts([fact])
    assert (state.events, state.copies) == (500, 0)


@pytest.mark.parametrize("small", [1000, 1 << 30])
def test_copies_are_counted_alike_however_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(snapshot_cache, "SMALL", small)
    lines = [compact(record(n, task_id=f"task-{n // 3}")) for n in range(300)]
    (tmp_path / DAY).write_bytes(b"".join(lines) + b"".join(lines[:70]))
    (tmp_path / "task-lineage.jsonl").write_bytes(b"".join(lines[100:150]))
    for _ in range(2):  # the second time from the cache
        state = load(tmp_path).state
        assert (state.events, state.copies, state.records) == (300, 120, 420)


def test_a_file_that_is_packed_under_a_running_reader_makes_no_copies(tmp_path: Path) -> None:
    text = b"".join(compact(record(n, task_id=f"task-{n // 3}")) for n in range(300))
    (tmp_path / DAY).write_bytes(text)
    tailer, state = Tailer(tmp_path), State()

    def read() -> tuple[int, int]:
        for batch in tailer.scan():
            state.merge(batch.file, batch.found)
        return state.events, state.copies

    assert read() == (300, 0)
    folder = tmp_path / "archive" / "2026-11"
    folder.mkdir(parents=True)
    (folder / f"{DAY}.gz").write_bytes(gzip.compress(text))
    assert read() == (300, 0)
    (tmp_path / DAY).unlink()
    assert read() == (300, 0)
    tailer.close()


def test_no_more_tasks_are_kept_derived_than_are_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_core.state.store.DERIVED_TASKS", 5)
    state = State()
    state.merge_facts([(f"task-{n}", fact_of(DAY, n, 1, n, record(n))) for n in range(20)])
    for task_id in state.rows:
        state.task(task_id)
    assert len(state._derived) == 5

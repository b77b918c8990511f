"""Facts of tasks that are over leave memory; what is told of them stays the same."""

from __future__ import annotations

import errno
import os
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.read.decoder import Found
from lineage_core.state import store
from lineage_core.state import subtasks as kinship
from lineage_core.state.spill import Spill
from lineage_core.state.store import State
from tests.build import record

DAY = "lineage-2026-11-22.jsonl"
TYPES = ("task_created", "task_started", "worker_started", "worker_progress", "worker_completed", "task_completed")


def events(tasks: int) -> list[Found]:
    """Events of many tasks; each task but the first names an event of another one as its cause."""
    found = []
    for number in range(tasks * len(TYPES)):
        task, kind = number % tasks, TYPES[number // tasks]
        value = record(number, task_id=f"task-{task}", event_type=kind)
        if kind == "task_created" and task:
            value["parent_lineage_id"] = record(tasks + task - 1)["lineage_id"]
        found.append(Found(1000 * number, 400, 1_795_334_400_000_000 + number, value))
    return found


def told(state: State) -> dict[str, Any]:
    return {
        "rows": dict(state.rows),
        "facts": {task_id: state.facts(task_id) for task_id in state.rows},
        "parents": {task_id: state.subtasks.parent(task_id) for task_id in state.rows},
        "counts": +state.counts,
        "sums": (state.events, state.copies),
    }


def merged(found: list[Found], step: int) -> dict[str, Any]:
    state = State()
    for start in range(0, len(found), step):
        state.merge(DAY, found[start : start + step])
    return told(state)


@settings(max_examples=40)
@given(seed=st.integers(0, 1000), kept=st.integers(0, 3), step=st.integers(1, 30), late=st.booleans())
def test_the_state_is_the_same_however_few_tasks_stay_in_memory(seed: int, kept: int, step: int, late: bool) -> None:
    found = events(12)
    if late:
        random.Random(seed).shuffle(found)
    found += found[:5]
    expected = merged(found, step)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "DERIVED_TASKS", kept)
        patch.setattr(kinship, "RECENT_EVENTS", 4)
        assert merged(found, step) == expected


def test_the_facts_are_on_disk_and_come_back_when_something_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "DERIVED_TASKS", 3)
    state, found = State(), events(50)
    state.merge(DAY, found)
    in_memory = [kept for kept in state._packed.values() if isinstance(kept, bytearray)]
    assert len(in_memory) == 3
    late = Found(9_000_000, 400, found[-1].at + 1, record(9999, task_id="task-7", event_type="task_failed"))
    assert "task-7" in state.merge(DAY, [late])
    assert [fact.event_type for fact in state.facts("task-7")] == [*TYPES, "task_failed"]


@pytest.mark.parametrize("fails", ["open", "write", "short"])
def test_where_the_disk_is_full_they_stay_in_memory(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = events(30)
    expected = merged(found, 7)
    monkeypatch.setattr(store, "DERIVED_TASKS", 2)
    write, count = os.pwrite, 0

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        nonlocal count
        count += 1
        if count <= 5:
            return write(fd, data, offset)
        if fails == "short":
            return write(fd, data[:-3], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if fails == "open":
        monkeypatch.setattr("lineage_core.state.spill._unnamed", lambda: os.open("/proc/nonexistent/x", os.O_RDONLY))
    else:
        monkeypatch.setattr(os, "pwrite", pwrite)
    assert merged(found, 7) == expected


def test_it_has_no_name_and_its_descriptor_is_closed() -> None:
    spill = Spill()
    assert spill.put(b"some facts") == 0
    assert spill.put(bytearray(b"others")) == 1
    assert (spill.packed(1), spill.packed(0)) == (b"others", b"some facts")
    fd = spill._fd
    assert os.fstat(fd).st_nlink == 0
    del spill
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)

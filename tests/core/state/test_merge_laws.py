"""The laws of the fold: any order, any split and any copies of the same events give the same state."""

from __future__ import annotations

from itertools import pairwise, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.meaning.fold import derive
from lineage_core.model.event_types import EVENTS
from lineage_core.model.facts import Fact, fact_of
from lineage_core.state.snapshot import Snapshot
from lineage_core.state.snapshot_worker import Part, fold
from lineage_core.state.store import State
from tests.build import compact, record

TASKS = st.sampled_from(["task-a", "task-b", "task-c", "task-d"])
WORKERS = st.sampled_from(["worker-1", "worker-2", "worker-3"])
MASTERS = st.sampled_from(["development-master", "security-master"])
IDS = st.integers(0, 40).map(lambda n: f"lineage-{n}")
WRONG = st.sampled_from([None, -1, 1e300, "many", [], {}, True])


@st.composite
def records(draw: Any) -> dict[str, Any]:
    """A record of any type, with the values that make states differ, and now and then a wrong one."""
    event_type = draw(st.sampled_from([*EVENTS, "task_painted"]))
    data = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "worker_id": WORKERS,
                "worker_type": st.sampled_from(["scan-worker", "fix-worker"]) | WRONG,
                "progress_percentage": st.integers(0, 100) | WRONG,
                "token_usage": st.integers(0, 99) | st.just({"total_tokens": 7}) | WRONG,
                "duration_ms": st.integers(0, 99) | WRONG,
                "handoff_id": st.sampled_from(["handoff-1", "handoff-2"]),
                "from_master": MASTERS,
                "to_master": MASTERS,
                "master_id": MASTERS | WRONG,
                "reason": st.sampled_from(["zombie_timeout", "waits"]) | WRONG,
                "blocked_by": st.lists(TASKS, max_size=2) | WRONG,
                "completion_status": st.sampled_from(["success", "failed"]) | WRONG,
                "parent_task_id": TASKS | WRONG,
                "deliverables": st.lists(st.sampled_from(["a.json", "b.json"])) | WRONG,
            },
        )
    )
    record = {
        "lineage_id": draw(IDS),
        "task_id": draw(TASKS),
        "event_type": event_type,
        "actor": {"type": "master", "id": draw(MASTERS)},
        "event_data": data,
        "parent_lineage_id": draw(st.none() | IDS),
        "seconds": draw(st.integers(0, 9)),  # few times, so that many facts share one
    }
    if draw(st.booleans()):
        record["context"] = {"session_id": draw(st.sampled_from(["session-1", "session-2"]))}
    return record


def placed(record: dict[str, Any], file: str, offset: int) -> tuple[str, Fact]:
    return record["task_id"], fact_of(file, offset, 100, record["seconds"] * 1_000_000, record)


@st.composite
def journals(draw: Any) -> tuple[list[tuple[str, Fact]], list[tuple[str, Fact]]]:
    """Facts as they stand in a daily file, and the same with some of them also in the combined one, shuffled."""
    events = draw(st.lists(records(), max_size=30))
    daily = [placed(record, "lineage-2026-11-22.jsonl", 100 * n) for n, record in enumerate(events)]
    copied = draw(st.lists(st.sampled_from(range(len(events))), max_size=30)) if events else []
    combined = [placed(events[n], "task-lineage.jsonl", 100 * i) for i, n in enumerate(copied)]
    again = draw(st.lists(st.sampled_from(daily))) if daily else []
    return daily, draw(st.permutations(daily + combined + again))


def picture(state: State) -> dict[str, Any]:
    """All that a state can be asked."""
    return {
        "rows": state.rows,
        "tasks": {task_id: state.task(task_id) for task_id in state.rows},
        "facts": {task_id: state.facts(task_id) for task_id in state.rows},
        "parents": {task_id: state.subtasks.parent(task_id) for task_id in state.rows},
        "children": {task_id: sorted(state.subtasks.children(task_id)) for task_id in state.rows},
        "counts": {status: n for status, n in state.counts.items() if n},
        "events": state.events,
    }


def merged(*parts: list[tuple[str, Fact]]) -> State:
    state = State()
    for part in parts:
        state.merge_facts(part)
    return state


@settings(max_examples=300, deadline=None)
@given(journals(), st.lists(st.integers(0, 90), max_size=4))
def test_any_order_split_and_copies_give_the_same_state(journal: Any, cuts: list[int]) -> None:
    daily, shuffled = journal
    edges = [0, *sorted(cuts), len(shuffled)]
    parts = [shuffled[a:b] for a, b in pairwise(edges)]
    assert picture(merged(daily)) == picture(merged(*parts))


@settings(max_examples=100, deadline=None)
@given(journals())
def test_merging_again_changes_nothing(journal: Any) -> None:
    daily, shuffled = journal
    state = merged(daily)
    before = picture(state)
    state.merge_facts(shuffled)
    assert picture(state) == before


@settings(max_examples=100, deadline=None)
@given(journals())
def test_tasks_that_left_memory_come_back_the_same(journal: Any) -> None:
    daily, _ = journal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lineage_core.state.store.DERIVED_TASKS", 1)
        forgetful = merged(*[[fact] for fact in daily])
        assert picture(forgetful) == picture(merged(daily))


@settings(max_examples=100, deadline=None)
@given(journals(), st.lists(st.booleans()), st.sampled_from([1, 4096]))
def test_rows_that_are_made_later_are_the_same(journal: Any, made: list[bool], kept: int) -> None:
    daily, shuffled = journal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lineage_core.state.store.DERIVED_TASKS", kept)
        state = State()
        left: set[str] = set()
        for fact, now in zip_longest(shuffled, made[: len(shuffled)], fillvalue=False):
            left |= state.merge_facts([fact], settle=False, rows=False)
            state.task(fact[0])  # somebody looks at it meanwhile
            if now:
                state.publish(left)
                left = set()
        state.publish(left)
        state.settle()
        assert picture(state) == picture(merged(daily))


@settings(max_examples=100, deadline=None)
@given(journals())
def test_a_task_is_derived_from_its_facts_alone(journal: Any) -> None:
    daily, shuffled = journal
    state = merged(shuffled)
    for task_id in state.rows:
        assert state.task(task_id) == derive(task_id, [fact for home, fact in daily if home == task_id])


def test_a_cycle_of_subtasks_is_cut_at_its_smallest_id() -> None:
    ring = {"task-b": "task-c", "task-c": "task-a", "task-a": "task-b", "task-d": "task-b"}
    facts = [
        placed(
            {
                "lineage_id": f"lineage-{n}",
                "task_id": task,
                "event_type": "task_created",
                "actor": {"type": "user", "id": "kim"},
                "event_data": {"parent_task_id": parent},
                "seconds": n,
            },
            "lineage-2026-11-22.jsonl",
            n,
        )
        for n, (task, parent) in enumerate(ring.items())
    ]
    state = merged(facts)
    assert {task: state.subtasks.parent(task) for task in ring} == {**ring, "task-a": None}


def test_an_event_that_arrives_while_it_is_looked_for_is_found() -> None:
    """The search of one thread is over when another adopts the file with the event; only then it is told."""
    state = State()
    with TemporaryDirectory() as scratch:
        kid = record(2, task_id="kid", event_type="task_created", parent_lineage_id=id_of(1))
        later = folded(scratch, "lineage-2026-03-15.jsonl", kid)
        earlier = folded(scratch, "lineage-2026-03-14.jsonl", record(1, task_id="parent"))
        assert list(state.adopt(later))
        search = state._find

        def find(pending: set[str]) -> dict[str, str]:
            homes = search(pending)
            state._find = search  # type: ignore[method-assign]
            assert list(state.adopt(earlier))
            return homes

        state._find = find  # type: ignore[method-assign]
        state.settle()
        assert state.subtasks.parent("kid") == "parent"


def folded(scratch: str, name: str, *what: dict[str, Any]) -> Snapshot:
    """A file of these records, folded."""
    path, target = Path(scratch) / name, Path(scratch) / f"{name}.snapshot"
    path.write_bytes(b"".join(compact(one) for one in what))
    fold([Part(path, name, 1 << 30)], target)
    snapshot = Snapshot(target)
    assert snapshot.sound()
    return snapshot


def id_of(number: int) -> str:
    return str(record(number)["lineage_id"])

"""What merging costs is bounded for each event, whatever comes late, is claimed or has many workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact, FactSearch, fact_of
from lineage_core.state import snapshot_cache
from lineage_core.state import store as merge
from lineage_core.state.load import load
from lineage_core.state.snapshot import Snapshot
from lineage_core.state.store import State
from tests.build import python_steps, record, write

SLICE = 100


class Work:
    """How many facts were played, and how often the facts of a task or a snapshot were searched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.played = self.searched = 0
        play, within, locate = merge.play, FactSearch.within, Snapshot.locate

        def counted_play(task_id: str, facts: list[Fact]) -> Task:
            self.played += len(facts)
            return play(task_id, facts)

        def counted_within(sought: FactSearch, packed: bytes | bytearray) -> set[str]:
            self.searched += 1
            return within(sought, packed)

        def counted_locate(snapshot: Snapshot, sought: FactSearch, *called: Any) -> dict[str, str]:
            self.searched += 1
            return locate(snapshot, sought, *called)

        monkeypatch.setattr(merge, "play", counted_play)
        monkeypatch.setattr(FactSearch, "within", counted_within)
        monkeypatch.setattr(Snapshot, "locate", counted_locate)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


def facts(numbers: Iterator[int] | range, **fields: Any) -> list[tuple[str, Fact]]:
    made = []
    for number in numbers:
        told = record(number, **{key: value(number) if callable(value) else value for key, value in fields.items()})
        made.append((told["task_id"], fact_of("lineage-2026-11-22.jsonl", number, 1, number * 1000, told)))
    return made


def test_a_long_task_that_is_read_from_its_end_is_derived_a_few_times(work: Work) -> None:
    count = 20_000
    state = State()
    for start in range(count - SLICE, -1, -SLICE):
        state.merge_facts(facts(range(start, start + SLICE), task_id="task-big"), settle=False)
    state.settle()
    assert state.rows["task-big"].events == count
    assert work.played <= 2 * merge.LATE_SHARE * count


def test_old_files_after_new_ones_cost_each_event_once(tmp_path: Path, work: Work) -> None:
    for day in (20, 21, 22):
        events = (record(n + day * 1000, task_id="task-big") for n in range(1000))
        write(tmp_path, *events, name=f"lineage-2026-11-{day}.jsonl")
    assert load(tmp_path, since=0).state.rows["task-big"].events == 3000
    assert work.played == 3000


def test_a_task_asked_for_or_settled_is_whole_whatever_came_late() -> None:
    state = State()
    state.merge_facts(facts(range(1000, 2000), task_id="task-big"))
    assert state.merge_facts(facts(range(3), task_id="task-big"), settle=False) == set()
    task = state.task("task-big")
    assert task is not None
    assert (task.events, state.rows["task-big"].events) == (1003, 1000)
    state.merge_facts(facts(range(2000, 2001), task_id="task-big"), settle=False)
    state.merge_facts(facts(range(3, 4), task_id="task-big"), settle=False)
    assert state.settle() == {"task-big"}
    assert (state.rows["task-big"].events, state.events) == (1005, 1005)


@pytest.mark.parametrize("ours", [True, False])
def test_claims_on_events_that_nobody_logged_cost_one_search_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Work, ours: bool
) -> None:
    monkeypatch.setattr(snapshot_cache, "SMALL", 1000)
    digits = 25 if ours else 9
    claimed = [record(n, event_type="task_created", parent_lineage_id=f"lineage-9{n:0{digits}d}") for n in range(500)]
    for day in (21, 22):
        write(tmp_path, *claimed[day % 2 :: 2], name=f"lineage-2026-11-{day}.jsonl")
    assert load(tmp_path).state.events == 500
    assert work.searched <= 4


def test_claims_that_come_one_by_one_are_searched_for_once(work: Work) -> None:
    state = State()
    claims = facts(range(500), event_type="task_created", parent_lineage_id=lambda n: f"lineage-{n + 7000}")
    for fact in claims:
        state.merge_facts([fact], settle=False)
    assert work.searched == 0
    state.settle()
    searched = work.searched
    assert searched <= 500  # each task once, for all of the claims
    for fact in facts(range(500, 600)):
        state.merge_facts([fact])
    assert work.searched == searched


def test_a_parent_is_found_by_an_event_of_long_ago_and_by_one_that_comes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lineage_core.state.subtasks.RECENT_EVENTS", 10)
    state = State()
    old = facts(range(100))
    state.merge_facts(old)
    state.merge_facts(facts(range(100, 101), event_type="task_created", parent_lineage_id=old[3][1].lineage_id))
    assert state.subtasks.parent("task-100") == "task-3"
    late = facts(range(300, 301))
    state.merge_facts(facts(range(101, 102), event_type="task_created", parent_lineage_id=late[0][1].lineage_id))
    assert state.subtasks.parent("task-101") is None
    state.merge_facts(late)
    assert state.subtasks.parent("task-101") == "task-300"


@pytest.mark.parametrize("digits", [9, 26])
def test_of_tasks_that_share_an_id_the_smallest_is_the_parent_in_any_order(digits: int) -> None:
    shared = f"lineage-{5:0{digits}d}"
    made = [
        *facts(range(1, 2), lineage_id=shared, task_id="task-b"),
        *facts(range(2, 3), event_type="task_created", task_id="task-child", parent_lineage_id=shared),
        *facts(range(3, 4), lineage_id=shared, task_id="task-a"),
    ]
    for order in (made, made[::-1], [made[2], made[0], made[1]]):
        state = State()
        for fact in order:
            state.merge_facts([fact])
        assert state.subtasks.parent("task-child") == "task-a"


def test_text_that_looks_like_an_event_is_no_parent() -> None:
    state = State()
    state.merge_facts(
        [
            *facts(range(1, 2), event_data={"deliverables": ["x", "lineage-77", 5, 6, "y"]}, task_id="task-forger"),
            *facts(range(2, 3), event_type="task_created", task_id="task-child", parent_lineage_id="lineage-77"),
            *facts(range(3, 4), event_type="task_created", task_id="task-odd", parent_lineage_id='a "b"'),
            *facts(range(4, 5), lineage_id='a "b"', task_id="task-mother"),
        ]
    )
    assert state.subtasks.parent("task-child") is None
    assert state.subtasks.parent("task-odd") == "task-mother"


def test_spawning_looks_at_no_other_worker() -> None:
    """Steps of the interpreter, for twice as many workers: about twice as many."""

    def steps(count: int) -> int:
        made = facts(
            range(count),
            task_id="task-1",
            event_type="worker_spawned",
            event_data=lambda n: {"worker_id": f"worker-{n}", "worker_type": "scan"},
        )
        return python_steps(lambda: merge.play("task-1", [fact for _, fact in made]))

    assert steps(400) < 3 * steps(200)

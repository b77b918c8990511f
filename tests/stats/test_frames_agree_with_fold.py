"""The frames say the same as the fold: every task, worker, handoff and phase, for any lineage directory."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.dataframes.reader import Frames, read_frames
from lineage_core.dataframes.tasks import in_order
from lineage_core.dataframes.vectorizable_tasks import vectorizable_tasks
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.model.entities import Task
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_core.stats import NOBODY, Window, groups, tokens
from tests.build import record, write
from tests.stats.strategies import TYPES, WORKERS, directories


def micros(value: Any) -> int | None:
    """The microseconds since the epoch of a time in a frame."""
    return None if value is None else round(value.timestamp() * 1_000_000)


def ms(later: int | None, earlier: int | None) -> float | None:
    return None if later is None or earlier is None else (later - earlier) / 1000


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame with times as microseconds."""
    times = [name for name, kind in frame.schema.items() if kind == pl.Datetime]
    return frame.with_columns(pl.col(name).cast(pl.Int64) for name in times).to_dicts()


def tasks_of(state: State) -> dict[str, Task]:
    tasks = {task_id: state.task(task_id) for task_id in state.rows}
    return {task_id: task for task_id, task in tasks.items() if task is not None}


def expected_task(state: State, task: Task) -> dict[str, Any]:
    row = state.rows[task.task_id]
    blocks = [ms(p.end, p.start) for p in task.phases if p.status == "blocked" and p.end is not None]
    return {
        "task_id": row.task_id,
        "status": row.status.value,
        "since": row.since,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "created_at": task.created_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "attempts": row.attempts,
        "failed_attempts": row.failed_attempts,
        "escalated": row.escalated,
        "task_type": row.task_type,
        "priority": row.priority,
        "master": row.master,
        "session": row.session,
        "tokens": row.tokens,
        "reported_ms": task.duration_ms,
        "queue_ms": ms(task.started_at, task.created_at),
        "run_ms": ms(task.ended_at, task.started_at),
        "blocked_ms": sum(filter(None, blocks)) if blocks else None,
        "workers": row.workers,
        "open_workers": row.open_workers,
        "failed_workers": row.failed_workers,
        "retries": row.retries,
        "silent_since": row.silent_since,
        "handoffs": row.handoffs,
        "handoff_since": row.handoff_since,
        "events": row.events,
    }


def expected_workers(task: Task) -> list[dict[str, Any]]:
    return [
        {
            "task_id": task.task_id,
            "worker_id": worker.worker_id,
            "run": worker.number,
            "worker_type": worker.worker_type,
            "master": worker.master,
            "last_at": worker.last_at,
            "spawned_at": worker.spawned_at,
            "started_at": worker.started_at,
            "ended_at": worker.ended_at,
            "end": worker.end.value if worker.end else None,
            "error": worker.error,
            "tokens": worker.tokens,
            "token_budget": worker.token_budget,
            "reported_ms": worker.duration_ms,
            "start_ms": ms(worker.started_at, worker.spawned_at),
            "run_ms": None if worker.length is None else worker.length / 1000,
            "retry_of": worker.retry_of,
        }
        for worker in task.runs
    ]


def expected_handoffs(task: Task) -> list[dict[str, Any]]:
    return [
        {
            "task_id": task.task_id,
            "handoff_id": handoff.handoff_id,
            "from_master": handoff.from_master or None,
            "to_master": handoff.to_master or None,
            "created_at": handoff.created_at,
            "accepted_at": handoff.accepted_at,
            "completed_at": handoff.completed_at,
            "accept_ms": ms(handoff.accepted_at, handoff.created_at),
        }
        for handoff in task.handoffs.values()
    ]


def by(rows: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: tuple(str(row[key]) for key in keys))


RUN = ("task_id", "worker_id", "run")


def assert_frames_equal_state(frames: Frames, state: State) -> None:
    tasks = tasks_of(state)
    assert frames.events.height == state.events
    assert by(plain(frames.tasks), "task_id") == by([expected_task(state, t) for t in tasks.values()], "task_id")
    workers = [row for task in tasks.values() for row in expected_workers(task)]
    assert by(plain(frames.workers.drop("first_at")), *RUN) == by(workers, *RUN)
    handoffs = [row for task in tasks.values() for row in expected_handoffs(task)]
    assert by(plain(frames.handoffs), "task_id", "handoff_id") == by(handoffs, "task_id", "handoff_id")
    phases = {
        task_id: [(phase.status.value, phase.start, phase.end) for phase in task.phases]
        for task_id, task in tasks.items()
        if task.phases
    }
    told: dict[str, list[Any]] = {}
    for row in plain(frames.phases):
        if row["status"] not in ("completed", "failed", "cancelled"):
            told.setdefault(row["task_id"], []).append((row["status"], row["start"], row["end"]))
    assert told == phases
    assert_tokens_by_master_are_those_of_the_panes(frames, tasks)


def assert_tokens_by_master_are_those_of_the_panes(frames: Frames, tasks: dict[str, Task]) -> None:
    panes: dict[str, int] = {}
    for task in tasks.values():
        costs = [(cost.master, cost.tokens) for cost in cost_by_owner(task, task.last_at)]
        for master, used in costs or [(NOBODY, task.tokens)]:
            if used is not None:
                panes[master] = panes.get(master, 0) + used
    cut = Window(frames, None, 0)
    assert {row["key"]: row["tokens"] for row in tokens(cut, "master").to_dicts()} == panes
    grouped = groups(cut, "master").to_dicts()
    assert {row["key"]: row["tokens"] for row in grouped if row["tokens"] is not None} == panes
    assert sum(row["tasks"] for row in grouped) == len(tasks)


@settings(max_examples=150, deadline=None)
@given(directories())
def test_frames_of_any_directory_equal_the_fold(contents: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        for name, content in contents.items():
            write(directory, content, name=name)
        loaded = load(directory)
        reader = read_frames(directory)
        assert_frames_equal_state(reader.frames, loaded.state)
        assert reader.frames.records == loaded.state.records
        assert sum(reader.frames.rejected.values()) == len(loaded.rejected)


WORKER_EVENTS = ["worker_spawned", "worker_started", "worker_completed", "worker_failed"]
HANDOFF_EVENTS = ["handoff_created", "handoff_accepted", "handoff_completed"]


@st.composite
def comings(draw: Any, group: int = 0) -> dict[str, Any]:
    """A record of a worker or handoff, of few, so that they end and come again; groups have no id in common."""
    kind = draw(st.sampled_from([*WORKER_EVENTS, *HANDOFF_EVENTS]))
    named = {"worker_id": WORKERS} if kind in WORKER_EVENTS else {"handoff_id": st.sampled_from(["h-1", "h-2"])}
    return record(
        100 * group + draw(st.integers(0, 99)),
        task_id=draw(st.sampled_from([f"task-{group}a", f"task-{group}b"])),
        event_type=kind,
        timestamp=f"2026-11-22T08:00:0{draw(st.integers(0, 9))}Z",
        event_data=draw(st.fixed_dictionaries(named, optional={"worker_type": TYPES})),
    )


@settings(max_examples=50, deadline=None)
@given(st.tuples(*(st.lists(comings(group), max_size=30) for group in range(4))))
def test_frames_equal_the_fold_where_workers_and_handoffs_come_again(groups: tuple[list[dict[str, Any]], ...]) -> None:
    """Several groups of tasks at once, as a reading takes as long for one of them."""
    with tempfile.TemporaryDirectory() as folder:
        directory = write(Path(folder), *chain.from_iterable(groups))
        assert_frames_equal_state(read_frames(directory).frames, load(directory).state)


LIFE = ["task_created", "task_assigned", "task_started", "worker_spawned", "worker_started", "worker_progress"]
ENDS = [*HANDOFF_EVENTS, "worker_completed", "worker_failed", "task_completed", "task_failed", "task_cancelled"]


def life(rng: random.Random, task_id: str) -> list[dict[str, Any]]:
    """The records of a task that goes its way, more or less: of simple tasks, which are laid out many at once."""
    kinds = [kind for kind in LIFE + ENDS for _ in range(rng.choice([0, 1, 1, 1, 2]))]
    kinds = [kind for n, kind in enumerate(kinds) if kind not in kinds[:n] or rng.random() < 0.4]
    if rng.random() < 0.1:
        kinds.insert(rng.randrange(len(kinds) + 1), rng.choice(["task_painted", *LIFE, *ENDS]))
    for kind in ("task_unblocked", "task_blocked", "task_escalated"):
        if rng.random() < 0.3:
            place = rng.randrange(len(kinds) + 1)
            kinds.insert(place, kind)
            if kind == "task_blocked" and rng.random() < 0.5:
                kinds.insert(rng.randrange(place + 1, len(kinds) + 1), "task_unblocked")
    if rng.random() < 0.5:
        kinds = [kind for kind in kinds if kind not in HANDOFF_EVENTS]
    made: list[dict[str, Any]] = []
    waits_for = rng.choice([["task-x"], ["task-x", "task-y"], None])
    workers = rng.choice([["worker-1"], ["worker-1", "worker-2", "worker-3"]])
    for second, kind in enumerate(kinds[: rng.randrange(1, 14)]):
        data = {key: rng.choice(values) for key, values in VALUES.items() if rng.random() < 0.5}
        data["worker_id"] = rng.choice(workers)
        if kind in ("task_blocked", "task_unblocked"):
            names: list[Any] = [["task-x"], ["task-x", "task-y"], [task_id], [], None, "task-x"]
            data["blocked_by"] = rng.choice(names) if rng.random() < 0.3 else waits_for
            if rng.random() < 0.5:
                data.pop("reason", None)
        at = max(0, second - rng.choice([0, 0, 0, 0, 1, 2]))
        made.append(
            record(
                lineage_id=f"lineage-{rng.randrange(10**6)}",
                task_id=task_id,
                event_type=kind,
                timestamp=f"2026-11-22T08:00:{at:02d}Z",
                actor={"type": rng.choice(["master", "master", "worker"]), "id": rng.choice(ACTORS)},
                event_data=data,
                parent_lineage_id=rng.choice([None, "lineage-1", *(one["lineage_id"] for one in made)]),
            )
        )
    if rng.random() < 0.1:
        made[0]["parent_lineage_id"] = made[-1]["lineage_id"]
    return made


ACTORS = ["", "coordinator-master", "worker-1", "development-master", "security-master"]
VALUES: dict[str, list[Any]] = {
    "worker_type": ["scan-worker", "fix-worker", None],
    "type": ["review", ""],
    "priority": ["high", "medium", "low", ""],
    "priority_given": [True, False, None],
    "master_id": ["development-master", "development-master", "security-master", ""],
    "from_master": ["development-master", ""],
    "to_master": ["development-master", "security-master", "security-master"],
    "handoff_id": ["h-1", "h-1", "h-1", "h-2"],
    "token_usage": [0, 5, 70, {"total_tokens": 9}],
    "token_budget": [5, -1],
    "duration_ms": [0, 12.5],
    "completion_status": ["success", "partial", "failed"],
    "reason": ["zombie_timeout", "boom"],
    "error_details": ["exit 3", {"error_message": "oom"}],
}


@pytest.mark.parametrize("seed", range(8))
def test_frames_equal_the_fold_where_most_tasks_are_simple(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    records = [one for n in range(150) for one in life(rng, f"task-{n}")]
    write(tmp_path, *records)
    frames = read_frames(tmp_path).frames
    assert_frames_equal_state(frames, load(tmp_path).state)
    assert vectorizable_tasks(in_order(frames.events)).len() > 20  # else the fast way would be tested by nothing


def blocked_tasks() -> Iterator[list[dict[str, Any]]]:
    """Tasks that go their way and are blocked, freed and escalated, at each point of it, at times of their own or at
    one."""
    kinds = [*LIFE, "worker_completed", "task_completed"]
    number = 0
    for length, apart, freed in product((5, 8), (0, 1), (None, "task_unblocked", "task_escalated")):
        for block, free in product(range(length + 1), repeat=2):
            if free < block:
                continue
            told = kinds[:length]
            told[free:free] = [freed] if freed else []
            told[block:block] = ["task_blocked"]
            number += 1
            names = (["task-x"], ["task-x", "task-y"], None)[number % 3]
            yield [
                record(
                    100 * number + n,
                    task_id=f"task-{number}",
                    event_type=kind,
                    timestamp=f"2026-11-22T08:00:{apart * n:02d}Z",
                    actor={"type": "master", "id": ACTORS[(number + n) % 5]},
                    event_data={"worker_id": "worker-1", "master_id": "development-master", "blocked_by": names},
                    parent_lineage_id=None,
                )
                for n, kind in enumerate(told)
            ]


def test_frames_equal_the_fold_wherever_a_task_is_blocked(tmp_path: Path) -> None:
    tasks = list(blocked_tasks())
    write(tmp_path, *(one for task in tasks for one in task))
    frames = read_frames(tmp_path).frames
    assert_frames_equal_state(frames, load(tmp_path).state)
    simple = frames.events.filter(pl.col("task_id").is_in(vectorizable_tasks(in_order(frames.events)).implode()))
    found = dict(simple.group_by("event_type").len().iter_rows())
    assert min(found[kind] for kind in ("task_blocked", "task_unblocked", "task_escalated")) > 60


def test_a_task_that_goes_its_way_is_simple(tmp_path: Path) -> None:
    kinds = [*LIFE, "worker_completed", "task_completed"]
    write(
        tmp_path,
        *(record(n, task_id="task-1", event_type=k, event_data={"worker_id": "worker-1"}) for n, k in enumerate(kinds)),
    )
    assert vectorizable_tasks(in_order(read_frames(tmp_path).frames.events)).to_list() == ["task-1"]


def handed_over() -> Iterator[list[dict[str, Any]]]:
    """Simple tasks that change hands at each point of their way, with tokens of ends and of runs nobody spawned."""
    kinds = ["worker_started", "worker_progress", "worker_completed", "task_completed"]
    handed = ("handoff_created", "handoff_accepted", "handoff_completed")
    ways = product((False, True), range(5), (False, True), (None, 5, 500))
    for number, (takes, at, spawned, said) in enumerate(ways, 1):
        way = ["task_assigned", "task_started", *(["worker_spawned"] if spawned else []), *kinds]
        events = [kind for kind in handed if takes or kind != "handoff_accepted"]
        begin = 2 + min(at, len(way) - 3)
        way[begin:begin] = events
        yield [
            record(
                100 * number + n,
                task_id=f"task-{number}",
                event_type=kind,
                timestamp=f"2026-11-22T08:00:{n:02d}Z",
                actor={
                    "type": "worker" if kind in kinds[:3] else "master",
                    "id": "security-master" if kind in handed[1:] else "development-master",
                },
                event_data={
                    "worker_id": "worker-1",
                    "worker_type": "scan-worker",
                    "handoff_id": "h-1",
                    "master_id": "development-master",
                    "from_master": "development-master",
                    "to_master": "security-master",
                    "token_usage": said if kind == "task_completed" else 70,
                },
                parent_lineage_id=None,
            )
            for n, kind in enumerate(way)
        ]


def test_frames_equal_the_fold_wherever_a_simple_task_is_handed_over(tmp_path: Path) -> None:
    tasks = list(handed_over())
    write(tmp_path, *(one for task in tasks for one in task))
    frames = read_frames(tmp_path).frames
    assert_frames_equal_state(frames, load(tmp_path).state)
    simple = set(vectorizable_tasks(in_order(frames.events)).to_list())
    split = frames.costs.filter(pl.col("task_id").cast(pl.String).is_in(list(simple)))
    assert len(simple) > 30 and split["task_id"].n_unique() > 20
    assert {"development-master", "security-master"} == set(split["master"].to_list())

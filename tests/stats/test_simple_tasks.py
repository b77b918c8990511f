"""Simple tasks, which are laid out many at once, are what the fold makes of them: tasks that go their way, more or
less, and wherever in it they are blocked, handed over or given on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, permutations, product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lineage_core.dataframes import event_order
from lineage_core.dataframes.event_order import in_order, shares
from lineage_core.dataframes.reader import Frames, read_frames
from lineage_core.dataframes.task_events import TaskEvents
from lineage_core.dataframes.tasks import derive
from lineage_core.dataframes.vectorizable_tasks import vectorizable_tasks
from lineage_core.state.load import load
from tests.build import record, write
from tests.stats.agreement import assert_frames_equal_state

HANDOFF_EVENTS = ["handoff_created", "handoff_accepted", "handoff_completed"]
LIFE = ["task_created", "task_assigned", "task_started", "worker_spawned", "worker_started", "worker_progress"]
ENDS = [*HANDOFF_EVENTS, "worker_completed", "worker_failed", "task_completed", "task_failed", "task_cancelled"]


def simple_tasks(frames: Frames) -> list[str]:
    """The tasks that are laid out many at once."""
    parts = [TaskEvents(in_order(frames.events, share)) for share in shares(frames.events)]
    return [
        name
        for part in parts
        for name in part.events["task_id"].gather(part.tasks.starts.filter(vectorizable_tasks(part)))
    ]


def life(rng: random.Random, task_id: str) -> list[dict[str, Any]]:
    """The records of a task that goes its way, more or less: of simple tasks, which are laid out many at once."""
    kinds = [kind for kind in LIFE + ENDS for _ in range(rng.choice([0, 1, 1, 1, 2]))]
    kinds = [kind for n, kind in enumerate(kinds) if kind not in kinds[:n] or rng.random() < 0.4]
    if rng.random() < 0.1:
        kinds.insert(rng.randrange(len(kinds) + 1), rng.choice(["task_painted", "worker_painted", *LIFE, *ENDS]))
    for kind in ("task_unblocked", "task_blocked", "task_escalated"):
        if rng.random() < 0.3:
            place = rng.randrange(len(kinds) + 1)
            kinds.insert(place, kind)
            if kind == "task_blocked" and rng.random() < 0.5:
                kinds.insert(rng.randrange(place + 1, len(kinds) + 1), "task_unblocked")
    if rng.random() < 0.5:
        kinds = [kind for kind in kinds if kind not in HANDOFF_EVENTS]
    if rng.random() < 0.2:  # it ends before it was started, if it ends
        kinds = [kind for kind in kinds if kind != "task_started" and not kind.startswith("worker_")]
    if rng.random() < 0.4 and "task_assigned" in kinds:
        kinds.insert(kinds.index("task_assigned") + (1 if rng.random() < 0.8 else rng.randrange(3)), "task_reassigned")
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
        if "task_reassigned" in kinds and kind in GIVEN and rng.random() < 0.9:
            data |= GIVEN[kind]
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


GIVEN: dict[str, dict[str, Any]] = {
    "task_assigned": {"master_id": "development-master"},
    "task_reassigned": {"from_master": "development-master", "to_master": "security-master"},
}
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
    simple = simple_tasks(frames)
    assert len(simple) > 20  # else the fast way would be tested by nothing


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
    simple = frames.events.filter(pl.col("task_id").cast(pl.String).is_in(simple_tasks(frames)))
    found = dict(simple.group_by("event_type").len().iter_rows())
    assert min(found[kind] for kind in ("task_blocked", "task_unblocked", "task_escalated")) > 60


def test_a_task_that_goes_its_way_is_simple(tmp_path: Path) -> None:
    kinds = [*LIFE, "worker_completed", "task_completed"]
    write(
        tmp_path,
        *(record(n, task_id="task-1", event_type=k, event_data={"worker_id": "worker-1"}) for n, k in enumerate(kinds)),
    )
    assert simple_tasks(read_frames(tmp_path).frames) == ["task-1"]


def in_any_order() -> Iterator[list[dict[str, Any]]]:
    """Tasks of which five events come in each order, and fewer of them."""
    kinds = ["task_created", "task_assigned", "task_started", "worker_started", "task_failed"]
    for number, way in enumerate(chain.from_iterable(permutations(kinds, length) for length in (2, 3, 5)), 1):
        yield [
            record(
                10 * number + n,
                task_id=f"task-{number}",
                event_type=kind,
                timestamp=f"2026-11-22T08:00:{n:02d}Z",
                event_data={"worker_id": "worker-1", "master_id": "development-master"},
                parent_lineage_id=None,
            )
            for n, kind in enumerate(way)
        ]


def test_frames_equal_the_fold_in_whatever_order_a_task_goes_its_way(tmp_path: Path) -> None:
    tasks = list(in_any_order())
    write(tmp_path, *(one for task in tasks for one in task))
    frames = read_frames(tmp_path).frames
    assert_frames_equal_state(frames, load(tmp_path).state)
    assert len(simple_tasks(frames)) > 10


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
    simple = simple_tasks(frames)
    split = frames.costs.filter(pl.col("task_id").cast(pl.String).is_in(simple))
    assert len(simple) > 30 and split["task_id"].n_unique() > 20
    assert {"development-master", "security-master"} == set(split["master"].to_list())


def named_in_part() -> Iterator[list[dict[str, Any]]]:
    """Handoffs of which each event names who gives, who takes and who says so, or does not."""
    kinds = ["task_assigned", *HANDOFF_EVENTS]
    for number, (accepted, *named) in enumerate(product((False, True), *[(False, True)] * 8), 1):
        yield [
            record(
                10 * number + n,
                task_id=f"task-{number}",
                event_type=kind,
                timestamp=f"2026-11-22T08:00:{n:02d}Z",
                actor={"type": "master", "id": f"{kind}-master" if n == 0 or named[n - 1] else ""},
                event_data={
                    "handoff_id": "h-1",
                    "master_id": "task_assigned-master",
                    **({"from_master": "task_assigned-master"} if n and named[n + 2] else {}),
                    **({"to_master": f"{kind}-taker"} if n and named[min(n + 5, 7)] else {}),
                },
                parent_lineage_id=None,
            )
            for n, kind in enumerate(kinds)
            if accepted or kind != "handoff_accepted"
        ]


def test_handoffs_equal_those_of_the_fold_whoever_is_named_in_them(tmp_path: Path) -> None:
    tasks = list(named_in_part())
    write(tmp_path, *(one for task in tasks for one in task))
    frames = read_frames(tmp_path).frames
    assert_frames_equal_state(frames, load(tmp_path).state)
    assert len(simple_tasks(frames)) > len(tasks) / 2


ODDITIES: list[dict[str, dict[str, Any]]] = [
    {},
    {"task_assigned": {"master_id": "architecture-master"}},
    {"task_assigned": {"event_type": "task_painted"}},
    {"task_reassigned": {"from_master": None}},
    {"task_reassigned": {"to_master": None}},
    {"task_reassigned": {"to_master": "development-master"}},
    {"task_reassigned": {"event_type": "handoff_created"}},
    {"task_started": {"actor": "architecture-master"}},
    {"task_started": {"actor": "coordinator-master"}},
    {"worker_spawned": {"actor": "development-master"}},
    {"task_completed": {"actor": "development-master"}},
    {"worker_completed": {"event_type": "task_assigned", "master_id": "qa-master"}},
    {
        "worker_spawned": {"event_type": "handoff_created", "from_master": None, "to_master": "qa-master"},
        "worker_started": {"event_type": "handoff_accepted", "actor": "qa-master"},
    },
]
"""What is odd in a task that is given on: of some events, what they say in place of what they should."""


def given_on() -> Iterator[list[dict[str, Any]]]:
    """Tasks that another master gets, right after they were assigned, at times of their own or at one, as far as they
    have got; and each oddity."""
    ways = product((0, 1), (False, True), ("medium", "low", None), (4, 5, 9), ODDITIES)
    for number, (apart, created, priority, length, instead) in enumerate(ways, 1):
        kinds = ["task_assigned", "task_reassigned", *LIFE[2:], "worker_completed", "task_completed"]
        records = []
        for n, kind in enumerate(["task_created", *kinds][: length + created] if created else kinds[:length]):
            data = {
                "worker_id": "worker-1",
                "master_id": "development-master",
                "from_master": "development-master",
                "to_master": "security-master",
                "priority": "high" if kind == "task_assigned" else priority,
                "token_usage": 70 if kind == "worker_completed" else 500,
            }
            data |= instead.get(kind, {})
            actor = {"type": "master", "id": data.pop("actor", "security-master")}
            records.append(
                record(
                    100 * number + n,
                    task_id=f"task-{number}",
                    event_type=data.pop("event_type", kind),
                    timestamp=f"2026-11-22T08:00:{apart * n:02d}Z",
                    actor=actor,
                    event_data=data,
                    parent_lineage_id=None,
                )
            )
        yield records


def test_frames_equal_the_fold_wherever_a_simple_task_is_given_on(tmp_path: Path) -> None:
    tasks = list(given_on())
    write(tmp_path, *(one for task in tasks for one in task))
    frames = read_frames(tmp_path).frames
    assert_frames_equal_state(frames, load(tmp_path).state)
    assert len(simple_tasks(frames)) > len(tasks) / 4


def test_frames_are_the_same_in_however_many_shares_they_are_derived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(11)
    write(tmp_path, *(made for n in range(60) for made in life(rng, f"task-{n}")))
    whole = read_frames(tmp_path).frames
    monkeypatch.setattr(event_order, "AT_ONCE", 20)
    assert len(shares(whole.events)) > 5
    parts = derive(whole.events)._asdict()
    for what, frame in parts.items():
        assert frame.height
        assert_frame_equal(frame, whole.of(what), check_row_order=False)

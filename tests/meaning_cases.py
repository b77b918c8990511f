"""The cases of meaning.md as events in a real directory, with what every face has to say of them.

Each face asks the same: `tests/cli/test_meaning.py` the commands, `tests/tui/test_meaning.py` the screen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from lineage_core.base.clock import format_timestamp, parse_timestamp
from tests.build import Event, assigned, completed, created, event, failed, handoff, reassigned, started, task, worker

DAY, HOUR, MINUTE = 86_400, 3600, 60


NOW = "2026-11-22T08:10:00Z"


NOW_AT = parse_timestamp(NOW) or 0


TASK = "task-case"


class Case(NamedTuple):
    """events: of the task, in the order of their file. row: keys of its row (`lineage tasks`) with their values.
    details: the same of `lineage task`. says: texts that the screen shows of it. others: events of other tasks.
    now: what time it is, in seconds by the clock of the events; None: a minute after the last of them.
    needs: the rule and the subject of each thing that needs somebody, the most urgent first; None: not asked."""

    events: list[Event]
    row: dict[str, Any]
    details: Mapping[str, Any] = MappingProxyType({})
    says: tuple[str, ...] = ()
    others: Mapping[str, list[Event]] = MappingProxyType({})
    now: float | None = None
    needs: tuple[tuple[str, str], ...] | None = None


def write(directory: Path, case: Case, task_id: str = TASK) -> None:
    """Log the events of a case, so that its `now` is NOW."""
    directory.mkdir(parents=True, exist_ok=True)
    every = {task_id: case.events, **case.others}
    now = case.now if case.now is not None else max(at for events in every.values() for at, _ in events) + MINUTE
    with (directory / f"lineage-{NOW[:10]}.jsonl").open("a") as file:
        for name, events in every.items():
            for at, record in events:
                when = format_timestamp(NOW_AT + round((at - now) * 1_000_000))
                line = json.dumps({"timestamp": when, "task_id": name, **record}, separators=(",", ":"))
                file.write(line.replace(TASK, task_id) + "\n")


def _failures(*told: tuple[str | None, int, bool]) -> list[dict[str, Any]]:
    return [{"worker_id": worker, "number": number, "retried": again} for worker, number, again in told]


def _named(one: Event, parent: str) -> Event:
    at, record = one
    return at, {**record, "parent_lineage_id": parent}


def _under(at: float, master: str = "security-master") -> list[Event]:
    """A task that a master has and has started."""
    return [created(at), assigned(at, master), started(at, master)]


def _touched(minutes_ago: float) -> list[Event]:
    """A task of a master that was last touched so long ago: within 57 minutes by another, before that by itself."""
    at = -minutes_ago * MINUTE
    by_another = [*_under(-80 * MINUTE), event("task_started", at, "kim", "user")]
    return by_another if minutes_ago < 57 else _under(at)


CASES: dict[str, Case] = {
    "an end logged before its start": Case(
        [started(0), completed(-90), completed(-89, "agg")],
        {"status": "completed", "attempts": 1, "skew_ms": 90_000},
        says=("completed", "clock of dev-master: 1m30s behind"),
    ),
    "two failures of one attempt, retried": Case(
        [started(0), failed(50), failed(51, "agg"), started(60)],
        {"status": "running", "attempts": 2, "failed_attempts": 1},
        {"failures": _failures((None, 1, True))},
        ("running", "attempt 2", "1 failure"),
    ),
    "starts and ends by two scripts": Case(
        [started(0), started(1), completed(100), completed(101)],
        {"status": "completed", "attempts": 1, "failed_attempts": 0},
        says=("completed",),
    ),
    "a failure of last week": Case(
        [failed(-7 * DAY), started(0)], {"status": "running", "attempts": 2}, says=("running", "attempt 2")
    ),
    "failed and retried": Case(
        [started(0), failed(50, reason="no disk"), started(60), completed(90)],
        {"status": "completed", "attempts": 2, "failed_attempts": 1},
        {"failures": _failures((None, 1, True))},
        ("completed", "attempt 2", "1 failure"),
    ),
    "an aggregator reports a worker after the end": Case(
        [started(-237), failed(-147), worker("C", 916)], {"status": "failed", "skew_ms": 0}, says=("failed",)
    ),
    "reassigned after a failure, by a clock that is behind": Case(
        [failed(0), reassigned(-358, "dev-master", "b-master")],
        {"status": "assigned", "master": "b-master"},
        says=("assigned", "under b"),
    ),
    "blocked long after a retry": Case(
        [assigned(818), started(124), failed(129), started(162), task("blocked", 4763, reason="x")],
        {"status": "blocked", "attempts": 2},
        says=("blocked", "attempt 2"),
    ),
    "blocked again": Case(
        [
            task("blocked", 0, reason="x"),
            task("unblocked", 5, reason="y"),
            task("unblocked", 6, reason="y"),
            task("blocked", 3600, reason="z"),
        ],
        {"status": "blocked", "reason": "z"},
        says=("blocked", "z"),
    ),
    "a handoff that was accepted": Case(
        [assigned(2400), started(1), handoff("created", 11, "dev-master"), handoff("accepted", 12, "b-master")],
        {"master": "b-master", "masters": ["dev-master", "b-master"]},
        says=("under b",),
    ),
    "reopened after a success, and at work": Case(
        [
            started(0),
            completed(50),
            reassigned(60),
            worker("P", 70, actor="b-master"),
            worker("S", 71),
            worker("C", 90),
        ],
        {"status": "running", "attempts": 2, "master": "b-master"},
        says=("running", "attempt 2"),
    ),
    "a worker that never ends": Case(
        [started(0), worker("P", 1), worker("S", 2), completed(100)],
        {"status": "completed", "open_workers": 1},
        says=("completed",),
        now=1000,
        needs=(("orphaned", "w1"),),
    ),
    "created later than all else": Case(
        [created(4 * HOUR, "coord"), started(-40 * MINUTE)],
        {"status": "running", "skew_ms": -(4 * HOUR + 40 * MINUTE) * 1000},
        {"skews": [{"actor": "coord", "behind_ms": -(4 * HOUR + 40 * MINUTE) * 1000}]},
        ("clock of coord: 4h40m ahead",),
        now=0,
        needs=(("idle", TASK),),
    ),
    "a handoff across clocks": Case(
        [
            handoff("created", 0, "a-master", to_master="b-master"),
            handoff("accepted", -10, "b-master"),
            handoff("completed", -5, "a-master"),
        ],
        {"master": "b-master", "handoffs": 1},
        says=("clock of b-master: 10s behind",),
    ),
    "reassigned after a failure": Case(
        [started(1), failed(50), reassigned(60)],
        {"status": "assigned", "failed_attempts": 1},
        says=("assigned",),
        now=5 * HOUR,
        needs=(("unstarted", TASK),),
    ),
    "retried by workers alone": Case(
        [
            worker("P", 0, "w1"),
            worker("F", 10, "w1"),
            failed(11),
            worker("P", 20, "w2"),
            worker("S", 21, "w2"),
        ],
        {"status": "running", "attempts": 2, "runs": 2},
        says=("running", "attempt 2", "2 failures"),
    ),
    "spawned twice within minutes": Case(
        [worker("P", 0), worker("S", 1), worker("P", 2), worker("C", 100)], {"runs": 1, "workers": 1}, {"remarks": []}
    ),
    "a worker that runs again under its id": Case(
        [worker("P", 0), worker("S", 1), worker("F", 50), worker("F", 51), worker("P", 60), worker("S", 61)],
        {"runs": 2, "workers": 1, "open_workers": 1, "failed_workers": 1, "retries": 1},
        {"failures": _failures(("w1", 1, True))},
        ("1 retry",),
    ),
    "a zombie report after its success": Case(
        [worker("P", 0), worker("S", 1), worker("C", 50), worker("Z", 4000)],
        {"runs": 1, "failed_workers": 0},
        {"failures": []},
    ),
    "a worker by two clocks": Case(
        [worker("P", -20), worker("S", -275), worker("C", -200)], {"runs": 1, "open_workers": 0}
    ),
    "tokens of two runs": Case(
        [
            started(0),
            worker("P", 1),
            worker("F", 10, token_usage=500),
            worker("P", 20),
            worker("C", 30, token_usage={"total_tokens": 700}),
            completed(40, token_usage=700),
        ],
        {"runs": 2, "retries": 1, "tokens": 1200},
        {"failures": _failures(("w1", 1, True))},
        ("1,200 tokens", "1 failure"),
    ),
    "the end says all tokens": Case(
        [
            started(0),
            worker("P", 1),
            worker("F", 10, token_usage=500),
            worker("P", 20),
            worker("C", 30, token_usage=700),
            completed(40, token_usage=1200),
        ],
        {"tokens": 1200},
        says=("1,200 tokens",),
    ),
    "blocked after the end": Case(
        [started(1), completed(5), task("blocked", 6, reason="x")], {"status": "completed", "blocked_by": []}
    ),
    "ends that disagree": Case(
        [failed(50), completed(51)],
        {"status": "completed", "failed_attempts": 1},
        {"remarks": [{"rule": "ends-disagree"}], "failures": _failures((None, 1, False))},
        ("completed", "ends disagree"),
    ),
    "two waits, one ended": Case(
        [
            started(0),
            task("blocked", 1, reason="x", blocked_by=["d1"]),
            task("blocked", 2, reason="x", blocked_by=["d2"]),
            task("unblocked", 3, reason="Dependency completed: d1"),
        ],
        {"status": "blocked", "blocked_by": ["d2"], "inferred": []},
        says=("blocked", "waits for d2 (never seen)"),
    ),
    "a wait that only the reason names": Case(
        [started(0), task("blocked", 1, reason="Waiting for dependency: task-dep")],
        {"status": "blocked", "blocked_by": ["task-dep"], "inferred": ["blocked_by"]},
        {"waits": [{"task_id": "task-dep", "inferred": True, "known": True}]},
        ("blocked", "waits for task-dep (failed)"),
        others={"task-dep": [started(0), failed(2, reason="boom")]},
    ),
    "a handoff accepted by another": Case(
        [
            handoff("created", 1, "a-master", to_master="b-master"),
            handoff("accepted", 2, "c-master"),
            handoff("created", 3, "a-master", to_master="b-master"),
        ],
        {"master": "c-master", "handoffs": 1},
        {"remarks": [{"rule": "accepted-by-other"}]},
        ("under c", "accepted by c-master"),
    ),
    "a start by the coordinator": Case(
        [assigned(0), started(1), started(2, "coordinator-master")], {"master": "dev-master"}, says=("under dev",)
    ),
    "cost across a handoff": Case(
        [
            assigned(0),
            started(0),
            worker("P", 0, "w1"),
            worker("C", 50, "w1", token_usage=100),
            handoff("created", 60, "dev-master", to_master="cicd-master"),
            handoff("accepted", 100, "cicd-master"),
            worker("P", 110, "w2", actor="cicd-master"),
            worker("C", 390, "w2", token_usage=900),
            completed(400, "cicd-master"),
        ],
        {"master": "cicd-master", "tokens": 1000, "handoffs": 1},
        {
            "cost": [
                {"master": "dev-master", "duration_ms": 100_000, "tokens": 100, "runs": 1, "failures": 0},
                {"master": "cicd-master", "duration_ms": 300_000, "tokens": 900, "runs": 1, "failures": 0},
            ],
            "owners": [{"master": "dev-master", "duration_ms": 100_000}, {"master": "cicd-master", "end": None}],
        },
        ("under cicd", "1,000 tokens (dev 100, cicd 900)"),
    ),
    "a priority that a legacy writer invented": Case(
        [created(0, priority="critical"), assigned(1, priority="medium")], {"priority": "critical"}, says=("critical",)
    ),
    "a priority that an assignment says nothing of": Case(
        [created(0, priority="critical"), assigned(1)], {"priority": "critical"}, says=("critical",)
    ),
    "a creation that names a start of its own as its cause": Case(
        [_named(created(5), "lineage-start"), (1, {**started(1)[1], "lineage_id": "lineage-start"}), completed(9)],
        {"status": "completed", "attempts": 1},
        {"remarks": []},
    ),
    "a subtask at work": Case(
        [started(-HOUR)],
        {"status": "running", "subtasks": 1, "subtasks_done": 0},
        says=("0 of 1 subtask",),
        others={"task-child": [created(-HOUR, parent_task_id=TASK), started(-HOUR), worker("S", 0)]},
        needs=(),
    ),
    "two tasks that wait for each other": Case(
        [started(0), task("blocked", 1, blocked_by=["task-other"])],
        {"status": "blocked", "blocked_by": ["task-other"]},
        says=("blocked", "waits for task-other (blocked)"),
        others={"task-other": [started(0), task("blocked", 1, blocked_by=[TASK])]},
        needs=(("deadlock", TASK),),
    ),
    "queued for five hours, though it is critical": Case(
        [created(-5 * HOUR, priority="critical")],
        {"status": "queued", "priority": "critical"},
        says=("queued", "critical"),
        others={
            "task-low": [created(-9 * HOUR, priority="low")],
            "task-hung": [started(-9 * HOUR), worker("S", -9 * HOUR, "w-hung")],
        },
        now=0,
        needs=(("unassigned", TASK), ("silent", "w-hung"), ("unassigned", "task-low")),
    ),
    "a word each hour for three days": Case(
        [started(-72 * HOUR), *(worker("G" if n else "S", (n - 72) * HOUR) for n in range(73))],
        {"status": "running", "open_workers": 1},
        now=59 * MINUTE,
        needs=(),
    ),
    "a dead master": Case(
        _touched(40),
        {"status": "running", "master": "security-master"},
        others={
            **{f"task-late-{n}": _touched(40 + 2.7 * n) for n in range(1, 12)},
            "task-own": [*_under(-70 * MINUTE), completed(-57 * MINUTE, "security-master")],
        },
        now=0,
        needs=(("master-silent", "security-master"),),
    ),
    "created again after the end": Case(
        [created(0, priority="high"), started(1), completed(2), created(3, priority="low")],
        {"status": "completed", "priority": "high"},
        says=("high",),
    ),
    "a parent with subtasks": Case(
        [started(0)],
        {"status": "running", "subtasks": 8, "subtasks_done": 5},
        says=("5 of 8 subtasks",),
        others={
            f"task-child-{n}": [
                created(1, parent_task_id=TASK),
                started(2),
                *([completed(9)] if n < 5 else [failed(9)] if n == 5 else []),
            ]
            for n in range(8)
        },
    ),
}

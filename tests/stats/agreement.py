"""Frames beside what a fold tells of the same directory: what tests hold to be equal."""

from __future__ import annotations

from typing import Any

import polars as pl

from lineage_core.dataframes.reader import Frames
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.model.entities import Task
from lineage_core.state.store import State
from lineage_core.stats import NOBODY, Window, groups, tokens


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

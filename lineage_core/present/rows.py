"""What queries tell of workers, handoffs, phases and events, as flat rows with documented keys.

Pure: from states to plain data. Times are ISO-8601 in UTC, durations whole milliseconds; what is not known is None.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lineage_core.base.clock import clamped, format_duration, format_timestamp
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.record import EPOCH, Record
from lineage_core.model.task_parts import Handoff, Phase, Worker

if TYPE_CHECKING:
    from lineage_core.model.row_types import EventJson, HandoffJson, PhaseJson, WorkerJson

WORKER_KEYS = {
    "worker_id": "the worker; one row for each run of it",
    "task_id": "its task",
    "run": "which run of this worker in this task, from 1",
    "attempt": "which attempt of the task it belongs to, from 1",
    "worker_type": "its type",
    "status": "spawned, running, success, partial, failed or zombie",
    "master": "the master that spawned it",
    "spawned_at": "when it was spawned",
    "started_at": "when it started",
    "last_at": "when it was last heard of",
    "ended_at": "when it ended",
    "age_ms": "from when it was first heard of to its end, or to now",
    "duration_ms": "how long it ran: as it said, else from its start to its end or to now",
    "silent_ms": "since it was last heard of, while it is open",
    "progress_percentage": "how far it said it was",
    "current_step": "what it said it was doing",
    "tokens": "tokens it used",
    "token_budget": "tokens it was given",
    "retry_of": "the failed worker whose place it took",
    "error": "why it failed",
    "last_word": "its last step, result or error in a few words",
}

EVENT_KEYS = {
    "timestamp": "when, as it was written",
    "lineage_id": "the event",
    "task_id": "its task",
    "event_type": "what happened",
    "actor_type": "who did it: user, coordinator, master, worker, daemon or system",
    "actor_id": "the actor",
    "principal": "on whose behalf",
    "parent_lineage_id": "the event that caused it",
    "session_id": "its session",
    "trace_id": "its trace",
    "related_task_ids": "other tasks it concerns",
    "tags": "free labels",
    "event_data": "what else was logged, as JSON",
}


def iso(at: int | None) -> str | None:
    """A time as ISO-8601, or None."""
    return (
        None
        if at is None
        else (EPOCH + timedelta(microseconds=clamped(at))).isoformat(timespec="microseconds")[:26] + "Z"
    )


def milliseconds(micros: int | None) -> int | None:
    """Whole milliseconds of microseconds, or None."""
    return None if micros is None else micros // 1000


def elapsed(task: TaskRow | Task, now: int) -> int:
    """Microseconds from the task's first event to its end, or to now while it lasts."""
    end = (task.ended_at or task.last_at) if task.status.ended else now
    return max(0, end - task.first_at)


def worker_status(worker: Worker) -> str:
    """`spawned`, `running`, or how it ended."""
    if worker.end is not None:
        return worker.end.value
    return "spawned" if worker.started_at is None and worker.spawned_at is not None else "running"


def worker_age(worker: Worker, now: int) -> int:
    """Microseconds from when it was first heard of to its end, or to now while it is open."""
    return max(0, (now if worker.ended_at is None else worker.ended_at) - worker.first_at)


def run_time(worker: Worker, now: int) -> int | None:
    """Microseconds that it ran: as it said, else from its start to its end or to now; None if it never started.

    Where one actor logged both its start and its end, by the clock of that actor.
    """
    if worker.duration_ms is not None and not worker.open:
        return round(worker.duration_ms * 1000)
    if worker.started_at is None:
        return None
    if worker.length is not None:
        return worker.length
    return max(0, (now if worker.ended_at is None else worker.ended_at) - worker.started_at)


def last_word(worker: Worker) -> str:
    """What was last heard of a worker, in a few words."""
    if worker.end is not None:
        return f"{worker.end.value}: {worker.error}" if worker.error else worker.end.value
    percent = f"{worker.percent:g}%" if worker.percent is not None else ""
    return f"{percent} {worker.step or ''}".strip() or worker_status(worker)


def worker_row(task_id: str, worker: Worker, now: int) -> WorkerJson:
    """A run of a worker, by WORKER_KEYS. now: microseconds since the epoch, to which what is open lasts."""
    row: WorkerJson = {
        "worker_id": worker.worker_id,
        "task_id": task_id,
        "run": worker.number,
        "attempt": worker.attempt + 1,
        "worker_type": worker.worker_type,
        "status": worker_status(worker),
        "master": worker.master,
        "spawned_at": iso(worker.spawned_at),
        "started_at": iso(worker.started_at),
        "last_at": iso(worker.last_at),
        "ended_at": iso(worker.ended_at),
        "age_ms": milliseconds(worker_age(worker, now)),
        "duration_ms": milliseconds(run_time(worker, now)),
        "silent_ms": milliseconds(max(0, now - worker.last_at)) if worker.open else None,
        "progress_percentage": worker.percent,
        "current_step": worker.step,
        "tokens": worker.tokens,
        "token_budget": worker.token_budget,
        "retry_of": worker.retry_of,
        "error": worker.error,
        "last_word": last_word(worker),
    }
    if worker.host:
        row["host"] = worker.host
    return row


def handoff_row(handoff: Handoff, now: int) -> HandoffJson:
    """A handoff: its two masters, its three times, and how long it waited to be accepted, or has until `now`."""
    end = handoff.accepted_at or handoff.completed_at or now
    waited = None if handoff.created_at is None else max(0, end - handoff.created_at)
    return {
        "handoff_id": handoff.handoff_id,
        "from_master": handoff.from_master,
        "to_master": handoff.to_master,
        "created_at": iso(handoff.created_at),
        "accepted_at": iso(handoff.accepted_at),
        "accepted_by": handoff.accepted_by,
        "completed_at": iso(handoff.completed_at),
        "waited_ms": milliseconds(waited),
        "waiting": handoff.waiting,
    }


def phase_row(phase: Phase, now: int) -> PhaseJson:
    """A phase: its status, from when to when (None: it lasts), and how long so far."""
    end = now if phase.end is None else phase.end
    return {
        "status": phase.status.value,
        "start": iso(phase.start),
        "end": iso(phase.end),
        "duration_ms": milliseconds(max(0, end - phase.start)),
    }


def event_row(record: Record) -> EventJson:
    """An event record, flat, by EVENT_KEYS."""
    actor = record["actor"]
    context = record.get("context")
    context = context if isinstance(context, dict) else {}
    return {
        "timestamp": record["timestamp"],
        "lineage_id": record["lineage_id"],
        "task_id": record["task_id"],
        "event_type": record["event_type"],
        "actor_type": actor["type"],
        "actor_id": actor["id"],
        "principal": actor.get("principal"),
        "parent_lineage_id": record.get("parent_lineage_id"),
        "session_id": context.get("session_id"),
        "trace_id": context.get("trace_id"),
        "related_task_ids": record.get("related_task_ids"),
        "tags": record.get("tags"),
        "event_data": record.get("event_data"),
    }


def span(micros: int | None) -> str:
    """A duration for people, `-` when it is not known."""
    return "-" if micros is None else format_duration(micros)


def moment(at: int) -> str:
    """A time for people, to the second: `2026-11-22 08:03:48`."""
    return format_timestamp(at)[:19].replace("T", " ")

"""The parts of a task in the graph: runs of workers, handoffs, phases, forecasts; and the scalars of all its types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NewType, TypeVar

import strawberry

from lineage_core.model.task_parts import Status
from lineage_core.present.rows import WORKER_KEYS

T = TypeVar("T")

Time = NewType("Time", str)

Long = NewType("Long", int)

SCALARS: dict[object, Any] = {
    Time: strawberry.scalar(name="Time", description="ISO-8601 in UTC", serialize=lambda value: value),
    Long: strawberry.scalar(name="Long", description="an integer of up to 64 bits", serialize=lambda value: value),
}

TaskStatus = strawberry.enum(Status, name="TaskStatus", description="the status of a task")


def described(keys: Mapping[str, str], key: str) -> Any:
    """A field with the description of a row's key."""
    return strawberry.field(description=keys[key])


@strawberry.type(description="a run of a worker in a task")
class Worker:
    worker_id: str = described(WORKER_KEYS, "worker_id")
    task_id: str = described(WORKER_KEYS, "task_id")
    run: int = described(WORKER_KEYS, "run")
    attempt: int = described(WORKER_KEYS, "attempt")
    worker_type: str | None = described(WORKER_KEYS, "worker_type")
    status: str = described(WORKER_KEYS, "status")
    master: str | None = described(WORKER_KEYS, "master")
    spawned_at: Time | None = described(WORKER_KEYS, "spawned_at")
    started_at: Time | None = described(WORKER_KEYS, "started_at")
    last_at: Time | None = described(WORKER_KEYS, "last_at")
    ended_at: Time | None = described(WORKER_KEYS, "ended_at")
    age_ms: Long | None = described(WORKER_KEYS, "age_ms")
    duration_ms: Long | None = described(WORKER_KEYS, "duration_ms")
    silent_ms: Long | None = described(WORKER_KEYS, "silent_ms")
    progress_percentage: float | None = described(WORKER_KEYS, "progress_percentage")
    current_step: str | None = described(WORKER_KEYS, "current_step")
    tokens: Long | None = described(WORKER_KEYS, "tokens")
    token_budget: Long | None = described(WORKER_KEYS, "token_budget")
    retry_of: str | None = described(WORKER_KEYS, "retry_of")
    error: str | None = described(WORKER_KEYS, "error")
    last_word: str = described(WORKER_KEYS, "last_word")


@strawberry.type(description="one handing-over of a task between two masters")
class Handoff:
    handoff_id: str
    task_id: str
    from_master: str | None
    to_master: str | None
    created_at: Time | None
    accepted_at: Time | None
    accepted_by: str | None
    completed_at: Time | None
    waited_ms: Long | None
    waiting: bool


@strawberry.type(description="a stretch of a task's lifecycle in one status")
class Phase:
    status: TaskStatus  # type: ignore[valid-type]
    start: Time
    end: Time | None
    duration_ms: Long


@strawberry.type(description="when an open task or run is expected to end")
class Forecast:
    task_id: str
    worker_id: str | None
    status: str
    elapsed_ms: Long | None
    left_ms: Long | None
    left_low_ms: Long | None
    left_high_ms: Long | None
    end_at: Time | None
    slow: bool | None
    sentence: str


def made(kind: type[T], row: Mapping[str, Any]) -> T:
    """An object of a type of the graph, from a row that has more keys."""
    return kind(**{name: row[name] for name in kind.__annotations__ if name in row})

"""The rows that queries answer with, as typed dictionaries: what text, JSON, CSV, pages and the graph are made of.

Times are ISO-8601 in UTC, durations whole milliseconds, `None` is what is not known. What each key means stands where
the row is made (`TASK_KEYS`, `WORKER_KEYS` … of `present/`). Only type checkers need this module: whoever names these
types imports it under `TYPE_CHECKING`.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from lineage_core.model.expectations import LateName


class WorkerJson(TypedDict):
    """A run of a worker, by WORKER_KEYS of `present/rows.py`. host: only where several hosts are looked at."""

    worker_id: str
    task_id: str
    run: int
    attempt: int
    worker_type: str | None
    status: str
    master: str | None
    spawned_at: str | None
    started_at: str | None
    last_at: str | None
    ended_at: str | None
    age_ms: int | None
    duration_ms: int | None
    silent_ms: int | None
    progress_percentage: float | None
    current_step: str | None
    tokens: int | None
    token_budget: int | None
    retry_of: str | None
    error: str | None
    last_word: str
    host: NotRequired[str]


class HandoffJson(TypedDict):
    """A handoff. waited_ms: until it was accepted, else completed, else until now."""

    handoff_id: str
    from_master: str | None
    to_master: str | None
    created_at: str | None
    accepted_at: str | None
    accepted_by: str | None
    completed_at: str | None
    waited_ms: int | None
    waiting: bool


class PhaseJson(TypedDict):
    """A stretch of a task in one status. end: None while it lasts."""

    status: str
    start: str | None
    end: str | None
    duration_ms: int | None


class EventJson(TypedDict):
    """An event, flat, by EVENT_KEYS of `present/rows.py`. What a record may hold is open: optional fields are as they
    were logged, whatever that is."""

    timestamp: str
    lineage_id: str
    task_id: str
    event_type: str
    actor_type: str
    actor_id: str
    principal: Any
    parent_lineage_id: Any
    session_id: Any
    trace_id: Any
    related_task_ids: Any
    tags: Any
    event_data: Any
    host: NotRequired[str]


class ExpectationJson(TypedDict):
    """What must happen next, as `expects` of a task has it. why: what makes it late at once, else where its time comes
    from."""

    name: LateName
    of: str | None
    subject: str
    what: str
    since: str | None
    due: str | None
    late: bool
    why: str | None


class TaskJson(TypedDict):
    """A task, by TASK_KEYS of `present/task_rows.py`. hosts: only where several hosts are looked at."""

    task_id: str
    status: str
    since: str | None
    first_at: str | None
    last_at: str | None
    started_at: str | None
    ended_at: str | None
    elapsed_ms: int | None
    attempts: int
    failed_attempts: int
    partial: bool
    escalated: bool
    type: str | None
    priority: str | None
    master: str | None
    masters: list[str]
    session_id: str | None
    trace_id: str | None
    parent_task_id: str | None
    subtasks: int
    subtasks_done: int
    subtasks_worst: str | None
    tokens_with_subtasks: int | None
    reason: str | None
    blocked_by: list[str]
    progress_percentage: float | None
    workers: int
    runs: int
    open_workers: int
    failed_workers: int
    retries: int
    handoffs: int
    tokens: int | None
    skew_ms: int | None
    expects: list[ExpectationJson]
    late_since: str | None
    urgency: str | None
    inferred: list[str]
    events: int
    hosts: NotRequired[list[str]]


class FailureJson(TypedDict):
    """A failed attempt or run, by FAILURE_KEYS of `present/task_rows.py`. host: only where there are several."""

    at: str | None
    what: str
    task_id: str
    worker_id: str | None
    worker_type: str | None
    number: int
    status: str
    master: str | None
    reason: str | None
    retried: bool
    host: NotRequired[str]


class TaskForecastJson(TypedDict):
    """What is forecast of a task, as its row has it, by TASK_FORECAST_KEYS of `forecast/forecast_rows.py`."""

    left_ms: int | None
    left_low_ms: int | None
    left_high_ms: int | None
    end_at: str | None
    later_than: int | None
    slow: bool


class ForecastJson(TaskForecastJson):
    """The forecast of a task, or of a run of a worker in it, by FORECAST_KEYS of `forecast/forecast_rows.py`."""

    task_id: str
    worker_id: str | None
    status: str
    elapsed_ms: int
    left_low95_ms: int | None
    left_high95_ms: int | None
    known: int | None
    group: str | None
    sentence: str


class TogetherJson(TypedDict):
    """When the open tasks of a queue or session are all over, by TOGETHER_KEYS of `forecast/forecast_rows.py`."""

    name: str
    open: int
    known: int
    left_ms: int | None
    left_low_ms: int | None
    left_high_ms: int | None
    sentence: str

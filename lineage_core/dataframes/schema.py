"""The columns of every frame: type, unit, source. The Parquet files follow from these.

Times are UTC with microseconds. Durations are milliseconds. Texts are null where the record has none, an empty one,
or something that is no text; numbers are null where the record has none or one that cannot be true (not a number,
negative, 2^53 or more).
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from lineage_core.model.task_parts import Status, WorkerEnd

TIME = pl.Datetime("us", "UTC")
NAME = pl.Categorical()
STATUS = pl.Enum([status.value for status in Status])
END = pl.Enum([end.value for end in WorkerEnd])


class Column(NamedTuple):
    """One column. unit: of a number, or an empty string. source: where its values come from."""

    name: str
    type: pl.DataType | type[pl.DataType]
    unit: str
    source: str


EVENTS = (
    Column("task_id", NAME, "", "task_id; `id@host` where hosts have other tasks of that id"),
    Column("at", TIME, "", "timestamp"),
    Column("event_type", NAME, "", "event_type"),
    Column("actor_type", NAME, "", "actor.type"),
    Column("actor_id", NAME, "", "actor.id"),
    Column("session", NAME, "", "context.session_id"),
    Column("trace", NAME, "", "context.trace_id"),
    Column("task_type", NAME, "", "event_data.type"),
    Column("priority", NAME, "", "event_data.priority"),
    Column("master_id", NAME, "", "event_data.master_id"),
    Column("from_master", NAME, "", "event_data.from_master"),
    Column("to_master", NAME, "", "event_data.to_master"),
    Column("worker_id", NAME, "", "event_data.worker_id"),
    Column("worker_type", NAME, "", "event_data.worker_type"),
    Column("handoff_id", NAME, "", "event_data.handoff_id"),
    Column("parent_task", NAME, "", "event_data.parent_task_id"),
    Column("completion_status", NAME, "", "event_data.completion_status"),
    Column("reason", NAME, "", "event_data.reason"),
    Column("error", NAME, "", "event_data.error_details: its error_message, else its error_type, else itself"),
    Column("blocked_by", pl.String, "", "event_data.blocked_by: its names, a line each"),
    Column("priority_given", pl.Boolean, "", "whether event_data.priority_given is true"),
    Column("percent", pl.Float64, "%", "event_data.progress_percentage, up to 100"),
    Column("tokens", pl.Int64, "tokens", "event_data.token_usage: a number, its total_tokens, or input and output"),
    Column("token_budget", pl.Int64, "tokens", "event_data.token_budget"),
    Column("duration_ms", pl.Float64, "ms", "event_data.duration_ms"),
    Column("log_us", pl.Float64, "µs", "event_data.metadata.log_us: how long the writer took"),
    Column("written_at", TIME, "", "lineage_id, if it is one of ours: when it was made"),
    Column("wrong", NAME, "", "the keys whose values are of a wrong type and therefore left out, with commas"),
    Column("file", NAME, "", "the canonical name of its file"),
    Column("offset", pl.Int64, "bytes", "where its record begins in the file"),
    Column("length", pl.UInt32, "bytes", "how long its record is"),
    Column("id_hash", pl.UInt64, "", "a hash of lineage_id, to tell copies; equal within one version of polars"),
    Column("parent_hash", pl.UInt64, "", "the same of parent_lineage_id"),
    Column("line_hash", pl.UInt64, "", "a hash of the record's bytes, likewise"),
)
"""One row per distinct event."""

LINEAGE_ID = Column("lineage_id", pl.String, "", "lineage_id")
"""A column of events that is left out where nobody asks for it: it would take a third of the memory."""

INTERNAL = ("id_hash", "parent_hash", "line_hash")
"""Columns of events that files for others do without."""

TASKS = (
    Column("task_id", NAME, "", "task_id"),
    Column("status", STATUS, "", "see `lineage_core/meaning`"),
    Column("since", TIME, "", "when the status began"),
    Column("first_at", TIME, "", "its first event"),
    Column("last_at", TIME, "", "its last event"),
    Column("created_at", TIME, "", "its first task_created"),
    Column("started_at", TIME, "", "its first start, or that of a worker, if that came first"),
    Column("ended_at", TIME, "", "when it ended, if it is over"),
    Column("attempts", pl.UInt32, "attempts", "how often it ran: a start and the end after it"),
    Column("failed_attempts", pl.UInt32, "attempts", "those of which an end says that it failed"),
    Column("escalated", pl.Boolean, "", "whether a person is needed"),
    Column("task_type", NAME, "", "type, of task_created"),
    Column("priority", NAME, "", "priority: of task_created, unless an assignment gave another"),
    Column("master", NAME, "", "its owner"),
    Column("session", NAME, "", "the first context.session_id"),
    Column("tokens", pl.Int64, "tokens", "token_usage of its ends or of its workers, whichever is more"),
    Column("reported_ms", pl.Float64, "ms", "duration_ms of its end"),
    Column("queue_ms", pl.Float64, "ms", "from created_at to started_at"),
    Column("run_ms", pl.Float64, "ms", "from started_at to ended_at"),
    Column("blocked_ms", pl.Float64, "ms", "all its blocks that are over; null without one"),
    Column("workers", pl.UInt32, "workers", "distinct worker ids"),
    Column("open_workers", pl.UInt32, "workers", "runs whose end was not seen"),
    Column("failed_workers", pl.UInt32, "workers", "runs that failed, zombies included"),
    Column("retries", pl.UInt32, "workers", "runs that replace a failed one of their type or id"),
    Column("silent_since", TIME, "", "when the quietest of its open workers was last heard of"),
    Column("handoffs", pl.UInt32, "handoffs", "distinct handoff ids"),
    Column("handoff_since", TIME, "", "when the oldest handoff was offered that nobody took"),
    Column("events", pl.UInt32, "events", "distinct events"),
)
"""One row per task."""

WORKERS = (
    Column("task_id", NAME, "", "task_id"),
    Column("worker_id", NAME, "", "worker_id, else the actor of a worker's event"),
    Column("run", pl.UInt32, "", "which run of this id in the task, from 1"),
    Column("worker_type", NAME, "", "worker_type, the last"),
    Column("master", NAME, "", "the actor of worker_spawned"),
    Column("first_at", TIME, "", "its first event"),
    Column("last_at", TIME, "", "its last word, else when it was spawned"),
    Column("spawned_at", TIME, "", "its first worker_spawned"),
    Column("started_at", TIME, "", "its first worker_started"),
    Column("ended_at", TIME, "", "its end, if it is over"),
    Column("end", END, "", "success, partial, failed, or zombie (zombie_timeout)"),
    Column("error", NAME, "", "why it failed"),
    Column("tokens", pl.Int64, "tokens", "token_usage, the largest"),
    Column("token_budget", pl.Int64, "tokens", "token_budget, the last"),
    Column("reported_ms", pl.Float64, "ms", "duration_ms of its end"),
    Column("start_ms", pl.Float64, "ms", "from spawned_at to started_at"),
    Column(
        "run_ms",
        pl.Float64,
        "ms",
        "from started_at, else spawned_at, to ended_at; by one clock if it logged both",
    ),
    Column("retry_of", NAME, "", "the failed worker of its type or id that it replaces"),
)
"""One row per run of a worker in a task."""

HANDOFFS = (
    Column("task_id", NAME, "", "task_id"),
    Column("handoff_id", NAME, "", "handoff_id"),
    Column("from_master", NAME, "", "from_master, else the actor of handoff_created"),
    Column("to_master", NAME, "", "to_master, else the actor of handoff_accepted"),
    Column("created_at", TIME, "", "its first handoff_created"),
    Column("accepted_at", TIME, "", "its first handoff_accepted"),
    Column("completed_at", TIME, "", "its last handoff_completed"),
    Column("accept_ms", pl.Float64, "ms", "from created_at to accepted_at"),
)
"""One row per handoff of a task."""

PHASES = (
    Column("task_id", NAME, "", "task_id"),
    Column("status", STATUS, "", "a status of the task"),
    Column("start", TIME, "", "when it began"),
    Column("end", TIME, "", "when the next one began; null if it lasts"),
)
"""One row per stretch of a task's lifecycle in one status, the ended ones included."""

COSTS = (
    Column("task_id", NAME, "", "task_id"),
    Column("master", NAME, "", "a master that had the task, or that spawned a run of it"),
    Column(
        "worker_type", NAME, "", "of the workers that used them; null: no type, or what an end said beyond its runs"
    ),
    Column("tokens", pl.Int64, "tokens", "what it used for the task, by `meaning/cost.py`"),
)
"""One row per master and worker type of a task whose tokens are not all those of its owner; of the others `tasks` tells
enough."""

FRAMES = {
    "events": EVENTS,
    "tasks": TASKS,
    "workers": WORKERS,
    "handoffs": HANDOFFS,
    "phases": PHASES,
    "costs": COSTS,
}


def schema_of(what: str) -> dict[str, pl.DataType]:
    """The polars schema of a frame (a key of FRAMES)."""
    return dict(pl.Schema({column.name: column.type for column in FRAMES[what]}))


def empty(what: str) -> pl.DataFrame:
    """A frame without rows."""
    return pl.DataFrame(schema=schema_of(what))

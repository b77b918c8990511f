"""The events frame -> runs of workers, those of many simple tasks at once: see `dataframes/vectorizable_tasks.py`."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import END, NAME, empty, schema_of
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT

RUN_EVENTS = ["worker_spawned", "worker_started", "worker_progress", "worker_completed", "worker_failed"]


def ms_between(later: str, earlier: str | pl.Expr) -> pl.Expr:
    """Milliseconds from one time to another."""
    begin = col(earlier) if isinstance(earlier, str) else earlier
    return (col(later) - begin).dt.total_microseconds() / 1000


def last_known(name: str) -> pl.Expr:
    """The last value of a column that is one."""
    return col(name).last(ignore_nulls=True)


def first_known(name: str) -> pl.Expr:
    """The first value of a column that is one."""
    return col(name).first(ignore_nulls=True)


def run_events(ordered: pl.DataFrame) -> pl.LazyFrame:
    """The events of workers, each with the id of its worker and its `place` among all."""
    own = when(col("actor_type") == "worker").then(col("actor_id")).otherwise(lit("unnamed worker", NAME))
    return (
        ordered.lazy()
        .with_row_index("position")
        .filter(col("event_type").is_in(RUN_EVENTS))
        .with_columns(worker_id=col("worker_id").fill_null(own))
    )


def workers_of(ordered: pl.DataFrame) -> pl.DataFrame:
    """The workers frame of the events of simple tasks in order: of each worker one run."""
    kind = col("event_type")
    failed, completed = kind == "worker_failed", kind == "worker_completed"
    said = pl.coalesce(when(col("completion_status") == word).then(lit(word, END)) for word in ("partial", "failed"))
    zombie = failed & pl.any_horizontal((col(name) == ZOMBIE_TIMEOUT).fill_null(False) for name in ("reason", "error"))
    end = (
        when(zombie).then(lit("zombie", END)).when(failed).then(lit("failed", END))
        .when(completed).then(said.fill_null(lit("success", END)))
    )  # fmt: skip
    rows = run_events(ordered).with_columns(end=end).collect()
    if rows.is_empty():
        return empty("workers")
    lost = col("end").is_in(["failed", "zombie"])
    workers = (
        rows.lazy()
        .group_by(["task_id", "worker_id"], maintain_order=True)
        .agg(
            last_known("worker_type"),
            last_known("token_budget"),
            last_known("end"),
            run=lit(1, pl.UInt32),
            position=col("position").first(),
            type_at_first=col("worker_type").first(),
            tokens=col("tokens").max(),
            reported_ms=col("duration_ms").filter(col("end").is_not_null() & (col("duration_ms") > 0)).last(),
            first_at=col("at").first(),
            last_at=col("at").last(),
            spawned_at=col("at").filter(kind == "worker_spawned").first(),
            started_at=col("at").filter(kind == "worker_started").first(),
            ended_at=col("at").filter(col("end").is_not_null()).first(),
            master=col("actor_id").filter(kind == "worker_spawned").first(),
            error=col("error").fill_null(col("reason")).filter(lost).first(),
            lost_at=col("position").filter(lost).first(),
        )
        .with_columns(
            start_ms=ms_between("started_at", "spawned_at"),
            run_ms=ms_between("ended_at", col("started_at").fill_null(col("spawned_at")).fill_null(col("first_at"))),
        )
        .collect()
    )
    return _with_retries(workers).select(schema_of("workers").keys())


def _with_retries(workers: pl.DataFrame) -> pl.DataFrame:
    """With the worker that each one replaces: of those of its type, the one that failed last before it began."""
    lost = workers.lazy().filter(col("lost_at").is_not_null() & col("worker_type").is_not_null())
    lost = lost.select("task_id", type_at_first="worker_type", at="lost_at", retry_of="worker_id").sort("at")
    begun = workers.lazy().with_columns(at=col("position")).sort("at")
    joined = begun.join_asof(lost, on="at", by=["task_id", "type_at_first"], check_sortedness=False)
    return joined.sort("position").collect()

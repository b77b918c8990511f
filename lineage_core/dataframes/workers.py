"""Events -> runs of workers, those of many simple tasks at once: see `dataframes/vectorizable_tasks.py`."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import END, schema_of
from lineage_core.dataframes.task_events import TaskEvents, values_at
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT


def ms_between(later: str, earlier: str | pl.Expr) -> pl.Expr:
    """Milliseconds from one time to another."""
    begin = col(earlier) if isinstance(earlier, str) else earlier
    return (col(later) - begin).dt.total_microseconds() / 1000


def workers_of(ordered: TaskEvents, simple: pl.Series) -> pl.DataFrame:
    """The workers frame of simple tasks (a flag for each task), of each worker one run; with the number of its `task`
    among all."""
    positions = ordered.run_positions.with_columns(tokens=ordered.runs.most(ordered.events["tokens"]))
    rows = values_at(
        ordered.events,
        positions.filter(simple.gather(positions["task"])),
        task_id=("task_id", "first"),
        worker_type=("worker_type", "typed"),
        type_at_first=("worker_type", "first"),
        token_budget=("token_budget", "budgeted"),
        master=("actor_id", "spawned"),
        first_at=("at", "first"),
        last_at=("at", "last"),
        spawned_at=("at", "spawned"),
        started_at=("at", "started"),
        ended_at=("at", "ended"),
        kind=("event_type", "ended"),
        said=("completion_status", "ended"),
        reason=("reason", "ended"),
        why=("error", "ended"),
        took=("duration_ms", "ended"),
    )
    failed, completed = col("kind") == "worker_failed", col("kind") == "worker_completed"
    said = pl.coalesce(when(col("said") == word).then(lit(word, END)) for word in ("partial", "failed"))
    zombie = failed & pl.any_horizontal((col(name) == ZOMBIE_TIMEOUT).fill_null(False) for name in ("reason", "why"))
    end = (
        when(zombie).then(lit("zombie", END)).when(failed).then(lit("failed", END))
        .when(completed).then(said.fill_null(lit("success", END)))
    )  # fmt: skip
    lost = col("end").is_in(["failed", "zombie"])
    rows = rows.with_columns(end=end).with_columns(
        run=lit(1, pl.UInt32),
        reported_ms=when(col("took") > 0).then(col("took")),
        error=when(lost).then(col("why").fill_null(col("reason"))),
        lost_at=when(lost).then(col("ended")),
        start_ms=ms_between("started_at", "spawned_at"),
        run_ms=ms_between("ended_at", col("started_at").fill_null(col("spawned_at")).fill_null(col("first_at"))),
    )
    return _with_retries(rows).select("task", *schema_of("workers"))


def _with_retries(workers: pl.DataFrame) -> pl.DataFrame:
    """In the order in which they began, with the worker that each one replaces: of those of its type, the one that
    failed last before it."""
    lost = workers.lazy().filter(col("lost_at").is_not_null() & col("worker_type").is_not_null())
    lost = lost.select("task_id", type_at_first="worker_type", at="lost_at", retry_of="worker_id").sort("at")
    begun = workers.lazy().with_columns(at=col("first")).sort("at")
    return begun.join_asof(lost, on="at", by=["task_id", "type_at_first"], check_sortedness=False).collect()

"""One line per master, worker type, task type, session, host, hour or day: `lineage stats --by`."""

from __future__ import annotations

import polars as pl
from polars import col

from lineage_core.dataframes.schema import TIME
from lineage_core.model.host_file_names import host_of
from lineage_core.stats.distribution import wilson
from lineage_core.stats.window import Window, key_of, spent
from lineage_core.stats.workers import HOW_THEY_ENDED

BY = ("master", "worker_type", "task_type", "session", "host", "hour", "day")


def groups(cut: Window, by: str) -> pl.DataFrame:
    """The columns depend on what is grouped; a row is of tasks or workers last heard of in the window, or of what
    happened in one hour or day of it.

    By master, task_type, session, host (that of its first event): `key`, `tasks`, `open`, `completed`, `failed`,
    `cancelled`, `escalated`, `rate`, `rate_low`, `rate_high`, `p50`, `p95`, `p99`, `max` (run time, ms), `queue_p50`,
    `blocked_ms`, `retries`, `tokens`. A task counts for its owner; its tokens for the masters that used them.
    By worker_type: `key`, `workers`, `open`, `success`, `partial`, `failed` (zombies too), `zombies`, the rates, the
    percentiles, `start_p50`, `retries`, `tokens`, `token_budget`.
    By hour, day: `key` (its beginning, UTC), `events`, `created`, and of the tasks that ended in it `completed`,
    `failed`, `cancelled`, the rates, the percentiles and `tokens`.
    """
    if by == "worker_type":
        return _workers(cut)
    return _times(cut, {"hour": "1h", "day": "1d"}[by]) if by in ("hour", "day") else _tasks(cut, by)


def _percentiles(name: str) -> dict[str, pl.Expr]:
    fine = col(name).filter(col(name) >= 0)
    return {**{f"p{q}": fine.quantile(q / 100, "linear") for q in (50, 95, 99)}, "max": fine.max()}


def _number(status: str) -> pl.Expr:
    return (col("status") == status).sum()


_TOKENS = pl.when(col("tokens").count() > 0).then(col("tokens").sum())


def _tasks(cut: Window, by: str) -> pl.DataFrame:
    tasks = cut.recent("tasks", "last_at")
    if by == "host":
        tasks = tasks.join(_first_hosts(cut.frames.events), on="task_id", how="left")
    table = tasks.group_by(key=key_of(by)).agg(
        tasks=pl.len(),
        open=col("ended_at").is_null().sum(),
        completed=_number("completed"),
        failed=_number("failed"),
        cancelled=_number("cancelled"),
        escalated=col("escalated").sum(),
        **_percentiles("run_ms"),
        queue_p50=col("queue_ms").filter(col("queue_ms") >= 0).quantile(0.5, "linear"),
        blocked_ms=pl.when(col("blocked_ms").count() > 0).then(col("blocked_ms").sum()),
        retries=col("retries").sum(),
        tokens=_TOKENS,
    )
    if by == "master":
        used = spent(cut).group_by(key=key_of(by)).agg(tokens=_TOKENS).filter(col("tokens").is_not_null())
        counts = ["tasks", "open", "completed", "failed", "cancelled", "escalated", "retries"]
        table = table.drop("tokens").join(used, on="key", how="full", coalesce=True)
        table = table.with_columns(col(counts).fill_null(0))
    return _with_rates(table, 7).sort("tasks", "key", descending=[True, False])


def _first_hosts(events: pl.DataFrame) -> pl.LazyFrame:
    """The host of the first event of each task."""
    files = events["file"].unique().cast(pl.String)
    hosts = [host_of(file) or None for file in files]
    hosted = (
        events.lazy()
        .group_by("task_id")
        .agg(col("file").sort_by("at", col("file").cast(pl.String), "offset").first().cast(pl.String))
    )
    return hosted.select("task_id", host=col("file").replace_strict(files, hosts, return_dtype=pl.String))


def _workers(cut: Window) -> pl.DataFrame:
    table = (
        cut.recent("workers", "last_at")
        .group_by(key=key_of("worker_type"))
        .agg(
            **HOW_THEY_ENDED,
            **_percentiles("run_ms"),
            start_p50=col("start_ms").filter(col("start_ms") >= 0).quantile(0.5, "linear"),
            retries=col("retry_of").is_not_null().sum(),
            tokens=_TOKENS,
            token_budget=pl.when(col("token_budget").count() > 0).then(col("token_budget").sum()),
        )
    )
    return _with_rates(table, 7, col("success") + col("partial")).sort("workers", "key", descending=[True, False])


def _times(cut: Window, every: str) -> pl.DataFrame:
    def hours(frame: pl.LazyFrame, time: str) -> pl.LazyFrame:
        return frame.with_columns(key=col(time).dt.truncate(every))

    events = hours(cut.recent("events"), "at").group_by("key").agg(events=pl.len())
    created = hours(cut.recent("tasks", "created_at"), "created_at").group_by("key").agg(created=pl.len())
    ended = (
        hours(cut.recent("tasks", "ended_at"), "ended_at")
        .group_by("key")
        .agg(
            completed=_number("completed"),
            failed=_number("failed"),
            cancelled=_number("cancelled"),
            **_percentiles("run_ms"),
            tokens=_TOKENS,
        )
    )
    table = events
    for part in (created, ended):
        table = table.join(part, on="key", how="full", coalesce=True)
    counts = ["events", "created", "completed", "failed", "cancelled"]
    joined = table.with_columns(col(counts).fill_null(0), col("key").cast(TIME))
    return _with_rates(joined, 6).sort("key")


def _with_rates(lazy: pl.LazyFrame, column: int, others: pl.Expr | None = None) -> pl.DataFrame:
    """The table with the rate of failures and its confidence interval from the column `place` on."""
    rates = wilson(col("failed"), col("failed") + (col("completed") if others is None else others))
    table = lazy.collect()
    names = table.columns
    return table.with_columns(**rates).select(*names[:column], *rates, *names[column:])

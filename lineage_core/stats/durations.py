"""Durations: how long tasks and workers ran, and how long tasks waited."""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.stats.cut import Cut, key_of
from lineage_core.stats.spread import spread


def durations(cut: Cut, by: str) -> pl.DataFrame:
    """How long workers (by worker_type) or tasks (by master, task_type, session) ran that ended in the window."""
    if by == "worker_type":
        return spread(cut.recent("workers", "ended_at"), "run_ms", key_of("worker_type"))
    return spread(cut.recent("tasks", "ended_at"), "run_ms", key_of(by))


def waits(cut: Cut) -> pl.DataFrame:
    """`queue`: from creation to start of tasks that started; `block`: of blocks that were over; `handoff`: from offer
    to acceptance; `start`: from the spawning of workers to their start."""
    blocks = cut.recent("phases", "end").filter(col("status") == "blocked")
    parts = [
        (cut.recent("tasks", "started_at")["queue_ms"], "queue"),
        (blocks.select((col("end") - col("start")).dt.total_microseconds() / 1000).to_series(), "block"),
        (cut.recent("handoffs", "accepted_at")["accept_ms"], "handoff"),
        (cut.recent("workers", "started_at")["start_ms"], "start"),
    ]
    values = [pl.DataFrame({"value": value.cast(pl.Float64)}).with_columns(key=lit(key)) for value, key in parts]
    return spread(pl.concat(values), "value", col("key"))

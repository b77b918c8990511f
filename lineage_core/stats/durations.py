"""Durations: how long tasks and workers ran, and how long tasks waited."""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.stats.distribution import spread
from lineage_core.stats.window import Window, key_of


def durations(cut: Window, by: str) -> pl.DataFrame:
    """How long workers (by worker_type) or tasks (by master, task_type, session) ran that ended in the window."""
    if by == "worker_type":
        return spread(cut.recent("workers", "ended_at"), "run_ms", key_of("worker_type"))
    return spread(cut.recent("tasks", "ended_at"), "run_ms", key_of(by))


def waits(cut: Window) -> pl.DataFrame:
    """`queue`: from creation to start of tasks that started; `block`: of blocks that were over; `handoff`: from offer
    to acceptance; `start`: from the spawning of workers to their start."""
    blocks = cut.recent("phases", "end").filter(col("status") == "blocked")
    parts = {
        "queue": cut.recent("tasks", "started_at").select(value="queue_ms"),
        "block": blocks.select(value=(col("end") - col("start")).dt.total_microseconds() / 1000),
        "handoff": cut.recent("handoffs", "accepted_at").select(value="accept_ms"),
        "start": cut.recent("workers", "started_at").select(value="start_ms"),
    }
    values = pl.concat([part.with_columns(key=lit(key)) for key, part in parts.items()])
    return spread(values, "value", col("key"))

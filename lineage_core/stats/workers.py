"""Workers: how they ended, how long they took to start, which were retries and which fell silent."""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.dataframes.schema import TIME
from lineage_core.stats.window import Window, key_of

HOW_THEY_ENDED = {
    "workers": pl.len(),
    "open": col("end").is_null().sum(),
    "success": (col("end") == "success").sum(),
    "partial": (col("end") == "partial").sum(),
    "failed": col("end").is_in(["failed", "zombie"]).sum(),
    "zombies": (col("end") == "zombie").sum(),
}
"""Counts of workers, for an aggregation."""


def workers(cut: Window, silent_after: int) -> pl.DataFrame:
    """Workers last heard of in the window, by type: `workers`, `open`, `success`, `partial`, `failed` (zombies
    too), `zombies` (logged as such), `silent` (open and unheard of for longer than `silent_after` microseconds),
    `retries`, and how long they took to start: `start_p50`, `start_p95`, `start_p99`, `start_max`."""
    silent = col("end").is_null() & (col("last_at") < lit(cut.now - silent_after).cast(TIME))
    fine = col("start_ms").filter(col("start_ms") >= 0)
    table = (
        cut.recent("workers", "last_at")
        .group_by(key=key_of("worker_type"))
        .agg(
            **HOW_THEY_ENDED,
            silent=silent.sum(),
            retries=col("retry_of").is_not_null().sum(),
            **{f"start_p{q}": fine.quantile(q / 100, "linear") for q in (50, 95, 99)},
            start_max=fine.max(),
        )
    )
    return table.sort("workers", "key", descending=[True, False]).collect()

"""Tokens: what they went to."""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.stats.window import Window, key_of


def tokens(cut: Window, by: str) -> pl.DataFrame:
    """Tokens of workers (by worker_type) or tasks: `items` that told any, `tokens`, `share` of all, `mean`; `budget`
    and `used` of workers whose budget is known, `over` how many used more; for tasks `completed` ones and their
    `per_completed`."""
    workers = by == "worker_type"
    frame = cut.recent("workers" if workers else "tasks", "last_at")
    key = key_of(by)
    done = lit(None) if workers else (col("status") == "completed") & col("tokens").is_not_null()
    table = frame.group_by(key=key).agg(
        items=col("tokens").count(),
        tokens=col("tokens").sum(),
        mean=col("tokens").mean(),
        completed=lit(None, pl.UInt32) if workers else done.sum(),
        per_completed=lit(None, pl.Float64) if workers else col("tokens").filter(done).mean(),
    )
    budgeted = cut.recent("workers", "last_at").filter(col("token_budget").is_not_null() & col("tokens").is_not_null())
    budgeted = (
        budgeted.with_columns(group=key) if workers else budgeted.join(frame.select("task_id", group=key), on="task_id")
    )
    budgets = budgeted.group_by(key=col("group")).agg(
        budget=col("token_budget").sum(), used=col("tokens").sum(), over=(col("tokens") > col("token_budget")).sum()
    )
    table = table.filter(col("items") > 0).join(budgets, on="key", how="left")
    shares = table.with_columns(share=col("tokens") / col("tokens").sum())
    return shares.sort("tokens", "key", descending=[True, False]).collect()

"""Tokens: what they went to."""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.dataframes.schema import NAME
from lineage_core.meaning.money import UNIT, Prices
from lineage_core.stats.window import Window, key_of, spent


def tokens(cut: Window, by: str) -> pl.DataFrame:
    """Tokens of workers (by worker_type) or tasks.

    By master a task counts for each that used some: while it had the task, or by runs that it spawned
    (`meaning/cost.py`). Columns: `items` that told any, `tokens`, `share` of all, `mean`; `budget`, `used` of workers
    whose budget is known, `over` how many used more; for tasks `completed` ones and their `per_completed`.
    With prices also `cost` in `currency`, and `unpriced`: tokens that have no price.
    """
    workers = by == "worker_type"
    frame = spent(cut) if by == "master" else cut.recent("workers" if workers else "tasks", "last_at")
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
    if not workers:
        owners = cut.recent("tasks", "last_at").select("task_id", group=by)
        budgeted = budgeted.join(owners, on="task_id")
        if by == "master":
            budgeted = budgeted.with_columns(group=col("master").fill_null(col("group")))
    budgets = budgeted.group_by(key=key_of(by if workers else "group")).agg(
        budget=col("token_budget").sum(), used=col("tokens").sum(), over=(col("tokens") > col("token_budget")).sum()
    )
    table = table.filter(col("items") > 0).join(budgets, on="key", how="left")
    if cut.prices is not None:
        table = table.join(_money(cut, cut.prices, by), on="key", how="left")
        table = table.with_columns(col("unpriced").fill_null(0), currency=lit(cut.prices.currency))
    shares = table.with_columns(share=col("tokens") / col("tokens").sum())
    return shares.sort("tokens", "key", descending=[True, False]).collect()


def _money(cut: Window, prices: Prices, by: str) -> pl.LazyFrame:
    """What tokens cost, by key: those of runs by their type, what tasks used besides by the default price."""
    kind, key = col("worker_type").cast(pl.String), key_of(by).alias("key")
    default = lit(prices.default, pl.Float64)
    price = kind.replace_strict(dict(prices.by_type), default=default, return_dtype=pl.Float64)
    price = pl.when(kind.is_null()).then(default).otherwise(price) if prices.by_type else default
    if by == "worker_type":
        parts = cut.recent("workers", "last_at").select(key, "worker_type", "tokens")
    else:
        tasks, costs = cut.recent("tasks", "last_at"), cut.frames.costs.lazy()
        whole = tasks.join(costs, on="task_id", how="anti") if by == "master" else tasks
        runs = cut.frames.of("workers").lazy().filter(col("tokens") > 0)
        used = runs.group_by("task_id").agg(used=col("tokens").sum())
        rest = col("tokens").fill_null(0) - col("used").fill_null(0)
        own = whole.join(used, on="task_id", how="left").select(key, worker_type=lit(None, NAME), tokens=rest)
        of_runs = runs.join(whole.select("task_id", key), on="task_id").select("key", "worker_type", "tokens")
        parts = pl.concat([of_runs, own])
        if by == "master":
            split = costs.join(tasks.select("task_id"), on="task_id", how="semi")
            parts = pl.concat([parts, split.select(key, "worker_type", "tokens")])
    parts = parts.filter(col("tokens") > 0).with_columns(price=price)
    return parts.group_by("key").agg(
        cost=pl.when(col("price").count() > 0).then(((col("tokens") * col("price")).sum() / UNIT).round(9)),
        unpriced=col("tokens").filter(col("price").is_null()).sum(),
    )

"""Which master used the tokens of many simple tasks at once: `meaning/cost.py`, see `dataframes/vectorizable_tasks.py`.

A simple task has at most two owners: that of its assignment, and the one that started it or took its handoff.
"""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import NAME, schema_of


def costs_of(owners: pl.DataFrame, workers: pl.DataFrame) -> pl.DataFrame:
    """The costs frame of simple tasks.

    owners: a row per task with tokens: master (its owner), first_master, changed_at (when the one followed the other,
    if they differ), ended_at, tokens, said (by its end), summed (over its runs). workers: their runs.
    """
    tasks = owners.lazy()
    runs = workers.lazy().select("task_id", "worker_type", "first_at", "tokens", payer="master")
    spawned = runs.filter(col("payer").is_not_null()).group_by("task_id", maintain_order=True)
    others = runs.join(tasks.select("task_id", "master"), on="task_id")
    others = others.filter(col("payer").ne_missing(col("master")) & col("payer").is_not_null()).select("task_id")
    changed = tasks.filter(col("first_master").ne_missing(col("master"))).select("task_id")
    split = pl.concat([others, changed]).unique().collect()
    if split.is_empty():
        return pl.DataFrame(schema=schema_of("costs"))
    tasks = tasks.join(split.lazy(), on="task_id").join(
        spawned.agg(spawner=col("payer").first()), on="task_id", how="left"
    )

    def owner_at(time: str) -> pl.Expr:
        first = col("first_master").fill_null(col("spawner"))
        return when(col("changed_at") <= col(time)).then(col("master")).otherwise(first).fill_null(first)

    of_runs = (
        runs.filter(col("tokens").is_not_null())
        .join(tasks.drop("tokens"), on="task_id")
        .select("task_id", "worker_type", "tokens", master=col("payer").fill_null(owner_at("first_at")))
    )
    at_end = tasks.filter(col("said").is_not_null()).select(
        "task_id",
        worker_type=lit(None, NAME),
        tokens=(col("said") - col("summed").fill_null(0)).clip(0),
        master=owner_at("ended_at"),
    )
    spent = pl.concat([part.select(schema_of("costs").keys()) for part in (of_runs, at_end)])
    return (
        spent.filter(col("master").is_not_null())
        .group_by("task_id", "master", "worker_type", maintain_order=True)
        .agg(col("tokens").sum())
        .select(col(name).cast(kind) for name, kind in schema_of("costs").items())
        .collect()
    )

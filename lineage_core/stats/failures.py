"""Failures: how often, and why."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import TIME
from lineage_core.model.error_fingerprint import LENGTH, NO_REASON, STEPS
from lineage_core.stats.distribution import wilson
from lineage_core.stats.window import Window, key_of

SOME = 40
"""Tasks that are named for a reason: the last ones."""


def failures(cut: Window, by: str) -> pl.DataFrame:
    """Of what ended in the window (cancelled tasks apart): `ended`, `failed`, `rate`, its confidence interval
    `rate_low` to `rate_high`. Workers by worker_type, else tasks; worst first, by what is at least certain."""
    if by == "worker_type":
        frame, failed = cut.recent("workers", "ended_at"), col("end").is_in(["failed", "zombie"])
    else:
        frame = cut.recent("tasks", "ended_at").filter(col("status") != "cancelled")
        failed = col("status") == "failed"
    table = frame.group_by(key=key_of(by)).agg(ended=pl.len(), failed=failed.sum())
    table = table.with_columns(**wilson(col("failed"), col("ended")))
    return table.sort("rate_low", "failed", "key", descending=[True, True, False]).collect()


def pattern_of(text: pl.Expr) -> pl.Expr:
    """A reason without what differs from case to case: ids, numbers and quoted names become `#`."""
    for pattern, put in STEPS:
        text = text.str.replace_all(pattern, put)
    return text.str.strip_chars(" ").str.head(LENGTH)


def reasons(cut: Window) -> pl.DataFrame:
    """Why tasks and workers failed in the window, those of one fingerprint together: `kind`, `reason` (the pattern),
    `count`, `tasks` (distinct), `some_tasks`, `example`, `first_at`, `last_at` (ever, not only in the window), `new`
    (not seen before it)."""
    kinds = {"task_failed": "task", "task_completed": "task", "worker_failed": "worker", "worker_completed": "worker"}
    ended_well = col("event_type").is_in(["task_completed", "worker_completed"]) & (
        col("completion_status") != "failed"
    ).fill_null(True)
    kind = col("event_type").cast(pl.String).replace_strict(kinds, default=None, return_dtype=pl.String)
    said = col("error").cast(pl.String).fill_null(col("reason").cast(pl.String))
    reason = col("reason").cast(pl.String).fill_null(col("error").cast(pl.String))
    failed = (
        cut.frames.events.filter(col("event_type").is_in([*kinds]) & ~ended_well)
        .select(
            "task_id",
            "at",
            kind=kind,
            text=when(kind == "task").then(reason).otherwise(said).fill_null(NO_REASON),
        )
        .sort("at", "text")
    )
    texts = failed.select(col("text").unique()).with_columns(reason=pattern_of(col("text")))
    since = lit(cut.since if cut.since is not None else -(1 << 62)).cast(TIME)
    recent = col("at") >= since
    table = (
        failed.join(texts, on="text", maintain_order="left")
        .group_by("kind", "reason", maintain_order=True)
        .agg(
            count=recent.sum(),
            tasks=col("task_id").filter(recent).n_unique(),
            some_tasks=col("task_id").filter(recent).cast(pl.String).unique(maintain_order=True).tail(SOME),
            example=col("text").last(),
            first_at=col("at").min(),
            last_at=col("at").max(),
        )
        .with_columns(new=(col("first_at") >= since) & lit(cut.since is not None))
    )
    return table.filter(col("count") > 0).sort("count", "kind", "reason", descending=[True, False, False])

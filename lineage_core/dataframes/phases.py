"""The phases of many simple tasks at once (`dataframes/vectorizable_tasks.py`): queued, assigned and running, one after
the other, and of a task that was blocked (once) what the block leaves of them."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import STATUS

STAGES = [("queued", "created"), ("assigned", "assigned"), ("assigned", "reassigned"), ("running", "begun")]
"""Statuses, and what begins them: `moments` has its time in NAME_at and its position among the events in NAME."""


def _begins_before(first: str, second: str) -> pl.Expr:
    """Whether both are there, in this order."""
    return (col(first) < col(second)).fill_null(False)


def _next_at(names: list[str], after: str | None = None) -> pl.Expr:
    """When the first of these begins (that begins after a moment), else when the task ends."""
    begins = [
        when(col(name) > col(after)).then(col(f"{name}_at")) if after is not None else col(f"{name}_at")
        for name in names
    ]
    return pl.coalesce(*begins, "ended_at")


def phases_of(moments: pl.DataFrame) -> pl.DataFrame:
    """The phases frame of simple tasks."""
    stages = [stage for _, stage in STAGES]
    blocked = col("blocked").is_not_null()
    spans: list[tuple[pl.Expr, str | pl.Expr, str, pl.Expr]] = []  # which tasks, status, what begins it, when it ends
    for n, (status, stage) in enumerate(STAGES):
        there, later = col(stage).is_not_null(), stages[n + 1 :]
        end = _next_at(later)
        goes_on = pl.any_horizontal(lit(False), *(_begins_before(one, "blocked") for one in later))
        overtaken = pl.any_horizontal(lit(False), *(_begins_before(one, "unblocked") for one in later))
        spans += [
            (there & ~blocked, status, stage, end),
            (_begins_before(stage, "blocked"), status, stage, when(goes_on).then(end).otherwise(col("blocked_at"))),
            (_begins_before("unblocked", stage), status, stage, end),
            (_begins_before(stage, "unblocked") & ~overtaken, status, "unblocked", _next_at(later, "unblocked")),
        ]
    spans.append((blocked, "blocked", "blocked", col("unblocked_at").fill_null(col("ended_at"))))
    spans.append((col("ended").is_not_null(), col("outcome"), "ended", lit(None, moments.schema["ended_at"])))
    parts = [
        moments.lazy().filter(which).select(
            "task_id",
            status=lit(status, STATUS) if isinstance(status, str) else status,
            start=f"{moment}_at",
            end=end,
            position=moment,
        )
        for which, status, moment, end in spans
    ]  # fmt: skip
    return pl.concat(parts).sort("position").drop("position").collect()


def status_of() -> pl.Expr:
    """The status of a simple task."""
    open_block = col("blocked").is_not_null() & col("unblocked").is_null()
    return (
        when(col("ended_at").is_not_null()).then(col("outcome"))
        .when(open_block).then(lit("blocked", STATUS))
        .when(col("begun_at").is_not_null()).then(lit("running", STATUS))
        .when(col("assigned_at").is_not_null()).then(lit("assigned", STATUS))
        .when(col("created_at").is_not_null()).then(lit("queued", STATUS))
        .otherwise(lit("unknown", STATUS))
    )  # fmt: skip


def since_of() -> pl.Expr:
    """Since when it has that status."""
    newest = pl.coalesce(*(f"{stage}_at" for _, stage in reversed(STAGES)))
    open_block = when(col("unblocked").is_null()).then(col("blocked_at"))
    return pl.coalesce("ended_at", open_block, pl.max_horizontal(newest, "unblocked_at"), "first_at")

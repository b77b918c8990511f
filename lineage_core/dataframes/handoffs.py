"""The events frame -> handoffs, those of many simple tasks at once: see `dataframes/vectorizable_tasks.py`."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import NAME, empty, schema_of
from lineage_core.dataframes.workers import ms_between

EVENTS = ["handoff_created", "handoff_accepted", "handoff_completed"]


def handoffs_of(ordered: pl.DataFrame) -> pl.DataFrame:
    """The handoffs of simple tasks, of each task one, from their events in order; with the `owner` that it made."""
    kind = col("event_type")
    rows = ordered.filter(kind.is_in(EVENTS))
    if rows.is_empty():
        return empty("handoffs").with_columns(owner=lit(None, NAME))
    actor = when(col("actor_id") != "").then(col("actor_id"))
    created, accepted, completed = (kind == name for name in EVENTS)

    def first(value: pl.Expr | str, where: pl.Expr) -> pl.Expr:
        return (col(value) if isinstance(value, str) else value).filter(where).first()

    giver = pl.coalesce(first("from_master", created), first(actor, created), col("from_master").drop_nulls().first())
    offered = pl.coalesce(first("to_master", created), first("to_master", accepted))
    taker = first(actor, accepted)
    return (
        rows.lazy()
        .group_by("task_id", maintain_order=True)
        .agg(
            handoff_id=col("handoff_id").first().fill_null(lit("unnamed handoff", NAME)),
            from_master=giver,
            to_master=pl.coalesce(offered, taker, first("to_master", completed)),
            created_at=first("at", created),
            accepted_at=first("at", accepted),
            completed_at=first("at", completed),
            owner=when(accepted.any())
            .then(taker)
            .when(completed.any())
            .then(pl.coalesce(first("to_master", created), first("to_master", completed), first(actor, completed))),
        )
        .with_columns(accept_ms=ms_between("accepted_at", "created_at"))
        .select(*schema_of("handoffs"), "owner")
        .collect()
    )

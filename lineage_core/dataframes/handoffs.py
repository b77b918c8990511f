"""Events -> handoffs, those of many simple tasks at once: see `dataframes/vectorizable_tasks.py`."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import NAME, schema_of
from lineage_core.dataframes.task_events import values_at
from lineage_core.dataframes.workers import ms_between

_NAMED = {"by": "actor_id", "giver": "from_master", "taker": "to_master"}


def handoffs_of(events: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """The handoffs of simple tasks, of each task one; with the `owner` that it made.

    positions: those of the simple tasks, as `TaskEvents` has them.
    """
    rows = positions.filter(col("offered").is_not_null()).select("first", "offered", "accepted", "handed_over")
    named = {
        f"{what}_{position}": (column, position)
        for what, column in _NAMED.items()
        for position in ("offered", "accepted", "handed_over")
    }
    times = {"created_at": ("at", "offered"), "accepted_at": ("at", "accepted"), "completed_at": ("at", "handed_over")}
    rows = values_at(events, rows, task_id=("task_id", "first"), name=("handoff_id", "offered"), **times, **named)
    by = {
        position: when(col(f"by_{position}") != "").then(col(f"by_{position}")) for position in ("offered", "accepted")
    }
    last = when(col("by_handed_over") != "").then(col("by_handed_over"))
    rows = rows.with_columns(
        handoff_id=col("name").fill_null(lit("unnamed handoff", NAME)),
        from_master=pl.coalesce("giver_offered", by["offered"], "giver_accepted", "giver_handed_over"),
        to_master=pl.coalesce("taker_offered", "taker_accepted", by["accepted"], "taker_handed_over"),
        owner=when(col("accepted").is_not_null())
        .then(by["accepted"])
        .when(col("handed_over").is_not_null())
        .then(pl.coalesce("taker_offered", "taker_handed_over", last)),
        accept_ms=ms_between("accepted_at", "created_at"),
    )
    return rows.select(*schema_of("handoffs"), "owner")

"""Events -> handoffs, those of many simple tasks at once: see `dataframes/vectorizable_tasks.py`."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import NAME, schema_of
from lineage_core.dataframes.task_events import told_at
from lineage_core.dataframes.workers import ms_between

_NAMED = {"by": "actor_id", "giver": "from_master", "taker": "to_master"}


def handoffs_of(events: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """The handoffs of simple tasks, of each task one; with the `owner` that it made.

    places: those of the simple tasks, as `TaskEvents` has them.
    """
    rows = places.filter(col("offered").is_not_null()).select("first", "offered", "accepted", "handed_over")
    told = {
        f"{what}_{place}": (column, place)
        for what, column in _NAMED.items()
        for place in ("offered", "accepted", "handed_over")
    }
    times = {"created_at": ("at", "offered"), "accepted_at": ("at", "accepted"), "completed_at": ("at", "handed_over")}
    rows = told_at(events, rows, task_id=("task_id", "first"), name=("handoff_id", "offered"), **times, **told)
    by = {place: when(col(f"by_{place}") != "").then(col(f"by_{place}")) for place in ("offered", "accepted")}
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

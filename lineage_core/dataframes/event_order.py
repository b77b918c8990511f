"""The events frame in order: task by task, each task's in the order of facts (`model/facts.py`)."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
from polars import col

from lineage_core.dataframes.schema import schema_of

_NOT_NEEDED = {
    "trace",
    "parent_task",
    "percent",
    "log_us",
    "written_at",
    "wrong",
    "file",
    "offset",
    "length",
    "line_hash",
}
_NEEDED = [name for name in schema_of("events") if name not in _NOT_NEEDED]

AT_ONCE = 125_000
"""Events that are laid in order at once, to hold little at a time; those of one task stay together."""


def shares(events: pl.DataFrame) -> list[pl.Series]:
    """The rows of the events in order, in shares of about as many: some tasks after the others."""
    rows = _order(events)
    task = events["task_id"].to_physical().gather(rows)
    edges = (task != task.shift(-1)).fill_null(True).arg_true() + 1
    size = -(-events.height // -(-events.height // AT_ONCE))
    begins = [0]
    while begins[-1] < events.height:
        begins.append(edges[edges.search_sorted(min(begins[-1] + size, events.height))])
    return [rows.slice(begin, end - begin) for begin, end in pairwise(begins)]


def in_order(events: pl.DataFrame, share: pl.Series) -> pl.DataFrame:
    """The events of a share, as far as tasks are made of their columns."""
    return events.select(col(_NEEDED).gather(share))


def _order(events: pl.DataFrame) -> pl.Series:
    """The rows of the events in order."""
    keys = events.select(task=col("task_id").to_physical(), at="at").with_row_index("row")
    keys = keys.sort("task", "at", maintain_order=True)
    rows = keys["row"]
    same = keys.select((col("task") == col("task").shift(1)) & (col("at") == col("at").shift(1))).to_series()
    same = same.fill_null(False)
    tied = (same | same.shift(-1, fill_value=False)).arg_true()  # of one task and time: the file tells their order
    if tied.is_empty():
        return rows
    rivals = events.select(col("task_id").to_physical(), "at", "file", "offset", "id_hash").select(
        pl.all().gather(rows.gather(tied)), row=rows.gather(tied)
    )
    rivals = rivals.with_columns(col("file").cast(pl.String)).sort("task_id", "at", "file", "offset", "id_hash")
    return rows.scatter(tied, rivals["row"])

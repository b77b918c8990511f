"""A distribution of durations as the cells of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage_tui.stats.charts import Cell, Column, shape
from lineage_tui.stats.drilldown import duration

SPREAD = (
    Column("count", 8, 9),
    Column("p50", 7, 10),
    Column("p95", 7, 8),
    Column("p99", 7, 6),
    Column("max", 7, 5),
    Column("distribution", 14, 7, right=False, grows=22),
    Column("left out", 8, 1),
)


def spread_cells(row: Mapping[str, Any]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {name: (duration(row[name]), "text") for name in ("p50", "p95", "p99", "max")}
    cells["count"] = (f"{row['count']:,}", "muted")
    cells["distribution"] = shape(row["histogram"] or [])
    cells["left out"] = (f"{row['left_out']:,}" if row["left_out"] else "", "failed")
    return cells

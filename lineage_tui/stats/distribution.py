"""A distribution of durations as the cells of a table, on an axis of powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from lineage_core.base.text_charts import HEIGHTS
from lineage_tui.stats.charts import Cell, Column, Pieces
from lineage_tui.stats.drilldown import duration
from lineage_tui.theme.styles import Styles

SPREAD = (
    Column("count", 8, 9),
    Column("p50", 7, 10),
    Column("p95", 7, 8),
    Column("p99", 7, 6),
    Column("max", 7, 5),
    Column("distribution", 14, 7, right=False, grows=200),
    Column("left out", 8, 1),
)

_TICKS = {
    1: "1ms", 10: "10ms", 100: "100ms", 1_000: "1s", 10_000: "10s", 30_000: "30s", 60_000: "1m", 120_000: "2m",
    300_000: "5m", 600_000: "10m", 1_800_000: "30m", 3_600_000: "1h", 7_200_000: "2h", 18_000_000: "5h",
    43_200_000: "12h", 86_400_000: "1d", 604_800_000: "7d", 2_592_000_000: "30d",
}  # fmt: skip
"""What an axis names, by its milliseconds."""


def spread_cells(row: Mapping[str, Any]) -> dict[str, Cell]:
    """The cells of a row of `lineage_core.stats.distribution.spread`."""
    cells: dict[str, Cell] = {name: (duration(row[name]), "text") for name in ("p50", "p95", "p99", "max")}
    cells["count"] = (f"{row['count']:,}", "muted")
    cells["distribution"] = _shape(row)
    cells["left out"] = (f"{row['left_out']:,}" if row["left_out"] else "", "failed")
    return cells


def spread_heads(rows: Sequence[Mapping[str, Any]]) -> dict[str, Cell]:
    """What stands above the columns: over the distributions, which share an axis, what its places stand for."""
    known = [row for row in rows if row["histogram"]]
    if not known:
        return {}
    least, greatest = known[0]["least"], known[0]["greatest"]

    def axis(width: int, styles: Styles) -> tuple[str, str]:
        text = ""
        for tick, name in _TICKS.items():
            label = f"{styles.glyph('╷', '|')}{name}"
            at = _cell(tick, least, greatest, width)
            if max(least, 1) <= tick <= greatest and at >= len(text) + bool(text) and at + len(label) <= width:
                text = text.ljust(at) + label
        return text or "distribution", "muted"

    return {"distribution": axis}


def _cell(value: float, least: float, greatest: float, width: int) -> int:
    """The cell of a value on the axis, on which each class is wider than the one before by the same factor."""
    low, high = log(max(least, 1)), log(max(greatest, 1))
    share = (log(max(value, 1)) - low) / (high - low) if high > low else 0.0
    return min(width - 1, max(0, int(share * width + 1e-9)))  # 1e-9: what the logarithms lose


def _shape(row: Mapping[str, Any]) -> Cell:
    """How many fall where, with marks at the half and at 95 of 100."""
    classes = row["histogram"] or []
    most = max(classes, default=0)

    def draw(width: int, styles: Styles) -> Pieces:
        heights = HEIGHTS[styles.ascii_only]
        levels = [classes[n * len(classes) // width] for n in range(width)] if most else []
        pieces = [
            (heights[min(len(heights) - 1, value * len(heights) // most)] if value else " ", "running")
            for value in levels
        ]
        for name, glyph, role in (
            ("p95", styles.glyph("┊", ":"), "blocked"),
            ("p50", styles.glyph("│", "|"), "accent"),
        ):
            if pieces and row[name] is not None:
                pieces[_cell(row[name], row["least"], row["greatest"], width)] = (glyph, role)
        return pieces

    return draw

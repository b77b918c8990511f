"""Charts of several lines: courses over time as columns, one stacked on the other, with a legend and a scale."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import sub
from typing import NamedTuple

from lineage_core.base.terminal_cells import cell_width
from lineage_tui.stats.charts import GUTTER, Columns, Row, compact
from lineage_tui.theme.styled_line import Line

_EIGHTHS = " ▁▂▃▄▅▆▇█"


class Series(NamedTuple):
    """A course over time. values: one for each stretch of time; figure: what sums them up; filter: words that choose
    the tasks behind it, or None; about: what it is, in a sentence."""

    name: str
    values: Sequence[float]
    figure: str
    role: str
    filter: str | None = None
    about: str = ""


def area_chart(
    key: Hashable, series: Sequence[Series], height: int, read: Callable[[int], str], legend: int = 0
) -> list[Row]:
    """A chart of `height` lines, the series stacked in their order, the first at the bottom.

    The first lines stand for the series, the last one at the top; the others belong to them. read: what to say of a
    stretch of time, by its number. legend: cells for names and figures, at least.
    """
    totals = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    most = max(totals, default=0)
    legend = max(legend, *(cell_width(f"{one.name}  {one.figure}") for one in series))

    def columns(width: int) -> Columns:
        return columns_of(totals, width - GUTTER - legend - 3)

    def draw(y: int, out: Line) -> None:
        placed = columns(out.width)
        scale = f"{compact(most)} " if y == 0 else "0 " if y == height - 1 else ""
        out.put(f"{scale:>{GUTTER}}", "muted")
        for stretch, cells in zip(placed.bins, map(sub, placed.edges[1:], placed.edges), strict=True):
            glyph, role, on = _cell([one.values[stretch] for one in series], most, height - 1 - y, height, out)
            out.put(glyph * cells, series[role].role, on=series[on].role if on is not None else "")
        if y < len(series):
            one = series[-1 - y]
            out.put(" " * max(0, out.width - legend - 1 - placed.edges[-1]))
            out.put(one.name, one.role, bold=True).put(f"  {one.figure}", "text" if any(one.values) else "muted")

    lines = []
    for y in range(height):
        one = series[-1 - y] if y < len(series) else None
        name = one.name if one is not None else (series[0].name, y)
        lines.append(
            Row(
                (key, name),
                lambda out, y=y: draw(y, out),  # type: ignore[misc]
                one.filter if one is not None else None,
                about=one.about if one is not None else "",
                joined=one is None,
                columns=columns,
                read=read,
            )
        )
    return lines


def columns_of(totals: Sequence[float], width: int) -> Columns:
    """The columns of a chart that has so many cells for them."""
    width, count = max(8, width), len(totals)
    shown = min(width, count)
    groups = [range(n * count // shown, (n + 1) * count // shown) for n in range(shown)]
    edges = tuple(GUTTER + n * width // max(1, shown) for n in range(shown + 1))
    return Columns(edges, tuple(max(group, key=lambda n: totals[n]) for group in groups))


def _cell(values: Sequence[float], most: float, level: int, height: int, out: Line) -> tuple[str, int, int | None]:
    """What a cell shows, `level` cells above the bottom: a glyph, the series that colours it, and the one behind it."""
    low, high = level * 8, level * 8 + 8
    found: list[tuple[int, int]] = []  # series, and up to which eighth of the cell it reaches
    reached = 0.0
    for number, value in enumerate(values):
        reached += value
        top = min(high, max(low, _eighths(reached, most, height))) - low
        if top > (found[-1][1] if found else 0):
            found.append((number, top))
    if not found:
        return " ", 0, None
    if out.styles.ascii_only:
        return ("#" if found[-1][1] > 4 else "."), found[-1][0], None
    if len(found) > 1 and found[-1][1] == 8:
        return _EIGHTHS[found[0][1]], found[0][0], found[-1][0]
    return _EIGHTHS[found[-1][1]], found[-1][0], None


def _eighths(value: float, most: float, height: int) -> int:
    """How high a value stands, in eighths of a cell; what is more than nothing shows."""
    return max(int(value > 0), round(value / most * height * 8)) if most > 0 else 0

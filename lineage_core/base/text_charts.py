"""Charts in a line of text: courses and bars, as words for those who read and shapes for those who look."""

from __future__ import annotations

from collections.abc import Sequence

HEIGHTS = ("▁▂▃▄▅▆▇█", "_.-=+*#@")
"""The heights of a column in one cell, and those of a terminal without signs outside ASCII."""


def spark(values: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """The course of values in at most `width` cells; where there are more values than cells, the greatest show.

    A zero is a blank, so that silence is seen; the greatest value has the full height.
    """
    if not values or width <= 0:
        return ""
    if len(values) > width:
        values = [max(values[n * len(values) // width : (n + 1) * len(values) // width]) for n in range(width)]
    most = max(values)
    heights = HEIGHTS[ascii_only]
    return "".join(
        " " if value <= 0 or most <= 0 else heights[min(len(heights) - 1, int(value / most * len(heights)))]
        for value in values
    )


def bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    """A bar of `width` cells, filled by a share from 0 to 1; anything above nothing shows."""
    share = min(1.0, max(0.0, share))
    if ascii_only:
        full = max(round(share * width), int(share > 0))
        return ("=" * full).ljust(width)
    eighths = max(round(share * width * 8), int(share > 0))
    full, rest = divmod(eighths, 8)
    return ("█" * full + " ▏▎▍▌▋▊▉"[rest]).rstrip().ljust(width)[:width]


def interval(low: float, at: float, high: float, width: int, *, ascii_only: bool = False) -> str:
    """A range and a point in it, `low` <= `at` <= `high` within 0 to 1, as a line of `width` cells: `  ├──●─┤   `.

    ascii_only: `  [--o-]   `.
    """
    cells = [" "] * width
    first, middle, last = (min(width - 1, int(value * width)) for value in (low, at, high))
    line, left, right, dot = ("-", "[", "]", "o") if ascii_only else ("─", "├", "┤", "●")
    for n in range(first, last + 1):
        cells[n] = line
    cells[first], cells[last], cells[middle] = left, right, dot
    return "".join(cells)

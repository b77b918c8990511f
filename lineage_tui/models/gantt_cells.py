"""A lane of a timeline as cells: bars with their words, marks over them, and what a retry follows.

However many bars and ticks a lane has, painting it costs about the same: what cannot be seen is not looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from lineage_core.base.clock import format_duration
from lineage_core.base.terminal_cells import cell_width
from lineage_core.present.time_axis import Axis, offset_text
from lineage_core.present.timeline import Bar, Lane, Reports, Tick
from lineage_tui.models.lane_times_table import word_of
from lineage_tui.theme.styles import Styles

_BLANK = "\0"
"""A cell of a bar without a word, until it is drawn."""

_start, _at = attrgetter("start"), attrgetter("at")


class Cell(NamedTuple):
    """One cell. role: its colour; on: the colour behind it (a role); empty: that of the line."""

    text: str
    role: str
    on: str = ""


def paint(lane: Lane, axis: Axis, now: int, looks: Styles) -> list[Cell]:
    """The cells of a lane."""
    cells = [Cell(" ", "line")] * axis.cells
    spans = _spans(_in_view(lane.bars, axis, now), axis, now)
    if lane.after is not None and spans and axis.start <= lane.after <= axis.end:
        corner, dash = looks.glyph("╰", "`"), looks.glyph("╌", "-")
        first = axis.cell(lane.after)
        for cell in range(first, spans[0][1]):
            cells[cell] = Cell(corner if cell == first else dash, "failed")
    for bar, start, end in spans:
        role = looks.look(bar.kind)[2]
        label = _label(lane, bar, end - start, now, looks).ljust(end - start, _BLANK)
        for cell, letter in zip(range(start, end), label, strict=True):
            cells[cell] = Cell(letter, role if looks.ascii_only else "background", "" if looks.ascii_only else role)
    _mark(lane, axis, looks, cells)
    fill = looks.glyph(" ", "=")
    return [cell._replace(text=fill) if cell.text == _BLANK else cell for cell in cells]


def _in_view(bars: tuple[Bar, ...], axis: Axis, now: int) -> list[Bar]:
    """The bars that can be seen: at most one a cell where there are more."""
    first = max(0, bisect_right(bars, axis.start, key=_start) - 1)
    last = bisect_right(bars, axis.end, key=_start)
    if last - first > axis.cells:
        middles = (axis.at(cell) + (axis.end - axis.start) // (2 * axis.cells) for cell in range(axis.cells))
        numbers = sorted({max(first, bisect_right(bars, at, key=_start) - 1) for at in middles})
    else:
        numbers = list(range(first, last))
    return [bars[n] for n in numbers if _end(bars[n], now) >= axis.start]


def _end(bar: Bar, now: int) -> int:
    return bar.end if bar.end is not None else max(now, bar.start)


def _spans(bars: list[Bar], axis: Axis, now: int) -> list[tuple[Bar, int, int]]:
    """Where each bar goes: at least one cell for each, in order, none over another."""
    spans: list[tuple[Bar, int, int]] = []
    at = 0
    for number, bar in enumerate(bars):
        room = max(at, axis.cells - (len(bars) - number - 1))  # the bars to come need a cell each
        start = min(max(at, axis.cell(bar.start)), max(at, room - 1))
        end = axis.cell(bar.end) if bar.end is not None and bar.end < axis.end else axis.cell(_end(bar, now)) + 1
        end = min(max(end, start + 1), max(room, start + 1), axis.cells)
        if start < end:
            spans.append((bar, start, end))
            at = end
    return spans


def _label(lane: Lane, bar: Bar, width: int, now: int, looks: Styles) -> str:
    """As much of `word percent duration` as fits into a bar; between owners stands a line."""
    lasts = format_duration(max(0, _end(bar, now) - bar.start))
    word = word_of(bar, looks)
    percent = f"{lane.percent:.0f}% " if lane.percent is not None and bar is lane.bars[-1] else ""
    edge = looks.glyph("▏", "|") if bar.kind == "owner" else " "
    texts = (
        f"{edge}{word} {percent}{lasts} ",
        f"{edge}{word} {percent or lasts} ",
        f"{edge}{percent or lasts} ",
        lasts,
    )
    return next((text for text in (*texts, word[:1]) if cell_width(text) == len(text) <= width), "")


def unlabelled(lane: Lane, axis: Axis, now: int, looks: Styles) -> list[tuple[str, str]]:
    """The kinds and the words of the bars of a lane that are drawn too short for their word."""
    spans = _spans(_in_view(lane.bars, axis, now), axis, now)
    words = [(bar.kind, word_of(bar, looks), _label(lane, bar, end - start, now, looks)) for bar, start, end in spans]
    return [(kind, word) for kind, word, label in words if word not in label]


def _mark(lane: Lane, axis: Axis, looks: Styles, cells: list[Cell]) -> None:
    """Put the ticks over the bars. A mark wins over a word; progress, of which there is much, gives way to it."""
    for cell, kind in _ticked(lane.ticks, axis):
        glyph, _, role = looks.look(kind)
        if kind != "progress":
            cells[cell] = Cell(glyph, role if looks.ascii_only else "background", "" if looks.ascii_only else role)
        elif cells[cell].text == _BLANK or cells[cell].role == "line":
            cells[cell] = cells[cell]._replace(text=glyph)


def _ticked(ticks: Sequence[Tick], axis: Axis) -> Iterator[tuple[int, str]]:
    """The cells with ticks in them, and the kind of the first of each; the others of a cell are passed over."""
    if isinstance(ticks, Reports):
        at, stop = ticks.first(axis.start), ticks.first(axis.end + 1)
        if stop - at <= 4 * axis.cells:
            yield from ((cell, "progress") for cell in dict.fromkeys(map(axis.cell, ticks.times(at, stop))))
            return
        while at < stop:
            cell = axis.cell(ticks.time(at))
            yield cell, "progress"
            at = ticks.first(axis.at(cell + 1), at + 1)
        return
    at = bisect_left(ticks, axis.start, key=_at)
    while at < len(ticks) and ticks[at].at <= axis.end:
        cell = axis.cell(ticks[at].at)
        yield cell, ticks[at].kind
        at = bisect_left(ticks, axis.at(cell + 1), at + 1, key=_at)


def ruler(axis: Axis, looks: Styles, free: int = 0) -> str:
    """Offsets from the beginning of the axis, at round durations; the last `free` cells stay free."""
    length = axis.end - axis.start
    step = axis.step(9)
    text = ""
    for n in range(1, length // step + 1):
        cell = round(n * step / length * axis.cells)
        label = looks.glyph("┊", "|") + offset_text(n * step, step)
        if cell >= len(text) and cell + len(label) <= axis.cells - free:
            text = text.ljust(cell) + label
    return text.ljust(axis.cells)

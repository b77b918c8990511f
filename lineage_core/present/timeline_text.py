"""A timeline in text: one line a lane, bars and marks on a common axis. Pure: from a Timeline to lines of pieces."""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.base.clock import format_duration
from lineage_core.base.terminal_cells import cell_width, fit, head, shown
from lineage_core.present.time_axis import Axis, offset_text
from lineage_core.present.timeline import Bar, Lane, Tick, Timeline

Piece = tuple[str, str]
"""Text and the kind of thing it is, which gives it its colour."""


class Sign(NamedTuple):
    """How a kind of bar or mark is drawn, in Unicode and in ASCII, and what it is called."""

    sign: str
    ascii: str
    word: str


BARS = {
    "unknown": Sign("?", "?", "unknown"),
    "queued": Sign("·", ".", "queued"),
    "assigned": Sign("─", "-", "assigned"),
    "running": Sign("█", "=", "running"),
    "blocked": Sign("▒", "#", "blocked"),
    "spawn": Sign("·", ".", "spawned"),
    "run": Sign("█", "=", "running"),
    "success": Sign("█", "=", "success"),
    "partial": Sign("▓", "~", "partial"),
    "failed": Sign("╳", "x", "failed"),
    "zombie": Sign("☠", "Z", "zombie"),
    "handoff wait": Sign("┄", ">", "handoff wait"),
    "handoff": Sign("━", "+", "handed over"),
    "owner": Sign("─", "-", "owner"),
}
MARKS = {
    "escalated": Sign("▲", "!", "escalated"),
    "reassigned": Sign("↷", "@", "reassigned"),
    "progress": Sign("╵", "'", "progress"),
}
_LABEL = 28  # most columns of the names


def draw(line: Timeline, now: int, columns: int, ascii_only: bool) -> list[list[Piece]]:
    """The lanes as lines of pieces, at most so many columns (40 at least), under an axis with offsets.

    Open bars reach to now. A bar takes at least one column, however short it is.
    """
    end = max(now if line.end is None else line.end, line.start + 1)
    label = min(_LABEL, max((cell_width(shown(lane.name)) + 3 for lane in line.lanes), default=8))
    axis = Axis(line.start, end, max(12, columns - label - 8))
    lines = [[(" " * label, ""), (_ruler(axis, growing=line.end is None), "muted")]]
    for lane in line.lanes:
        name = shown("  owners" if lane.kind == "owners" else f"{'  ' if lane.kind != 'phases' else ''}{lane.name}")
        room = label - (3 if lane.skew else 1)
        if cell_width(name) > room:
            name = head(name, room - 1) + ("~" if ascii_only else "…")
        name += f" {_clock(ascii_only)}" if lane.skew else ""
        lines.append([(fit(name, label), "head" if lane.kind == "phases" else ""), *_cells(lane, axis, ascii_only)])
        lines[-1].append((f" {format_duration(_length(lane, end))}", "muted"))
    kinds = dict.fromkeys(part.kind for lane, part in parts(line) if lane.kind != "owners")  # these bars are named
    legend: list[Piece] = []
    if any(lane.skew for lane in line.lanes):
        legend = [(_clock(ascii_only), "escalated"), (" its clock is off  ", "")]
    for kind in kinds:
        sign = BARS.get(kind) or MARKS.get(kind)
        if sign:
            legend += [(sign.ascii if ascii_only else sign.sign, kind), (f" {sign.word}  ", "")]
    return [*lines, [("", "")], legend]


def _clock(ascii_only: bool) -> str:
    """The sign of a lane whose times were logged by a clock that is off."""
    return "~" if ascii_only else "±"


def _ruler(axis: Axis, *, growing: bool) -> str:
    """Offsets from the beginning, at round durations, and where now is, if the end is now."""
    step = axis.step(9)
    text = [" "] * (axis.cells + 8)
    if growing and axis.cells > 20:
        text[axis.cells - 3 : axis.cells] = "now"
    for at in range(axis.start, axis.end + 1, step):
        mark = offset_text(at - axis.start, step) if at > axis.start else "0"
        column = axis.cell(at)
        if all(c == " " for c in text[max(0, column - 1) : column + len(mark) + 1]):
            text[column : column + len(mark)] = mark
    return "".join(text[: axis.cells + 8]).rstrip()


def _cells(lane: Lane, axis: Axis, ascii_only: bool) -> list[Piece]:
    """The bars and marks of a lane, in runs of the same kind. A bar gives way to a short one before it."""
    cells: list[Piece] = [(" ", "")] * axis.cells
    if lane.after is not None and lane.bars:  # from the failure to the worker that replaces it
        corner, dash = "`-" if ascii_only else "╰╌"
        first = axis.cell(lane.after)
        for column in range(first, axis.cell(lane.bars[0].start)):
            cells[column] = (corner if column == first else dash, "failed")
    free = 0
    for bar in lane.bars:
        sign = BARS.get(bar.kind, BARS["unknown"])
        end = axis.end if bar.end is None else bar.end
        first = min(max(axis.cell(bar.start), free), axis.cells - 1)
        stop = axis.cells if end >= axis.end else axis.cell(end)
        free = max(stop, first + 1)
        for column in range(first, free):
            cells[column] = (sign.ascii if ascii_only else sign.sign, bar.kind)
        if bar.kind == "owner":
            for column, letter in zip(range(first, free), _owner(bar, free - first, ascii_only), strict=False):
                cells[column] = (letter, bar.kind)
    for tick in lane.ticks:
        sign = MARKS.get(tick.kind, MARKS["progress"])
        cells[axis.cell(tick.at)] = (sign.ascii if ascii_only else sign.sign, tick.kind)
    pieces: list[Piece] = []
    for text, kind in cells:
        if pieces and pieces[-1][1] == kind:
            pieces[-1] = (pieces[-1][0] + text, kind)
        else:
            pieces.append((text, kind))
    return pieces


def _owner(bar: Bar, width: int, ascii_only: bool) -> str:
    """The name of an owner, in its bar of so many columns."""
    name = shown(bar.text)
    return ("|" if ascii_only else "├") + (f" {name} " if len(name) == cell_width(name) <= width - 3 else "")


def _length(lane: Lane, end: int) -> int:
    """From the first bar to the end of the last."""
    if not lane.bars:
        return 0
    return max(bar.end if bar.end is not None else end for bar in lane.bars) - min(bar.start for bar in lane.bars)


def parts(line: Timeline) -> list[tuple[Lane, Bar | Tick]]:
    """All bars and marks with their lanes, in the order of time."""
    pairs: list[tuple[Lane, Bar | Tick]] = []
    for lane in line.lanes:
        pairs += [(lane, bar) for bar in lane.bars]
        pairs += [(lane, tick) for tick in lane.ticks]
    return sorted(pairs, key=lambda pair: pair[1].start if isinstance(pair[1], Bar) else pair[1].at)

"""The exact times of a lane: its bars and marks as a small table, for the lines below the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lineage_core.base.clock import format_duration
from lineage_core.present.sentences import counted
from lineage_core.present.timeline import Bar, Lane, Reports, Tick
from lineage_tui.models.text_wrap import wrap
from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styled_line import bar as meter
from lineage_tui.theme.styles import Styles

GAPS = 500
"""Pauses between two reports of a worker that are looked at for the longest."""

WIDE = 74
"""Cells from which on a share is drawn as a bar too."""


def exact(lane: Lane, now: int, looks: Styles, room: int, width: int) -> list[Parts]:
    """At most `room` lines of about `width` cells: bars with duration, share and times, and marks; bars of a kind
    together if there is no room for each."""
    if room <= 0 or not lane.bars:
        return []
    reports = lane.ticks if isinstance(lane.ticks, Reports) else None
    marks: Sequence[Tick] = () if reports is not None else lane.ticks[-room:]
    below = [*(_progress(reports, now, looks) if reports else []), *_progress_text(lane.bars[-1], looks, width)]
    alone = len(lane.bars) + len(marks) + len(below) <= room
    whole = max(1, _lasts(Bar(lane.bars[0].start, lane.bars[-1].end, "run", ""), now))
    wide = width >= WIDE
    if not alone:
        rows = _together(lane, now, looks, whole, wide)
        left = max(0, room - len(rows) - len(below))
        rows += [_mark(tick, lane, now, looks, wide) for tick in marks[len(marks) - min(left, len(marks)) :]]
        return [*rows, *below][:room]
    rows = []
    both: list[Bar | Tick] = [*lane.bars, *marks]
    both.sort(key=lambda one: (one.start, 1) if isinstance(one, Bar) else (one.at, 0))
    for one in both:
        rows.append(_bar(one, now, looks, whole, wide) if isinstance(one, Bar) else _mark(one, lane, now, looks, wide))
    return [*rows, *below]


def _lasts(bar: Bar, now: int) -> int:
    return max(0, (bar.end if bar.end is not None else now) - bar.start)


def _lead(kind: str, name: str, lasts: int, whole: int, looks: Styles, wide: bool) -> Parts:
    glyph, _, role = looks.look(kind)
    share = min(1.0, lasts / whole)
    return [
        (f" {glyph} ", role, False),
        (f"{name:<13}", "text", False),
        (f"{format_duration(lasts):>7}", "text", True),
        (f"{share:>5.0%} ", "muted", False),
        (f"{meter(100 * share, 10, looks).replace('·', ' ')} " if wide else "", role, False),
    ]


def _bar(bar: Bar, now: int, looks: Styles, whole: int, wide: bool) -> Parts:
    until = looks.stamp(bar.end, now) if bar.end is not None else "now"
    times = f"{looks.stamp(bar.start, now):>14} {looks.glyph('–', '-')} {until}"
    return [*_lead(bar.kind, word_of(bar, looks), _lasts(bar, now), whole, looks, wide), (times, "muted", False)]


def word_of(bar: Bar, looks: Styles) -> str:
    """The word for a bar: of an owner the master, else that of its state."""
    return bar.text if bar.kind == "owner" else looks.look(bar.kind)[1]


def _together(lane: Lane, now: int, looks: Styles, whole: int, wide: bool) -> list[Parts]:
    """A line for each kind of bar (for each owner), with how often it came and for how long altogether."""
    spent: dict[tuple[str, str], tuple[int, int, int]] = {}
    for bar in lane.bars:
        key = (bar.kind, word_of(bar, looks))
        times, lasts, _ = spent.get(key, (0, 0, 0))
        spent[key] = (times + 1, lasts + _lasts(bar, now), bar.start)
    rows = []
    for (kind, word), (times, lasts, last) in sorted(spent.items(), key=lambda item: -item[1][1]):
        often = f"{times} times, the last {looks.stamp(last, now)}" if times > 1 else ""
        rows.append([*_lead(kind, word, lasts, whole, looks, wide), (often, "muted", False)])
    return rows


def _mark(tick: Tick, lane: Lane, now: int, looks: Styles, wide: bool) -> Parts:
    glyph, word, role = looks.look(tick.kind)
    offset = "+" + format_duration(max(0, tick.at - lane.bars[0].start))
    return [
        (f" {glyph} ", role, False),
        (f"{word:<13}{offset:>7}", role, False),
        (f"{' ' * (17 if wide else 6)}{looks.stamp(tick.at, now):>14}  ", "muted", False),
        (tick.text.replace("\n", " "), role, False),
    ]


def _progress_text(bar: Bar, looks: Styles, width: int) -> list[Parts]:
    """The error or reason that a bar ended with, in full."""
    look = looks.look(bar.kind)
    if bar.kind not in ("failed", "zombie", "blocked", "cancelled") or bar.text in (bar.kind, look[1]):
        return []
    return [[("   " + line, look[2], False)] for line in wrap(bar.text, max(8, width - 3))]


def _progress(reports: Reports, now: int, looks: Styles) -> list[Parts]:
    """One line about what a worker has reported of its progress."""
    glyph, _, role = looks.look("progress")
    last = reports[-1]
    times = [tick.at for tick in reports[-GAPS:]]
    longest = max((after - before for before, after in pairwise(times)), default=0)
    text = f"{counted(len(reports), 'report')}, the last {last.text} at {looks.stamp(last.at, now)}"
    if longest:
        text += f", longest pause between two {format_duration(longest)}"
    return [[(f" {glyph} ", role, False), (text, "muted", False)]]

"""The timeline of the selected task, drawn: a lane for its phases, one for each worker and handoff, and a time axis."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lineage_core.base.clock import SECOND, Clock, format_duration
from lineage_core.base.terminal_cells import cell_width
from lineage_core.present.time_axis import Axis
from lineage_core.present.timeline import Reports, Timeline
from lineage_tui.models.gantt_cells import paint, ruler, unlabelled
from lineage_tui.models.lane_times_table import exact
from lineage_tui.theme.styled_line import Line, Parts, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList

OWN_NAMES = ("phases", "owners")
"""The kinds of lanes that have no id of their own."""


class TimelineTab(LineList):
    """The timeline tab. Its first line is the axis; the cursor picks a lane, whose exact times `exact` gives."""

    title_lines = 1

    def __init__(self, styles: Styles, clock: Clock, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.shown: Timeline | None = None
        self._window: tuple[float, float] | None = None  # what of the span is drawn, as parts of 1; None: all

    def show(self, timeline: Timeline | None) -> None:
        """Draw this timeline from now on."""
        if timeline is None or self.shown is None or timeline.start != self.shown.start:
            self._window = None
        self.shown = timeline
        self.sync()

    def count(self) -> int:
        return len(self.shown.lanes) if self.shown else 0

    def key_at(self, line: int) -> Hashable:
        assert self.shown is not None
        lane = self.shown.lanes[line]
        return (lane.kind, lane.name)

    def line_of(self, key: Hashable) -> int | None:
        lanes = self.shown.lanes if self.shown else ()
        return next((n for n, lane in enumerate(lanes) if (lane.kind, lane.name) == key), None)

    def _whole(self) -> tuple[int, int]:
        """First and last moment there is to show."""
        assert self.shown is not None
        end = self.shown.end if self.shown.end is not None else self.clock()
        return self.shown.start, max(end, self.shown.start + SECOND)

    def _span(self) -> tuple[int, int]:
        """First and last moment of the axis."""
        start, end = self._whole()
        if self._window is None:
            return start, end
        left, right = self._window
        return start + int(left * (end - start)), start + int(right * (end - start))

    def zoom(self, step: int) -> None:
        """Show half as much of the time about the lane under the cursor (1), or twice as much (-1)."""
        if not self.shown:
            return
        start, end = self._whole()
        left, right = self._window or (0.0, 1.0)
        lane = self.shown.lanes[self.cursor]
        now = self.clock()
        middle = (left + right) / 2
        if self._window is None and lane.kind != "phases" and lane.bars:
            last = lane.bars[-1]
            middle = ((last.start + (last.end if last.end is not None else now)) / 2 - start) / (end - start)
        width = (right - left) * (0.5 if step > 0 else 2.0)
        if width >= 1.0:
            self._window = None
        elif width * (end - start) >= SECOND // 10:
            self._put_window(middle - width / 2, width)
        self.refresh()

    def pan(self, step: int) -> None:
        """Move what is shown by a quarter of it, later (1) or earlier (-1)."""
        if self._window is not None:
            left, right = self._window
            self._put_window(left + step * (right - left) / 4, right - left)
            self.refresh()

    def _put_window(self, left: float, width: float) -> None:
        left = min(max(0.0, left), 1.0 - width)
        self._window = (left, left + width)

    def _widths(self, width: int) -> tuple[int, int]:
        """Cells for the names and for the bars; the now-line is one of the latter."""
        names = max(14, min(30, width // 4))
        return names, max(8, width - names - 9)

    def _axis(self, cells: int) -> tuple[Axis, bool]:
        """What is painted on so many cells, and whether the last of them is the now-line."""
        assert self.shown is not None
        start, end = self._span()
        growing = self.shown.end is None and (self._window is None or self._window[1] >= 1.0) and cells > 8
        return Axis(start, end, cells - growing), growing

    def draw_title(self, line: int, out: Line) -> None:
        if not self.shown:
            return
        names, cells = self._widths(out.width)
        axis, growing = self._axis(cells)
        whole = self._whole()
        zoomed = f"{(axis.end - axis.start) / (whole[1] - whole[0]):.0%} " if self._window else ""
        out.col(zoomed + self.looks.stamp(axis.start, self.clock()), names, "muted", right=True)
        text = ruler(axis, self.looks, 4 if growing else 0)
        if growing:
            out.put(text[:-2], "muted").put("now", "accent")
        else:
            out.put(text, "muted")
        out.col("time", 8, "muted", right=True)

    def draw(self, line: int, out: Line) -> None:
        assert self.shown is not None
        lane = self.shown.lanes[line]
        names, cells = self._widths(out.width)
        first = lane.kind == "phases"
        name = lane.kind if lane.kind in OWN_NAMES else lane.name
        role = "text" if first else "muted"
        room = names - 2 if lane.skew else names
        name = cut(name, f"{lane.kind}-", room, self.looks)
        if lane.skew:
            glyph, _, mark = self.looks.look("skew")
            out.put(name + " ", role, bold=first).col(glyph, room + 1 - cell_width(name), mark)
        else:
            out.col(name, names, role, bold=first)
        now = self.clock()
        axis, growing = self._axis(cells)
        text, look = "", ("text", "")
        for cell in paint(lane, axis, now, self.looks):
            if (cell.role, cell.on) != look:
                out.put(text, look[0], on=look[1])
                text, look = "", (cell.role, cell.on)
            text += cell.text
        out.put(text, look[0], on=look[1])
        if growing:
            out.put(self.looks.glyph("│", "|"), "accent")
        if lane.bars:
            last = lane.bars[-1].end
            lasts = (last if last is not None else now) - lane.bars[0].start
            out.col(format_duration(max(0, lasts)), 8, right=True)

    def legend(self, lines: int) -> Parts:
        """What the letters and marks on the first lanes mean: a sign and its word for each kind of bar that is drawn
        too short for its word, for marks, and for clocks that are off. Nothing where everything is said."""
        if not self.shown:
            return []
        axis, _ = self._axis(self._widths(self.size.width)[1])
        now = self.clock()
        found: dict[tuple[str, str], str] = {}
        for lane in self.shown.lanes[self.top : self.top + lines]:
            found |= {(kind, word): word[:1] for kind, word in unlabelled(lane, axis, now, self.looks)}
            reports = isinstance(lane.ticks, Reports)
            marks: list[str] = [] if reports else [tick.kind for tick in lane.ticks]
            marks += ["progress"] if reports and lane.ticks else []
            marks += ["skew"] if lane.skew else []
            for mark in marks:
                glyph, word, _ = self.looks.look(mark)
                found[mark, word] = glyph
        parts: Parts = []
        for (kind, word), sign in found.items():
            parts += [(sign, self.looks.look(kind)[2], True), (f" {word}  ", "muted", False)]
        return parts

    def exact(self, room: int, width: int) -> list[Parts]:
        """The exact times of the lane under the cursor, in at most `room` lines of `width` cells."""
        if not self.shown or self.cursor >= len(self.shown.lanes):
            return []
        return exact(self.shown.lanes[self.cursor], self.clock(), self.looks, room, width)

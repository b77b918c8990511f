"""The timeline of the selected task, drawn: a lane for its phases, one for each worker and handoff, and a time axis."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lineage_core.clock import DAY, HOUR, MINUTE, SECOND, Clock, format_duration
from lineage_core.timeline import Bar, Lane, Timeline
from lineage_tui.cells import Line
from lineage_tui.style import Styles
from lineage_tui.widgets.lines import LineView

STEPS = [
    *(n * SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 4, 6, 12)),
    *(n * DAY for n in (1, 2, 7, 14, 30, 90, 365)),
]


class Gantt(LineView):
    """The timeline tab. The first two lines are the axis; the cursor picks a lane, whose exact times stand below."""

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
        """Cells for the names and for the bars."""
        names = max(14, min(30, width // 4))
        return names, max(8, width - names - 9)

    def draw_title(self, line: int, out: Line) -> None:
        if not self.shown:
            return
        names, cells = self._widths(out.width)
        start, end = self._span()
        zoomed = f"{(end - start) / (self._whole()[1] - self._whole()[0]):.0%} " if self._window else ""
        out.col(zoomed + self.looks.time(start, self.clock()), names, "muted", right=True)
        step = next((s for s in STEPS if (end - start) / s * 9 <= cells), STEPS[-1])
        text = ""
        for n in range(1, (end - start) // step + 1):
            place = round(n * step / (end - start) * cells)
            label = f"┊+{format_duration(n * step)}" if not self.looks.ascii_only else f"|+{format_duration(n * step)}"
            if place >= len(text) and place + len(label) <= cells:
                text = text.ljust(place) + label
        out.put(text.ljust(cells), "muted").col("time", 8, "muted", right=True)

    def draw(self, line: int, out: Line) -> None:
        assert self.shown is not None
        lane = self.shown.lanes[line]
        names, cells = self._widths(out.width)
        name = lane.name if lane.kind != "phases" else "phases"
        out.col(name, names, "text" if lane.kind == "phases" else "muted", bold=lane.kind == "phases")
        now = self.clock()
        for text, role, filled in self._paint(lane, cells, now):
            out.put(text, "background" if filled else role, on=role if filled else "")
        first = lane.bars[0].start if lane.bars else 0
        last = [b.end if b.end is not None else now for b in lane.bars]
        out.col(format_duration(max(0, max(last) - first)) if last else "", 8, right=True)

    def _paint(self, lane: Lane, cells: int, now: int) -> list[tuple[str, str, bool]]:
        """The bar area of a lane as runs of (text, role, filled)."""
        runs: list[tuple[str, str, bool]] = []
        at = 0
        first, last = self._span()
        ticks = {self._cell(tick.at, cells): tick.kind for tick in lane.ticks if first <= tick.at <= last}
        bars = tuple(b for b in lane.bars if b.start <= last and (b.end if b.end is not None else now) >= first)
        for bar, (start, end) in zip(bars, self._places(bars, cells, now), strict=True):
            if start > at:
                runs += self._gap(at, start, ticks)
            role = self.looks.look(bar.kind)[2]
            runs.append((self._label(bar, end - start, now), role, not self.looks.ascii_only))
            at = end
        return runs + self._gap(at, cells, ticks)

    def _gap(self, start: int, end: int, ticks: dict[int, str]) -> list[tuple[str, str, bool]]:
        runs: list[tuple[str, str, bool]] = []
        for cell in range(start, end):
            if (kind := ticks.get(cell)) and kind != "progress":
                glyph, _, role = self.looks.look(kind)
                runs.append((glyph, role, False))
            elif runs and runs[-1][1] == "line":
                runs[-1] = (runs[-1][0] + " ", "line", False)
            else:
                runs.append((" ", "line", False))
        return runs

    def _cell(self, at: int, cells: int) -> int:
        start, end = self._span()
        return min(cells - 1, max(0, (at - start) * cells // (end - start)))

    def _places(self, bars: tuple[Bar, ...], cells: int, now: int) -> list[tuple[int, int]]:
        """Where each bar goes: at least one cell for each while there is room, in order, none over another."""
        places: list[tuple[int, int]] = []
        at = 0
        for number, bar in enumerate(bars):
            room = max(at, cells - (len(bars) - number - 1))  # the bars to come need a cell each
            start = min(max(at, self._cell(bar.start, cells)), max(at, room - 1))
            end = self._cell(bar.end, cells) if bar.end is not None else self._cell(now, cells) + 1
            end = min(max(end, start + 1), max(room, start + 1), cells)
            places.append((min(start, cells), max(start, end)))
            at = places[-1][1]
        return places

    def _label(self, bar: Bar, width: int, now: int) -> str:
        """As much of `word duration` as fits into a bar."""
        lasts = format_duration(max(0, (bar.end if bar.end is not None else now) - bar.start))
        word = self.looks.look(bar.kind)[1]
        fill = "=" if self.looks.ascii_only else " "
        for text in (f" {word} {lasts} ", f" {lasts} ", lasts, word[:1]):
            if len(text) <= width:
                return text.ljust(width, fill)
        return fill * width

    def exact(self) -> str:
        """The exact times of the lane under the cursor, in one line."""
        if not self.shown or self.cursor >= len(self.shown.lanes):
            return ""
        lane = self.shown.lanes[self.cursor]
        parts = [
            f"{self.looks.look(b.kind)[1]} {self.looks.time(b.start, self.clock())}–"
            f"{self.looks.time(b.end, self.clock()) if b.end is not None else 'now'}"
            for b in lane.bars
        ]
        return f"{lane.note}  " + "  ".join(parts)

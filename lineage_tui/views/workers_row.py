"""How the lines of the workers view look."""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from lineage_core.base.clock import HOUR, MINUTE, SECOND, format_duration
from lineage_core.present.sentences import short
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usually
from lineage_tui.models.worker_columns import COLUMNS, WorkerColumns
from lineage_tui.models.worker_order import IndexedWorker
from lineage_tui.models.workers import WorkerIndex
from lineage_tui.theme.styled_line import Line, bar, compact, cut
from lineage_tui.theme.styles import Styles

TITLE_INDENT = 2
"""Cells before the first column: the sign of the worker's state and a blank."""

SCALE = 86_400 * SECOND
"""The silence at the right end of a gauge; one second is at its left end, on a logarithmic scale."""


class WorkerRows:
    """Draws workers. usually: what silence is usual for a worker type."""

    def __init__(self, styles: Styles, model: WorkerIndex, thresholds: Thresholds, usually: Usually) -> None:
        self.looks = styles
        self.model = model
        self.thresholds = thresholds
        self.usually = usually
        self._columns = WorkerColumns()

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        content = {"worker": max(8, self.model.slots.widest_worker), "task": max(8, self.model.slots.widest_task)}
        if len(self.model.state.hosts) < 2:
            content["host"] = 0
        return self._columns.fit(width, content)

    def draw_title(self, out: Line, sorted_by: str, *, falls: bool) -> None:
        """Draw the names of the columns. falls: whether the biggest of the column that it is sorted by comes first."""
        out.put(" " * TITLE_INDENT)
        for name, width in self.columns(out.width).items():
            column = COLUMNS[name]
            here = name == sorted_by
            title = "%" if name == "progress" and width < 8 else name
            if name == "gauge":
                step = _cells(HOUR, width) - _cells(MINUTE, width)
                title = "".join(word.ljust(step) for word in ("1s", "1m", "1h")).rstrip()
            if name == "usual" and width >= 13:
                title = self.looks.glyph("usual–p95", "usual-p95")
            if here:
                title += self.looks.glyph("▼", " v") if falls else self.looks.glyph("▲", " ^")
            out.col(title, width, "accent" if here else "muted", right=column.right, bold=here)

    def draw_heading(self, out: Line, ended: int) -> None:
        """Draw the line between the open workers and so many that have ended."""
        rule = self.looks.glyph("─", "-")
        out.put(f"{rule * 2} ", "line").put(f"{ended:,} ended ", "muted").put(rule * out.left, "line")

    def draw(self, seat: IndexedWorker, out: Line, now: int) -> None:
        """Draw a worker."""
        glyph, word, role = self.looks.look(seat.look(now))
        out.put(glyph + " ", role)
        for name, width in self.columns(out.width).items():
            if name == "gauge":
                self._gauge(width, seat, now, out)
                continue
            text, shade = self._cell(name, width, seat, now, role)
            if name == "status":
                text, shade = word, role
            out.col(text, width, shade, right=COLUMNS[name].right)

    def _cell(self, name: str, width: int, seat: IndexedWorker, now: int, role: str) -> tuple[str, str]:
        """The text of a cell, and its role."""
        match name:
            case "worker":
                return cut(seat.worker_id, "worker-", width, self.looks), "text"
            case "task":
                return cut(seat.task_id, "task-", width, self.looks), "muted"
            case "host":
                return seat.host, "muted"
            case "type":
                return self._cut(seat.worker_type.removesuffix("-worker"), width), "muted"
            case "master":
                return self._cut(short(seat.master), width), "muted"
            case "began":
                return self.looks.moment(seat.first, now)[:11].partition(".")[0], "muted"
            case "time":
                end = now if seat.ended is None else seat.ended
                return format_duration(max(0, end - seat.first)), "text"
            case "progress" if seat.percent is not None and seat.state != "success":
                number = f"{seat.percent:.0f}%"
                return (f"{bar(seat.percent, width - 5, self.looks)}{number:>5}" if width >= 10 else number), role
            case "silent" if seat.open:
                return format_duration(max(0, now - seat.last)), self._silence_role(seat, now)
            case "usual" if seat.open:
                return self._usual(seat, width), "muted"
            case "tokens" if seat.tokens is not None or seat.budget is not None:
                spent = f"{compact(seat.tokens or 0)}" + (f"/{compact(seat.budget)}" if seat.budget else "")
                return spent, "failed" if seat.budget and (seat.tokens or 0) > seat.budget else "muted"
            case "last word":
                return seat.words, role if seat.state in ("failed", "zombie") else "muted"
        return "", "muted"

    def _cut(self, name: str, width: int) -> str:
        """A name of one of few, cut only where it has to be."""
        return cut(name, "", width, self.looks) if len(name) > width else name

    def _silence_role(self, seat: IndexedWorker, now: int) -> str:
        """Loud from when it is stuck; a warning already where it is longer than 95 of 100 silences of its type, unless
        it has been silent for so long before."""
        if seat.watch is None or seat.watch.word(now):
            return "zombie"
        silence, own = now - seat.last, seat.watch.warned_at - seat.watch.since > self.thresholds.warned
        usual = self.usually(seat.worker_type)
        return "blocked" if usual is not None and silence > usual.p95 and not own else "text"

    def _gauge(self, width: int, seat: IndexedWorker, now: int, out: Line) -> None:
        """The silence of an open worker as a bar, with a tick at the 95th percentile of its type; loud from there."""
        usual = self.usually(seat.worker_type) if seat.open else None
        full = _cells(now - seat.last, width) if seat.open else 0
        dash = self.looks.glyph("━", "=")
        if usual is None:
            out.put((dash * full).ljust(width + 1), "muted")
            return
        tick = min(width - 1, _cells(usual.p95, width))
        past = now - seat.last > usual.p95
        role = self._silence_role(seat, now) if past else "muted"
        out.put((dash * min(full, tick)).ljust(tick), "muted")
        out.put(self.looks.glyph("┿", "+") if past else self.looks.glyph("│", "|"), role)
        out.put((dash * (full - tick - 1) if past else "").ljust(width - tick), role)

    def _usual(self, seat: IndexedWorker, width: int) -> str:
        usual = self.usually(seat.worker_type)
        if usual is None:
            return ""
        most = format_duration(usual.p95)
        if width < 13:
            return self.looks.glyph("≤", "<") + most
        return f"{format_duration(usual.median)}{self.looks.glyph('–', '-')}{most}"


def _cells(silence: int, width: int) -> int:
    """How many cells of a gauge a silence fills: from none at one second on, all of them from a day on."""
    return max(0, min(width, round(width * log(max(silence, SECOND) / SECOND) / log(SCALE / SECOND))))

"""The workers view `2`: every worker of every task, and how long the open ones have been silent; ended ones below.

Silence stands beside what is usual for the worker's type (see `models.usual`): the median and the 95th percentile of
the gaps between two words of the last 200 workers of the type that ended by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from math import log
from typing import Any

from lineage_core.base.clock import HOUR, MINUTE, SECOND, Clock, format_duration
from lineage_core.model.entities import TaskRow, WorkerEnd
from lineage_core.present.sentences import short
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.silence import STUCK
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual import Usually
from lineage_core.state.store import State
from lineage_tui.models.line_filter import WORDS, Shown, Texts, narrow
from lineage_tui.models.worker_columns import COLUMNS, columns_for
from lineage_tui.models.workers import IndexedWorker, Matches, WorkerIndex
from lineage_tui.theme.line import Line, bar, cut
from lineage_tui.theme.styles import LOOKS, Styles
from lineage_tui.widgets.following_list import FollowingList
from lineage_tui.widgets.list_view import Operation

_TEXTS: dict[str, Texts[IndexedWorker]] = {
    WORDS: lambda seat: f"{seat.worker_id} {seat.worker_type} {seat.task_id} {seat.master} {seat.words}",
    "worker": lambda seat: f"{seat.worker_id}\n{seat.worker_type}",
    "master": lambda seat: seat.master,
}

_STATES = frozenset(
    word for look in (*STUCK, "run", "spawn", *map(str, WorkerEnd)) for word in (look, LOOKS[look].word)
)
"""What a worker can be shown as."""

ENDED = ("", "ended")
"""The key of the heading above the ended workers."""

SCALE = 86_400 * SECOND
"""The silence at the right end of a gauge; one second is at its left end, on a logarithmic scale."""


class WorkersView(FollowingList):
    """The table of workers, sorted by one of its columns.

    sorted_by: the column; inverted: the other way round. usually: what silence is usual for a worker type.
    """

    title_lines = 1

    def __init__(
        self,
        styles: Styles,
        state: State,
        clock: Clock,
        thresholds: Thresholds = Thresholds(),  # noqa: B008
        usually: Usually = lambda kind: None,
        **options: Any,
    ) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.usually = usually
        self.thresholds = thresholds
        self.sorted_by = "silent"
        self.inverted = False
        self.filter_text = ""
        self.model = WorkerIndex(state, self.sorted_by, thresholds)

    # What changes.

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        self.settle(self.model.update(task_ids), lambda key: key[0] in task_ids)  # type: ignore[index]

    def tick(self) -> None:
        """Once a second: silences and ages grow."""
        self.model.turn(self.clock())
        self.settle(0)
        self.refresh()

    def sort_by(self, step: int) -> None:
        """Sort by the next column (1) or by the one before (-1), of those that are shown."""
        names = [name for name in columns_for(self.size.width - 1) if COLUMNS[name].falls is not None]
        at = names.index(self.sorted_by) if self.sorted_by in names else -min(step, 0)
        self.sort(names[(at + step) % len(names)])

    def sort(self, column: str, *, inverted: bool = False) -> None:
        """Sort by this column."""
        self.sorted_by, self.inverted = column, inverted
        self._resort()

    def invert(self) -> None:
        """Turn the order of the open and of the ended ones round."""
        self.inverted = not self.inverted
        self.settle(0)

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show the workers of the tasks that match. text: the filter as it was written; then `worker:`, `master:`,
        `status:` and words without a key mean the worker as it is shown (raises BadInputError as `filters.parse`)."""
        self.filter_text = text if matches is not None else ""
        of_worker: Matches | None = None
        if matches is not None:
            chosen = matches
            on = FilterContext(self.model.state, self.clock(), self.thresholds)
            shown = Shown(_STATES, self._states)
            of_worker = narrow(text, on, _TEXTS, shown) if text else lambda row, seat: chosen(row)
        self.model.turn(self.clock())
        self.model.matches = of_worker
        self._resort()

    def _states(self, seat: IndexedWorker) -> set[str]:
        look = self._look(seat, self.clock())
        return {look, LOOKS[look].word}

    def _resort(self) -> None:
        self.in_slices(self.model.resort(self.sorted_by, self.model.matches))

    # What is asked.

    def operations(self) -> Mapping[str, Operation]:
        return {"sort": self.sort_by, "invert": lambda _: self.invert()}

    def target(self) -> tuple[str, str | None] | None:
        """The task and the id of the worker under the cursor."""
        key = self.key_at(self.cursor) if self.cursor < self.count() else ENDED
        return key if key != ENDED else None

    def count_line(self) -> str:
        """How many workers there are, and how many are stuck, in a few words."""
        shown, known = len(self.model.order), len(self.model)
        all_of_them = f"{known:,} worker{'s' if known != 1 else ''}"
        if self.model.matches:
            return f"{shown:,} of {all_of_them}, {self.model.open_lines:,} of these open"
        parts = [all_of_them]
        if self.model.open:
            parts.append(f"{self.model.open:,} open")
        stuck = self.model.stuck(self.clock())
        parts += [f"{stuck[word]:,} {word}" for word in STUCK if stuck[word]]
        return ", ".join(parts)

    def look_at(self, line: int) -> str:
        """The state that a line is shown in; nothing for the heading."""
        return self._look(self._seat(line), self.clock()) if line != self._heading() else ""

    def count(self) -> int:
        return len(self.model.order) + (self._heading() is not None)

    def key_at(self, line: int) -> tuple[str, str]:
        if line == self._heading():
            return ENDED
        seat = self._seat(line)
        return (seat.task_id, seat.worker_id)

    def line_of(self, key: Hashable) -> int | None:
        if key == ENDED:
            return self._heading()
        row = self.model.line_of(*key)  # type: ignore[misc]
        if row is None:
            return None
        heading = self._heading()
        return self._mirrored(row) + (heading is not None and row >= heading)

    def select(self, line: int) -> None:
        if line == self._heading():
            line += 1 if line > self.cursor else -1  # over the heading
        super().select(line)

    def _heading(self) -> int | None:
        """The line of the heading, which stands between open workers and ended ones."""
        open_lines = self.model.open_lines
        return open_lines if 0 < open_lines < len(self.model.order) else None

    def _mirrored(self, row: int) -> int:
        """A place in the order of the lines, the headings apart, from one in the order of the model, and back."""
        if not self.inverted:
            return row
        open_lines = self.model.open_lines
        return open_lines - 1 - row if row < open_lines else open_lines + len(self.model.order) - 1 - row

    def _seat(self, line: int) -> IndexedWorker:
        heading = self._heading()
        row = self._mirrored(line - (heading is not None and line > heading))
        return self.model.seat(self.model.order[row])

    def _look(self, seat: IndexedWorker, now: int) -> str:
        return seat.look(now)

    # Drawing.

    def draw_title(self, line: int, out: Line) -> None:
        out.put("  ")
        for name, width in columns_for(out.width).items():
            column = COLUMNS[name]
            here = name == self.sorted_by
            title = "%" if name == "progress" and width < 8 else name
            if name == "gauge":
                step = _cells(HOUR, width) - _cells(MINUTE, width)
                title = "".join(word.ljust(step) for word in ("1s", "1m", "1h")).rstrip()
            if name == "usual" and width >= 13:
                title = self.looks.glyph("usual–p95", "usual-p95")
            if here:
                falls = bool(column.falls) is not self.inverted
                title += self.looks.glyph("▼", " v") if falls else self.looks.glyph("▲", " ^")
            out.col(title, width, "accent" if here else "muted", right=column.right, bold=here)

    def draw(self, line: int, out: Line) -> None:
        if line == self._heading():
            rule = self.looks.glyph("─", "-")
            ended = len(self.model.order) - self.model.open_lines
            out.put(f"{rule * 2} ", "line").put(f"{ended:,} ended ", "muted").put(rule * out.left, "line")
            return
        seat = self._seat(line)
        now = self.clock()
        look = self._look(seat, now)
        glyph, word, role = self.looks.look(look)
        out.put(glyph + " ", role)
        for name, width in columns_for(out.width).items():
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
            case "type":
                return seat.worker_type.removesuffix("-worker"), "muted"
            case "master":
                return short(seat.master), "muted"
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


def compact(number: int) -> str:
    """A count in at most four characters: `950`, `9.5k`, `123k`, `4.5M`."""
    if number < 1000:
        return str(number)
    size = float(number)
    for unit in "kMG":
        size /= 1000
        if size < 9.95:
            return f"{size:.1f}{unit}"
        if size < 999.5:
            return f"{size:.0f}{unit}"
    return f"{size / 1000:.0f}T"

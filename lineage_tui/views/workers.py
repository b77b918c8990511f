"""The workers view `2`: every worker of every task, and how long the open ones have been silent; ended ones below.

Silence stands beside what is usual for the worker's type (see `models.usual`): the median and the 95th percentile of
the gaps between two words of the last 200 workers of the type that ended by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from lineage_core.base.clock import Clock
from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import WorkerEnd
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.silence import STUCK
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usually
from lineage_core.state.store import State
from lineage_tui.models.column_widths import column_at
from lineage_tui.models.line_filter import WORDS, Shown, Texts, narrow
from lineage_tui.models.worker_columns import COLUMNS
from lineage_tui.models.worker_order import IndexedWorker
from lineage_tui.models.workers import Matches, WorkerIndex
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import LOOKS, Styles
from lineage_tui.views.workers_row import TITLE_INDENT, WorkerRows
from lineage_tui.widgets.following_list import FollowingList
from lineage_tui.widgets.list_view import Operation

_TEXTS: dict[str, Texts[IndexedWorker]] = {
    WORDS: lambda seat: f"{seat.worker_id} {seat.worker_type} {seat.task_id} {seat.master} {seat.words}",
    "worker": lambda seat: f"{seat.worker_id}\n{seat.worker_type}",
    "master": lambda seat: seat.master,
    "host": lambda seat: seat.host,
}

_STATES = frozenset(
    word for look in (*STUCK, "run", "spawn", *map(str, WorkerEnd)) for word in (look, LOOKS[look].word)
)
"""What a worker can be shown as."""

ENDED = ("", "ended")
"""The key of the heading above the ended workers."""


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
        self.thresholds = thresholds
        self.sorted_by = "silent"
        self.inverted = False
        self.filter_text = ""
        self.model = WorkerIndex(state, self.sorted_by, thresholds)
        self.model.still = lambda: not self.following
        self._rows = WorkerRows(styles, self.model, thresholds, usually)

    # What changes.

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        self.model.update(task_ids)
        self.settle(lambda key: key[0] in task_ids)  # type: ignore[index]

    def turn_back(self, task_ids: set[str]) -> bool:
        self.model.turn(self.clock())
        return False

    def tick(self) -> None:
        """Once a second: silences and ages grow."""
        self.model.turn(self.clock())
        self.settle()
        self.refresh()

    def sort_by(self, step: int) -> None:
        """Sort by the next column (1) or by the one before (-1), of those that are shown."""
        names = [name for name in self.columns(self.size.width - 1) if COLUMNS[name].falls is not None]
        at = names.index(self.sorted_by) if self.sorted_by in names else -min(step, 0)
        self.sort(names[(at + step) % len(names)])

    def sort(self, column: str, *, inverted: bool = False) -> None:
        """Sort by this column."""
        self.sorted_by, self.inverted = column, inverted
        self._resort()

    def invert(self) -> None:
        """Turn the order of the open and of the ended ones round."""
        self.inverted = not self.inverted
        self.release()
        self.settle()

    def release(self) -> None:
        if self.model.held:
            self._resort()

    def held(self) -> int:
        return self.model.held

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
        look = seat.look(self.clock())
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
            return f"{shown:,} of {all_of_them}, {self.model.open_shown:,} of these open"
        parts = [all_of_them]
        if self.model.open:
            parts.append(f"{self.model.open:,} open")
        stuck = self.model.stuck(self.clock())
        parts += [f"{stuck[word]:,} {word}" for word in STUCK if stuck[word]]
        return ", ".join(parts)

    def look_at(self, line: int) -> str:
        """The state that a line is shown in; nothing for the heading."""
        return self._seat(line).look(self.clock()) if line != self._heading() else ""

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

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        return self._rows.columns(width)

    def draw_title(self, line: int, out: Line) -> None:
        column = COLUMNS[self.sorted_by]
        self._rows.draw_title(out, self.sorted_by, falls=bool(column.falls) is not self.inverted)

    def click_title(self, x: int) -> None:
        """Sort by the column whose name was clicked; turn the order round if it is sorted by it."""
        name = column_at(self.columns(self.room), x - TITLE_INDENT)
        if name == self.sorted_by:
            self.invert()
        elif name is not None and COLUMNS[name].falls is not None:
            self.sort(name)

    def draw(self, line: int, out: Line) -> None:
        if line == self._heading():
            self._rows.draw_heading(out, len(self.model.order) - self.model.open_shown)
        else:
            self._rows.draw(self._seat(line), out, self.clock())

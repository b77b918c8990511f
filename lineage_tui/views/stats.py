"""The stats view `4`: seven panes of figures for a window and a filter; live, computed in a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from lineage_core.base.clock import Clock
from lineage_core.meaning.money import Prices
from lineage_core.model.entities import TaskRow
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.stats.charts import Columns, Row
from lineage_tui.stats.page_thread import OUTLOOK, WINDOWS, Answer, Request, StatsWorker, StoppedError, window_for
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles
from lineage_tui.views.stats_title import PANES, StatsTitle
from lineage_tui.widgets.list_view import ListView, Operation

EVERY = 1.0
"""Seconds between two refreshes at least."""


class StatsView(ListView):
    """The figures.

    directory: the lineage directory. prices: of tokens, if there are any. on_drill: called with a filter for the tasks
    behind a row that was entered; on_idle: called when a row was entered that stands for no tasks. paused: whether to
    show what was read before; present: the time, also while it is paused.
    pane, window: what is shown (of PANES, of figures.WINDOWS). took: seconds that it took to make.
    """

    title_lines = 3

    @dataclass
    class Reading(Message):
        """From the thread: this part of the journal was read, 0 to 1."""

        part: float

    @dataclass
    class Made(Message):
        """From the thread: a page; None if the one that is shown is still right."""

        answer: Answer | None

    def __init__(
        self,
        styles: Styles,
        state: State,
        clock: Clock,
        directory: Path,
        thresholds: Thresholds = Thresholds(),  # noqa: B008  frozen
        prices: Prices | None = None,
        **options: Any,
    ) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.pane = "flow"
        self.window = "24h"
        self.window_chosen = False  # else the first look takes the shortest that holds most of what there is
        self.stretch: int | None = None  # the stretch of time that is read, counted from 0
        self.on_drill: Callable[[str], None] = lambda text: None
        self.on_idle: Callable[[], None] = lambda: None
        self.paused: Callable[[], bool] = lambda: False
        self.present = clock
        self._read_at: int | None = None
        self.rows: list[Row] = []
        self.took = 0.0
        self._figures = StatsWorker(directory, state, thresholds, prices)
        self._lines: dict[Hashable, int] = {}
        self._shown: Answer | None = None
        self._progress: float | None = None
        self._matches: Callable[[TaskRow], bool] | None = None
        self._text = ""
        self._busy = False
        self._again = False
        self._begun = 0.0
        self._scrolled: dict[str, tuple[Hashable | None, int]] = {}

    # What changes.

    def arrived(self, task_ids: set[str]) -> None:
        """Something was logged: the next tick shows it."""
        self._figures.heard(task_ids)
        if not self._begun:
            self.ask()

    def tick(self) -> None:
        """Once a second while it is shown: refresh."""
        turned = self._shown is not None and self._shown.request.local != (self.looks.times == "local")
        if turned or time.monotonic() - self._begun >= EVERY:
            self.ask()

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show the figures of the tasks that match."""
        self._matches, self._text = matches, text if matches is not None else ""
        self.ask()

    def turn_window(self, step: int) -> None:
        """Show a longer window (1) or a shorter one (-1)."""
        self.window_chosen, self.stretch = True, None
        at = WINDOWS.index(self.window) + step
        if 0 <= at < len(WINDOWS):
            self.window = WINDOWS[at]
            self.ask()

    def turn_pane(self, step: int) -> None:
        """Show the next pane (1) or the one before (-1)."""
        self._scrolled[self.pane] = (self.cursor_key, self.top)
        self.pane = PANES[(PANES.index(self.pane) + step) % len(PANES)]
        self.stretch = None
        self.ask()

    def operations(self) -> Mapping[str, Operation]:
        return {"window": self.turn_window, "sideways": self.turn_pane, "pan": self.read_beside}

    def read_beside(self, step: int) -> None:
        """Read the stretch of time after (1) or before (-1) the one that is read, in the charts over time."""
        columns = self._columns()
        if columns is None:
            self.on_idle()
            return
        bins = columns.bins
        at = len(bins) if self.stretch is None else min(range(len(bins)), key=lambda n: abs(bins[n] - self.stretch))  # type: ignore[operator]
        self.stretch = bins[max(0, min(len(bins) - 1, at + step))]
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Read the stretch of time under the mouse."""
        line = self.top + event.y - self.title_lines
        row = self.rows[line] if self.title_lines <= event.y and line < len(self.rows) else None
        stretch = row.columns(self._inner_width).at(event.x) if row is not None and row.columns is not None else None
        if stretch != self.stretch:
            self.stretch = stretch
            self.refresh()

    def move(self, by: int) -> None:
        line, step = self.cursor + by, 1 if by > 0 else -1
        while 0 <= line < len(self.rows) and self.rows[line].joined:
            line += step
        self.select(line if 0 <= line < len(self.rows) else self.cursor)

    def on_resize(self) -> None:
        super().on_resize()
        if self._begun and self._shown is not None and self._shown.request.height != self.page:
            self.ask()

    def follow(self) -> None:
        """Figures are always of the present."""
        self.ask()

    def ask(self) -> None:
        """Have the page made; while one is being made, the next one follows it."""
        self.refresh()
        if self._busy:
            self._again = True
            return
        self._busy, self._again = True, False
        self._begun = time.monotonic()
        request = Request(self.pane, self.window, self.looks.times == "local", self._matches, self._text, self.page)
        paused = self.paused()
        if not paused or self._read_at is None:  # what is read first while paused is of the present
            self._read_at = self.present()
        self.run_worker(partial(self._make, request, self._read_at, paused), thread=True, exit_on_error=True)

    def _make(self, request: Request, now: int, paused: bool) -> None:
        """In a thread: make a page and hand it over."""
        shown_at = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal shown_at
            if total and time.monotonic() - shown_at > 0.2:
                shown_at = time.monotonic()
                self.post_message(self.Reading(done / total))

        try:
            self.post_message(self.Made(self._figures.answer(request, now, progress, paused=paused)))
        except StoppedError:
            return

    def on_stats_view_reading(self, message: Reading) -> None:
        self._progress = message.part
        self.refresh()

    def on_stats_view_made(self, message: Made) -> None:
        answer = message.answer
        self._busy = False
        self._progress = None
        if answer is not None:
            if self._shown is None and not self.window_chosen and answer.first_at is not None:
                assert answer.most_since is not None
                fitting = window_for(answer.now - answer.most_since, answer.now - answer.first_at)
                self._again |= fitting != self.window
                self.window = fitting
            turned = self._shown is None or self._shown.request.pane != answer.request.pane
            self._shown = answer
            self.took = answer.took
            self.rows = answer.rows
            self._lines = {row.key: n for n, row in enumerate(self.rows)}
            if turned:
                self.cursor_key, self.top = self._scrolled.get(answer.request.pane, (None, 0))
                self.cursor = self._lines.get(self.cursor_key, 0)
            self.sync()
        if self._again:
            self.ask()

    def on_unmount(self) -> None:
        self._figures.stop()

    # What is asked.

    @property
    def settled(self) -> bool:
        """Whether what is shown is what was asked for last."""
        return not self._busy and self._shown is not None and self._shown.request[:2] == (self.pane, self.window)

    def count_line(self) -> str:
        """What is shown, in a few words."""
        if self.pane == OUTLOOK:
            return "outlook for what is open"
        span = "everything" if self.window == "all" else f"the last {self.window}"
        return f"{self.pane} of {span}"

    def enter(self) -> None:
        """Show the tasks behind the row under the cursor."""
        row = self.rows[self.cursor] if self.cursor < len(self.rows) else None
        if row is not None and row.filter:
            self.on_drill(row.filter)
        else:
            self.on_idle()

    def count(self) -> int:
        return len(self.rows)

    def key_at(self, line: int) -> Hashable:
        return self.rows[line].key

    def line_of(self, key: Hashable) -> int | None:
        return self._lines.get(key)

    # Drawing.

    def draw_title(self, line: int, out: Line) -> None:
        shown = self._shown
        leads = self.cursor < len(self.rows) and bool(self.rows[self.cursor].filter)
        StatsTitle(
            self.pane,
            self.window,
            self._progress,
            shown.now if shown is not None else None,
            shown is not None and shown.request.local,
            self.took,
            leads,
            self._words_under_cursor() if line == 2 else "",
        ).draw(line, out)

    def _words_under_cursor(self) -> str:
        """What the stretch of time that is read holds; else what the row under the cursor says."""
        read = next((row.read for row in self.rows if row.read is not None), None)
        if self.stretch is not None and read is not None:
            return read(self.stretch)
        return self.rows[self.cursor].about if self.cursor < len(self.rows) else ""

    @property
    def _inner_width(self) -> int:
        return self.size.width - (self.count() > self.page)

    def _columns(self) -> Columns | None:
        """Where the stretches of time of the charts stand, if there are charts."""
        made = next((row.columns for row in self.rows if row.columns is not None), None)
        return made(self._inner_width) if made is not None else None

    def draw(self, line: int, out: Line) -> None:
        self.rows[line].draw(out)

    def draw_line(self, y: int) -> Strip:
        strip = super().draw_line(y)
        line = self.top + y - self.title_lines
        if self.stretch is None or y < self.title_lines or line >= len(self.rows):
            return strip
        columns = self.rows[line].columns
        if columns is None:
            return strip
        first, end = columns(self._inner_width).span_of(self.stretch)
        read = strip.crop(first, end).apply_style(Style(reverse=True))
        return Strip([*strip.crop(0, first), *read, *strip.crop(end)], strip.cell_length)

"""What the stats view shows, computed in a thread of its own: frames of the directory, kept up to date, and pages."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.base.clock import DAY, HOUR, MINUTE
from lineage_core.model.entities import TaskRow
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.stats import PAGES
from lineage_tui.stats.charts import Row

if TYPE_CHECKING:
    from lineage_core.dataframes.reader import FrameReader

WINDOWS = ("15m", "1h", "24h", "7d", "all")
"""As `lineage_core.stats.WINDOWS` names them."""

_SPANS = (15 * MINUTE, HOUR, DAY, 7 * DAY)


def window_for(span: int) -> str:
    """The shortest window that holds a span of time, in microseconds; everything, where it would be half empty."""
    at = bisect_left(_SPANS, span)
    return WINDOWS[at] if at < len(_SPANS) and 2 * span >= _SPANS[at] else WINDOWS[-1]


STALE = 10.0
"""Seconds after which a page is made again though nothing was logged: its window has moved on."""

Matches = Callable[[TaskRow], bool]


class Request(NamedTuple):
    """What is to be shown.

    local: whether times are of the user's time zone. matches: chooses the tasks, if any are chosen; text: the filter
    that it was made from. height: lines that the page may take without scrolling.
    """

    pane: str
    window: str
    local: bool = False
    matches: Matches | None = None
    text: str = ""
    height: int = 0


class Answer(NamedTuple):
    """A page. took: seconds to make it. now: the moment it stands for; first_at: the first event of the directory, if
    there is one; both in microseconds since the epoch."""

    request: Request
    rows: list[Row]
    took: float
    now: int
    first_at: int | None = None


class StoppedError(Exception):
    """The app is being closed."""


class StatsWorker:
    """Makes pages. `answer` is for one thread at a time, and not for that of the interface."""

    def __init__(self, directory: Path, state: State, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self._directory = directory
        self._state = state
        self._reader: FrameReader | None = None
        self._last: tuple[Request, float] | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let a page that is being made be given up soon."""
        self._stopped.set()

    def answer(
        self, request: Request, now: int, progress: Callable[[int, int], None], *, paused: bool = False
    ) -> Answer | None:
        """The page that is asked for; None if it would be the same as the last one. Raises StoppedError.

        paused: whether to stay with what was read before, if anything was.
        """
        from lineage_core.dataframes.reader import FrameReader  # polars, 350 ms: only when somebody looks

        def go_on(done: int, total: int) -> None:
            if self._stopped.is_set():
                raise StoppedError
            progress(done, total)

        began = time.monotonic()
        first = self._reader is None
        reader = self._reader = self._reader or FrameReader(self._directory)
        changed = reader.refresh(go_on) if first or not paused else False
        if not changed and self._last and self._last[0] == request and (paused or began - self._last[1] < STALE):
            return None
        rows = self._page(request, reader, now)
        self._last = (request, began)
        if first:
            reader.keep()
        return Answer(request, rows, time.monotonic() - began, now, reader.frames.first_at())

    def _page(self, request: Request, reader: FrameReader, now: int) -> list[Row]:
        from lineage_core import stats

        frames = reader.frames
        if request.matches is not None:
            rows = list(self._state.rows.values())
            frames = stats.narrowed(frames, [row.task_id for row in rows if request.matches(row)])
        width = stats.WINDOWS[request.window]
        cut = stats.Window(frames, None if width is None else now - width, now, request.local)
        return PAGES[request.pane](cut, self.thresholds, request.height)

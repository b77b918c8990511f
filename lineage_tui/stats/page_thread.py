"""What the stats view shows, computed in a thread of its own: frames of the directory, kept up to date, and pages."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.base.clock import DAY, HOUR, MINUTE
from lineage_core.forecast.live_forecasts import LEARNED, Foresight
from lineage_core.meaning.money import Prices
from lineage_core.model.entities import TaskRow
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.state_as_of import Past
from lineage_core.state.store import State
from lineage_tui.stats import PAGES, outlook
from lineage_tui.stats.charts import Row

if TYPE_CHECKING:
    from lineage_core.dataframes.reader import FrameReader, Frames

WINDOWS = ("15m", "1h", "24h", "7d", "all")
"""As `lineage_core.stats.WINDOWS` names them."""

_SPANS = (15 * MINUTE, HOUR, DAY, 7 * DAY)


MOST = 0.75
"""The share of the events that the first look has to show: a few old ones do not make it an empty one."""


def window_for(most: int, whole: int) -> str:
    """The shortest window that holds MOST of the events; everything, where the window is twice as long as that.

    most, whole: for how long MOST of the events, and all of them, have been coming; in microseconds.
    """
    at = bisect_left(_SPANS, most)
    return WINDOWS[at] if at < len(_SPANS) and 2 * whole >= _SPANS[at] else WINDOWS[-1]


OUTLOOK = "outlook"
"""The pane that is made of forecasts; the others are made of figures (`PAGES`)."""

STALE = 10.0
"""Seconds after which a page is made again though nothing was logged: its window has moved on."""

FORESEEN = 2.0
"""The same of forecasts, which a second makes others."""

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
    there is one, and most_since: since when MOST of them happened; in microseconds since the epoch."""

    request: Request
    rows: list[Row]
    took: float
    now: int
    first_at: int | None = None
    most_since: int | None = None


class StoppedError(Exception):
    """The app is being closed."""


class StatsWorker:
    """Makes pages. `answer` is for one thread at a time, and not for that of the interface."""

    def __init__(self, directory: Path, state: State, thresholds: Thresholds, prices: Prices | None) -> None:
        self.thresholds = thresholds
        self._prices = prices
        self._directory = directory
        self._state = state
        self._reader: FrameReader | None = None
        self._last: tuple[Request, float] | None = None
        self._made_of: Frames | None = None
        self._learned_at = 0
        self._stopped = threading.Event()
        self._foresight: Foresight | None = None
        self._changed: deque[str] = deque()
        self._past = state if isinstance(state, Past) else None
        self._then: tuple[int, Frames] | None = None  # the frames as of a time

    def stop(self) -> None:
        """Let a page that is being made be given up soon."""
        self._stopped.set()

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed; for the thread of the interface."""
        if self._foresight is not None:
            self._changed.extend(task_ids)

    def answer(
        self, request: Request, now: int, progress: Callable[[int, int], None], *, paused: bool = False
    ) -> Answer | None:
        """The page that is asked for; None if it would be the same as the last one. Raises StoppedError.

        paused: whether to stay with what was read before, if anything was.
        """

        def go_on(done: int, total: int) -> None:
            if self._stopped.is_set():
                raise StoppedError
            progress(done, total)

        if request.pane == OUTLOOK:
            return self._outlook(request, now, go_on, paused=paused)

        from lineage_core.dataframes.reader import FrameReader  # polars, 350 ms: only when somebody looks

        began = time.monotonic()
        first = self._reader is None
        reader = self._reader = self._reader or FrameReader(self._directory)
        changed = reader.refresh(go_on) if first or not paused else False
        frames = self._frames(reader, now)
        changed = changed or frames is not self._made_of
        if not changed and self._last and self._last[0] == request and (paused or began - self._last[1] < STALE):
            return None
        rows = self._page(request, frames, now)
        self._last, self._made_of = (request, began), frames
        if first:
            reader.keep()
        return Answer(request, rows, time.monotonic() - began, now, frames.since(1), frames.since(MOST))

    def _frames(self, reader: FrameReader, now: int) -> Frames:
        """What there is, or was at the time that is shown."""
        if self._past is None:
            return reader.frames
        if self._then is None or self._then[0] != now:
            self._then = now, reader.frames.as_of(now)
        return self._then[1]

    def _outlook(
        self, request: Request, now: int, progress: Callable[[int, int], None], *, paused: bool
    ) -> Answer | None:
        """The page of forecasts, from what this thread has learned of the state by itself."""
        began = time.monotonic()
        if self._past is not None and self._learned_at != now:
            self._foresight = None  # what it learned may be of later
        self._learned_at = now
        if self._foresight is None:
            self._foresight = foresight = Foresight(self._state)
            whole = 10 * min(LEARNED, len(self._state.rows)) + 1  # about so many steps
            for step in foresight.learn(now):
                if step % 200 == 0:
                    progress(min(step, whole - 1), whole)
        elif not paused and self._changed:
            self._foresight.heard(self._changed.popleft() for _ in range(len(self._changed)))
            self._foresight.update(now)
        elif self._last and self._last[0] == request and (paused or began - self._last[1] < FORESEEN):
            return None
        rows = list(self._state.rows.values())
        chosen = rows if request.matches is None else [row for row in rows if request.matches(row)]
        lines = outlook.page(self._foresight, chosen, now)
        self._last = (request, began)
        return Answer(
            request,
            lines,
            time.monotonic() - began,
            now,
            (first := min((row.first_at for row in rows), default=None)),
            first,
        )

    def _page(self, request: Request, frames: Frames, now: int) -> list[Row]:
        from lineage_core import stats

        if request.matches is not None:
            rows = list(self._state.rows.values())
            frames = stats.narrowed(frames, [row.task_id for row in rows if request.matches(row)])
        width = stats.WINDOWS[request.window]
        cut = stats.Window(frames, None if width is None else now - width, now, request.local, self._prices)
        return PAGES[request.pane](cut, self.thresholds, request.height)

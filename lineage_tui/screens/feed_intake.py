"""Takes what changed from the feed, frame by frame, so that keys never wait for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from lineage_core.state.feed import BEHIND, BEHIND_FRAME, Feed
from lineage_tui.widgets.background_work import PAUSE
from lineage_tui.widgets.pending_key import LONGEST

FRAME = 0.016
"""Seconds between two takes from the feed: 60 a second at most."""

MANY, BUSY_FRAME = 100, 0.1
"""From so many events a second on, the seconds between two takes once the screen is up to date: nobody reads 60 counts
a second, and drawing them takes half a core. Keys do not wait for a take."""

TAKE_BUDGET = 0.008
"""Seconds that one take may keep the interface thread."""

IDLE_BUDGET = 0.03
"""The same while much waits and no key was pressed for a moment: history fills in faster."""

STEP_BUDGET, WHOLE = 0.2, 2000
"""The same of a step in time, and how many tasks are then taken at once."""

AT_ONCE = 50
"""Tasks that are taken between two looks at the clock; four times as many in the idle case."""


class FeedIntake:
    """Plans takes from a feed.

    soon: calls a function in the interface thread, after what waits there. take_in: shows what changed in some tasks.
    taken: called after each take with all tasks that were taken; whether to go on. key_waits: whether a key waits for
    its frame. last_key: when a key was pressed, by the monotonic clock in seconds.
    """

    def __init__(
        self,
        feed: Callable[[], Feed],
        soon: Callable[[Callable[[], None]], Any],
        take_in: Callable[[set[str]], None],
        taken: Callable[[set[str]], bool],
        key_waits: Callable[[], bool],
    ) -> None:
        self.last_key = 0.0
        self._feed = feed
        self._soon = soon
        self._take_in = take_in
        self._taken = taken
        self._key_waits = key_waits
        self._next = 0.0
        self._planned = False
        self._over = False

    def plan(self) -> None:
        """Take what there is, when it is time."""
        if self._planned:
            return
        self._planned = True
        delay = max(0.0, self._next - time.monotonic())
        # Not set_timer: one whose time has passed before it begins to wait is lost (Textual 8.2). Never at once: keys
        # come first.
        asyncio.get_running_loop().call_later(delay, self._after_key, time.monotonic() + delay + LONGEST)

    def _after_key(self, until: float) -> None:
        """Take when no key waits for its frame, or it is later than this."""
        if self._key_waits() and time.monotonic() < until:
            asyncio.get_running_loop().call_later(PAUSE, self._after_key, until)
        else:
            self._soon(self._take)

    def now(self) -> None:
        """Take all there is at once: somebody waits for just that, and draws it but once."""
        self._take(STEP_BUDGET)

    def _take(self, budget: float = TAKE_BUDGET) -> None:
        """Take changes for one frame's budget; the rest waits for the next frame."""
        self._planned = False
        if self._over:
            return  # what comes is for the screen that stands here now
        feed = self._feed()
        started = time.monotonic()
        taken: set[str] = set()
        idle = feed.waiting > 1000 and started - self.last_key > 0.5
        budget, most = max(budget, IDLE_BUDGET if idle else 0.0), 4 * AT_ONCE if idle else AT_ONCE
        while time.monotonic() - started < budget:
            ids = feed.take(WHOLE if budget == STEP_BUDGET else most)
            if not ids:
                break
            self._take_in(ids)
            taken |= ids
            if budget != STEP_BUDGET and self._key_waits():
                break
        self._next = started + self._frame(feed)
        self._over = not self._taken(taken)
        if feed.waiting:
            self.plan()

    def _frame(self, feed: Feed) -> float:
        """Seconds from one take to the next."""
        if feed.health.backlog > BEHIND:
            return BEHIND_FRAME
        return FRAME if feed.waiting or feed.rate() < MANY else BUSY_FRAME

"""The base of the list views: they stay with the newest, or the most urgent, until the operator moves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator

from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.list_view import ListView
from lineage_tui.widgets.slices import in_background

BUDGET = 0.006
"""Seconds that a slice of long work may keep the interface thread."""

PAUSE = 0.004
"""Seconds between two slices, for keys and frames."""


class FollowingList(ListView):
    """A list with a line that it stays at while `following`: its first, unless `home` says another."""

    following = True

    def home(self) -> int:
        """The line to stay at."""
        return 0

    def follow(self) -> None:
        self.following = True
        self.fresh = 0
        self.settle(0)

    def settle(self, new: int, touched: Callable[[Hashable], bool] | None = None) -> None:
        """Take in that lines came, went or moved; new: how many are new, touched: as for `sync`."""
        if self.following:
            self._go_home()
            self.draw_changes(touched)
        else:
            self.fresh += new
            self.sync(touched)

    def select(self, line: int) -> None:
        self.following = False
        super().select(line)

    def keep_in_view(self) -> None:
        if self.following:
            self._go_home()
        else:
            super().keep_in_view()

    def _go_home(self) -> None:
        if self.home() < self.page:
            self.top = 0  # what stands above it, a heading, is seen too
        LineList.select(self, self.home())

    def news(self) -> int:
        """How many lines are new since this was asked last, where lines come without an event."""
        return 0

    def in_slices(self, work: Iterator[object], group: str = "slices") -> None:
        """Do long work in slices, the first at once; what was begun before in the group is given up."""
        self.workers.cancel_group(self, group)

        async def rest() -> None:
            while not self._slice(work):
                await asyncio.sleep(PAUSE)

        if not self._slice(work):
            in_background(self, rest, group, exclusive=False)

    def _slice(self, work: Iterator[object]) -> bool:
        """Go on for a while; whether the work is done."""
        until = time.monotonic() + BUDGET
        for _ in work:
            if time.monotonic() > until:
                return False
        self.settle(self.news())
        return True

"""The base of the list views: they stay with the newest, or the most urgent, until the operator moves."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lineage_tui.widgets.lines import LineView

BUDGET = 0.006
"""Seconds that a slice of long work may keep the interface thread."""

_DONE = object()


class HomingLines(LineView):
    """A list with a line that it stays at while `following`: its first, unless `home` says another.

    fresh: lines that were new since the operator moved away.
    """

    following = True
    fresh = 0
    _turn = 0

    def home(self) -> int:
        """The line to stay at."""
        return 0

    def follow(self) -> None:
        """Go to the home line and stay there until the operator moves."""
        self.following = True
        self.fresh = 0
        self.settle(0)

    def settle(self, new: int) -> None:
        """Take in that lines came, went or moved; new: how many are new."""
        if self.following:
            LineView.select(self, self.home())
        else:
            self.fresh += new
            self.sync()

    def select(self, line: int) -> None:
        self.following = False
        super().select(line)

    def keep_in_view(self) -> None:
        if self.following:
            LineView.select(self, self.home())
        else:
            super().keep_in_view()

    def in_slices(self, work: Iterator[object]) -> None:
        """Do long work in slices, the first at once; what was begun before is given up."""
        self._turn += 1
        self._go_on(work, self._turn)

    def _go_on(self, work: Iterator[object], turn: int) -> None:
        until = time.monotonic() + BUDGET
        while turn == self._turn:
            if next(work, _DONE) is _DONE:
                self.settle(0)
                return
            if time.monotonic() > until:
                self.set_timer(0.001, lambda: self._go_on(work, turn))
                return

"""The base of the list views: they stay with the newest, or the most urgent, until the operator moves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from lineage_tui.widgets import work_slices as slices
from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.list_view import ListView


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
        slices.in_slices(self, work, group, lambda done: self.settle(self.news()) if done else None)

"""The base of the list views: they open at the newest, or the most urgent, and then stay where they are.

Only who asks for it (`follow`) is taken to what comes. Until then no line moves: what would stand elsewhere is held.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from lineage_tui.widgets import background_work as slices
from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.list_view import ListView

LISTED_ANEW = "slices"
"""The group of work after which other lines are listed, or in another order."""


class FollowingList(ListView):
    """A list with a line that it stays at while `following`: its first, unless `home` says another.

    chosen: whether the operator has said what to stay with: a line, or whatever comes. fresh: how many lines came above
    the selected one since it does not follow.
    """

    following = True
    fresh = 0
    chosen = False
    _stays_with: Hashable | None = None  # the key of that line, also while a filter hides it

    def home(self) -> int:
        """The line to stay at."""
        return 0

    def hold(self) -> None:
        if not self.chosen and self.count():
            self.following = False
            self._stays_with = self.cursor_key

    def let_go(self) -> None:
        if not self.chosen:
            self.following = True
            self.fresh = 0
            self.release()
            self.settle()

    def follow(self) -> None:
        self.following = self.chosen = True
        self.fresh = 0
        self.release()
        self.settle()

    def release(self) -> None:
        """Bring what was held to where it belongs."""

    def held(self) -> int:
        """How many lines would move if they might."""
        return 0

    def waiting(self) -> list[str]:
        if self.following:
            return []
        above, held = min(self.fresh, self.top), self.held()
        return [f"{count:,} {word}" for count, word in ((above, "new above"), (held, "to move")) if count]

    def settle(self, touched: Callable[[Hashable], bool] | None = None) -> None:
        """Take in that lines came, went or moved; touched: as for `sync`."""
        if self.following:
            self._go_home()
            self.draw_changes(touched)
        else:
            before = self.cursor
            self.sync(touched)
            self.fresh = max(0, self.fresh + self.cursor - before)

    def select(self, line: int) -> None:
        self.following, self.chosen = False, True
        super().select(line)
        self._stays_with = self.cursor_key

    def keep_in_view(self) -> None:
        if self.following:
            self._go_home()
        else:
            super().keep_in_view()

    def show_amid(self, key: Hashable) -> bool:
        """Put the cursor on the line of a key, opening what it is folded into, with lines above it and more below it;
        False if there is none."""
        found = self.reveal(key)
        self.top = self.cursor - self.page // 3
        self._clamp(self.count())
        self.refresh()
        return found

    def _go_home(self) -> None:
        if self.home() < self.page:
            self.top = 0  # what stands above it, a heading, is seen too
        LineList.select(self, self.home())

    def in_slices(self, work: Iterator[object], group: str = LISTED_ANEW) -> None:
        """Do long work in slices, the first at once; what was begun before in the group is given up."""

        def after(done: bool) -> None:
            if done:
                self.settle()
                if group == LISTED_ANEW and not self.following:
                    self.fresh = 0
                    self._find_again()

        slices.in_slices(self, work, group, after)

    def _find_again(self) -> None:
        """Other lines are listed: be at the one to stay with, if it is there, else at the first."""
        line = self.line_of(self._stays_with) if self._stays_with is not None else None
        LineList.select(self, self.home() if line is None else line)

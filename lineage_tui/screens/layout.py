"""How the list and the detail pane share the screen: one below or beside the other, how much each has, or one alone."""

from __future__ import annotations

from textual.geometry import Size

from lineage_tui.screens.app_context import Context, Handlers
from lineage_tui.screens.panes import Panes

ARRANGEMENTS = {
    "below": "the pane below",
    "beside": "the pane beside",
    "list": "the list alone",
    "pane": "the pane alone",
}
"""By the name that is kept between runs: what the operator is told."""

EDGES = 3
"""Rows of the lines at the edges of the screen."""

LIST = 11
"""Rows that the list has before the pane below it has any, so that it never shrinks as the terminal grows; in less room
the pane is only shown while keys go to it. No size changes the arrangement by itself: beside each other, list and pane
would show less of each line than they did below each other, however wide the terminal is."""

PANE, READ = 45, 70
"""How much of the screen the pane below has then at most, and while keys go to it, in percent, if the operator has not
moved the border."""

STEP, LEAST, MOST = 5, 20, 80
"""How far the border moves, and how much of the screen the pane has at least and at most, in percent."""


class Layout:
    """arrangement: a key of ARRANGEMENTS. share: how much of the screen the operator has given to the pane, in percent;
    0: what is usual, and more while keys go there."""

    def __init__(self, context: Context, panes: Panes) -> None:
        self._context = context
        self._panes = panes
        self._size: Size | None = None
        self.arrangement = "below"
        self.share = 0
        panes.detail.on_drag = self.drag

    def handlers(self) -> Handlers:
        return {
            "layout": self.next,
            "larger-pane": lambda: self.grow(STEP),
            "smaller-pane": lambda: self.grow(-STEP),
        }

    @property
    def beside(self) -> bool:
        """Whether the pane stands beside the list, not below it."""
        return self.arrangement == "beside"

    def show(self, size: Size | None = None) -> None:
        """Arrange the panes for a size of the screen; None: the one it had, or has at the start."""
        detail, screen = self._panes.detail, self._panes.detail.screen
        self._size = size = size or self._size or screen.app.size
        screen.set_class(self.beside, "wide")
        rows = size.height - EDGES
        short = self.arrangement == "below" and not self.share and rows <= LIST
        screen.set_class(short, "short")
        screen.set_class(self.arrangement == "list", "list")
        screen.set_class(self.arrangement == "pane", "pane")
        detail.styles.width = round(size.width * self.share / 100) if self.beside and self.share else None
        detail.styles.height = self._pane_rows(rows) if self.arrangement == "below" and not short else None

    def _pane_rows(self, rows: int) -> int:
        """How many of so many rows the pane below the list has."""
        if self.share:
            return round(rows * self.share / 100)
        if self._panes.in_detail:
            return rows * READ // 100
        return min(rows * PANE // 100, rows - LIST)

    def next(self) -> None:
        """The next arrangement that looks different."""
        order = tuple(ARRANGEMENTS)
        self.arrangement = order[(order.index(self.arrangement) + 1) % len(order)]
        self.show()
        hidden = self._panes.views.view if self.arrangement == "pane" else self._panes.detail
        if self.arrangement == "pane" or (self.arrangement == "list" and hidden.has_focus_within):
            self._panes.focus(self._panes.detail.tabs.view if self.arrangement == "pane" else self._panes.views.view)
        self._context.say(ARRANGEMENTS[self.arrangement])

    def grow(self, by: int) -> None:
        """Give the pane more of the screen, or less; in percent."""
        self._set(self._share_now() + by)

    def drag(self, x: int, y: int) -> None:
        """Put the border between list and pane where the mouse is (a cell of the screen)."""
        body = self._panes.views.parent
        assert body is not None
        area = body.region  # type: ignore[attr-defined]
        if self.beside:
            self._set(round(100 * (area.right - x) / max(1, area.width)))
        else:
            self._set(round(100 * (area.bottom - y) / max(1, area.height)))

    def _share_now(self) -> int:
        """What the pane has now, in percent, to the nearest step."""
        detail, views = self._panes.detail.outer_size, self._panes.views.outer_size
        mine, all_ = (
            (detail.width, detail.width + views.width) if self.beside else (detail.height, detail.height + views.height)
        )
        return round(100 * mine / max(1, all_) / STEP) * STEP

    def _set(self, share: int) -> None:
        if self.arrangement in ("list", "pane"):
            self._context.say(f"{ARRANGEMENTS[self.arrangement]}: there is no border to move")
            return
        self.share = max(LEAST, min(MOST, share))
        self.show()

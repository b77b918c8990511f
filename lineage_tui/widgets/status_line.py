"""The lines at the edges: what is open at the top; counts and the health of the feed, and the keys, at the bottom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.strip import Strip

from lineage_core.base.terminal_cells import cell_width, fit, shown
from lineage_tui.theme.styled_line import Line, part_at
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.drawn_widget import DrawnWidget

Part = tuple[str, str]


class EdgeLine(DrawnWidget):
    """One line with parts at its left and at its right end; the left is cut where they meet.

    on_part: called with the text of a part at the left that was clicked.
    """

    def __init__(self, styles: Styles, *, on: str = "panel", **options: Any) -> None:
        super().__init__(**options)
        self.looks = styles
        self.on = on
        self.left: list[Part] = []
        self.right: list[Part] = []
        self.on_part: Callable[[str], None] = lambda text: None

    def show(self, left: list[Part], right: list[Part]) -> None:
        """Draw these parts (text, role) from now on."""
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    def draw_line(self, y: int) -> Strip:
        room = self.size.width
        right = min(room, sum(cell_width(shown(text)) for text, _ in self.right))
        out = Line(room, self.looks, self.on)
        for text, role in self.left:
            room = out.left - right
            if room > 0:
                out.put(text if cell_width(shown(text)) <= room else fit(text, room), role)
        out.put(" " * max(0, out.left - right))
        for text, role in self.right:
            out.put(text, role)
        return out.strip()

    def on_click(self, event: events.Click) -> None:
        if self.is_click(event) and (text := part_at((text for text, _ in self.left), event.x)):
            self.on_part(text)

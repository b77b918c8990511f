"""The line on which the operator moves in time: from the first event to the last, with the moment that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.strip import Strip

from lineage_core.base.terminal_cells import cell_width
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.drawn_widget import DrawnWidget


class Scrubber(DrawnWidget):
    """Draws the stretch of time and where in it the screen is. on_chosen: called with the moment that was clicked.

    Times are microseconds since the epoch. note: what is said behind the line.
    """

    def __init__(self, styles: Styles, **options: Any) -> None:
        super().__init__(**options)
        self.looks = styles
        self.first = self.last = self.at = 0
        self.label = self.note = ""
        self.on_chosen: Callable[[int], None] = lambda at: None

    def show(self, first: int, last: int, at: int, label: str, note: str) -> None:
        """Draw this from now on. label: the moment in words."""
        if (first, last, at, label, note) != (self.first, self.last, self.at, self.label, self.note):
            self.first, self.last, self.at, self.label, self.note = first, last, at, label, note
            self.refresh()

    @property
    def cells(self) -> int:
        """How many cells the stretch of time takes."""
        return max(2, self.size.width - cell_width(self.label) - cell_width(self.note) - 4)

    @property
    def of_cell(self) -> int:
        """How long the time is that a cell stands for."""
        return max(1, (self.last - self.first) // (self.cells - 1))

    def draw_line(self, y: int) -> Strip:
        out = Line(self.size.width, self.looks, "panel")
        out.put(f" {self.label} ", "escalated")
        span = max(1, self.last - self.first)
        here = min(self.cells - 1, max(0, (self.at - self.first) * (self.cells - 1) // span))
        rule, knob = self.looks.glyph("─", "-"), self.looks.glyph("●", "O")
        out.put(rule * here, "accent").put(knob, "accent", bold=True).put(rule * (self.cells - here - 1), "line")
        out.put(f" {self.note}", "muted")
        return out.strip()

    def on_click(self, event: events.Click) -> None:
        cell = event.x - cell_width(self.label) - 2
        if self.is_click(event) and 0 <= cell < self.cells:
            self.on_chosen(self.first + (self.last - self.first) * cell // (self.cells - 1))

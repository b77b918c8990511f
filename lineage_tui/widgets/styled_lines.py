"""Lines that are drawn as they are told: the heading of the detail pane, the lines below it, the help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.strip import Strip

from lineage_tui.theme.styled_line import Line, part_at
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.drawn_widget import DrawnWidget


class StyledLines(DrawnWidget):
    """Lines of (text, role, bold) parts, drawn as they are.

    on_part: called with the text of a part that was clicked. links: the addresses to which texts of parts lead.
    """

    def __init__(self, styles: Styles, **options: Any) -> None:
        super().__init__(**options)
        self.looks = styles
        self.lines: list[list[tuple[str, str, bool]]] = []
        self.links: dict[str, str] = {}
        self.on_part: Callable[[str], None] = lambda text: None

    def show(self, lines: list[list[tuple[str, str, bool]]]) -> None:
        """Draw these lines from now on."""
        if lines != self.lines:
            self.lines = lines
            self.refresh()

    def stand(self, height: int) -> None:
        """Take so many lines on the screen from now on."""
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
            self.display = height > 0

    def draw_line(self, y: int) -> Strip:
        out = Line(self.size.width, self.looks)
        for text, role, bold in self.lines[y] if y < len(self.lines) else ():
            out.put(text, role, bold=bold, link=self.links.get(text, ""))
        return out.strip()

    def on_click(self, event: events.Click) -> None:
        parts = self.lines[event.y] if event.y < len(self.lines) else []
        if self.is_click(event) and (text := part_at((text for text, _, _ in parts), event.x)):
            self.on_part(text)

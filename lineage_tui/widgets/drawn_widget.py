"""The base of the widgets that draw their lines themselves: what the mouse drags over in them can be copied."""

from __future__ import annotations

from rich.style import Style
from textual import events
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from lineage_core.base.terminal_cells import cell_width


class DrawnWidget(Widget):
    """A widget of drawn lines. A subclass draws one in `draw_line`."""

    _mouse = False  # whether the mouse is over it: only then lines carry what a selection needs

    def draw_line(self, y: int) -> Strip:
        """The line at a height of the widget, as wide as the widget."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        strip = self.draw_line(y)
        return self._highlight(strip, y).apply_offsets(0, y) if self._mouse or self.text_selection else strip

    def _highlight(self, strip: Strip, y: int) -> Strip:
        """The line with what of it the mouse has selected in reverse."""
        span = self.text_selection.get_span(y) if self.text_selection is not None else None
        if span is None:
            return strip
        # The span counts characters, a strip counts cells.
        start, end = (strip.cell_length if at == -1 else cell_width(strip.text[:at]) for at in span)
        chosen = strip.crop(start, end).apply_style(Style(reverse=True))
        return Strip([*strip.crop(0, start), *chosen, *strip.crop(end)], strip.cell_length)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that the mouse has selected, for copying; None where it is all below the last line."""
        lines = self.text_lines()
        if selection.start is not None and selection.start.y >= len(lines):
            return None  # the widget has become lower meanwhile
        # `extract` splits it again, and would lose a last line that is empty.
        return selection.extract("\n".join(lines) + "\n"), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def text_lines(self) -> list[str]:
        """What is on the screen now, as text."""
        return [self.draw_line(y).text.rstrip() for y in range(self.size.height)]

    def on_enter(self) -> None:
        self._mouse = True
        self.refresh()

    def on_leave(self) -> None:
        self._mouse = False
        self.refresh()

    def is_click(self, event: events.Click) -> bool:
        """Whether a click is one, and not the end of a selection. A second click enters a line; it selects no text."""
        event.prevent_default()
        return not self.screen.selections

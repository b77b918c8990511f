"""The three lines above the figures: which pane, of which window, and what the cursor reads."""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.base.clock import format_local, format_timestamp
from lineage_tui.stats import PAGES
from lineage_tui.stats.page_thread import OUTLOOK, WINDOWS
from lineage_tui.theme.styled_line import Line

PANES = (*PAGES, OUTLOOK)


class StatsTitle(NamedTuple):
    """What the lines tell.

    pane, window: of PANES, of WINDOWS. part: how much of the journal was read, 0 to 1, while it is read. as_of: the
    present of the figures, in microseconds; None while there are none. took: seconds that they took to make. leads:
    whether Enter leads from the row under the cursor to tasks. words: what the cursor reads.
    """

    pane: str
    window: str
    part: float | None
    as_of: int | None
    local: bool
    took: float
    leads: bool
    words: str

    def draw(self, line: int, out: Line) -> None:
        """Draw one of the lines, 0 to 2."""
        if line == 0:
            out.put(" ")
            _draw_choice(out, PANES, self.pane, out.styles.glyph("← →", "left right"))
        elif line == 1:
            out.put(" ")
            if self.pane == OUTLOOK:
                out.put("of what is open, if nothing is added   ", "muted")
            else:
                _draw_choice(out, WINDOWS, self.window, ", .")
            out.put(self.progress(), "blocked" if self.part is not None else "muted")
        else:
            out.put(f" {self.words}", "text")

    def progress(self) -> str:
        """Of when the figures are, or how far they have come."""
        if self.part is not None:
            return f"reading the journal {self.part:.0%}"
        if self.as_of is None:
            return "reading the journal"
        at = (format_local if self.local else format_timestamp)(self.as_of)[11:19]
        hint = "Enter: the tasks" if self.leads else ""
        return f"as of {at}{' local' if self.local else 'Z'}, made in {self.took * 1000:.0f} ms  {hint}"


def _draw_choice(out: Line, names: tuple[str, ...], chosen: str, keys: str) -> None:
    for name in names:
        here = name == chosen
        out.put(f"[{name}]" if here else f" {name} ", "accent" if here else "muted", bold=here)
    out.put(f"  {keys}   ", "line")

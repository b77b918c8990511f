"""What the first run shows: five hints, over the list, until a key is pressed; then never again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from textual import events

from lineage_core.base import user_files
from lineage_core.base.terminal_cells import cell_width
from lineage_tui.screens.app_context import Context, key_of
from lineage_tui.theme.styled_line import Parts
from lineage_tui.widgets.styled_lines import StyledLines

MARK_FILE = "hints-shown"
"""In the user's state directory once the hints were seen; delete it to see them again."""

LEAST = 20
"""Lines of a terminal from which on there is room for them."""


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the hints are to be shown: never before, not switched off by LINEAGE_HINTS=0, and it can be noted."""
    folder = user_files.location("state")
    return environ.get("LINEAGE_HINTS") != "0" and folder is not None and not (folder / MARK_FILE).exists()


class Hints(StyledLines):
    """The hints in a frame; the key that ends them does what it always does."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.looks, id="hints")
        self.program = context
        self.display = False
        self.border_title = "new here?"
        self.border_subtitle = "any key closes this"

    def open(self, height: int) -> None:
        """Appear, if a terminal of this height has room for them."""
        if height < LEAST:
            return
        keys = [
            (("attention",), "what needs somebody, the most urgent first"),
            (("next-failure", "blame"), "to the next failure; to the event that caused it"),
            (("enter", "up-level"), "deeper: task, event, record; and out again"),
            (("filter",), "filter: failed, master:sec, is:late, since:2h"),
            (("help", "quit"), "all keys and signs; leave"),
        ]
        named = [(" ".join(key_of(self.program, name) for name in names), text) for names, text in keys]
        lines: list[Parts] = [[(f" {key:<10}", "accent", True), (f"{text} ", "text", False)] for key, text in named]
        self.show(lines)
        self.styles.width = max(sum(cell_width(text) for text, _, _ in line) for line in lines) + 2
        self.styles.height = len(lines) + 2
        self.display = True

    def on_click(self, event: events.Click) -> None:
        self.close()

    def close(self) -> None:
        """Go, and note that they were seen."""
        if not self.display:
            return
        self.display = False
        if (folder := user_files.folder("state")) is not None:
            with suppress(OSError), user_files.replacing(folder / MARK_FILE) as file:
                file.write(b"")

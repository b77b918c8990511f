"""The help: every key on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from lineage_tui.commands import GROUPS, shown, with_joined
from lineage_tui.widgets.detail import Heading

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp

KEYS, TEXT = 12, 26
"""Cells of a column of the page."""


class HelpScreen(ModalScreen[None]):
    """All keys; any key closes it."""

    app: LineageApp

    def compose(self) -> ComposeResult:
        yield Heading(self.app.looks, id="help")

    def on_mount(self) -> None:
        page = self.query_one("#help", Heading)
        columns: list[list[tuple[str, str, bool]]] = []
        plain, commands = self.app.looks.ascii_only, self.app.commands
        for group, title in GROUPS.items():
            columns.append([(f"{title:<{KEYS + TEXT + 1}}", "accent", True)])
            for command in commands:
                if command.group == group and not command.joined:
                    keys = _fitting([shown(key, ascii_only=plain) for key in with_joined(command, commands)])
                    text = self.app.looks.plain(command.text)
                    columns.append([(f"{keys:<{KEYS}} ", "text", True), (f"{text:<{TEXT}.{TEXT}}", "text", False)])
        # Two columns, or three where there is room, so that all of it fits on one page.
        count = 3 if self.app.size.width >= 122 else 2
        height = -(-len(columns) // count)
        lines = [[part for at in range(n, len(columns), height) for part in columns[at]] for n in range(height)]
        page.border_title = "lineage-tui: keys"
        page.show(lines)
        page.styles.height = len(lines) + 2
        page.styles.width = (KEYS + TEXT + 1) * count + 2

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss()

    def on_click(self) -> None:
        self.dismiss()


def _fitting(keys: list[str]) -> str:
    """As many of the keys as there is room for."""
    while len(text := " ".join(keys)) > KEYS:
        keys = keys[:-1]
    return text

"""The help: every key on one page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from lineage_tui.screens.context import Context
from lineage_tui.screens.filter_help import LanguageScreen
from lineage_tui.settings.keymap import GROUPS, shown, with_joined
from lineage_tui.widgets.scroll_page import ScrollPage

KEYS, TEXT = 12, 26
"""Cells of a column of the page."""


class HelpScreen(ModalScreen[None]):
    """All keys; what closes other things closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", "close"),
        Binding("slash", "language", "what a filter can ask"),
    ]

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context

    def action_language(self) -> None:
        """The filter language, in place of the keys."""
        self.app.switch_screen(LanguageScreen(self.context.looks))

    def compose(self) -> ComposeResult:
        yield ScrollPage(self.context.looks, id="help")

    def on_mount(self) -> None:
        page = self.query_one("#help", ScrollPage)
        columns: list[list[tuple[str, str, bool]]] = []
        looks, commands = self.context.looks, self.context.commands
        for key in (key for c in commands if c.name in ("help", "quit", "up-level") for key in c.keys):
            self._bindings.bind(key, "dismiss")
        for group, title in GROUPS.items():
            columns.append([(f"{title:<{KEYS + TEXT + 1}}", "accent", True)])
            for command in commands:
                if command.group == group and not command.joined:
                    keys = _fitting([shown(key, ascii_only=looks.ascii_only) for key in with_joined(command, commands)])
                    text = looks.plain(command.text)
                    columns.append([(f"{keys:<{KEYS}} ", "text", True), (f"{text:<{TEXT}.{TEXT}}", "text", False)])
        # Two columns, or three where there is room, so that all of it fits on one page; one where there is little.
        width = self.app.size.width
        count = 3 if width >= 122 else 2 if width >= 2 * (KEYS + TEXT + 1) else 1
        height = -(-len(columns) // count)
        lines = [[part for at in range(n, len(columns), height) for part in columns[at]] for n in range(height)]
        page.border_title = "lineage-tui: keys"
        page.border_subtitle = "/ what a filter can ask"
        page.tell(lines, (KEYS + TEXT + 1) * count)

    def on_click(self) -> None:
        self.dismiss()


def _fitting(keys: list[str]) -> str:
    """As many of the keys as there is room for."""
    while len(text := " ".join(keys)) > KEYS:
        keys = keys[:-1]
    return text

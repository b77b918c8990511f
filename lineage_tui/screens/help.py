"""The help: every key on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from lineage_tui.commands import COMMANDS, GROUPS, shown, with_joined
from lineage_tui.widgets.heading import Heading

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp

class HelpScreen(ModalScreen[None]):
    """All keys; any key closes it."""

    app: LineageApp

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        yield Heading(self.app.looks, id="help")

    def on_mount(self) -> None:
        page = self.query_one("#help", Heading)
        columns: list[list[tuple[str, str, bool]]] = []
        plain = self.app.looks.ascii_only
        for group, title in GROUPS.items():
            columns.append([(f"{title:<39}", "accent", True)])
            for command in COMMANDS:
                if command.group == group and not command.joined:
                    keys = " ".join(shown(key, ascii_only=plain) for key in with_joined(command))
                    columns.append([(f"{keys:<9.9} ", "text", True), (f"{command.text:<29.29}", "text", False)])
        # Two columns, or three where there is room, so that all of it fits on one page.
        count = 3 if self.app.size.width >= 122 else 2
        height = -(-len(columns) // count)
        lines = [[part for at in range(n, len(columns), height) for part in columns[at]] for n in range(height)]
        page.border_title = "lineage-tui: keys"
        page.show(lines)
        page.styles.height = len(lines) + 2
        page.styles.width = 39 * count + 2

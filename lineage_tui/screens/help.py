"""The help: every key on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from lineage_tui.commands import COMMANDS, shown
from lineage_tui.widgets.detail import Heading

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
        lines: list[list[tuple[str, str, bool]]] = [[(" lineage-tui: keys", "accent", True)], []]
        for command in COMMANDS:
            keys = " ".join(shown(key, ascii_only=self.app.looks.ascii_only) for key in command.keys)
            lines.append([(f" {keys:<12}", "text", True), (command.text, "text", False)])
        states = ("queued", "assigned", "running", "blocked", "completed", "failed", "silent", "zombie", "escalated")
        lines.append([(" ", "text", False)])
        for state in states:
            glyph, word, role = self.app.looks.look(state)
            lines[-1].append((f"{glyph} {word}  ", role, False))
        lines += [[], [(" Esc closes", "muted", False)]]
        page.show(lines)
        page.styles.height = len(lines)

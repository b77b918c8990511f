"""The help: every key on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from lineage_tui.widgets.detail import Heading

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp

KEYS = (
    ("↑ ↓ k j", "one line up, down"),
    ("g G PgUp PgDn", "first, last, a page up, down"),
    ("→ l   ← h", "open a task, close it; in the detail pane: next, previous tab"),
    ("o", "open or close the line under the cursor"),
    ("Enter", "deeper: task, timeline, events, record"),
    ("Esc q", "back by one; q at the root quits"),
    ("Tab", "between the tree and the detail pane"),
    ("/", "filter: words, status: master: session: worker: actor: type: tag: is:, ! before one means not"),
    ("f", "follow the newest task until you move"),
    ("p", "pause the picture; reading goes on"),
    ("Ctrl+P", "all commands, themes among them"),
    ("? F1", "this page"),
)


class HelpScreen(ModalScreen[None]):
    """All keys; any key closes it."""

    app: LineageApp

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        yield Heading(self.app.looks, id="help")

    def on_mount(self) -> None:
        page = self.query_one("#help", Heading)
        lines: list[list[tuple[str, str, bool]]] = [[(" lineage-tui: keys", "accent", True)], []]
        for keys, text in KEYS:
            shown = keys if not self.app.looks.ascii_only else keys.translate(str.maketrans("↑↓→←", "^v><"))
            lines.append([(f" {shown:<15}", "text", True), (text, "text", False)])
        states = ("queued", "assigned", "running", "blocked", "completed", "failed", "silent", "zombie", "escalated")
        lines.append([])
        lines.append([(" ", "text", False)])
        for state in states:
            glyph, word, role = self.app.looks.look(state)
            lines[-1].append((f"{glyph} {word}  ", role, False))
        lines += [[], [(" Esc closes", "muted", False)]]
        page.show(lines)
        page.styles.height = len(lines)

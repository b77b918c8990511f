"""The list of what the selected line names, to go to one of it with a digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from lineage_core.base.terminal_cells import cell_width, shown
from lineage_core.model.entities import TaskRow
from lineage_tui.models.links import Link
from lineage_tui.screens.app_context import Context
from lineage_tui.settings.keymap import named
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList


class LinkLines(LineList):
    """The links, numbered from 1. rows: for the state that a task is in."""

    def __init__(self, styles: Styles, links: Sequence[Link], rows: Mapping[str, TaskRow], **options: Any) -> None:
        super().__init__(styles, **options)
        self.links = links
        self.rows = rows

    def count(self) -> int:
        return len(self.links)

    def draw(self, line: int, out: Line) -> None:
        link = self.links[line]
        out.col(str(line + 1), 3, "accent", right=True, bold=True).col(link.what, 10, "muted")
        if link.to.below is None and link.to.fact is None:
            glyph, _, role = self.looks.look(self.rows[link.to.task_id].status.value)
            out.put(glyph + " ", role)
        out.put(link.text)


class JumpScreen(ModalScreen[Link | None]):
    """Asks which link to follow: by its number, or by the cursor and Enter; any other key closes it."""

    def __init__(self, context: Context, links: Sequence[Link]) -> None:
        super().__init__()
        self.context = context
        self.links = links

    def compose(self) -> ComposeResult:
        view = LinkLines(self.context.looks, self.links, self.context.state.rows, id="links")
        view.border_title = "to which?"
        view.on_entered = self._chosen
        view.styles.height = len(self.links) + 2
        view.styles.width = min(76, 21 + max(cell_width(shown(link.text)) for link in self.links))
        yield view

    def on_mount(self) -> None:
        self.query_one("#links").focus()

    def _chosen(self, key: object) -> None:
        self.dismiss(self.links[key] if isinstance(key, int) else None)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        view = self.query_one("#links", LinkLines)
        pressed = next((c.name for c in self.context.commands if named(event.key) in c.keys), "")
        if event.key.isdecimal():
            number = int(event.key) - 1
            if 0 <= number < len(self.links):
                self._chosen(number)
        elif pressed in ("up", "down"):
            view.move(-1 if pressed == "up" else 1)
        elif pressed in ("page-up", "page-down"):
            view.turn(-1 if pressed == "page-up" else 1)
        elif pressed in ("first", "last"):
            view.edge(-1 if pressed == "first" else 1)
        elif pressed == "enter":
            view.enter()
        else:
            self.dismiss(None)

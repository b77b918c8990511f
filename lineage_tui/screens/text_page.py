"""A page of lines in a frame over the main screen: what was compared, changed, printed. Its keys are the operator's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from lineage_core.base.terminal_cells import cell_width, shown
from lineage_tui.screens.app_context import Context
from lineage_tui.settings.keymap import named
from lineage_tui.theme.styled_line import Line, Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.background_work import in_background
from lineage_tui.widgets.line_list import LineList


class Row(NamedTuple):
    """A line of a page. task_id: the task that Enter leads to from it."""

    parts: Parts
    task_id: str | None = None


class PageLines(LineList):
    """The lines of a page."""

    def __init__(self, styles: Styles, rows: Sequence[Row], **options: Any) -> None:
        super().__init__(styles, **options)
        self.rows = rows

    def count(self) -> int:
        return len(self.rows)

    def draw(self, line: int, out: Line) -> None:
        for text, role, bold in self.rows[line].parts:
            out.put(text, role, bold=bold)


class PageScreen(ModalScreen[str | None]):
    """Shows lines until a key that leads out; gives the task of the line that was entered.

    whole: whether it takes all of the screen, as lines are still to come. work: what brings these, and
    ends with the page.
    """

    def __init__(
        self,
        context: Context,
        title: str,
        rows: Sequence[Row],
        *,
        whole: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__()
        self.context = context
        self.whole = whole
        self.work: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.view = PageLines(context.looks, rows, id="page")
        self.view.border_title = context.looks.plain(shown(title))
        self.view.border_subtitle = context.looks.plain(shown(hint))
        self.view.on_entered = self._entered

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        view = self.view
        if self.whole:
            view.styles.width = view.styles.height = "100%"
        else:
            widths = [sum(cell_width(shown(text)) for text, _, _ in row.parts) for row in view.rows]
            title = cell_width(str(view.border_title or "")) + 4
            view.styles.width = max([title, *widths]) + 3
            view.styles.height = len(view.rows) + 2
        view.focus()
        if self.work is not None:
            in_background(self, self.work, "page")

    def entitle(self, title: str) -> None:
        """Give the page another title."""
        self.view.border_title = self.context.looks.plain(shown(title))

    def tell(self, rows: Sequence[Row]) -> None:
        """Show these lines from now on; at the last line it stays at the last."""
        view = self.view
        at_end = view.cursor >= view.count() - 1
        view.rows = rows
        view.sync()
        if at_end:
            view.edge(1)

    def _entered(self, key: object) -> None:
        task_id = self.view.rows[key].task_id if isinstance(key, int) else None
        if task_id is not None:
            self.dismiss(task_id)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        view = self.view
        name = next((c.name for c in self.context.commands if named(event.key) in c.keys), "")
        match name:
            case "up" | "down":
                view.move(-1 if name == "up" else 1)
            case "page-up" | "page-down":
                view.turn(-1 if name == "page-up" else 1)
            case "first" | "last":
                view.edge(-1 if name == "first" else 1)
            case "enter":
                view.enter()
            case "up-level" | "quit" | "help":
                self.dismiss(None)

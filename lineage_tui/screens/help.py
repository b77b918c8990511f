"""The help: keys by task, what the signs mean, what a filter can ask; `/` finds in it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from lineage_tui.models.help_page import PARTS, Page, page
from lineage_tui.screens.app_context import Context
from lineage_tui.widgets.scroll_page import ScrollPage


class HelpScreen(ModalScreen[None]):
    """All of it on one page; what closes other things closes it. part: what to show first, one of PARTS."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "out", "close", priority=True),
        Binding("q,question_mark,f1,enter", "dismiss", "close"),
        Binding("slash", "find", "find in it"),
        Binding("tab,right,l", "turn(1)", "the next part"),
        Binding("shift+tab,left,h", "turn(-1)", "the part before"),
    ]

    def __init__(self, context: Context, part: str = PARTS[0]) -> None:
        super().__init__()
        self.context = context
        self.part = part
        self.shown = Page([], 0, {})

    def compose(self) -> ComposeResult:
        yield ScrollPage(self.context.looks, id="help")
        field = Input(id="help-field", placeholder=self.context.looks.plain("a key, a sign, a word …"))
        field.display = False
        yield field

    def on_mount(self) -> None:
        for key in (key for c in self.context.commands if c.name in ("help", "quit") for key in c.keys):
            self._bindings.bind(key, "dismiss")
        frame = self.query_one(ScrollPage)
        frame.border_title = "lineage-tui: keys, signs, filter words"
        frame.border_subtitle = self.context.looks.plain("/ find · Tab next part · Esc close")
        self.show("")
        self.call_after_refresh(self.go_to, self.part)

    def show(self, needle: str) -> None:
        """Show what holds a text; all, if it is empty."""
        self.shown = page(self.context.commands, self.context.looks, self.app.size.width, needle)
        self.query_one(ScrollPage).tell(self.shown.lines, self.shown.width)

    def go_to(self, part: str) -> None:
        """Scroll to the beginning of a part."""
        self.query_one(ScrollPage).scroll_to(y=self.shown.starts.get(part, 0), animate=False)

    def action_turn(self, by: int) -> None:
        """To the next part (1) or the one before (-1), from where one is; from the end to the beginning and back."""
        frame = self.query_one(ScrollPage)
        starts = list(self.shown.starts.items()) or [(PARTS[0], 0)]
        after = (
            [part for part, start in starts if start > frame.scroll_y] if frame.scroll_y < frame.max_scroll_y else []
        )
        before = [part for part, start in starts if start < frame.scroll_y]
        self.go_to((after or [starts[0][0]])[0] if by > 0 else (before or [starts[-1][0]])[-1])

    def action_find(self) -> None:
        """Type what to find."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def action_out(self) -> None:
        """Back to all of it, if something was sought; else close."""
        field = self.query_one(Input)
        if not field.display:
            self.dismiss()
            return
        field.value = ""
        field.display = False
        self.query_one(ScrollPage).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.show(event.value)

    def on_input_submitted(self) -> None:
        self.query_one(ScrollPage).focus()

    def on_resize(self) -> None:
        self.show(self.query_one(Input).value)

    def on_click(self) -> None:
        self.dismiss()

"""The filter language on one page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from lineage_core.query.filter_parser import LANGUAGE
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.scroll_page import ScrollPage


class LanguageScreen(ModalScreen[None]):
    """What a filter can ask; any of these keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "close")]

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.looks = styles

    def compose(self) -> ComposeResult:
        yield ScrollPage(self.looks, id="language")

    def on_mount(self) -> None:
        page = self.query_one("#language", ScrollPage)
        width = max(len(example) for example, _ in LANGUAGE)
        page.border_title = "lineage-tui: what a filter can ask"
        lines = [[(f"{example:{width}}  ", "accent", False), (text, "text", False)] for example, text in LANGUAGE]
        page.tell(lines, width + max(len(text) for _, text in LANGUAGE) + 2)

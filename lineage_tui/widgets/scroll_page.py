"""A page of text in a frame, which scrolls where there is no room for all of it: the help."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.styled_lines import StyledLines


class ScrollPage(VerticalScroll):
    """Lines of (text, role, bold) parts; the arrows, `j` and `k`, page keys, Home and End move them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("j", "scroll_down"), ("k", "scroll_up"), ("g", "scroll_home"), ("G", "scroll_end"),
    ]  # fmt: skip

    def __init__(self, styles: Styles, **options: Any) -> None:
        super().__init__(**options)
        self._text = StyledLines(styles)

    def compose(self) -> ComposeResult:
        yield self._text

    def tell(self, lines: list[Parts], width: int) -> None:
        """Show these lines, `width` cells wide."""
        self._text.show(lines)
        self._text.stand(len(lines))
        self._text.styles.width = width
        self.styles.width, self.styles.height = width + 2, len(lines) + 2

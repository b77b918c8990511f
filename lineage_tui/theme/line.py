"""Text into cells: the one place where text from disk becomes something a terminal is shown.

Every text goes through `shown`, which makes control characters harmless and widths sure, and is cut or padded by the
cells it takes (`lineage_core.base.cells`). Nothing here reads markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from lineage_core.base.cells import cell_width, fit, head, named, shown, tail
from lineage_tui.theme.styles import Styles


def cut(text: str, prefix: str, cells: int, styles: Styles) -> str:
    """An id in at most so many cells: without the prefix that all have, and cut before its end, which tells it."""
    text = shown(named(text))
    if cell_width(text) <= cells or cells < 8:
        return text
    mark = styles.glyph("…", "~")
    text = text.removeprefix(prefix)
    if cell_width(text) < cells:
        return mark + text
    end = tail(text, cells * 2 // 5)
    return head(text, cells - cell_width(end) - 1) + mark + end


def part_at(parts: Iterable[str], cell: int) -> str:
    """Which of the texts that stand side by side is on a cell, counted from 0; nothing beyond them."""
    for text in parts:
        cell -= cell_width(shown(text))
        if cell < 0:
            return text
    return ""


class Line:
    """One line under construction, left to right.

    width: cells to fill. on: the background role (`background`, `cursor`, `panel`).
    """

    __slots__ = ("_segments", "left", "on", "styles", "width")

    def __init__(self, width: int, styles: Styles, on: str = "background") -> None:
        self.width = self.left = width
        self.styles = styles
        self.on = on
        self._segments: list[Segment] = []

    def put(self, text: str, role: str = "text", *, bold: bool = False, on: str = "", link: str = "") -> Line:
        """Add text as wide as it is, cut at the end of the line. link: the address that it leads to (OSC 8)."""
        text = self.styles.plain(shown(text, 4 * self.left))
        size = cell_width(text)
        if size > self.left:
            text, size = self.styles.plain(fit(text, self.left)), self.left
        if size:
            self.left -= size
            style = self.styles(role, on or self.on, bold=bold)
            self._segments.append(Segment(text, style + Style(link=link) if link else style))
        return self

    def col(self, text: str, width: int, role: str = "text", *, right: bool = False, bold: bool = False) -> Line:
        """Add a column of exactly `width` cells and a blank behind it."""
        return self.put(fit(text, width, right=right), role, bold=bold).put(" ")

    def strip(self) -> Strip:
        """The finished line, padded to its width."""
        if self.left:
            self._segments.append(Segment(" " * self.left, self.styles("text", self.on)))
        return Strip(self._segments, self.width)


def bar(percent: float, width: int, styles: Styles) -> str:
    """A progress bar of `width` cells, 0-100."""
    if styles.ascii_only:
        full = round(percent / 100 * width)
        return "=" * full + "." * (width - full)
    eighths = round(percent / 100 * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width, "·")[:width]

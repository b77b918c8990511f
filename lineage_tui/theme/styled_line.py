"""Text into cells: the one place where text from disk becomes something a terminal is shown.

Every text goes through `shown`, which makes control characters harmless and widths sure, and is cut or padded by the
cells it takes (`lineage_core.base.terminal_cells`). Nothing here reads markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from lineage_core.base.terminal_cells import cell_width, fit, named, shown
from lineage_tui.theme.styles import Styles

Parts = list[tuple[str, str, bool]]
"""Text, role and whether it is bold, from left to right."""

SHORT = 200
"""Characters of a text up to which it is noted how it fits: lines are drawn again and again with the same words, and
glyphs and bars are measured character by character."""


def _fitted(text: str, cells: int, right: bool) -> str:
    """As `fit`."""
    return fit(text, cells, right=right)


def _placed(text: str, cells: int) -> tuple[str, int]:
    """A text as it can be shown in at most so many cells, and how many it takes."""
    found = shown(text, 4 * cells)
    size = cell_width(found)
    return (found, size) if size <= cells else (fit(text, cells), cells)


_noted_fitted, _noted_placed = lru_cache(4096)(_fitted), lru_cache(4096)(_placed)


def cut(text: str, prefix: str, cells: int, styles: Styles) -> str:
    """A name in at most so many cells, cut where it differs least from the other names of its kind, of which most
    begin with `prefix`: see `Names`."""
    return styles.names_like(prefix).cut(shown(named(text)), cells, styles.glyph("…", "~"))


def hosts_in(hosts: Sequence[str], cells: int, styles: Styles) -> str:
    """The hosts of a task in at most so many cells: all of them, or the first and how many more."""
    together = ",".join(hosts)
    if len(hosts) < 2 or cell_width(shown(named(together))) <= cells:
        return cut(together, "", cells, styles)
    more = f"+{len(hosts) - 1}"
    return cut(hosts[0], "", cells - len(more), styles) + more


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
        text, size = (_noted_placed if len(text) <= SHORT else _placed)(text, self.left)
        if size:
            self.left -= size
            style = self.styles(role, on or self.on, bold=bold)
            self._segments.append(Segment(self.styles.plain(text), style + Style(link=link) if link else style))
        return self

    def col(self, text: str, width: int, role: str = "text", *, right: bool = False, bold: bool = False) -> Line:
        """Add a column of exactly `width` cells and a blank behind it."""
        text = (_noted_fitted if len(text) <= SHORT else _fitted)(text, width, right)
        if not 0 < width < self.left:
            return self.put(text, role, bold=bold).put(" ")
        self.left -= width + 1  # it fits, and was made harmless: nothing of `put` is needed
        styles, on = self.styles, self.on
        self._segments += (Segment(styles.plain(text), styles(role, on, bold=bold)), Segment(" ", styles("text", on)))
        return self

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


def compact(number: int) -> str:
    """A count in at most four characters: `950`, `9.5k`, `123k`, `4.5M`."""
    if number < 1000:
        return str(number)
    size = float(number)
    for unit in "kMG":
        size /= 1000
        if size < 9.95:
            return f"{size:.1f}{unit}"
        if size < 999.5:
            return f"{size:.0f}{unit}"
    return f"{size / 1000:.0f}T"

"""Charts as lines: courses over time, bars, distributions, ranges, a heat map, and tables that drop columns to fit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from lineage_core.base.text_charts import bar, interval, spark
from lineage_tui.theme.line import Line
from lineage_tui.theme.styles import Styles

Draw = Callable[[Line], None]

Cell = tuple[str, str] | Callable[[int, Styles], tuple[str, str]]
"""A text and its role; or what gives them for a width."""

NAME_WIDTH = 24
"""Cells of the first column of a table, at most."""

_SHADES = " ░▒▓█"
_ASCII_SHADES = " .:+#"

_FIGURE = 14  # cells that a figure takes at least


class Row(NamedTuple):
    """One line of a page. filter: words that choose the tasks behind it, or None."""

    key: Hashable
    draw: Draw
    filter: str | None = None


class Column(NamedTuple):
    """A column of a table. worth: which columns stay when they do not all fit (the highest first)."""

    name: str
    width: int
    worth: int
    right: bool = True
    grows: int = 0


def heading(key: Hashable, title: str, note: str = "") -> Row:
    """The title of a section."""

    def draw(out: Line) -> None:
        out.put(f" {title}", "accent", bold=True).put(f"  {note}", "muted")

    return Row(key, draw)


def note(key: Hashable, text: str, role: str = "muted") -> Row:
    """A sentence."""
    return Row(key, lambda out: _ignore(out.put(f"   {text}", role)))


def blank(key: Hashable) -> Row:
    """An empty line."""
    return Row(key, lambda out: None)


def course(key: Hashable, name: str, values: Sequence[float], figure: str, role: str, filter: str | None = None) -> Row:
    """A course over time: its name, its shape, the figure that sums it up."""

    def draw(out: Line) -> None:
        width = max(8, out.width - 12 - max(_FIGURE, len(figure)) - 3)
        shape = spark(values, width, ascii_only=out.styles.ascii_only)
        out.put(" ").col(name, 10, "text").put(shape, role).put(" " * (min(len(values), width) - len(shape) + 2))
        out.put(figure, "text" if any(values) else "muted")

    return Row(key, draw, filter)


def axis(key: Hashable, count: int, first: str, last: str) -> Row:
    """The times below courses of `count` values."""

    def draw(out: Line) -> None:
        width = min(count, max(8, out.width - 12 - _FIGURE - 3))
        gap = width - len(first) - len(last)
        out.put(" " * 12).put(first + " " * gap + last if gap > 0 else last.rjust(width), "muted")

    return Row(key, draw)


def heat_head(key: Hashable, zone: str) -> Row:
    """The hours above a heat map, of a time zone with this name."""

    def draw(out: Line) -> None:
        cell = _heat_cell(out.width)
        hours = "".join(f"{hour:>{cell}}" if cell > 2 or hour % 2 == 0 else " " * cell for hour in range(24))
        out.put(" ").col(f"hour {zone}", 10, "muted").put(hours, "muted").put("   sum", "muted")

    return Row(key, draw)


def heat_row(key: Hashable, name: str, values: Sequence[int], top: int, role: str) -> Row:
    """A day of a heat map: 24 hours, shaded by their share of `top`, in numbers where these fit."""

    def draw(out: Line) -> None:
        cell = _heat_cell(out.width)
        shades = _ASCII_SHADES if out.styles.ascii_only else _SHADES
        nothing = out.styles.glyph("·", ".")
        out.put(" ").col(name, 10, "text")
        for value in values:
            step = 0 if not value else 1 + min(3, 4 * value // (top + 1))
            shade = shades[step]
            text = f"{compact(value) if value else nothing:>{cell}}" if cell > 2 else shade * cell
            out.put(text, _heat_role(step, role))
        out.put(f"{sum(values):>6,}", "text")

    return Row(key, draw)


def _heat_cell(width: int) -> int:
    """The cells of an hour: numbers need five."""
    return 5 if width >= 12 + 24 * 5 + 7 else (2 if width >= 12 + 48 + 7 else 1)


def _heat_role(step: int, role: str) -> str:
    return ("line", "muted", "text", role, role)[step]


def compact(number: float) -> str:
    """A count in at most four characters: `950`, `9.5k`, `123k`, `4.5M`."""
    if number < 1000:
        return f"{number:.0f}"
    for unit in "kMGT":
        number /= 1000
        if number < 9.95:
            return f"{number:.1f}{unit}"
        if number < 999.5:
            return f"{number:.0f}{unit}"
    return f"{number:.0e}"


def table(
    section: str,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[tuple[str, Mapping[str, Cell], str | None]],
    name_width: int = NAME_WIDTH,
) -> list[Row]:
    """A table: its heading, then a line for each (name, cells by column, filter). name_width: of the names, at most."""

    def head(out: Line) -> None:
        name, widths = _widths(columns, out.width, name_width)
        out.put(" ").col(title, name, "accent", bold=True)
        for column in columns:
            if column.name in widths:
                out.col(column.name, widths[column.name], "muted", right=column.right)

    lines = [Row((section, "", "head"), head)]
    lines += [
        Row((section, name, "row"), _table_row(name, cells, columns, name_width), filter)
        for name, cells, filter in rows
    ]
    return lines


def fitting(columns: Sequence[Column], width: int) -> dict[str, int]:
    """The columns that fit into so many cells, with their widths; what is left goes to those that grow."""
    room, chosen = width, set()
    for column in sorted(columns, key=lambda column: -column.worth):
        if column.width + 1 > room:
            break
        room -= column.width + 1
        chosen.add(column.name)
    widths = {column.name: column.width for column in columns if column.name in chosen}
    for column in columns:
        if column.name in widths and column.grows:
            more = min(room, column.grows)
            widths[column.name] += more
            room -= more
    return widths


def _widths(columns: Sequence[Column], width: int, most: int) -> tuple[int, dict[str, int]]:
    """The width of the names (a quarter of the line, or half of it where they are long), and those of the columns."""
    name = min(most, max(10, width // (2 if most > NAME_WIDTH else 4)))
    return name, fitting(columns, width - name - 2)


def _table_row(name: str, cells: Mapping[str, Cell], columns: Sequence[Column], name_width: int) -> Draw:
    def draw(out: Line) -> None:
        first, widths = _widths(columns, out.width, name_width)
        out.put(" ").col(name, first)
        for column in columns:
            if (width := widths.get(column.name)) is not None:
                cell = cells.get(column.name, ("", "muted"))
                text, role = cell(width, out.styles) if callable(cell) else cell
                out.col(text, width, role, right=column.right)

    return draw


def shape(values: Sequence[float]) -> Cell:
    """A distribution as a cell."""
    return lambda width, styles: (spark(values, width, ascii_only=styles.ascii_only), "running")


def share(part: float, role: str = "running") -> Cell:
    """A bar as a cell, 0 to 1."""
    return lambda width, styles: (bar(part, width, ascii_only=styles.ascii_only), role)


def span(low: float, at: float, high: float, role: str) -> Cell:
    """A range within 0 to 1 and a point in it, as a cell."""
    return lambda width, styles: (interval(low, at, high, width, ascii_only=styles.ascii_only), role)


def _ignore(_value: object) -> None:
    """What a Draw returns."""

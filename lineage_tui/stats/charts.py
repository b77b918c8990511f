"""Charts as lines: courses over time, bars, distributions, ranges, a heat map, and tables that drop columns to fit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from lineage_core.base.terminal_cells import cell_width
from lineage_core.base.text_charts import bar, interval, spark
from lineage_tui.models.column_widths import Step, allocate
from lineage_tui.theme.styled_line import Line, cut
from lineage_tui.theme.styles import Styles

Draw = Callable[[Line], None]

Pieces = list[tuple[str, str]]
"""Texts and their roles, side by side."""

Cell = tuple[str, str] | Callable[[int, Styles], tuple[str, str] | Pieces]
"""A text and its role; or what gives them, or several, for a width."""

GUTTER = 12
"""Cells before a course over time: its name, or its scale."""

NAME_WIDTH = 24
"""Cells of the first column of a table, at most."""

NAME = ""
"""The column of the names."""

_MAIN = 8  # worth from which on a column comes before more of the names

_SHADES = " ░▒▓█"
_ASCII_SHADES = " .:+#"

_FIGURE = 14  # cells that a figure takes at least


class Columns(NamedTuple):
    """Where stretches of time stand in a chart.

    edges: the cells of the line at which columns begin, and that after the last. bins: which stretch each column
    stands for (the highest of those that share one).
    """

    edges: tuple[int, ...]
    bins: tuple[int, ...]

    def at(self, x: int) -> int | None:
        """The stretch at a cell of the line; None beside the chart."""
        column = bisect_right(self.edges, x) - 1
        return self.bins[column] if 0 <= column < len(self.bins) else None

    def span_of(self, stretch: int) -> tuple[int, int]:
        """Where a stretch is drawn: from which cell on, and up to which."""
        column = max((n for n, one in enumerate(self.bins) if one <= stretch), default=0)
        return self.edges[column], self.edges[column + 1]


class Row(NamedTuple):
    """One line of a page.

    filter: words that choose the tasks behind it, or None. about: what it says, in a sentence. joined: whether it
    belongs to the line above, so that the cursor passes it. columns: where stretches of time stand in a line of a
    width, for a course over time; read: what to say of a stretch. widths: those of the columns of a table, by the width
    of the line.
    """

    key: Hashable
    draw: Draw
    filter: str | None = None
    about: str = ""
    joined: bool = False
    columns: Callable[[int], Columns] | None = None
    read: Callable[[int], str] | None = None
    widths: Callable[[int], Mapping[str, int]] | None = None


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


def course(
    key: Hashable,
    name: str,
    values: Sequence[float],
    figure: str,
    role: str,
    filter: str | None = None,
    about: str = "",
) -> Row:
    """A course over time: its name, its shape, the figure that sums it up."""

    def draw(out: Line) -> None:
        width = max(8, out.width - 12 - max(_FIGURE, len(figure)) - 3)
        shape = spark(values, width, ascii_only=out.styles.ascii_only)
        out.put(" ").col(name, 10, "text").put(shape, role).put(" " * (min(len(values), width) - len(shape) + 2))
        out.put(figure, "text" if any(values) else "muted")

    return Row(key, draw, filter, about)


def axis(key: Hashable, count: int, first: str, last: str, columns: Callable[[int], Columns] | None = None) -> Row:
    """The times below courses of `count` values; columns: of the chart above, where it is one."""

    def draw(out: Line) -> None:
        width = min(count, max(8, out.width - GUTTER - _FIGURE - 3))
        if columns is not None:
            placed = columns(out.width)
            width = placed.edges[-1] - GUTTER
        gap = width - len(first) - len(last)
        out.put(" " * GUTTER).put(first + " " * gap + last if gap > 0 else last.rjust(width), "muted")

    return Row(key, draw)


def heat_head(key: Hashable, zone: str) -> Row:
    """The hours above a heat map, of a time zone with this name."""

    def draw(out: Line) -> None:
        cell = _heat_cell(out.width)
        hours = "".join(f"{hour:>{cell}}" if cell > 2 or hour % 2 == 0 else " " * cell for hour in range(24))
        out.put(" ").col(f"hour {zone}", 10, "muted").put(hours, "muted").put("   sum", "muted")

    return Row(key, draw)


def heat_scale(key: Hashable, top: int, role: str) -> Row:
    """What the shades of a heat map stand for."""

    def draw(out: Line) -> None:
        shades = _ASCII_SHADES if out.styles.ascii_only else _SHADES
        out.put(" " * GUTTER)
        bounds = [step * (top + 1) // 4 for step in range(4)]
        for step, (low, high) in enumerate(zip(bounds, [*bounds[1:], top + 1], strict=True), 1):
            if max(low, 1) < high:
                words = f"{max(low, 1):,}" if high - max(low, 1) == 1 else f"{max(low, 1):,}-{high - 1:,}"
                out.put(f"{shades[step] * 2} ", _heat_role(step, role)).put(f"{words}   ", "muted")

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
    *,
    about: str = "",
    heads: Mapping[str, Cell] | None = None,
) -> list[Row]:
    """A table: its heading, then a line for each (name, cells by column, filter).

    Columns that are empty in all rows are left out; without rows it says `none`. name_width: of the names, at most;
    more than NAME_WIDTH: they are sentences. about: what a line says, in a sentence. heads: what stands above columns
    in place of their names.
    """
    rows, heads = list(rows), heads or {}
    filled = {column for _, cells, _ in rows for column, cell in cells.items() if callable(cell) or cell[0]}
    columns = [column for column in columns if column.name in filled]
    steps = steps_of(columns, name_width)

    def widths(width: int) -> Mapping[str, int]:
        return allocate(steps, width - 1)  # whatever the names are: columns of tables on a page stand below each other

    def draw_head(out: Line) -> None:
        found = widths(out.width)
        out.put(" ").col(title, found[NAME], "accent", bold=True)
        for column in columns:
            if column.name in found:
                head = heads.get(column.name, (column.name, "muted"))
                _put(head, found[column.name], out, right=column.right)

    def drawing(name: str, cells: Mapping[str, Cell]) -> Draw:
        def draw(out: Line) -> None:
            found = widths(out.width)
            text = name if name_width > NAME_WIDTH else cut(name, "", found[NAME], out.styles)
            out.put(" ").col(text, found[NAME])
            for column in columns:
                if column.name in found:
                    _put(cells.get(column.name, ("", "muted")), found[column.name], out, right=column.right)

        return draw

    lines = [Row((section, "", "head"), draw_head, widths=widths)]
    if not rows:
        lines.append(note((section, "", "none"), "none"))
    lines += [
        Row((section, name, "row"), drawing(name, cells), filter, about, widths=widths) for name, cells, filter in rows
    ]
    return lines


def steps_of(columns: Sequence[Column], name_width: int) -> tuple[Step, ...]:
    """What a table shows as it gets more room: names and the columns that are worth most, the others, whole names, and
    then columns that grow."""
    by_worth = sorted(columns, key=lambda column: -column.worth)
    main = [Step(column.name, column.width) for column in by_worth if column.worth >= _MAIN]
    rest = [Step(column.name, column.width) for column in by_worth if column.worth < _MAIN]
    grown = [Step(column.name, column.width + column.grows) for column in columns if column.grows]
    first = name_width * 4 // 7 if name_width > NAME_WIDTH else name_width
    most = Step(NAME, name_width)
    return (Step(NAME, 10), *main, Step(NAME, first), *rest, most._replace(width=name_width * 3 // 4), *grown, most)


def _put(cell: Cell, width: int, out: Line, *, right: bool) -> None:
    found = cell(width, out.styles) if callable(cell) else cell
    if isinstance(found, tuple):
        out.col(found[0], width, found[1], right=right)
        return
    for text, role in found:
        out.put(text, role)
    out.put(" " * (width - sum(cell_width(text) for text, _ in found) + 1))


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

"""Which columns a line has room for, and how wide they are. Pure; more room never gives less of any column.

A table names its steps in the order of their importance: a column, and the width that it is to have. They are taken in
that order, as far as there is room; behind the first that does not fit nothing more is taken, so that no column is
widened at one width and narrowed at the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """That a column appears, or becomes wider. width: cells that it is to have from then on."""

    column: str
    width: int


EVERYTHING = 4000
"""A width that no content reaches."""


def allocate(steps: Iterable[Step], room: int, content: Mapping[str, int] | None = None) -> dict[str, int]:
    """The widths of the columns that are shown, in the order in which they were taken; with a blank between two.

    room: cells of the line. content: by column the widest of what it holds, where that is known: it gets no more, and
    none at all if it holds nothing. The first column is always there.
    """
    widths: dict[str, int] = {}
    room += 1  # behind the last there is no blank
    for column, wanted in steps:
        width = min(wanted, content.get(column, wanted)) if content else wanted
        has = widths.get(column, 0)
        if width <= has:
            continue
        cost = width - has if has else width + 1
        if cost > room and widths and not has:
            break  # half a column helps nobody
        widths[column] = has + min(width - has, max(0, room - (not has)))
        room -= cost
        if room < 0:
            break
    return widths


def column_at(widths: Mapping[str, int], x: int) -> str | None:
    """The column in which a cell of a line is, or that it stands behind; None left and right of them all.

    widths: of the columns, as they stand on the screen. x: cells from the left of the first.
    """
    start = 0
    for name, width in widths.items():
        if start <= x <= start + width:
            return name
        start += width + 1
    return None


class Columns:
    """The columns of a table: which fit, and how wide; worked out once for each layout, not for each line.

    steps: as for `allocate`. order: how they stand on the screen.
    """

    def __init__(self, steps: Iterable[Step], order: Iterable[str]) -> None:
        self._steps, self._order = tuple(steps), tuple(order)
        self._known: tuple[int, Mapping[str, int]] | None = None
        self._widths: dict[str, int] = {}

    def fit(self, room: int, content: Mapping[str, int]) -> dict[str, int]:
        """As `allocate`, in the order on the screen; not to be changed by the caller."""
        if self._known != (known := (room, content)):
            widths = allocate(self._steps, room, content)
            self._known = known
            self._widths = {name: widths[name] for name in self._order if name in widths}
        return self._widths

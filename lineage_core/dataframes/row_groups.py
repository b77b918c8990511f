"""Rows of a frame that belong together (the events of a task, or of a run), and which of them come first of a kind.

An aggregation with a filter in it (`group_by().agg(col.filter(…).first())`) visits all rows once more for each column
that it makes. Here each kind of event costs what it has rows.
"""

from __future__ import annotations

from typing import Any

import polars as pl


class RowGroups:
    """Groups of the rows of a frame.

    keys: for each of these rows, by what they belong together; equal ones stand side by side. rows: the positions of
    these rows in the frame, ascending in each group; None: they are all rows of the frame.

    height: how many groups there are. numbers: that of the group of each row, from 0. starts, ends: the first row of
    each group and the last, as positions in the frame. several: by group, whether `only` found more than one row in it.
    """

    def __init__(self, keys: pl.Series, rows: pl.Series | None = None) -> None:
        begins = keys.ne_missing(keys.shift(1))
        if len(begins):
            begins[0] = True
        self._rows = rows
        self.numbers = begins.cast(pl.UInt32).cum_sum() - 1
        first = begins.arg_true()
        self.height = len(first)
        last = (first.shift(-1) - 1).fill_null(max(0, len(keys) - 1))
        self.starts, self.ends = self._positions(first), self._positions(last)
        self.several = filled(self.height, False, pl.Boolean)

    def lengths(self) -> pl.Series:
        """How many rows each group has, where the groups are of all rows."""
        return self.ends - self.starts + 1

    def first(self, where: pl.Series) -> pl.Series:
        """By group: the position of its first row for which this holds (a flag for each row of the frame), or null."""
        found, numbers = self._found(where)
        return self._by_group(found, numbers, numbers.ne_missing(numbers.shift(1)))

    def last(self, where: pl.Series) -> pl.Series:
        """By group: the position of its last row for which this holds, or null."""
        found, numbers = self._found(where)
        return self._by_group(found, numbers, numbers.ne_missing(numbers.shift(-1)))

    def only(self, where: pl.Series) -> pl.Series:
        """The same as `first`, of rows of which there should be one; where there are more, `several` tells it."""
        found, numbers = self._found(where)
        begins = numbers.ne_missing(numbers.shift(1))
        self.several |= self.marked(numbers.filter(~begins))
        return self._by_group(found, numbers, begins)

    def marked(self, numbers: pl.Series) -> pl.Series:
        """By group: whether it is among these."""
        return filled(self.height, False, pl.Boolean).scatter(numbers.unique().sort(), True)

    def most(self, values: pl.Series) -> pl.Series:
        """By group: the greatest of these (a value for each row of the frame), or null."""
        found, numbers = self._found(values.is_not_null())
        table = pl.DataFrame({"number": numbers, "value": values.gather(found)})
        greatest = table.group_by("number").agg(pl.col("value").max())
        return filled(self.height, None, values.dtype).scatter(greatest["number"], greatest["value"])

    def _positions(self, rows: pl.Series) -> pl.Series:
        return rows if self._rows is None else self._rows.gather(rows)

    def _found(self, where: pl.Series) -> tuple[pl.Series, pl.Series]:
        """The positions of the rows for which this holds, and the numbers of their groups."""
        found = (where if self._rows is None else where.gather(self._rows)).arg_true()
        return self._positions(found), self.numbers.gather(found)

    def _by_group(self, positions: pl.Series, numbers: pl.Series, which: pl.Series) -> pl.Series:
        return filled(self.height, None, pl.UInt32).scatter(numbers.filter(which), positions.filter(which))


def filled(height: int, value: Any, kind: Any) -> pl.Series:
    """A column that has one value everywhere."""
    return pl.repeat(value, height, dtype=kind, eager=True)

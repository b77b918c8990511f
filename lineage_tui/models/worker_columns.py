"""The columns of the workers view: which of them fit, and how wide they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lineage_tui.models.column_widths import EVERYTHING, Columns, Step


class Column(NamedTuple):
    """A column of the table.

    falls: whether the biggest comes first; None: it cannot be sorted by.
    """

    name: str
    falls: bool | None
    right: bool = False


COLUMNS = {
    column.name: column
    for column in (
        Column("worker", False),
        Column("status", True),
        Column("type", False),
        Column("task", False),
        Column("host", False),
        Column("master", False),
        Column("began", True),
        Column("time", True, right=True),
        Column("progress", True, right=True),
        Column("silent", True, right=True),
        Column("usual", None, right=True),
        Column("gauge", None),
        Column("tokens", True, right=True),
        Column("last word", False),
    )
}
STEPS = tuple(
    Step(*step)
    for step in (
        ("worker", 16), ("status", 9), ("silent", 7), ("usual", 7), ("worker", 21), ("progress", 4), ("time", 6),
        ("host", 8), ("type", 8), ("gauge", 8), ("task", 12), ("last word", 20), ("worker", 28), ("tokens", 9),
        ("master", 11), ("began", 11), ("task", 20), ("last word", 28), ("usual", 13), ("type", 14),
        ("progress", 13), ("task", 36), ("host", 14), ("gauge", 12), ("last word", 44), ("worker", EVERYTHING),
        ("task", EVERYTHING), ("last word", EVERYTHING),
    )
)  # fmt: skip
"""What a line shows, the most important first."""

_GLYPH = 2


class WorkerColumns:
    """The columns of the workers view."""

    def __init__(self) -> None:
        self._columns = Columns(STEPS, COLUMNS)

    def fit(self, width: int, content: Mapping[str, int]) -> Mapping[str, int]:
        """The columns that fit into so many cells, in their order on the screen, with their widths. content: cells of
        the widest ids."""
        return self._columns.fit(width - _GLYPH - 1, content)  # a gauge is a cell wider than its column

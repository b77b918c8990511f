"""The columns of the workers view: which of them fit, and how wide they are."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """A column of the table. width: cells it needs.

    falls: whether the biggest comes first; None: it cannot be sorted by.
    """

    name: str
    width: int
    falls: bool | None
    right: bool = False


COLUMNS = {
    column.name: column
    for column in (
        Column("worker", 16, False),
        Column("status", 9, True),
        Column("type", 8, False),
        Column("task", 12, False),
        Column("master", 11, False),
        Column("began", 11, True),
        Column("time", 6, True, right=True),
        Column("progress", 4, True, right=True),
        Column("silent", 7, True, right=True),
        Column("usual", 7, None, right=True),
        Column("gauge", 8, None),
        Column("tokens", 9, True, right=True),
        Column("last word", 20, False),
    )
}
_IMPORTANCE = (
    "worker", "status", "silent", "usual", "gauge", "type", "progress", "time", "task", "tokens", "last word", "master",
    "began",
)  # fmt: skip
_STRETCH = (
    ("worker", 24), ("task", 20), ("gauge", 12), ("last word", 28), ("usual", 13), ("worker", 30), ("progress", 13),
    ("task", 36), ("type", 14), ("last word", 200),
)  # fmt: skip


def columns_for(width: int) -> dict[str, int]:
    """The columns that fit into so many cells, in their order on the screen, with their widths."""
    room = width - 2  # the glyph
    fit: dict[str, int] = {}
    for name in _IMPORTANCE:
        if fit and COLUMNS[name].width >= room:
            break
        fit[name] = COLUMNS[name].width
        room -= fit[name] + 1
    for name, most in _STRETCH:
        if name in fit:
            more = max(0, min(room, most - fit[name]))
            fit[name] += more
            room -= more
    return {name: fit[name] for name in COLUMNS if name in fit}

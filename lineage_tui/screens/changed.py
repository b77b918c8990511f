"""What changed since a time, as the lines of a page; Enter leads to a task."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_core.base.terminal_cells import cell_width, fit, shown
from lineage_core.query.changed import Change
from lineage_tui.screens.text_page import Row
from lineage_tui.theme.styled_line import cut
from lineage_tui.theme.styles import Styles

MOST = 2000
"""Lines of a page."""


def rows_of(found: Sequence[Change], looks: Styles) -> list[Row]:
    """A line for each task."""
    if not found:
        return [Row([("nothing changed", "muted", False)])]
    width = min(40, max(cell_width(shown(one.row.task_id)) for one in found))
    rows = []
    for one in found[:MOST]:
        glyph, word, role = looks.look(one.row.status.value)
        name = fit(cut(one.row.task_id, "task-", width, looks), width)
        parts = [(f"{glyph} ", role, False), (f"{name} ", "text", False), (f"{fit(word, 9)} ", role, False)]
        rows.append(Row([*parts, (", ".join(one.words), "muted", False)], one.row.task_id))
    if len(found) > MOST:
        rows.append(Row([(f"{len(found) - MOST:,} more: lineage changed lists them", "muted", False)]))
    return rows

"""Which other tasks have to do with the selected one, and why; Enter goes there."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lineage_core.forecast.related_tasks import Related
from lineage_core.state.store import State
from lineage_tui.theme.styled_line import Line, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList


class RelatedTab(LineList):
    """The related tab."""

    def __init__(self, styles: Styles, state: State, **options: Any) -> None:
        super().__init__(styles, **options)
        self.state = state
        self._found: list[Related] = []

    def show(self, found: list[Related] | None) -> None:
        """Show these tasks from now on; None: none yet."""
        self._found = found or []
        self.sync()

    def target_id(self) -> str | None:
        """The task under the cursor."""
        return self._found[self.cursor].task_id if self.cursor < len(self._found) else None

    def count(self) -> int:
        return len(self._found)

    def key_at(self, line: int) -> Hashable:
        return self._found[line].task_id

    def line_of(self, key: Hashable) -> int | None:
        return next((line for line, one in enumerate(self._found) if one.task_id == key), None)

    def draw(self, line: int, out: Line) -> None:
        one = self._found[line]
        row = self.state.rows[one.task_id]
        glyph, word, role = self.looks.look(row.status.value)
        width = max(10, min(36, out.width // 3))
        out.put(f" {glyph} ", role).col(cut(one.task_id, "task-", width, self.looks), width, "text").col(word, 9, role)
        out.put(", ".join(reason.text for reason in one.reasons), "muted")

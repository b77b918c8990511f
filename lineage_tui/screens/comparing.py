"""Two marked tasks side by side: in what they differ first."""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.base.terminal_cells import cell_width, fit, shown
from lineage_core.present.comparison import NOTHING, Comparison, Side, amount, compare, factor, summed_up
from lineage_core.state.parents import family_of
from lineage_tui.screens.app_context import Context, Handlers, key_of
from lineage_tui.screens.panes import Panes
from lineage_tui.screens.text_page import Row

TOPIC = 13
"""Cells of the first column."""


class Comparing:
    """Compares tasks. show: shows a page with this title."""

    def __init__(self, context: Context, panes: Panes, show: Callable[[str, list[Row]], None]) -> None:
        self._context = context
        self._panes = panes
        self._show = show

    def handlers(self) -> Handlers:
        return {"diff": self.compare}

    def compare(self) -> None:
        """The two marked tasks; a single one with that under the cursor."""
        marked = self._panes.views.view.marked_tasks()
        target = self._panes.shown_target()
        if len(marked) == 1 and target is not None and target[0] != marked[0]:
            marked.append(target[0])
        if len(marked) != 2:
            have = f"{len(marked)} are marked" if len(marked) > 2 else "mark one more" if marked else "mark them first"
            self._context.say(f"two tasks are compared: {have} ({key_of(self._context, 'mark')})")
            return
        state, now = self._context.state, self._context.clock()
        with state.lock:
            tasks = [state.task(task_id) for task_id in marked]
            sides = [Side(task, family_of(state, task.task_id, now).below) for task in tasks if task is not None]
        if len(sides) == 2:
            compared = compare(sides[0], sides[1], now, self._context.own.prices)
            self._show(summed_up(compared), rows_of(compared, marked, self._panes.views.size.width))


Beside = tuple[str, tuple[str, ...], tuple[str, ...], str]
"""A topic, what either task has of it, and a note."""


def rows_of(compared: Comparison, names: list[str], room: int) -> list[Row]:
    """The comparison as lines. names: the ids of the two tasks. room: cells that a line may take."""
    differing: list[Beside] = [(one.topic, one.a, one.b, "") for one in compared.differences]
    spent: list[Beside] = [
        (one.topic, (amount(one, one.a),), (amount(one, one.b),), factor(one)) for one in compared.spent
    ]
    same: list[Beside] = [(one.topic, one.a, one.b, "") for one in compared.facts if not one.differs]
    texts = [*names, *(text for _, a, b, _ in [*differing, *spent, *same] for text in (*a, *b))]
    width = max(16, min((room - TOPIC - 12) // 2, max(cell_width(shown(text)) for text in texts)))
    rows: list[Row] = []
    parts: list[tuple[str, list[str], list[Beside]]] = [
        ("DIFFERS IN", names, differing), ("SPENT", names, spent), ("THE SAME", ["", ""], same),
    ]  # fmt: skip
    for title, (a, b), lines in parts:
        if not lines:
            continue
        rows += [Row([])] if rows else []
        rows.append(Row([(fit(title, TOPIC), "accent", True), (f"{fit(a, width)} {fit(b, width)}", "accent", True)]))
        role = "escalated" if title == "DIFFERS IN" else "text"
        for topic, left, right, note in lines:
            for line in range(max(len(left), len(right) if title != "THE SAME" else 0)):
                cells = [side[line] if line < len(side) else NOTHING if not line else "" for side in (left, right)]
                other = "" if title == "THE SAME" else cells[1]
                first = (fit(topic if not line else "", TOPIC), "muted", False)
                rows.append(Row([first, (f"{fit(cells[0], width)} {fit(other, width)} {note}", role, False)]))
    return rows

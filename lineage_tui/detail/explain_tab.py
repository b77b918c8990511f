"""Why the selected task stands as it does: what was concluded, and its events in the order in which they count."""

from __future__ import annotations

from typing import Any

from lineage_core.base.clock import Clock
from lineage_core.base.terminal_cells import cell_width, fit
from lineage_core.meaning.explanation import Explanation, Step
from lineage_core.present.explanation_rows import conclusions, says, telling
from lineage_core.present.sentences import counted
from lineage_tui.detail.events_tab import EVENT_LOOKS
from lineage_tui.models.text_wrap import wrap
from lineage_tui.theme.styled_line import Line, Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList

_MOST = 4
"""Lines that one sentence may take."""


class ExplainTab(LineList):
    """The explain tab."""

    def __init__(self, styles: Styles, clock: Clock, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self._explanation: Explanation | None = None
        self._lines: list[tuple[int | None, Parts]] = []
        self._made_for = 0

    def show(self, explanation: Explanation | None) -> None:
        """Show this explanation from now on; None: none yet."""
        self._explanation = explanation
        self._made_for = 0
        self.sync()

    def _rows(self) -> list[tuple[int | None, Parts]]:
        width = max(20, self._width - 2)
        if width != self._made_for and self._explanation is not None:
            self._lines, self._made_for = self._made(self._explanation, width), width
        return self._lines if self._explanation is not None else []

    def _made(self, explanation: Explanation, width: int) -> list[tuple[int | None, Parts]]:
        lines: list[Parts] = []
        for sentence in conclusions(explanation):
            lines += [[(f" {text}", "text", False)] for text in wrap(sentence, width, _MOST)]
        chosen = telling(explanation.steps)
        rest = len(explanation.steps) - len(chosen)
        head = f" {counted(len(explanation.steps), 'event')} in the order in which they count"
        head += f", {rest:,} of them not listed: they followed plainly and changed nothing" if rest else ""
        lines += [[], *([(text, "accent", False)] for text in wrap(head, width, 2))]
        rows: list[tuple[int | None, Parts]] = [(None, line) for line in lines]
        for step in chosen:
            rows += [(step.fact.digest, line) for line in self._step_lines(step, width)]
        return rows

    def _step_lines(self, step: Step, width: int) -> list[Parts]:
        fact = step.fact
        glyph, _, role = self.looks.look(EVENT_LOOKS.get(fact.event_type, "unknown"))
        stamp = fit(self.looks.stamp(step.at, self.clock()), 14) + " "
        skew = self.looks.glyph("≠ ", "! ") if step.at != fact.at else "  "
        who = f"{fact.event_type} by {fact.actor_id}" + (f" ({step.part})" if step.part else "")
        line: Parts = [(f" {stamp}", "muted", False), (skew, "escalated", False), (f"{glyph} ", role, False)]
        line.append((who, "text", False))
        if step.effect:
            line.append((f"  {self.looks.glyph('→', '->')} {step.effect}", role, True))
        indent = " " * (cell_width(stamp) + 5)
        why = wrap(says(step), max(12, width - len(indent)), _MOST)
        return [line, *([(indent + text, "muted", False)] for text in why if text)]

    def count(self) -> int:
        return len(self._rows())

    def event_at(self, line: int) -> int | None:
        """The digest of the event that a line is about; None for a conclusion."""
        rows = self._rows()
        return rows[line][0] if line < len(rows) else None

    def draw(self, line: int, out: Line) -> None:
        for text, role, bold in self._rows()[line][1]:
            out.put(text, role, bold=bold)

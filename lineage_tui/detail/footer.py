"""Below a view of the detail pane: the line under its cursor in full, and the last events where there is room."""

from __future__ import annotations

from typing import Any

from lineage_core.base.clock import Clock
from lineage_core.base.terminal_cells import cell_width
from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import Fact
from lineage_core.rules.late_sentences import clock_off
from lineage_core.state.store import State
from lineage_tui.detail.events_tab import EventsTab, event_parts
from lineage_tui.detail.timeline_tab import OWN_NAMES, TimelineTab
from lineage_tui.detail.workers_tab import WorkersTab
from lineage_tui.models.fact_lookup import last_facts, part_of
from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.styled_lines import StyledLines

LEAST_EVENTS = 3
"""Lines for which there must be room before the last events stand below a timeline."""


LOOKED_BACK = 1 << 20
"""Bytes of packed facts in which they are looked for: the last 5,000 events or so."""


class Footer(StyledLines):
    """The lines below a view."""

    def __init__(self, styles: Styles, state: State, clock: Clock, **options: Any) -> None:
        super().__init__(styles, **options)
        self.state = state
        self.clock = clock
        self._last: tuple[object, list[Fact]] = (None, [])  # the last events, and what they were asked for

    def tell(self, view: LineList, row: TaskRow | None, ident: str | None, room: int, width: int) -> None:
        """Tell of the line under the cursor of a view.

        row: the task that is shown. ident: the worker or handoff of it under the cursor. room, width: what the view
        and these lines have together, in cells.
        """
        height = _height(view, room)
        rule = height >= 3
        lines: list[Parts] = []
        if isinstance(view, TimelineTab | EventsTab | WorkersTab):
            lines = view.exact(height - rule, max(8, width - 1))
        if rule:
            legend = view.legend(room - height) if isinstance(view, TimelineTab) else []
            lines = [self._rule(_title(view), width, legend), *lines]
        if isinstance(view, TimelineTab) and row is not None and (left := height - len(lines)) >= LEAST_EVENTS + 2:
            lines += [[], *self._last_events(row, ident, left - 2, width)]
        self.show(lines)
        self.stand(height)

    def _rule(self, title: str, width: int, legend: Parts | None = None) -> Parts:
        """A line with a title, and with a legend as far as there is room for it."""
        dash = self.looks.glyph("─", "-")
        line: Parts = [(dash * 2, "line", False), (f" {title} ", "muted", False), (dash * 2, "line", False)]
        left = width - cell_width(title) - 6
        signs = list(legend or ())
        while signs and sum(cell_width(text) for text, _, _ in signs) + 1 > left:
            del signs[-2:]
        if signs:
            line += [(" ", "line", False), *signs]
            left -= sum(cell_width(text) for text, _, _ in signs) + 1
        return [*line, (dash * max(0, left), "line", False)]

    def _last_events(self, row: TaskRow, ident: str | None, room: int, width: int) -> list[Parts]:
        """The last events of the task, or of one worker or handoff, under a heading."""
        wanted = (row, ident, room)
        if self._last[0] != wanted:
            found = last_facts(
                self.state, row.task_id, room, ident, lambda fact: ident is None or part_of(fact) == ident, LOOKED_BACK
            )
            self._last = wanted, found
        facts, now = self._last[1], self.clock()
        events = (event_parts(fact, row.first_at, now, self.looks, width) for fact in facts)
        return [self._rule("last events" if len(facts) == room else "events", width), *events]


def _height(view: LineList, room: int) -> int:
    """How many lines below the view: what a timeline leaves over, a part of the room elsewhere."""
    if not isinstance(view, TimelineTab | EventsTab | WorkersTab) or view.count() == 0:
        return 0
    if isinstance(view, TimelineTab):
        return max(room - view.title_lines - view.count(), min(5, room // 3) if room >= 7 else 0)
    return min(6, room // 3) if room >= 6 else 0


def _title(view: LineList) -> str:
    if isinstance(view, TimelineTab) and view.shown is not None and view.cursor < view.count():
        lane = view.shown.lanes[view.cursor]
        if lane.kind in OWN_NAMES:
            return lane.kind
        clock = clock_off(lane.skew)
        return " ".join(f"{lane.name}  {lane.note}".split()) + (f", {clock}" if clock else "")
    return "event" if isinstance(view, EventsTab) else "worker"

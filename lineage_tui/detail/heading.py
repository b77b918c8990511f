"""The head of the detail pane: what is told of the task or session, and the names of the tabs."""

from __future__ import annotations

from pathlib import Path

from textual.geometry import Size

from lineage_core.base.file_uri import file_uri
from lineage_core.base.terminal_cells import cell_width
from lineage_core.otel.trace_context import Traces
from lineage_core.settings.trace_url import url_of
from lineage_core.state.store import State
from lineage_tui.models.detail_header import session_lines, task_lines
from lineage_tui.models.session_summary import Session
from lineage_tui.models.task_brief import TaskBrief
from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.styled_lines import StyledLines

TABS = ("timeline", "events", "workers", "explain", "related", "record")


FEW = 6
"""Rows of a pane in which nothing can be read of a tab."""


class Heading(StyledLines):
    """The lines above a tab; the name of a record's file leads to it. trace_url: where a trace can be seen; then a
    task's trace is named, and leads there."""

    def __init__(self, styles: Styles, state: State, trace_url: str, *, id: str) -> None:
        super().__init__(styles, id=id)
        self.state = state
        self.trace_url = trace_url
        self.record_file: Path | None = None  # where the record stands that is shown

    def show_task(self, task_id: str, task_brief: TaskBrief, tab: str, pane: Size, *, reading: bool) -> None:
        """Tell of a task, in a pane of this size with this tab open: at most half of it; all of it where there is no
        room for a tab, unless keys go there."""
        self.links = {}
        short = tab == "record" and pane.height < 20  # a record wants the room
        above = task_lines(task_id, task_brief, pane.width, pane.height, self.looks)
        if self.trace_url:
            trace, _ = Traces(self.state).trace_of(task_id)
            text = f"trace {trace[:8]}"
            above[0] += [("  ", "text", False), (text, "accent", False)]
            self.links[text] = url_of(self.trace_url, trace)
        tabs = tab_line(tab)
        if tab == "record" and self.record_file is not None:
            tabs += [("  ", "text", False), (self.record_file.name, "accent", False)]
            self.links[self.record_file.name] = file_uri(self.record_file)
        lines = [*(above[:1] if short else above), tabs]
        if pane.height < FEW and not reading:
            lines = above[: max(1, pane.height)]
        elif len(lines) > (room := max(1, pane.height // 2)):
            lines = [*lines[: room - 1], lines[-1]] if room > 1 else lines[:1]
        self._stand(lines)

    def show_session(self, session: Session, drawn: int, now: int, pane: Size) -> None:
        """Tell of a session. drawn: how many of its tasks have a bar."""
        self._stand(session_lines(session, drawn, now, pane.width, self.looks))

    def _stand(self, lines: list[Parts]) -> None:
        self.show(lines)
        self.stand(len(lines))


def tab_line(open_tab: str) -> Parts:
    """The names of the tabs, the open one in brackets."""
    line: Parts = []
    for tab in TABS:
        here = tab == open_tab
        line.append((f"[{tab}]" if here else f" {tab} ", "accent" if here else "muted", here))
    return line


def tab_of(text: str) -> str | None:
    """The tab that a part of the line of tabs names; None for any other text."""
    name = text.strip(" []")
    return name if name in TABS and cell_width(text) == len(name) + 2 else None

"""The events of the selected task, and one record in full."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lineage_core.base.clock import Clock, format_duration
from lineage_core.base.terminal_cells import fit
from lineage_core.model.facts import Fact
from lineage_core.present.sentences import say
from lineage_core.state.store import State
from lineage_tui.models.column_widths import EVERYTHING, Columns, Step
from lineage_tui.models.task_events import TaskEvents
from lineage_tui.models.text_wrap import RecordLine, record_lines, wrap
from lineage_tui.theme.styled_line import Line, Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.background_work import in_slices
from lineage_tui.widgets.line_list import LineList

EVENT_LOOKS = {
    "task_created": "queued", "task_assigned": "assigned", "task_started": "running", "task_blocked": "blocked",
    "task_unblocked": "running", "task_reassigned": "reassigned", "task_escalated": "escalated",
    "task_completed": "completed", "task_failed": "failed", "task_cancelled": "cancelled", "worker_spawned": "spawn",
    "worker_started": "run", "worker_progress": "progress", "worker_completed": "success", "worker_failed": "failed",
    "handoff_created": "handoff wait", "handoff_accepted": "handoff", "handoff_completed": "handoff done",
}  # fmt: skip


_STEPS = tuple(
    Step(*step)
    for step in (("time", 14), ("after", 7), ("event", 20), ("event", 56), ("type", 17), ("event", EVERYTHING))
)
_COLUMNS = Columns(_STEPS, ("time", "after", "type", "event"))
_GLYPH = 2


class EventsTab(LineList):
    """The events tab: one line per event, in order."""

    def __init__(self, styles: Styles, state: State, clock: Clock, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.model = TaskEvents(state)
        self._wanted: Hashable = None  # the event to go to once it has been read

    @property
    def facts(self) -> list[Fact]:
        """The events that were read so far."""
        return self.model.facts

    def show(self, task_id: str | None) -> None:
        """List the events of this task from now on, or what is new in it; many of them in slices, the first at once."""
        if task_id != self.model.task_id:
            self.model.open(task_id)
            self._wanted = None
        in_slices(self, self.model.read(), "reading", self._read)

    def go_to(self, digest: int) -> None:
        """Put the cursor on an event, as soon as it has been read."""
        self._wanted = None if self.select_key(digest) else digest

    def _read(self, _done: bool) -> None:
        """Some of the events have been read."""
        if self._wanted is not None and self.select_key(self._wanted):
            self._wanted = None
        self.sync()

    def count(self) -> int:
        return len(self.facts)

    def key_at(self, line: int) -> Hashable:
        return self.facts[line].digest

    def line_of(self, key: Hashable) -> int | None:
        if self.cursor < len(self.facts) and self.facts[self.cursor].digest == key:
            return self.cursor
        return next((n for n, fact in enumerate(self.facts) if fact.digest == key), None)

    def fact(self) -> Fact | None:
        """The event under the cursor."""
        return self.facts[self.cursor] if self.cursor < len(self.facts) else None

    def draw(self, line: int, out: Line) -> None:
        fact = self.facts[line]
        for text, role, _ in event_parts(fact, self.facts[0].at, self.clock(), self.looks, out.width):
            out.put(text, role)

    def words_at(self, line: int) -> str:
        fact = self.facts[line]
        return f"{fact.event_type} {fact.actor_id} {_say(fact)} {fact.lineage_id}"

    def exact(self, room: int, width: int) -> list[Parts]:
        """The event under the cursor in full, in at most `room` lines of `width` cells."""
        fact = self.fact()
        if fact is None or room <= 0:
            return []
        role = self.looks.look(EVENT_LOOKS.get(fact.event_type, "unknown"))[2]
        text = f"{self.looks.exact(fact.at)}  {fact.actor_type} {fact.actor_id}  {fact.lineage_id}"
        above = wrap(_say(fact), width - 1, room)
        below = wrap(text, width - 1, max(1, room - len(above)))
        lines: list[Parts] = [[(f" {line}", role, False)] for line in above]
        return [*lines, *([(f" {line}", "muted", False)] for line in below)][:room]


def event_parts(fact: Fact, began: int, now: int, looks: Styles, width: int) -> Parts:
    """One event on a line of so many cells. began: when its task did."""
    glyph, _, role = looks.look(EVENT_LOOKS.get(fact.event_type, "unknown"))
    columns = _COLUMNS.fit(width - _GLYPH, {})
    said = _say(fact).replace("\n", looks.glyph(" ↵ ", " \\n "))
    return [
        (fit(looks.stamp(fact.at, now), columns["time"]) + " ", "muted", False),
        (fit("+" + format_duration(fact.at - began), columns.get("after", 0), right=True) + " ", "muted", False),
        (glyph + " ", role, False),
        (fit(fact.event_type, columns["type"]) + " " if "type" in columns else "", role, False),
        (fit(said, columns.get("event", 0)), "text", False),
    ]


def _say(fact: Fact) -> str:
    return say(fact.event_type, fact.actor_id, fact.data)


class RecordTab(LineList):
    """The record tab: one event as it stands on disk, nothing of it cut.

    lines: the record, one value a line, as it was shown.
    """

    def __init__(self, styles: Styles, **options: Any) -> None:
        super().__init__(styles, **options)
        self.lines: list[str] = []
        self._wrapped: list[RecordLine] = []
        self._wrapped_for = 0

    def show(self, text: str) -> None:
        """Show this text, which may have many lines."""
        self.lines = text.split("\n") if text else []
        self._wrapped_for = 0
        self.cursor = self.top = 0
        self.sync()

    def _rows(self) -> list[RecordLine]:
        width = max(16, self._width - 2)  # a blank before, the scrollbar behind
        if width != self._wrapped_for:
            self._wrapped, self._wrapped_for = record_lines(self.lines, width), width
        return self._wrapped

    def count(self) -> int:
        return len(self._rows())

    def draw(self, line: int, out: Line) -> None:
        row = self._rows()[line]
        out.put(" " + row.key, "accent")
        body, mark, _ = row.text.rpartition("\\n")
        if mark and row.text.endswith("\\n"):
            out.put(body).put(mark, "muted")
        else:
            out.put(row.text)

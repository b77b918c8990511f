"""The events of the selected task, and one record in full."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lineage_core.clock import Clock, format_duration
from lineage_core.facts import Fact
from lineage_core.words import say
from lineage_tui.cells import Line
from lineage_tui.style import Styles
from lineage_tui.widgets.lines import LineView

EVENT_LOOKS = {
    "task_created": "queued", "task_assigned": "assigned", "task_started": "running", "task_blocked": "blocked",
    "task_unblocked": "running", "task_reassigned": "reassigned", "task_escalated": "escalated",
    "task_completed": "completed", "task_failed": "failed", "task_cancelled": "cancelled", "worker_spawned": "spawn",
    "worker_started": "run", "worker_progress": "progress", "worker_completed": "success", "worker_failed": "failed",
    "handoff_created": "handoff wait", "handoff_accepted": "handoff", "handoff_completed": "handoff done",
}  # fmt: skip


class EventLines(LineView):
    """The events tab: one line per event, in order."""

    def __init__(self, styles: Styles, clock: Clock, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.facts: list[Fact] = []

    def show(self, facts: list[Fact]) -> None:
        """List these events from now on."""
        self.facts = facts
        self.sync()

    def count(self) -> int:
        return len(self.facts)

    def key_at(self, line: int) -> Hashable:
        return self.facts[line].digest

    def line_of(self, key: Hashable) -> int | None:
        return next((n for n, fact in enumerate(self.facts) if fact.digest == key), None)

    def fact(self) -> Fact | None:
        """The event under the cursor."""
        return self.facts[self.cursor] if self.cursor < len(self.facts) else None

    def draw(self, line: int, out: Line) -> None:
        fact = self.facts[line]
        glyph, _, role = self.looks.look(EVENT_LOOKS.get(fact.event_type, "unknown"))
        out.col(self.looks.time(fact.at, self.clock()), 12, "muted")
        out.col("+" + format_duration(fact.at - self.facts[0].at), 7, "muted", right=True)
        out.put(glyph + " ", role)
        if out.width >= 70:
            out.col(fact.event_type, 17, role)
        out.put(say(fact.event_type, fact.actor_id, fact.data))


class RecordLines(LineView):
    """The record tab: one event as it stands on disk, line by line."""

    def __init__(self, styles: Styles, **options: Any) -> None:
        super().__init__(styles, **options)
        self.lines: list[str] = []

    def show(self, text: str) -> None:
        """Show this text, which may have many lines."""
        self.lines = text.split("\n") if text else []
        self.cursor = self.top = 0
        self.sync()

    def count(self) -> int:
        return len(self.lines)

    def key_at(self, line: int) -> Hashable:
        return line

    def line_of(self, key: Hashable) -> int | None:
        return key if isinstance(key, int) and key < len(self.lines) else None

    def draw(self, line: int, out: Line) -> None:
        text = self.lines[line]
        name, colon, rest = text.partition(": ")
        if colon and name.lstrip().startswith('"'):
            out.put(" " + name + colon, "accent").put(rest)
        else:
            out.put(" " + text)

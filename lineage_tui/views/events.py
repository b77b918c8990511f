"""The events view `5`: the newest events over all tasks, as they come."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from textual.geometry import Region

from lineage_core.base.clock import Clock
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT
from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import Fact
from lineage_core.model.host_file_names import host_of
from lineage_core.present.sentences import say, words
from lineage_core.query.filter_terms import FilterContext
from lineage_core.state.store import State
from lineage_tui.detail.events_tab import EVENT_LOOKS
from lineage_tui.models.column_widths import EVERYTHING, Columns, Step
from lineage_tui.models.events import MOST, Event, EventWindow, Matches
from lineage_tui.models.line_filter import WORDS, Texts, narrow
from lineage_tui.theme.styled_line import Line, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.following_list import FollowingList

LOUD = frozenset(("failed", "zombie", "blocked", "escalated", "partial"))
"""States whose words are shown in their colour."""

STEPS = tuple(
    Step(*step)
    for step in (
        ("time", 12), ("event", 20), ("task", 14), ("host", 10), ("event", 36), ("task", 24), ("event", 50),
        ("task", 34), ("event", 60), ("type", 17), ("event", 80), ("task", EVERYTHING), ("event", EVERYTHING),
    )
)  # fmt: skip
"""What a line shows, the most important first."""

_GLYPH = 2

_TEXTS: dict[str, Texts[Event]] = {
    WORDS: lambda e: f"{e.task_id} {e.fact.event_type} {say(e.fact.event_type, e.fact.actor_id, e.fact.data)}",
    "type": lambda e: e.fact.event_type,
    "actor": lambda e: e.fact.actor_id,
    "host": lambda e: host_of(e.fact.file),
    "worker": lambda e: f"{words(e.fact.data.get('worker_id'))}\n{words(e.fact.data.get('worker_type'))}",
    "tag": lambda e: " ".join(map(str, e.fact.extra.get("tags") or ())),
}


def event_look(fact: Fact) -> str:
    """The state to show an event in."""
    data = fact.data
    if fact.event_type == "worker_failed":
        details = data.get("error_details")
        said = (data.get("reason"), details.get("error_message") if isinstance(details, dict) else details)
        return "zombie" if ZOMBIE_TIMEOUT in said else "failed"
    if fact.event_type.endswith("_completed") and data.get("completion_status") in ("failed", "partial"):
        return str(data["completion_status"])
    return EVENT_LOOKS.get(fact.event_type, "unknown")


class EventsView(FollowingList):
    """The newest events, the newest last, where the view stays until the operator moves.

    most: events kept; older ones drop out while following. follow_key: the key that goes back to that.
    """

    title_lines = 1
    chosen = True  # to follow is what it is for
    newer = 0  # events that came since it does not follow

    def __init__(
        self, styles: Styles, state: State, clock: Clock, most: int = MOST, *, follow_key: str = "f", **options: Any
    ) -> None:
        super().__init__(styles, **options)
        self.follow_key = follow_key
        self.state = state
        self.clock = clock
        self.model = EventWindow(state, most)
        self.filter_text = ""
        self._columns = Columns(STEPS, ("time", "task", "host", "type", "event"))

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        self.model.hold = not self.following
        new = self.model.take(task_ids)
        self.settle(lambda _key: False)  # an event does not change
        if new and not self.following:
            self.newer += new
            self.refresh(Region(0, 0, self.size.width, self.title_lines))

    def turn_back(self, task_ids: set[str]) -> bool:
        self.newer = 0
        if self.model.turn_back(task_ids):
            return True
        self.model.take(task_ids)
        self.settle()
        return False

    def tick(self) -> None:
        """Once a second: ages grow, where times are written so."""
        if self.looks.times == "ago":
            self.refresh()

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show the events whose tasks match. text: the filter as it was written; then its words mean the event
        where it has an answer (raises BadInputError as `filters.parse` does)."""
        self.filter_text = text if matches is not None else ""
        rows = self.state.rows
        of_event: Matches | None = None
        if matches is not None and text:
            wanted = narrow(text, FilterContext(self.state, self.clock()), _TEXTS)
            of_event = lambda event: wanted(rows[event.task_id], event)  # noqa: E731
        elif matches is not None:
            of_event = lambda event: matches(rows[event.task_id])  # noqa: E731
        self.in_slices(self.model.refilter(of_event))

    def follow(self) -> None:
        missed = self.model.hold
        self.newer = 0
        super().follow()
        self.model.hold = False
        if missed:
            self.in_slices(self.model.refilter(self.model.matches))

    def edge(self, to: int) -> None:
        if to > 0:
            self.follow()
        else:
            super().edge(to)

    def target(self) -> tuple[str, str | None] | None:
        """The task, and the worker or handoff, of the event under the cursor."""
        event = self.event()
        if event is None:
            return None
        data = event.fact.data
        of = data.get("worker_id") or data.get("handoff_id")
        return event.task_id, of if isinstance(of, str) else None

    def event(self) -> Event | None:
        """The event under the cursor."""
        return self.model.shown[self.cursor] if self.cursor < self.count() else None

    def fact(self) -> Fact | None:
        event = self.event()
        return event.fact if event is not None else None

    def count_line(self) -> str:
        """How much is shown, in a few words."""
        shown, known = self.count(), self.state.events
        text = f"the newest {shown:,} of {known:,} events" if shown < known else f"{known:,} events"
        if self.filter_text:
            text = f"{shown:,} of the newest {len(self.model):,} events"
        return text + (f", {self.newer:,} new below" if self.newer else "")

    def waiting(self) -> list[str]:
        return [f"{self.newer:,} new below"] if self.newer and not self.following else []

    def home(self) -> int:
        return max(0, self.count() - 1)

    def count(self) -> int:
        return len(self.model.shown)

    def key_at(self, line: int) -> Hashable:
        return self.model.shown[line].position

    def line_of(self, key: Hashable) -> int | None:
        return self.model.line_of(key)  # type: ignore[arg-type]

    def look_at(self, line: int) -> str:
        """The state that a line is shown in."""
        return event_look(self.model.shown[line].fact)

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        content = {"task": max(8, self.model.widest)}
        if len(self.state.hosts) < 2:
            content["host"] = 0
        return self._columns.fit(width - _GLYPH, content)

    def draw_title(self, line: int, out: Line) -> None:
        columns = self.columns(out.width)
        out.col("time", columns["time"], "muted").put("  ")
        for column in ("task", "host", "type"):
            if column in columns:
                out.col(column, columns[column], "muted")
        out.put("event", "muted")
        if self.newer:
            out.put(f"  {self.looks.glyph('↓', 'v')} {self.newer:,} new ({self.follow_key})", "accent")

    def draw(self, line: int, out: Line) -> None:
        _, task_id, fact = self.model.shown[line]
        look = event_look(fact)
        glyph, _, role = self.looks.look(look)
        columns = self.columns(out.width)
        out.col(self.looks.moment(fact.at, self.clock()), columns["time"], "muted")
        out.put(glyph + " ", role)
        if width := columns.get("task", 0):
            out.col(cut(task_id, "task-", width, self.looks), width)
        if "host" in columns:
            out.col(host_of(fact.file), columns["host"], "muted")
        if "type" in columns:
            out.col(fact.event_type, columns["type"], role)
        shade = role if look in LOUD else "muted" if look == "progress" else "text"
        out.put(say(fact.event_type, fact.actor_id, fact.data), shade)

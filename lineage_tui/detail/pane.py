"""The detail pane: what the selected task is, what is the matter with it, and its timeline, events, workers, records.

On the heading of a session it shows the session: its sums, and its tasks on one time axis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from lineage_core.base.clock import Clock
from lineage_core.meaning.money import Prices
from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import Fact
from lineage_core.rules.attention import others_of
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usually
from lineage_core.state.store import State
from lineage_tui.detail.footer import Footer
from lineage_tui.detail.heading import TABS, Heading, tab_of
from lineage_tui.detail.tabs import DetailTabs
from lineage_tui.models.fact_lookup import last_fact, part_of
from lineage_tui.models.session_summary import Session
from lineage_tui.models.task_story import Judges, Shown, brief_of, shown_of
from lineage_tui.models.throttle import Throttle
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.background_work import PAUSE, in_background, pause


class DetailPane(Vertical):
    """The pane right of the tree, or below it.

    read, file_of: give the text of the record of a fact as it stands on disk, and its file; called when the record tab
    is shown.
    group: gives the name of the session whose heading is under the cursor, if one is. go_to: called with the id of a
    task that was entered in the timeline of a session. usually: what silence is usual for a worker type. trace_url:
    where a trace can be seen; then the heading of a task names its trace, which leads there. known: whether a task that
    is not in the state may have been. prices: of tokens, if there are any. expected: when a task will end, in words.
    """

    ALLOW_SELECT = False  # of the border, which the mouse moves; what stands in the pane can be selected

    def __init__(
        self,
        styles: Styles,
        state: State,
        clock: Clock,
        thresholds: Thresholds,
        read: Callable[[Fact], str],
        session: Session,
        *,
        group: Callable[[], str | None] = lambda: None,
        go_to: Callable[[str], None] = lambda task_id: None,
        usually: Usually = lambda kind: None,
        trace_url: str = "",
        prices: Prices | None = None,
        known: Callable[[str], bool] = lambda task_id: False,
        expected: Callable[[str], str] = lambda task_id: "",
        file_of: Callable[[Fact], Path | None] = lambda fact: None,
    ) -> None:
        super().__init__(id="detail")
        self._judges = Judges(
            others_of(state, known), thresholds, usually, lambda task_id: self.expected(task_id), prices
        )
        self.looks = styles
        self.state = state
        self.clock = clock
        self.session = session
        self.group = group
        self.go_to = go_to
        self.expected = expected
        self.task_id: str | None = None
        self.tabs = DetailTabs(styles, state, clock, thresholds, read, file_of)
        self.heading = Heading(styles, state, trace_url, id="heading")
        self.footer = Footer(styles, state, clock, id="foot")
        self._shown: dict[str, TaskRow | Shown] = {}  # what each tab was last made of
        self._throttle = Throttle()
        self._planned = False
        self.on_drag: Callable[[int, int], None] = lambda x, y: None  # the border was dragged to a cell of the screen
        for view in self.tabs.all.values():
            view.on_entered = self._entered
            view.on_moved = lambda _key: self._show_foot()

    def compose(self) -> ComposeResult:
        self.heading.on_part = self._clicked
        yield self.heading
        yield self.tabs
        yield self.footer

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the border between list and pane."""
        beside = bool(self.styles.border_left[0])
        if (event.x if beside else event.y) == 0 and (beside or self.styles.border_top[0]):
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self.on_drag(int(event.screen_x), int(event.screen_y))

    def on_mouse_up(self) -> None:
        if self.app.mouse_captured is self:
            self.release_mouse()

    @property
    def tab(self) -> str:
        """The tab that is open, of TABS."""
        return self.tabs.tab

    def show(self, task_id: str | None, worker: str | None = None) -> None:
        """Show this task; worker: the lane to put the cursor on. None: the session under the cursor, if one is."""
        group = self.group() if task_id is None else None
        if (task_id, group) != (self.task_id, self.session.name):
            self.task_id = task_id
            self.session.open(group)
            self._shown.clear()
            self._throttle = Throttle()
            self.tabs.begin(task_id)
            self._switch()
        self.update()
        if worker is not None:
            self.tabs.timeline.select_key(("worker", worker)) or self.tabs.timeline.select_key(("handoff", worker))
            self.tabs.workers_list.select_key(worker)

    def update(self) -> None:
        """Bring the pane up to date with the state and the clock.

        What changed in the task is taken in as often as it can be without slowing the screen down (see `Throttle`).
        """
        row = self.state.rows.get(self.task_id) if self.task_id is not None else None
        if row is None:
            self._update_session()
            return
        tab = self.tab
        made_of = shown_of(self.state, row) if tab == "timeline" else row
        if self._shown.get(tab) != made_of:
            if (wait := self._throttle.wait()) and tab in self._shown:
                self._plan(wait)
            else:
                self._throttle.begin()
                self._shown[tab] = made_of
                self.tabs.take_in(made_of)
                self._throttle.end()
        with self.state.lock:
            found = brief_of(self.state, row.task_id, self.clock(), self._judges, self.looks)
        self.heading.show_task(row.task_id, found, self.tab, self.size, reading=self.has_focus_within)
        self._show_foot()

    def turn_back(self) -> None:
        """The state is now as it was at an earlier time: show nothing that was not known then."""
        self._shown.clear()
        if self.task_id is None:
            return
        if self.task_id not in self.state.rows:
            self.show(None)
        elif self.tab == "record":
            fact = self.tabs.events.fact()
            if fact is None or fact.digest not in {one.digest for one in self.state.facts(self.task_id)}:
                self.open_tab("events")
        self.update()

    def _plan(self, wait: float) -> None:
        """Update again after so many seconds."""
        if not self._planned:
            self._planned = True
            # Not set_timer: one whose time has passed before it begins to wait is lost (Textual 8.2).
            asyncio.get_running_loop().call_later(wait, self.call_later, self._go_on)

    def _go_on(self) -> None:
        self._planned = False
        self.update()

    # The session.

    def _update_session(self) -> None:
        if self.session.name is None:
            self._shown.clear()
            self.heading.show([])
            self.footer.show([])
            self.tabs.timeline.show(None)
            return
        if not self._throttle.wait() and not any(w.group == "session" and w.is_running for w in self.workers):
            self._throttle.begin()
            in_background(self, self._read_session, "session")
        self._show_session()

    async def _read_session(self) -> None:
        name = self.session.name
        for _ in self.session.read():
            await pause(self, PAUSE)
            if self.session.name != name or self.task_id is not None:
                return
        self._throttle.end()
        if self.session.name == name and self.task_id is None:
            self.tabs.timeline.show(self.session.timeline)
            self._show_session()

    def _show_session(self) -> None:
        self.heading.show_session(self.session, self.tabs.timeline.count(), self.clock(), self.size)
        self._show_foot()

    # The line under the cursor in full, below the view.

    def _show_foot(self) -> None:
        room = max(0, self.size.height - len(self.heading.lines))
        row = self.state.rows.get(self.task_id) if self.task_id is not None else None
        self.footer.tell(self.tabs.view, row, self.tabs.part(), room, self.size.width)

    # Going.

    def open_tab(self, tab: str) -> None:
        """Show a tab."""
        self.tabs.open(tab, self._record_read)
        self._switch()
        self.update()

    def _switch(self) -> None:
        """Put the view that belongs to the task, or to the session, in front; the focus goes along."""
        inside = self.has_focus_within
        self.tabs.current = self.tabs.view.id
        if inside:
            self.screen.set_focus(self.tabs.view)

    def _record_read(self, file: Path | None) -> None:
        """A record is shown: so is where it stands."""
        self.heading.record_file = file
        self.update()

    def show_event(self, digest: int) -> None:
        """Open the events tab at one event."""
        self.open_tab("events")
        self.tabs.events.go_to(digest)

    def _clicked(self, text: str) -> None:
        """The mouse on the name of a tab opens it."""
        if (tab := tab_of(text)) is not None:
            self.open_tab(tab)
            self.screen.set_focus(self.tabs.view)

    def show_last_of(self, ident: str) -> None:
        """Open the events tab at the last event of a worker or handoff."""
        last = last_fact(self.state, self.task_id or "", ident, lambda fact: part_of(fact) == ident)
        if last is not None:
            self.show_event(last.digest)

    def return_to(self, tab: str, line: object) -> None:
        """Show a tab with the cursor where it was."""
        if tab in ("events", "record") and isinstance(line, int):
            self.show_event(line)
        if tab != self.tab:
            self.open_tab(tab)
        if tab in ("timeline", "workers", "explain", "related"):
            self.tabs.view.select_key(line)

    def turn(self, by: int) -> None:
        """Show the next tab (1) or the one before (-1)."""
        if self.task_id is not None:
            self.open_tab(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    def on_resize(self) -> None:
        self.update()

    def _entered(self, key: object) -> None:
        """Deeper: from a session or a parent to a task, from the timeline or the workers to the events, from an event
        to its record."""
        if (subtask := self.tabs.subtask()) is not None:
            self.go_to(subtask)
        elif self.task_id is None:
            return
        elif self.tab == "events":
            self.open_tab("record")
        elif self.tab == "related":
            if (task_id := self.tabs.related.target_id()) is not None:
                self.go_to(task_id)
        elif self.tab == "explain":
            if (digest := self.tabs.explain.event_at(self.tabs.explain.cursor)) is not None:
                self.show_event(digest)
        elif (ident := self.tabs.part()) is not None:
            self.show_last_of(ident)
        elif self.tab != "record":
            self.open_tab("events")

    def back(self) -> bool:
        """Out by one: from the record to the events, from there to the timeline; False when there is no more."""
        order = {"record": "events", **dict.fromkeys(("events", "workers", "explain", "related"), "timeline")}
        if self.task_id is None or self.tab not in order:
            return False
        self.open_tab(order[self.tab])
        return True

"""The detail pane: what the selected task is, what is the matter with it, and its timeline, events, workers, records.

On the heading of a session it shows the session: its sums, and its tasks on one time axis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from lineage_core.base.clock import Clock
from lineage_core.forecast.related import related
from lineage_core.meaning.explanation import explain
from lineage_core.model.entities import Status, TaskRow
from lineage_core.model.facts import Fact
from lineage_core.otel.trace_context import Traces
from lineage_core.present.timeline import timeline
from lineage_core.rules.attention import others_of
from lineage_core.rules.dependencies import deadlock
from lineage_core.rules.expectations import expectations
from lineage_core.rules.silence import over
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual import Usually
from lineage_core.settings.trace_url import url_of
from lineage_core.state.family import family_of
from lineage_core.state.store import State
from lineage_tui.detail.events_tab import EventsTab, RecordTab
from lineage_tui.detail.explain_tab import ExplainTab
from lineage_tui.detail.footer import Footer
from lineage_tui.detail.related_tab import RelatedTab
from lineage_tui.detail.timeline_tab import TimelineTab
from lineage_tui.detail.workers_tab import WorkersTab
from lineage_tui.models.detail_header import session_lines, task_lines
from lineage_tui.models.fact_lookup import last_fact, part_of
from lineage_tui.models.lane_table import Parts
from lineage_tui.models.session_summary import Session
from lineage_tui.models.task_brief import TaskBrief, brief
from lineage_tui.models.throttle import Throttle
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.styled_lines import StyledLines
from lineage_tui.widgets.work_slices import in_background

TABS = ("timeline", "events", "workers", "explain", "related", "record")


class DetailPane(Vertical):
    """The pane right of the tree, or below it.

    read: gives the text of the record of a fact, as it stands on disk; called when the record tab is shown.
    group: gives the name of the session whose heading is under the cursor, if one is. go_to: called with the id of a
    task that was entered in the timeline of a session. usually: what silence is usual for a worker type. trace_url:
    where a trace can be seen; then the heading of a task names its trace, which leads there. known: whether a task that
    is not in the state may have been. expected: when a task will end, in words.
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
        known: Callable[[str], bool] = lambda task_id: False,
        expected: Callable[[str], str] = lambda task_id: "",
    ) -> None:
        super().__init__(id="detail")
        self._others = others_of(state, known)
        self.looks = styles
        self.state = state
        self.clock = clock
        self.thresholds = thresholds
        self.read = read
        self.session = session
        self.group = group
        self.go_to = go_to
        self.usually = usually
        self.trace_url = trace_url
        self.expected = expected
        self.task_id: str | None = None
        self.tab = "timeline"
        self.timeline_tab = TimelineTab(styles, clock, id="timeline", empty="no task selected")
        self.events = EventsTab(styles, state, clock, id="events", empty="no events")
        self.workers_tab = WorkersTab(styles, clock, thresholds, id="workers", empty="no workers yet")
        self.explain_tab = ExplainTab(styles, clock, id="explain", empty="reading…")
        self.record = RecordTab(styles, id="record", empty="no event selected")
        self.related = RelatedTab(styles, state, id="related", empty="no other task has to do with it")
        self.heading = StyledLines(styles, id="heading")
        self.footer = Footer(styles, state, clock, id="foot")
        self._shown: dict[str, TaskRow] = {}  # what each tab was last made of
        self._throttle = Throttle()
        self._planned = False
        self.on_drag: Callable[[int, int], None] = lambda x, y: None  # the border was dragged to a cell of the screen
        for view in (self.timeline_tab, self.events, self.workers_tab, self.explain_tab, self.record, self.related):
            view.on_entered = self._entered
            view.on_moved = lambda _key: self._show_foot()

    def compose(self) -> ComposeResult:
        self.heading.on_part = self._clicked
        yield self.heading
        with ContentSwitcher(initial="timeline"):
            yield self.timeline_tab
            yield self.events
            yield self.workers_tab
            yield self.explain_tab
            yield self.record
            yield self.related
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
    def view(self) -> LineList:
        """The view of the present tab."""
        if self.task_id is None:
            return self.timeline_tab
        return {
            "timeline": self.timeline_tab,
            "events": self.events,
            "workers": self.workers_tab,
            "explain": self.explain_tab,
            "record": self.record,
            "related": self.related,
        }[self.tab]

    def show(self, task_id: str | None, worker: str | None = None) -> None:
        """Show this task; worker: the lane to put the cursor on. None: the session under the cursor, if one is."""
        group = self.group() if task_id is None else None
        if (task_id, group) != (self.task_id, self.session.name):
            self.task_id = task_id
            self.session.open(group)
            self._shown.clear()
            self._throttle = Throttle()
            self.explain_tab.show(None)
            self.related.show(None)
            for view in (self.timeline_tab, self.events, self.workers_tab, self.explain_tab, self.related):
                view.cursor = view.top = 0
                view.cursor_key = None
            if self.tab == "record":
                self.tab = "events"
            self._switch()
        self.update()
        if worker is not None:
            self.timeline_tab.select_key(("worker", worker)) or self.timeline_tab.select_key(("handoff", worker))
            self.workers_tab.select_key(worker)

    def update(self) -> None:
        """Bring the pane up to date with the state and the clock.

        What changed in the task is taken in as often as it can be without slowing the screen down (see `Throttle`).
        """
        row = self.state.rows.get(self.task_id) if self.task_id is not None else None
        if row is None:
            self._update_session()
            return
        tab = self.tab
        if self._shown.get(tab) is not row:
            if (wait := self._throttle.wait()) and tab in self._shown:
                self._plan(wait)
            else:
                self._throttle.begin()
                self._take_in(tab, row)
                self._throttle.end()
        with self.state.lock:
            task = self.state.task(row.task_id)
            assert task is not None
            now = self.clock()
            family = family_of(self.state, row.task_id, now)
            expected = expectations(task, self._others, now, self.thresholds)
            circle = deadlock(row.task_id, self._others) if task.status is Status.BLOCKED else ()
            task_brief = brief(
                task, self.state.rows, now, self.thresholds, self.usually, self.looks, family, expected, circle
            )
        if ends := self.expected(row.task_id):
            task_brief = task_brief._replace(figures=(ends, *task_brief.figures))
        self._show_heading(task_brief)
        self._show_foot()

    def _take_in(self, tab: str, row: TaskRow) -> None:
        """Let a tab show the task as it is now."""
        self._shown[tab] = row
        if tab == "events":
            self.events.show(row.task_id)
        elif tab == "explain":
            self.run_worker(partial(self._explain, row.task_id), thread=True, exclusive=True, group="explain")
        elif tab == "related":
            self.run_worker(partial(self._relate, row.task_id), thread=True, exclusive=True, group="related")
        elif tab != "record":
            with self.state.lock:
                task = self.state.task(row.task_id)
                if task is None:
                    return
                if tab == "workers":
                    self.workers_tab.show(sorted(task.runs, key=lambda run: run.first_at), over(task))
                else:
                    self.timeline_tab.show(timeline(task))

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
            self.timeline_tab.show(None)
            return
        if not self._throttle.wait() and not any(w.group == "session" and w.is_running for w in self.workers):
            self._throttle.begin()
            in_background(self, self._read_session, "session")
        self._show_session()

    async def _read_session(self) -> None:
        name = self.session.name
        for _ in self.session.read():
            await asyncio.sleep(0.004)
            if self.session.name != name or self.task_id is not None:
                return
        self._throttle.end()
        if self.session.name == name and self.task_id is None:
            self.timeline_tab.show(self.session.timeline)
            self._show_session()

    def _show_session(self) -> None:
        lines = session_lines(self.session, self.timeline_tab.count(), self.clock(), self.size.width, self.looks)
        self.heading.show(lines)
        self.heading.stand(len(lines))
        self._show_foot()

    def _show_heading(self, task_brief: TaskBrief) -> None:
        short = self.tab == "record" and self.size.height < 20  # a record wants the room
        above = task_lines(self.task_id or "", task_brief, self.size.width, self.size.height, self.looks)
        if self.trace_url and self.task_id is not None:
            trace, _ = Traces(self.state).trace_of(self.task_id)
            text = f"trace {trace[:8]}"
            above[0] += [("  ", "text", False), (text, "accent", False)]
            self.heading.links = {text: url_of(self.trace_url, trace)}
        lines = [*(above[:1] if short else above), self._tab_line()]
        if len(lines) > (room := max(1, self.size.height // 2)):
            lines = [*lines[: room - 1], lines[-1]] if room > 1 else lines[:1]
        self.heading.show(lines)
        self.heading.stand(len(lines))

    def _tab_line(self) -> Parts:
        line: Parts = []
        for tab in TABS:
            here = tab == self.tab
            line.append((f"[{tab}]" if here else f" {tab} ", "accent" if here else "muted", here))
        return line

    # The line under the cursor in full, below the view.

    def _show_foot(self) -> None:
        room = max(0, self.size.height - len(self.heading.lines))
        row = self.state.rows.get(self.task_id) if self.task_id is not None else None
        self.footer.tell(self.view, row, self.part(), room, self.size.width)

    # Going.

    def open_tab(self, tab: str) -> None:
        """Show a tab."""
        if tab == "record":
            self.events.show(self.task_id)
            fact = self.events.fact()
            self.record.show("reading…" if fact else "")
            if fact is not None:
                self.run_worker(partial(self._read, fact), thread=True, exclusive=True, group="record")
        self.tab = tab
        self._switch()
        self.update()

    def _switch(self) -> None:
        """Put the view that belongs to the task, or to the session, in front; the focus goes along."""
        inside = self.has_focus_within
        self.query_one(ContentSwitcher).current = self.view.id
        if inside:
            self.screen.set_focus(self.view)

    def show_event(self, digest: int) -> None:
        """Open the events tab at one event."""
        self.open_tab("events")
        self.events.go_to(digest)

    def _read(self, fact: Fact) -> None:
        """Read a record from disk, in a thread."""
        text = self.read(fact)
        self.app.call_from_thread(self.record.show, text)

    def _explain(self, task_id: str) -> None:
        """Tell why a task stands as it does, in a thread: a task may have many events."""
        task_brief = explain(task_id, self.state.facts(task_id))

        def show() -> None:
            if self.task_id == task_id:
                self.explain_tab.show(task_brief)

        self.app.call_from_thread(show)

    def _relate(self, task_id: str) -> None:
        """Find what has to do with a task, in a thread: all others are looked at."""
        found = related(self.state, task_id)

        def show() -> None:
            if self.task_id == task_id:
                self.related.show(found)

        self.app.call_from_thread(show)

    def _clicked(self, text: str) -> None:
        """The mouse on the name of a tab opens it."""
        if (tab := text.strip(" []")) in TABS:
            self.open_tab(tab)
            self.screen.set_focus(self.view)

    def show_last_of(self, ident: str) -> None:
        """Open the events tab at the last event of a worker or handoff."""
        last = last_fact(self.state, self.task_id or "", ident, lambda fact: part_of(fact) == ident)
        if last is not None:
            self.show_event(last.digest)

    def part(self) -> str | None:
        """The id of the worker or handoff under the cursor, in the tabs that list them."""
        if self.tab == "workers":
            return self.workers_tab.worker()
        match self.timeline_tab.cursor_key if self.tab == "timeline" else None:
            case ("worker" | "handoff", str(ident)):
                return ident
        return None

    def fact(self) -> Fact | None:
        """The event under the cursor, in the tabs that are of events."""
        return self.events.fact() if self.tab in ("events", "record") else None

    def line(self) -> object:
        """What `return_to` needs to find the line under the cursor again."""
        return self.events.cursor_key if self.tab == "record" else self.view.cursor_key

    def return_to(self, tab: str, line: object) -> None:
        """Show a tab with the cursor where it was."""
        if tab in ("events", "record") and isinstance(line, int):
            self.show_event(line)
        if tab != self.tab:
            self.open_tab(tab)
        if tab in ("timeline", "workers", "explain", "related"):
            self.view.select_key(line)

    def turn(self, by: int) -> None:
        """Show the next tab (1) or the one before (-1)."""
        if self.task_id is not None:
            self.open_tab(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    def on_resize(self) -> None:
        self.update()

    def _entered(self, key: object) -> None:
        """Deeper: from a session to a task, from the timeline or the workers to the events, from an event to its
        record."""
        if self.task_id is None:
            if isinstance(key, tuple) and key[0] == "task":
                self.go_to(key[1])
        elif self.tab == "events":
            self.open_tab("record")
        elif self.tab == "related":
            if (task_id := self.related.target_id()) is not None:
                self.go_to(task_id)
        elif self.tab == "explain":
            if (digest := self.explain_tab.event_at(self.explain_tab.cursor)) is not None:
                self.show_event(digest)
        elif (ident := self.part()) is not None:
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

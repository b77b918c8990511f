"""The tabs of the detail pane: what each shows of the task, and what is under the cursor in the open one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from lineage_core.base.clock import Clock
from lineage_core.forecast.related_tasks import related
from lineage_core.meaning.explanation import explain
from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import Fact
from lineage_core.rules.silence import over
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.detail.events_tab import EventsTab, RecordTab
from lineage_tui.detail.explain_tab import ExplainTab
from lineage_tui.detail.related_tab import RelatedTab
from lineage_tui.detail.timeline_tab import TimelineTab
from lineage_tui.detail.workers_tab import WorkersTab
from lineage_tui.models.task_story import Shown, timeline_of
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList


class DetailTabs(ContentSwitcher):
    """The tabs, one of them in front.

    tab: the one that is open, of TABS. task_id: what they show; None: a session, of which there is only a timeline.
    read, file_of: give the text of the record of a fact as it stands on disk, and its file; called in a thread when the
    record tab is opened.
    """

    def __init__(
        self,
        styles: Styles,
        state: State,
        clock: Clock,
        thresholds: Thresholds,
        read: Callable[[Fact], str],
        file_of: Callable[[Fact], Path | None],
    ) -> None:
        super().__init__(initial="timeline")
        self.state = state
        self.task_id: str | None = None
        self.tab = "timeline"
        self._read = read
        self._file_of = file_of
        self.timeline = TimelineTab(styles, clock, id="timeline", empty="no task selected")
        self.events = EventsTab(styles, state, clock, id="events", empty="no events")
        self.workers_list = WorkersTab(styles, clock, thresholds, id="workers", empty="no workers yet")
        self.explain = ExplainTab(styles, clock, id="explain", empty="reading…")
        self.record = RecordTab(styles, id="record", empty="no event selected")
        self.related = RelatedTab(styles, state, id="related", empty="no other task has to do with it")
        self.all: dict[str, LineList] = {
            "timeline": self.timeline,
            "events": self.events,
            "workers": self.workers_list,
            "explain": self.explain,
            "record": self.record,
            "related": self.related,
        }

    def compose(self) -> ComposeResult:
        yield from self.all.values()

    @property
    def view(self) -> LineList:
        """The view of the open tab."""
        return self.all[self.tab] if self.task_id is not None else self.timeline

    def begin(self, task_id: str | None) -> None:
        """Show another task, or a session: nothing of the one before."""
        self.task_id = task_id
        self.explain.show(None)
        self.related.show(None)
        for view in self.all.values():
            if view is not self.record:
                view.cursor = view.top = 0
                view.cursor_key = None
        if self.tab == "record":
            self.tab = "events"

    def open(self, tab: str, record_read: Callable[[Path | None], None]) -> None:
        """Open a tab. record_read: called with the file of a record when it is shown."""
        if tab == "record":
            self.events.show(self.task_id)
            fact = self.events.fact()
            self.record.show("reading…" if fact else "")
            if fact is not None:
                work = partial(self._read_record, fact, record_read)
                self.run_worker(work, thread=True, exclusive=True, group="record")
        self.tab = tab

    def take_in(self, made_of: TaskRow | Shown) -> None:
        """Let the open tab show the task as it is now."""
        if isinstance(made_of, Shown):
            with self.state.lock:
                self.timeline.show(timeline_of(self.state, made_of))
            return
        task_id = made_of.task_id
        if self.tab == "events":
            self.events.show(task_id)
        elif self.tab == "explain":
            self.run_worker(partial(self._explain, task_id), thread=True, exclusive=True, group="explain")
        elif self.tab == "related":
            self.run_worker(partial(self._relate, task_id), thread=True, exclusive=True, group="related")
        elif self.tab == "workers":
            with self.state.lock:
                if (task := self.state.task(task_id)) is not None:
                    self.workers_list.show(sorted(task.runs, key=lambda run: run.first_at), over(task))

    def _read_record(self, fact: Fact, record_read: Callable[[Path | None], None]) -> None:
        """Read a record from disk, in a thread."""
        text, file = self._read(fact), self._file_of(fact)

        def show() -> None:
            self.record.show(text)
            record_read(file)

        self.app.call_from_thread(show)

    def _explain(self, task_id: str) -> None:
        """Tell why a task stands as it does, in a thread: a task may have many events."""
        task_brief = explain(task_id, self.state.facts(task_id))

        def show() -> None:
            if self.task_id == task_id:
                self.explain.show(task_brief)

        self.app.call_from_thread(show)

    def _relate(self, task_id: str) -> None:
        """Find what has to do with a task, in a thread: all others are looked at."""
        found = related(self.state, task_id)

        def show() -> None:
            if self.task_id == task_id:
                self.related.show(found)

        self.app.call_from_thread(show)

    # What is under the cursor.

    def part(self) -> str | None:
        """The id of the worker or handoff, in the tabs that list them."""
        if self.tab == "workers":
            return self.workers_list.worker()
        match self.timeline.cursor_key if self.tab == "timeline" else None:
            case ("worker" | "handoff", str(ident)):
                return ident
        return None

    def subtask(self) -> str | None:
        """The task of a lane of the timeline."""
        key = self.timeline.cursor_key if self.view is self.timeline else None
        return str(key[1]) if isinstance(key, tuple) and key[0] == "task" else None

    def fact(self) -> Fact | None:
        """The event, in the tabs that are of events."""
        return self.events.fact() if self.tab in ("events", "record") else None

    def line(self) -> object:
        """What `DetailPane.return_to` needs to find the line again."""
        return self.events.cursor_key if self.tab == "record" else self.view.cursor_key

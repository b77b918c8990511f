"""The detail pane: what the selected task is, what it waits for, and its timeline, events, workers and records."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from lineage_core.clock import Clock, format_duration
from lineage_core.facts import Fact
from lineage_core.merge import State
from lineage_core.silence import over
from lineage_core.timeline import timeline
from lineage_core.words import short, waiting_for
from lineage_core.zombies import Thresholds
from lineage_tui.models.facts_of import last_fact, part_of
from lineage_tui.style import Styles
from lineage_tui.widgets.events import EventLines, RecordLines
from lineage_tui.widgets.gantt import Gantt
from lineage_tui.widgets.heading import Heading
from lineage_tui.widgets.lines import LineView
from lineage_tui.widgets.workers import WorkerLines

TABS = ("timeline", "events", "workers", "record")


class Detail(Vertical):
    """The pane right of the tree, or below it.

    read: gives the text of the record of a fact, as it stands on disk; called when the record tab is shown.
    """

    def __init__(
        self, styles: Styles, state: State, clock: Clock, thresholds: Thresholds, read: Callable[[Fact], str]
    ) -> None:
        super().__init__(id="detail")
        self.looks = styles
        self.state = state
        self.clock = clock
        self.read = read
        self.task_id: str | None = None
        self.tab = "timeline"
        self.gantt = Gantt(styles, clock, id="timeline", empty="no task selected")
        self.events = EventLines(styles, clock, id="events", empty="no events")
        self.crew = WorkerLines(styles, clock, thresholds, id="workers", empty="no workers yet")
        self.record = RecordLines(styles, id="record", empty="no event selected")
        self.heading = Heading(styles, id="heading")
        for view in (self.gantt, self.events, self.crew, self.record):
            view.on_entered = self._entered
        self.gantt.on_moved = lambda _key: self._show_exact()

    def compose(self) -> ComposeResult:
        self.heading.on_part = self._clicked
        yield self.heading
        with ContentSwitcher(initial="timeline"):
            yield self.gantt
            yield self.events
            yield self.crew
            yield self.record

    @property
    def view(self) -> LineView:
        """The view of the present tab."""
        return {"timeline": self.gantt, "events": self.events, "workers": self.crew, "record": self.record}[self.tab]

    def show(self, task_id: str | None, worker: str | None = None) -> None:
        """Show this task; worker: the lane to put the cursor on."""
        if task_id != self.task_id:
            self.task_id = task_id
            for view in (self.gantt, self.events, self.crew):
                view.cursor = view.top = 0
                view.cursor_key = None
            if self.tab == "record":
                self.open_tab("events")
        self.update()
        if worker is not None:
            self.gantt.select_key(("worker", worker)) or self.gantt.select_key(("handoff", worker))
            self.crew.select_key(worker)

    def update(self) -> None:
        """Bring the pane up to date with the state and the clock."""
        with self.state.lock:
            task = self.state.task(self.task_id) if self.task_id is not None else None
            if task is None:
                self.heading.show([])
                self.gantt.show(None)
                return
            row = task.row()
            lines = timeline(task)
            sentence = waiting_for(task, self.state.rows, self.clock())
            if self.tab == "events":
                self.events.show(self.state.facts(task.task_id))
            elif self.tab == "workers":
                self.crew.show(sorted(task.workers.values(), key=lambda w: w.first_at), over(task))
            facts = self._facts_line(task)
        if self.tab == "timeline":
            self.gantt.show(lines)
        glyph, word, role = self.looks.look(row.status.value)
        title = [(f"{glyph} {word} ", role, True), (row.task_id, "text", True)]
        if row.escalated:
            title.append((f"  {self.looks.glyph('▲', '!')} escalated", "escalated", True))
        extras = [text for text in (row.priority, row.task_type) if text]
        if extras:
            title.append(("  " + ", ".join(extras), "muted", False))
        self.heading.show([title, [(sentence, role, False)], [(facts, "muted", False)], self._tab_line()])

    def _facts_line(self, task: Any) -> str:
        parts = [f"under {short(task.master)}" if task.master else "no master yet"]
        if task.workers:
            parts.append(f"{sum(not w.open for w in task.workers.values())}/{len(task.workers)} workers ended")
        if task.attempts > 1:
            parts.append(f"attempt {task.attempts}")
        if task.tokens is not None:
            parts.append(f"{task.tokens:,} tokens")
        parts.append(f"{task.events} event{'s' if task.events != 1 else ''}")
        parts += [
            f"{short(h.from_master) or '?'} → {short(h.to_master) or '?'}" for h in list(task.handoffs.values())[-3:]
        ]
        parent = self.state.kin.parent(task.task_id)
        if parent:
            parts.append(f"part of {parent}")
        end = task.ended_at if task.ended_at is not None else self.clock()
        parts.append(format_duration(max(0, end - task.first_at)))
        return " · ".join(parts)

    def _tab_line(self) -> list[tuple[str, str, bool]]:
        line: list[tuple[str, str, bool]] = []
        for tab in TABS:
            here = tab == self.tab
            line.append((f"[{tab}]" if here else f" {tab} ", "accent" if here else "muted", here))
        if self.tab == "timeline" and self.gantt.has_focus:
            line.append(("  " + self.gantt.exact(), "text", False))
        return line

    def open_tab(self, tab: str) -> None:
        """Show a tab; the focus goes along if it was in the pane."""
        inside = self.has_focus_within
        if tab == "record":
            fact = self.events.fact()
            self.record.show("reading…" if fact else "")
            if fact is not None:
                self.run_worker(partial(self._read, fact), thread=True, exclusive=True, group="record")
        self.tab = tab
        self.query_one(ContentSwitcher).current = tab
        self.update()
        if inside:
            self.screen.set_focus(self.view)

    def show_event(self, digest: int) -> None:
        """Open the events tab at one event."""
        self.open_tab("events")
        self.events.select_key(digest)

    def _read(self, fact: Fact) -> None:
        """Read a record from disk, in a thread."""
        text = self.read(fact)
        self.app.call_from_thread(self.record.show, text)

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
            return self.crew.cursor_key if isinstance(self.crew.cursor_key, str) else None
        match self.gantt.cursor_key if self.tab == "timeline" else None:
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
        if tab in ("timeline", "workers"):
            self.view.select_key(line)

    def turn(self, by: int) -> None:
        """Show the next tab (1) or the one before (-1)."""
        self.open_tab(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    def _show_exact(self) -> None:
        if self.gantt.has_focus:
            self.call_later(self.update)

    def _entered(self, _key: object) -> None:
        """Deeper: from the timeline or the workers to the events, from an event to its record."""
        if self.tab == "events":
            self.open_tab("record")
        elif (ident := self.part()) is not None:
            self.show_last_of(ident)
        elif self.tab != "record":
            self.open_tab("events")

    def back(self) -> bool:
        """Out by one: from the record to the events, from there to the timeline; False when there is no more."""
        order = {"record": "events", "events": "timeline", "workers": "timeline"}
        if self.tab not in order:
            return False
        self.open_tab(order[self.tab])
        return True

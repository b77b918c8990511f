"""Where the operator goes on the main screen: lines, views, panes, linked tasks, causes, and back again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from lineage_core.rules.root_cause import root_cause
from lineage_tui.detail.pane import DetailPane
from lineage_tui.models.links import Link, Place, links
from lineage_tui.screens.link_picker import JumpScreen
from lineage_tui.settings.keymap import first_key
from lineage_tui.views.events import EventsView
from lineage_tui.views.switcher import Views
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp


class Stop(NamedTuple):
    """A place that the operator was at, for back and forward, and the filter there.

    tab, line: of the detail pane, if the operator was in it; line: the key of a lane or worker, the digest of an event.
    """

    view: str
    key: object
    filter: str
    tab: str | None = None
    line: object = None


class Going(Screen[None]):
    """Moving about; `screens/filtering.py`, `screens/display.py` and `screens/main.py` add to it, in this order.

    reading: whether the operator has gone into the detail pane; it then keeps its task, whatever the lists do.
    """

    app: LineageApp
    views: Views
    tree_view: TaskTreeView
    detail: DetailPane

    def __init__(self) -> None:
        super().__init__()
        self.filter_text = ""
        self.reading = False
        self._searches: list[str] = []
        self._past: list[Stop] = []
        self._future: list[Stop] = []

    def resume(self) -> None:
        """Draw the lines at the edges, and take what waits."""
        raise NotImplementedError

    def set_filter(self, text: str) -> bool:
        """Filter all lists by this text; an empty one shows everything."""
        raise NotImplementedError

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Show a line to the operator until the next key."""
        raise NotImplementedError

    @property
    def view(self) -> LineList:
        """The list that keys go to."""
        return self.focused if isinstance(self.focused, LineList) else self.views.view

    @property
    def in_detail(self) -> bool:
        """Whether keys go to the detail pane."""
        return self.detail.has_focus_within

    @property
    def searching(self) -> bool:
        """Whether something to find in the detail pane is being typed."""
        return any(field.display and field.has_class("search") for field in self.query("#field"))

    def key(self, name: str) -> str:
        """The key of a command, to name it in a message."""
        return next(first_key(c, ascii_only=self.app.looks.ascii_only) for c in self.app.commands if c.name == name)

    def shown_target(self) -> tuple[str, str | None] | None:
        """The task that is shown, and the worker or handoff of it that is under the cursor of the list."""
        target: tuple[str, str | None] | None = self.views.view.target()  # type: ignore[attr-defined]
        if self.reading and self.detail.task_id is not None and (target is None or target[0] != self.detail.task_id):
            return self.detail.task_id, None
        return target

    def place(self) -> Place | None:
        """What the line under the cursor stands for, in the list or in the detail pane."""
        if self.in_detail and self.detail.task_id is not None:
            return Place(self.detail.task_id, self.detail.part(), self.detail.fact())
        target = self.views.view.target()  # type: ignore[attr-defined]
        if target is None:
            return None
        event = self.views.view.event() if isinstance(self.views.view, EventsView) else None
        return Place(*target) if event is None else Place(target[0], None, event.fact)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed into a field, keys are text; only Escape leaves it."""
        return action == "back" or not isinstance(self.focused, Input)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Let keys go to a widget. Whoever goes into the detail pane stays with its task until coming out."""
        super().set_focus(widget, scroll_visible, from_app_focus)
        if widget is None:
            return  # the terminal is not looked at
        for field in self.query("#field").results(Input):
            field.display = field.display and field is widget
        reading, self.reading = self.reading, self.in_detail or self.searching
        if self.reading:
            self.views.view.following = False  # type: ignore[attr-defined]
        elif reading:
            self.select_target()

    # Moving.

    def action_move(self, by: int) -> None:
        self.view.move(by)

    def action_page(self, by: int) -> None:
        self.view.turn(by)

    def action_edge(self, to: int) -> None:
        self.view.edge(to)

    def action_unfold(self) -> None:
        self._sideways("unfold", 1)

    def action_fold(self) -> None:
        self._sideways("fold", -1)

    def _sideways(self, name: str, step: int) -> None:
        """Right and left mean what the list says, or the next tab of the detail pane."""
        if self.in_detail:
            self.detail.turn(step)
        elif hasattr(self.views.view, name):
            getattr(self.views.view, name)()
            self.resume()

    def action_toggle_fold(self) -> None:
        if self.view is self.tree_view:
            self.tree_view.toggle_fold()

    # Going.

    def action_view(self, name: str) -> None:
        self._leave_trace()
        self.views.show(name)
        self.set_focus(self.views.view)
        self.select_target()
        self.resume()

    def action_enter(self) -> None:
        if not self.in_detail:
            self._leave_trace()
        self.view.enter()

    def entered(self, key: object) -> None:
        """Enter in a list: open a heading, else go into the detail pane, to what is under the cursor."""
        if self.view is self.tree_view and isinstance(key, tuple) and key[0] == "group":
            self.tree_view.toggle_fold()
        elif (at := self.place()) is not None:
            self._show_in_detail(at)

    def _show_in_detail(self, at: Place) -> None:
        """Go into the detail pane: to an event, to the last one of a worker or handoff, or to the tab it shows."""
        self.select_target()
        self.set_focus(self.detail.view)
        if at.fact is not None:
            self.detail.show_event(at.fact.digest)
        elif at.below is not None:
            self.detail.show_last_of(at.below)

    def action_switch_pane(self) -> None:
        if self.has_class("whole"):
            self.say(f"figures are of no single task; {self.key('enter')} shows the tasks behind one")
        else:
            self.set_focus(self.views.view if self.in_detail else self.detail.view)

    def run_hint(self, text: str) -> None:
        """Do what a part of the key line tells of: a view, or a command by its hint."""
        word = text.strip(" []").rpartition(" ")[2]
        for command in self.app.commands:
            if word and word in (command.hint, command.name if command.group == "views" else ""):
                self.call_later(self.run_action, command.action)

    def action_back(self) -> bool:
        """Out by one; False at the root."""
        field = self.query_one("#field", Input)
        if self.searching:
            self.set_focus(self.detail.view)
        elif field.display:
            field.display = False
            if field.has_class("filter"):
                self.set_filter("")
            self.set_focus(self.views.view)
        elif self.in_detail:
            if not self.detail.back():
                self.set_focus(self.views.view)
        elif self.filter_text:
            self.set_filter("")
        elif self.views.shown != "tasks":
            self.action_view("tasks")
        else:
            return False
        return True

    def action_leave(self) -> None:
        if not self.action_back():
            self.app.exit()

    def select_target(self) -> None:
        """Let the detail pane show what is under the cursor of the list."""
        target = self.views.view.target()  # type: ignore[attr-defined]
        task_id, below = target if target is not None else (None, None)
        self.detail.show(task_id, below)

    def go_to_task(self, task_id: str, below: str | None = None) -> None:
        """Select a task in the tree, wherever the operator is, or a worker or handoff of it, opening what is folded."""
        node = self.tree_view.model.find(("task", task_id, ""))
        if node is None:
            self.say(f"{task_id} is not in {self.app.directory}")
            return
        self._leave_trace()
        if not node.own:
            self.set_filter("")
        self.tree_view.model.reveal(node)
        self.views.show("tasks")
        self.set_focus(self.tree_view)
        self.tree_view.select_key(node.key)
        if below is not None:
            self.tree_view.model.expand(node, True)
            self.tree_view.sync()
            any(self.tree_view.select_key((kind, below, task_id)) for kind in ("worker", "handoff"))
        self.select_target()

    def action_jump(self) -> None:
        """To what the selected line names; asks which, where that is more than one thing."""
        at = self.place()
        found = links(self.app.state, at) if at is not None else []
        if len(found) > 1:
            self.app.push_screen(JumpScreen(found), partial(self._follow, at))
        elif found:
            self._follow(at, found[0])
        else:
            self.say("this line names nothing else that was seen here")

    def _follow(self, at: Place | None, link: Link | None) -> None:
        if link is None or at is None:
            return
        self.go_to_task(link.to.task_id, link.to.below)
        if link.to.fact is not None:
            self._show_in_detail(link.to)
        self.say(f"from {at.below or at.task_id}; {self.key('back')} goes back")

    def action_blame(self) -> None:
        task_id = self.detail.task_id
        if task_id is None:
            self.say("no task is selected")
            return
        with self.app.state.lock:
            task = self.app.state.task(task_id)
            fact = root_cause(task, self.app.state.facts(task_id)) if task else None
        if fact is None:
            self.say(f"nothing is wrong with {task_id}; {self.key('jump')} goes to what a line names")
            return
        self._leave_trace()
        self.set_focus(self.detail.view)
        self.detail.show_event(fact.digest)

    def _stop(self) -> Stop:
        stop = Stop(self.views.shown, self.views.view.cursor_key, self.filter_text)
        return stop._replace(tab=self.detail.tab, line=self.detail.line()) if self.in_detail else stop

    def _leave_trace(self) -> None:
        stop = self._stop()
        if stop.key is not None and (not self._past or self._past[-1] != stop):
            self._past.append(stop)
            del self._past[:-100]
        self._future.clear()

    def action_travel(self, step: int) -> None:
        source, target = (self._past, self._future) if step < 0 else (self._future, self._past)
        if not source:
            self.say("nowhere to go back to" if step < 0 else "nowhere to go forward to")
            return
        target.append(self._stop())
        stop = source.pop()
        if stop.filter != self.filter_text:
            self.set_filter(stop.filter)  # before the view, which then has to show one thing only
        self.views.show(stop.view)
        self.set_focus(self.views.view)
        if stop.key is not None:  # there was something under the cursor
            self.views.view.select_key(stop.key)
        self.select_target()
        if stop.tab is not None:
            self.detail.return_to(stop.tab, stop.line)
            self.set_focus(self.detail.view)

"""Where the operator goes on the main screen: lines, views, panes, linked tasks, causes, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen
from textual.widgets import Input

from lineage_core.blame import blame
from lineage_tui.views import Views
from lineage_tui.widgets.detail import Detail
from lineage_tui.widgets.lines import LineView
from lineage_tui.widgets.task_tree import TaskTree

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp


class Stop(NamedTuple):
    """A place that the operator was at, for back and forward, and the filter there."""

    view: str
    key: object
    tab: str | None  # of the detail pane, if the operator was in it
    filter: str


class Going(Screen[None]):
    """Moving about; `finding.py`, `showing.py` and `main.py` add to it, in this order."""

    app: LineageApp
    views: Views
    tree_view: TaskTree
    detail: Detail

    def __init__(self) -> None:
        super().__init__()
        self.filter_text = ""
        self._searches: list[str] = []
        self._past: list[Stop] = []
        self._future: list[Stop] = []

    def resume(self) -> None:
        """Draw the lines at the edges, and take what waits."""
        raise NotImplementedError

    def set_filter(self, text: str) -> None:
        """Filter all lists by this text; an empty one shows everything."""
        raise NotImplementedError

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Show a line to the operator until the next key."""
        raise NotImplementedError

    @property
    def view(self) -> LineView:
        """The list that keys go to."""
        return self.focused if isinstance(self.focused, LineView) else self.views.view

    @property
    def in_detail(self) -> bool:
        """Whether keys go to the detail pane."""
        return self.detail.has_focus_within

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed into a field, keys are text; only Escape leaves it."""
        return action == "back" or not isinstance(self.focused, Input)

    # Moving.

    def action_move(self, by: int) -> None:
        self.say("")
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
        """Enter in a list: open a heading, else go into the detail pane."""
        if self.view is self.tree_view and isinstance(key, tuple) and key[0] == "group":
            self.tree_view.toggle_fold()
        elif self.detail.task_id is not None:
            self.set_focus(self.detail.view)

    def action_switch_pane(self) -> None:
        self.set_focus(self.views.view if self.in_detail else self.detail.view)

    def action_back(self) -> bool:
        """Out by one; False at the root."""
        field = self.query_one("#field", Input)
        if field.display:
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

    def go_to_task(self, task_id: str) -> None:
        """Select a task in the tree, wherever the operator is, opening what it is folded into."""
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

    def action_jump(self) -> None:
        """To a task that the selected one is linked with: the next of parent, blocker, related, subtask."""
        task_id = self.detail.task_id
        if task_id is None:
            return
        with self.app.state.lock:
            task = self.app.state.task(task_id)
            linked = [*task.blocked_by, *task.related] if task else []
            parent = self.app.state.kin.parent(task_id)
            linked += [parent] if parent else []
            linked += sorted(self.app.state.kin.children(task_id))
        known = [name for name in dict.fromkeys(linked) if name in self.app.state.rows and name != task_id]
        if known:
            self.go_to_task(known[0])
            self.say(f"from {task_id}; [ goes back" + (f"; also linked: {', '.join(known[1:4])}" if known[1:] else ""))
        elif linked:
            self.say(f"{linked[0]} was never seen here")
        else:
            self.say(f"{task_id} names no other task")

    def action_blame(self) -> None:
        task_id = self.detail.task_id
        if task_id is None:
            return
        with self.app.state.lock:
            task = self.app.state.task(task_id)
            fact = blame(task, self.app.state.facts(task_id)) if task else None
        if fact is None:
            self.say(f"nothing is wrong with {task_id}")
            return
        self._leave_trace()
        self.set_focus(self.detail.view)
        self.detail.show_event(fact.digest)

    def _stop(self) -> Stop:
        tab = self.detail.tab if self.in_detail else None
        return Stop(self.views.shown, self.views.view.cursor_key, tab, self.filter_text)

    def _leave_trace(self) -> None:
        stop = self._stop()
        if not self._past or self._past[-1] != stop:
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
        self.views.view.select_key(stop.key)
        if stop.tab is not None:
            self.detail.open_tab(stop.tab)
            self.set_focus(self.detail.view)

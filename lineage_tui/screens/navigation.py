"""Where the operator goes on the main screen: lines, views, panes, linked tasks, causes, and back again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from lineage_core.query.filter_parser import joined, words
from lineage_core.rules.root_cause import root_cause
from lineage_tui.models.links import Link, Subject, links
from lineage_tui.screens.app_context import Context, Handlers, key_of
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.panes import Panes


class Stop(NamedTuple):
    """A place that the operator was at, for back and forward, and the filter there.

    tab, line: of the detail pane, if the operator was in it; line: the key of a lane or worker, the digest of an event.
    """

    view: str
    key: object
    filter: str
    tab: str | None = None
    line: object = None


class Navigation:
    """Moves about.

    refresh: brings the screen up to date. choose: lets the operator choose one of some links.
    """

    def __init__(
        self,
        context: Context,
        panes: Panes,
        filtering: Filtering,
        refresh: Callable[[], None],
        choose: Callable[[list[Link], Callable[[Link | None], None]], None],
    ) -> None:
        self._context = context
        self._panes = panes
        self._filtering = filtering
        self._refresh = refresh
        self._choose = choose
        self._past: list[Stop] = []
        self._future: list[Stop] = []

    def handlers(self) -> Handlers:
        panes = self._panes
        return {
            **{name: partial(self.show, name) for name in panes.views.views},
            "up": lambda: panes.view.move(-1),
            "down": lambda: panes.view.move(1),
            "page-up": lambda: panes.view.turn(-1),
            "page-down": lambda: panes.view.turn(1),
            "first": lambda: panes.view.edge(-1),
            "last": lambda: panes.view.edge(1),
            "open": partial(self.sideways, 1),
            "close": partial(self.sideways, -1),
            "toggle": self.toggle,
            "enter": self.enter,
            "up-level": self.out,
            "pane": self.switch_pane,
            "blame": self.blame,
            "explain": self.explain,
            "jump": self.jump,
            "back": partial(self.travel, -1),
            "forward": partial(self.travel, 1),
            "quit": self.leave,
        }

    def sideways(self, step: int) -> None:
        """Right and left mean what the list says, or the next tab of the detail pane."""
        if self._panes.in_detail:
            self._panes.detail.turn(step)
        elif operation := self._panes.views.view.operations().get("sideways"):
            operation(step)
            self._refresh()

    def toggle(self) -> None:
        """Open or close what is under the cursor, where it folds."""
        if not self._panes.in_detail and (operation := self._panes.views.view.operations().get("toggle")):
            operation(1)

    def show(self, name: str) -> None:
        """Show a view."""
        self._leave_trace()
        self._panes.views.show(name)
        self._panes.focus(self._panes.views.view)
        self._panes.select_target()
        self._refresh()

    def enter(self) -> None:
        """Into what is under the cursor."""
        if not self._panes.in_detail:
            self._leave_trace()
        self._panes.view.enter()

    def entered(self, _key: object) -> None:
        """Enter in a list: open a heading, else go into the detail pane, to what is under the cursor."""
        if self._panes.views.view.group() is not None:
            self.toggle()
        elif (at := self._panes.subject()) is not None:
            self._show_in_detail(at)

    def _show_in_detail(self, at: Subject) -> None:
        """Go into the detail pane: to an event, to the last one of a worker or handoff, or to the tab it shows."""
        panes = self._panes
        panes.select_target()
        panes.focus(panes.detail.tabs.view)
        if at.fact is not None:
            panes.detail.show_event(at.fact.digest)
        elif at.below is not None:
            panes.detail.show_last_of(at.below)

    def switch_pane(self) -> None:
        """To the detail pane, or back to the list."""
        panes = self._panes
        if panes.views.whole:
            key = key_of(self._context, "enter")
            self._context.say(f"figures are of no single task; {key} shows the tasks behind one")
        else:
            panes.focus(panes.views.view if panes.in_detail else panes.detail.tabs.view)

    def out(self) -> bool:
        """Out by one; False at the root."""
        panes, purpose = self._panes, self._panes.prompt.purpose
        if purpose == "search":
            panes.focus(panes.detail.tabs.view)
        elif purpose:
            if purpose == "filter":
                self._filtering.set("")
            panes.focus(panes.views.view)
        elif panes.in_detail:
            if not panes.detail.back():
                panes.focus(panes.views.view)
        elif self._filtering.text:
            self._filtering.set("")
        elif panes.views.shown != "tasks":
            self.show("tasks")
        else:
            return False
        return True

    def leave(self) -> None:
        """Out by one; at the root, end."""
        if not self.out():
            self._context.end()

    def drill(self, text: str) -> None:
        """Show the tasks behind a figure: of those that the figures are of."""
        chosen = joined([*words(self._filtering.text), *words(text)])
        self.show("tasks")
        self._filtering.set(chosen)
        self._context.say(f"[ goes back, Esc shows all; filter: {chosen}")

    def go_to_task(self, task_id: str, below: str | None = None) -> None:
        """Select a task in the tree, wherever the operator is, or a worker or handoff of it, opening what is folded."""
        panes, tree = self._panes, self._panes.tree
        node = tree.model.find(("task", task_id, ""))
        if node is None:
            self._context.say(f"{task_id} is not in {self._context.directory}")
            return
        self._leave_trace()
        if not node.own:
            self._filtering.set("")
        tree.model.reveal(node)
        panes.views.show("tasks")
        panes.focus(tree)
        tree.select_key(node.key)
        if below is not None:
            tree.model.expand(node, True)
            tree.sync()
            any(tree.select_key((kind, below, task_id)) for kind in ("worker", "handoff"))
        panes.select_target()

    def jump(self) -> None:
        """To what the selected line names; asks which, where that is more than one thing."""
        at = self._panes.subject()
        found = links(self._context.state, at) if at is not None else []
        if at is None or not found:
            self._context.say("this line names nothing else that was seen here")
        elif len(found) > 1:
            self._choose(found, partial(self._follow, at))
        else:
            self._follow(at, found[0])

    def _follow(self, at: Subject, link: Link | None) -> None:
        if link is None:
            return
        self.go_to_task(link.to.task_id, link.to.below)
        if link.to.fact is not None:
            self._show_in_detail(link.to)
        self._context.say(f"from {at.below or at.task_id}; {key_of(self._context, 'back')} goes back")

    def blame(self) -> None:
        """To the event that caused the state of the task."""
        state, detail = self._context.state, self._panes.detail
        task_id = detail.task_id
        if task_id is None:
            self._context.say("no task is selected")
            return
        with state.lock:
            task = state.task(task_id)
            fact = root_cause(task, state.facts(task_id)) if task else None
        if fact is None:
            key = key_of(self._context, "jump")
            self._context.say(f"nothing is wrong with {task_id}; {key} goes to what a line names")
            return
        self._leave_trace()
        self._panes.focus(detail.tabs.view)
        detail.show_event(fact.digest)

    def explain(self) -> None:
        """Which events of the task count in which order, and the rules that say so."""
        detail = self._panes.detail
        if detail.task_id is None:
            self._context.say("no task is selected")
            return
        self._leave_trace()
        self._panes.focus(detail.tabs.view)
        detail.open_tab("explain")

    def _stop(self) -> Stop:
        views, detail = self._panes.views, self._panes.detail
        stop = Stop(views.shown, views.view.cursor_key, self._filtering.text)
        return stop._replace(tab=detail.tab, line=detail.tabs.line()) if self._panes.in_detail else stop

    def _leave_trace(self) -> None:
        stop = self._stop()
        if stop.key is not None and (not self._past or self._past[-1] != stop):
            self._past.append(stop)
            del self._past[:-100]
        self._future.clear()

    def travel(self, step: int) -> None:
        """Back (-1) to where the operator was, or forward again (1)."""
        source, target = (self._past, self._future) if step < 0 else (self._future, self._past)
        if not source:
            self._context.say("nowhere to go back to" if step < 0 else "nowhere to go forward to")
            return
        target.append(self._stop())
        stop, panes = source.pop(), self._panes
        if stop.filter != self._filtering.text:
            self._filtering.set(stop.filter)  # before the view, which then has to show one thing only
        panes.views.show(stop.view)
        panes.focus(panes.views.view)
        if stop.key is not None:  # there was something under the cursor
            panes.views.view.select_key(stop.key)
        panes.select_target()
        if stop.tab is not None:
            panes.detail.return_to(stop.tab, stop.line)
            panes.focus(panes.detail.tabs.view)

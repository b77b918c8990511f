"""What the operator can do on the main screen: the methods that the commands of `commands.py` name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen
from textual.widgets import Input

from lineage_core.blame import blame
from lineage_core.errors import LineageError
from lineage_core.filters import parse
from lineage_tui.commands import COMMANDS
from lineage_tui.style import PALETTES, TIME_MODES
from lineage_tui.views import Views
from lineage_tui.widgets.detail import Detail
from lineage_tui.widgets.lines import LineView
from lineage_tui.widgets.task_tree import TaskTree

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp

FAILED = frozenset(("failed", "zombie"))
WARNED = frozenset(("blocked", "silent", "partial", "escalated"))

SEEK_BUDGET = 0.02
"""Seconds that the search for the next failure may take in one go."""


class Stop(NamedTuple):
    """A place that the operator was at, for back and forward."""

    view: str
    key: object
    tab: str | None  # of the detail pane, if the operator was in it


class Actions(Screen[None]):
    """The actions; `MainScreen` adds what is seen."""

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
        above = node.parent
        while above is not None and above.kind != "root":
            if not above.expanded:
                self.tree_view.model.expand(above, True)
            above = above.parent
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
        return Stop(self.views.shown, self.views.view.cursor_key, self.detail.tab if self.in_detail else None)

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
        self.views.show(stop.view)
        self.set_focus(self.views.view)
        self.views.view.select_key(stop.key)
        if stop.tab is not None:
            self.detail.open_tab(stop.tab)
            self.set_focus(self.detail.view)

    # Finding.

    def action_filter(self) -> None:
        self._ask("filter", self.filter_text, "words, status:failed master:sec !worker:scan — Enter keeps, Esc drops")

    def action_command(self) -> None:
        self._ask("command", "", "a command: " + ", ".join(c.name for c in COMMANDS[:8]) + " …")

    def _ask(self, purpose: str, value: str, hint: str) -> None:
        field = self.query_one("#field", Input)
        field.set_classes(purpose)
        field.placeholder = hint
        field.display = True
        with field.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.display and event.input.has_class("filter"):
            self.set_filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.display = False
        self.set_focus(self.views.view)
        if event.input.has_class("filter"):
            self._searches = [*[text for text in self._searches if text != event.value], event.value][-50:]
        else:
            self.run_command(event.value)

    def run_command(self, text: str) -> None:
        """Run a command by its name, or by the beginning of it if that is clear."""
        name = text.strip().lower()
        found = [c for c in COMMANDS if c.name == name] or [c for c in COMMANDS if name and c.name.startswith(name)]
        if name.startswith("theme "):
            self.use_theme(name.removeprefix("theme ").strip())
        elif len(found) == 1:
            self.call_later(self.run_action, found[0].action)
        elif name:
            near = ", ".join(c.name for c in found) or "? shows them all"
            self.say(f"no command {name!r}: {near}")

    def recall(self, step: int) -> None:
        """Put an earlier filter into the field (-1: the one before)."""
        field = self.query_one("#field", Input)
        if field.has_class("filter") and self._searches:
            at = self._searches.index(field.value) if field.value in self._searches else len(self._searches)
            field.value = self._searches[max(0, min(len(self._searches) - 1, at + step))]
            field.cursor_position = len(field.value)

    def set_filter(self, text: str) -> None:
        """Filter all lists by what was typed; what cannot be understood is said, and the last filter stays."""
        try:
            chosen = parse(text, self.app.state.packed) if text.strip() else None
            self.views.set_filter(chosen.matches if chosen else None, text.strip())
        except LineageError as error:
            self.say(str(error))
            return
        self.filter_text = text.strip()
        self.say("")

    def action_match(self, step: int) -> None:
        if not self.filter_text:
            self.say("no filter: / sets one")
            return
        rows = self.app.state.rows
        matches = parse(self.filter_text, self.app.state.packed).matches
        view = self.views.view
        if view is self.tree_view:
            hit: Callable[[object, str], bool] = lambda key, _: (  # noqa: E731
                isinstance(key, tuple) and key[0] == "task" and matches(rows[key[1]])
            )
        else:
            hit = lambda _key, _look: True  # noqa: E731  these lists hold matches only
        self._seek(view, step, hit, "match")

    def action_seek(self, what: str, step: int) -> None:
        states = FAILED if what == "failed" else WARNED
        self._seek(self.views.view, step, lambda _, look: look in states, "failure" if what == "failed" else "warning")

    def _seek(self, view: LineView, step: int, hit: Callable[[object, str], bool], what: str) -> None:
        """Put the cursor on the next line that is hit, in slices, so that a long list does not stop the screen."""
        self.set_focus(view)
        lines = view.walk(step)
        origin = view.cursor_key

        def go_on() -> None:
            until = time.monotonic() + SEEK_BUDGET
            for key, look in lines:
                if key != origin and hit(key, look):
                    view.select_key(key)
                    return
                if time.monotonic() > until:
                    self.set_timer(0.001, go_on)
                    return
            self.say(f"no other {what} here")

        go_on()

    def action_mark(self) -> None:
        self.view.mark()

    def action_next_mark(self) -> None:
        view = self.view
        if not view.marks:
            self.say("no line is marked: Space marks one")
            return
        self._seek(view, 1, lambda key, _: key in view.marks, "mark")

    # Showing.

    def action_follow(self) -> None:
        self.views.view.follow()  # type: ignore[attr-defined]
        self.set_focus(self.views.view)

    def action_pause(self) -> None:
        self.app.clock.toggle()
        self.resume()

    def resume(self) -> None:
        """Pausing began or ended: draw, and take what waits."""
        raise NotImplementedError

    def action_help(self) -> None:
        from lineage_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_sort(self, step: int) -> None:
        self._of_view("sort_by", step)

    def action_invert(self) -> None:
        self._of_view("invert")

    def action_acknowledge(self) -> None:
        self._of_view("acknowledge")

    def _of_view(self, name: str, *args: object) -> None:
        """Call what only some lists have."""
        method = getattr(self.views.view, name, None)
        if method is None:
            self.say(f"{self.views.shown} cannot {name.replace('_', ' ')}")
        else:
            method(*args)
            self.resume()

    def action_zoom(self, step: int) -> None:
        self.detail.open_tab("timeline")
        self.detail.gantt.zoom(step)

    def action_pan(self, step: int) -> None:
        self.detail.gantt.pan(step)

    def action_times(self) -> None:
        looks = self.app.looks
        looks.times = TIME_MODES[(TIME_MODES.index(looks.times) + 1) % len(TIME_MODES)]
        self.redraw()
        self.say(f"times: {looks.times}")

    def action_theme(self) -> None:
        names = list(PALETTES)
        self.use_theme(names[(names.index(self.app.looks.palette) + 1) % len(names)])

    def action_use_theme(self, name: str) -> None:
        self.use_theme(name)

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        if name not in PALETTES:
            self.say(f"no theme {name!r}: {', '.join(PALETTES)}")
            return
        self.app.looks.use(name)
        self.app.theme = name
        self.redraw()
        self.say(f"theme: {name}")

    def redraw(self) -> None:
        """Draw everything again."""
        for widget in self.query("*"):
            widget.refresh()

    # Taking along.

    def action_copy(self) -> None:
        fact = self.detail.events.fact() if self.in_detail and self.detail.tab in ("events", "record") else None
        if fact is not None and self.detail.tab == "record":
            self._copy("\n".join(self.detail.record.lines), f"the record of {fact.lineage_id}")
        elif fact is not None:
            self._copy(fact.lineage_id, fact.lineage_id)
        elif (target := self.views.view.target()) is not None:  # type: ignore[attr-defined]
            self._copy(target[1] or target[0], target[1] or target[0])

    def action_copy_view(self) -> None:
        text = "\n".join(self.view.text_lines())
        try:
            path = self.app.save_text(text)
        except OSError as error:
            self._copy(text, f"the view; it could not be saved: {error.strerror}")
        else:
            self._copy(text, f"the view, and saved it as {path}")

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.say(f"copied {what}")

"""How the operator finds things on the main screen: filters, matches, failures, warnings, marks, commands by name."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.widgets import Input

from lineage_core.errors import LineageError
from lineage_core.filters import parse
from lineage_tui.commands import COMMANDS
from lineage_tui.screens.going import Going
from lineage_tui.widgets.lines import LineView

FAILED = frozenset(("failed", "zombie"))
WARNED = frozenset(("blocked", "silent", "unstarted", "orphaned", "partial", "escalated"))

SEEK_BUDGET = 0.02
"""Seconds that the search for the next failure may take in one go."""


class Finding(Going):
    """Finding."""

    def action_filter(self) -> None:
        self._ask("filter", self.filter_text, "words, status:failed master:sec !worker:scan — Enter keeps, Esc drops")

    def action_command(self) -> None:
        self._ask("command", "", "a command: " + ", ".join(c.name for c in COMMANDS[:8]) + " …")

    def _ask(self, purpose: str, value: str, hint: str) -> None:
        field = self.query_one("#field", Input)
        field.set_classes(purpose)
        field.placeholder = self.app.looks.plain(hint)
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
            near = ", ".join(c.name for c in found) or f"{self.key('help')} shows them all"
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

    def drill(self, text: str) -> None:
        """Show the tasks behind a figure."""
        self.action_view("tasks")
        self.set_filter(text)
        self.say(f"filter: {text}; Esc drops it, [ goes back")

    def action_match(self, step: int) -> None:
        if not self.filter_text:
            self.say(f"no filter: {self.key('filter')} sets one")
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
                    self.call_later(go_on)
                    return
            self.say(f"no other {what} here")

        go_on()

    def action_mark(self) -> None:
        self.view.mark()

    def action_next_mark(self) -> None:
        view = self.view
        if not view.marks:
            self.say(f"no line is marked: {self.key('mark')} marks one")
            return
        self._seek(view, 1, lambda key, _: key in view.marks, "mark")

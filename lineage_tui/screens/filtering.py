"""How the operator finds things on the main screen: filters, matches, failures, warnings, marks, commands by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator

from textual.widgets import Input

from lineage_core.base.errors import LineageError
from lineage_core.base.regex import compiled
from lineage_core.query.filter_parser import Filter, joined, parse, words
from lineage_core.query.filter_terms import FilterContext
from lineage_tui.models.filter_completion import FilterCompletion
from lineage_tui.screens.filter_help import LanguageScreen
from lineage_tui.screens.navigation import Going
from lineage_tui.settings.keymap import COMMANDS
from lineage_tui.widgets.line_list import LineList

FAILED = frozenset(("failed", "zombie"))
WARNED = frozenset(("blocked", "silent", "unstarted", "orphaned", "partial", "escalated"))

SEEK_BUDGET = 0.02
"""Seconds that the search for the next failure may take in one go."""

REFILTER = 5.0
"""Seconds after which a filter that depends on the time is applied again; more, if that takes long."""

_NO_HITS = {"workers": "no worker matches", "attention": "nothing that needs you matches", "events": "no event matches"}


class Finding(Going):
    """Finding. filter_text: what the lists are filtered by; chosen: the same, parsed."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: Filter | None = None
        self._filter_begun = self._filter_took = 0.0
        self._empty: dict[str, str] = {}
        self._seeking = 0
        self._sought = ""  # what was looked for in the detail pane
        self.completion = FilterCompletion()

    def action_only_open(self) -> None:
        """Leave out the tasks that are over, or show them again; the rest of the filter stays."""
        terms = words(self.filter_text)
        only = "is:open" not in terms
        self.set_filter(joined(["is:open", *terms] if only else [t for t in terms if t != "is:open"]))

    def action_filter(self) -> None:
        """Ask for a filter; in the detail pane, for what to find there."""
        if self.in_detail:
            self._ask("search", "", "find here: words, or a regular expression")
            return
        self._ask("filter", self.filter_text, "status:failed master:sec since:24h !worker:scan …")

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

    @property
    def typing(self) -> bool:
        """Whether a filter is being typed."""
        field = self.query_one("#field", Input)
        return field.display and field.has_class("filter")

    def suggest(self, text: str) -> str | None:
        """What could be meant by what was typed so far."""
        if self.typing:
            return self.completion.complete(text)
        name = text.lower()
        return next((c.name for c in COMMANDS if text and c.name.startswith(name) and c.name != name), None)

    def action_language(self) -> None:
        """Show what a filter can ask."""
        self.app.push_screen(LanguageScreen())

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.display and event.input.has_class("filter"):
            self.set_filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.has_class("search"):
            self.set_focus(self.detail.view)
            self._sought = event.value or self._sought
            self.action_match(1)
            return
        if event.input.has_class("filter") and not self.set_filter(event.value):
            return  # it stays in the field, with what is wrong below it
        event.input.display = False
        self.set_focus(self.views.view)
        if event.input.has_class("filter"):
            self._searches = [*[text for text in self._searches if text != event.value], event.value][-50:]
        else:
            self.run_command(event.value)

    def run_command(self, text: str) -> None:
        """Run a command by its name, or by the beginning of it if that is clear."""
        name = "-".join(text.strip().lower().split()) if not text.strip().startswith("theme ") else text.strip()
        found = [c for c in COMMANDS if c.name == name] or [c for c in COMMANDS if name and c.name.startswith(name)]
        if name.startswith("theme "):
            self.use_theme(name.removeprefix("theme ").strip())
        elif len(found) == 1:
            self.call_later(self.run_action, found[0].action)
        elif name:
            near = ", ".join(c.name for c in found) or f"{self.key('palette')} lists them all"
            self.say(f"no command {name!r}: {near}")

    def recall(self, step: int) -> None:
        """Put an earlier filter into the field (-1: the one before)."""
        field = self.query_one("#field", Input)
        if field.has_class("filter") and self._searches:
            at = self._searches.index(field.value) if field.value in self._searches else len(self._searches)
            field.value = self._searches[max(0, min(len(self._searches) - 1, at + step))]
            field.cursor_position = len(field.value)

    def set_filter(self, text: str) -> bool:
        """Filter all lists by what was typed; what cannot be understood is said, and the last filter stays. Whether it
        was understood."""
        text = text.strip()
        if text == self.filter_text and (self.chosen is not None or not text):
            self.say("")
            return True
        self._filter_begun = time.monotonic()
        before = self.filter_text, self.chosen
        try:
            self.chosen = parse(text, self._ground()) if text else None
            self.filter_text = text
            self.views.set_filter(self.chosen.matches if self.chosen else None, text)
        except LineageError as error:
            self.filter_text, self.chosen = before
            self.say(str(error))
            return False
        for name, view in self.views.views.items():
            default = self._empty.setdefault(name, view.empty)
            view.empty = f"{_NO_HITS[name]} {text}; Esc shows all" if text and name in _NO_HITS else default
        self.say("")
        return True

    def _ground(self) -> FilterContext:
        return FilterContext(self.app.state, self.app.clock(), self.app.thresholds)

    def filtered(self) -> None:
        """The tree has been filtered through."""
        self._filter_took = time.monotonic() - self._filter_begun

    def refilter(self) -> None:
        """Apply a filter that depends on the time again, when that was long ago and nothing else is under way."""
        due = self._filter_begun + max(REFILTER, 20 * self._filter_took)
        if self.chosen is None or not self.chosen.timed or time.monotonic() < due:
            return
        if not any(worker.group == "slices" and not worker.is_finished for worker in self.app.workers):
            self._filter_begun = time.monotonic()
            self.chosen = parse(self.filter_text, self._ground())
            self.views.set_filter(self.chosen.matches, self.filter_text)

    @property
    def hits(self) -> str:
        """How many tasks the filter takes, in a few words."""
        model = self.tree_view.model
        return f"{model.found:,} of {len(model.rows):,} task{'s' if len(model.rows) != 1 else ''}"

    def no_hits(self) -> str:
        """What the tree says when the filter takes nothing."""
        hidden = len(self.tree_view.model.rows)
        return f"no task matches {self.filter_text} ({hidden:,} hidden); Esc shows all"

    def drill(self, text: str) -> None:
        """Show the tasks behind a figure: of those that the figures are of."""
        chosen = joined([*words(self.filter_text), *words(text)])
        self.action_view("tasks")
        self.set_filter(chosen)
        self.say(f"[ goes back, Esc shows all; filter: {chosen}")

    def action_match(self, step: int) -> None:
        if self.in_detail:
            self._match_in_pane(step)
            return
        if not self.filter_text:
            self.say(f"no filter: {self.key('filter')} sets one")
            return
        view, rows = self.views.view, self.app.state.rows
        matches = self.chosen.matches if self.chosen is not None else lambda _: True
        if view is self.tree_view:
            hit: Callable[[object, str], bool] = lambda key, _: (  # noqa: E731
                isinstance(key, tuple) and key[0] == "task" and matches(rows[key[1]])
            )
        else:
            hit = lambda _key, _look: True  # noqa: E731  these lists hold matches only
        self._seek(view, view.walk(step), hit, "match")

    def _match_in_pane(self, step: int) -> None:
        """To the next line of the pane that says what was looked for."""
        if not self._sought:
            self.say(f"nothing was looked for here: {self.key('filter')} finds")
            return
        view = self.detail.view
        try:
            pattern = compiled(self._sought)
        except LineageError as error:
            self.say(str(error))
            return
        lines = view.walk(step, view.words_at)
        self._seek(view, lines, lambda _, words: pattern.found_in(words), f"line with {self._sought}")

    def action_seek(self, what: str, step: int) -> None:
        states, view = FAILED if what == "failed" else WARNED, self.views.view
        self._seek(view, view.walk(step), lambda _, look: look in states, "failure" if what == "failed" else "warning")

    def _seek(
        self,
        view: LineList,
        lines: Iterator[tuple[Hashable, str]],
        hit: Callable[[object, str], bool],
        what: str,
    ) -> None:
        """Put the cursor on the next of these lines that is hit, in slices, so that a long list does not stop the
        screen."""
        self.set_focus(view)
        origin = view.cursor_key
        self._seeking += 1
        this = self._seeking

        def go_on() -> None:
            if self._seeking != this or view.cursor_key != origin or view is not self.view:
                return  # the operator has gone on to something else
            until = time.monotonic() + SEEK_BUDGET
            for key, told in lines:
                if key is not None and key != origin and hit(key, told):
                    view.reveal(key)
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
        self._seek(view, view.walk(1), lambda key, _: key in view.marks, "mark")

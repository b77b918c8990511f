"""To the next line that matters: a match, a failure, a warning, a mark, words in the detail pane."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from functools import partial

from lineage_core.base.errors import LineageError
from lineage_core.base.regex import compiled
from lineage_tui.screens.app_context import Context, Handlers, key_of
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.panes import Panes
from lineage_tui.widgets.line_list import LineList

FAILED = frozenset(("failed", "zombie"))
WARNED = frozenset(("blocked", "silent", "never-started", "orphaned", "partial", "escalated"))

SEEK_BUDGET = 0.02
"""Seconds that the search for the next line may take in one go."""


class Seeking:
    """Finds lines, in slices, so that a long list does not stop the screen."""

    def __init__(self, context: Context, panes: Panes, filtering: Filtering) -> None:
        self._context = context
        self._panes = panes
        self._filtering = filtering
        self._number = 0  # of the search under way
        self._sought = ""  # what was looked for in the detail pane

    def handlers(self) -> Handlers:
        return {
            "filter": self.ask,
            "next-match": partial(self.match, 1),
            "previous-match": partial(self.match, -1),
            "next-failure": partial(self.state, FAILED, 1, "failure"),
            "previous-failure": partial(self.state, FAILED, -1, "failure"),
            "next-warning": partial(self.state, WARNED, 1, "warning"),
            "previous-warning": partial(self.state, WARNED, -1, "warning"),
            "mark": lambda: self._panes.view.mark(),
            "next-mark": self.marked,
        }

    def ask(self) -> None:
        """Ask for a filter; in the detail pane, for what to find there."""
        if self._panes.in_detail:
            self._panes.ask("search", "", "find here: words, or a regular expression")
        else:
            self._filtering.ask()

    def find(self, text: str) -> None:
        """To the next line of the detail pane that says this; nothing: what was looked for before."""
        self._sought = text or self._sought
        self.match(1)

    def match(self, step: int) -> None:
        """To the next line that matches the filter, or says what was looked for in the detail pane."""
        panes, filtering = self._panes, self._filtering
        if panes.in_detail:
            self._match_in_pane(step)
            return
        if not filtering.text:
            self._context.say(f"no filter: {key_of(self._context, 'filter')} sets one")
            return
        view, rows, chosen = panes.views.view, self._context.state.rows, filtering.chosen

        def hit(key: object, _look: str) -> bool:
            if view is not panes.tree:
                return True  # the other lists hold matches only
            return isinstance(key, tuple) and key[0] == "task" and (chosen is None or chosen.matches(rows[key[1]]))

        self._seek(view, view.walk(step), hit, "match")

    def _match_in_pane(self, step: int) -> None:
        if not self._sought:
            self._context.say(f"nothing was looked for here: {key_of(self._context, 'filter')} finds")
            return
        view = self._panes.detail.tabs.view
        try:
            pattern = compiled(self._sought)
        except LineageError as error:
            self._context.say(str(error))
            return
        lines = view.walk(step, view.words_at)
        self._seek(view, lines, lambda _, words: pattern.found_in(words), f"line with {self._sought}")

    def state(self, states: frozenset[str], step: int, what: str) -> None:
        """To the next line that is shown in one of these states."""
        view = self._panes.views.view
        self._seek(view, view.walk(step), lambda _, look: look in states, what)

    def marked(self) -> None:
        """To the next marked line."""
        view = self._panes.view
        if not view.marks:
            self._context.say(f"no line is marked: {key_of(self._context, 'mark')} marks one")
            return
        self._seek(view, view.walk(1), lambda key, _: key in view.marks, "mark")

    def _seek(
        self,
        view: LineList,
        lines: Iterator[tuple[Hashable, str]],
        hit: Callable[[object, str], bool],
        what: str,
    ) -> None:
        """Put the cursor on the next of these lines that is hit."""
        self._panes.focus(view)
        origin = view.cursor_key
        self._number += 1
        this = self._number

        def go_on() -> None:
            if self._number != this or view.cursor_key != origin or view is not self._panes.view:
                return  # the operator has gone on to something else
            until = time.monotonic() + SEEK_BUDGET
            for key, text in lines:
                if key is not None and key != origin and hit(key, text):
                    view.reveal(key)
                    return
                if time.monotonic() > until:
                    view.call_later(go_on)
                    return
            self._context.say(f"no other {what} here")

        go_on()

"""The filter of the main screen: what the lists are filtered by, typed and applied."""

from __future__ import annotations

import time
from collections.abc import Callable

from lineage_core.base.errors import LineageError
from lineage_core.model.entities import TaskRow
from lineage_core.query.filter_parser import Filter, joined, parse, trouble, words
from lineage_core.query.filter_terms import FilterContext, nothing_slow
from lineage_tui.models.filter_completion import FilterCompletion
from lineage_tui.screens.app_context import Context, Handlers
from lineage_tui.screens.panes import Panes

REFILTER = 5.0
"""Seconds after which a filter that depends on the time is applied again; more, if that takes long."""

_NO_HITS = {"workers": "no worker matches", "attention": "nothing that needs you matches", "events": "no event matches"}


class Filtering:
    """text: what the lists are filtered by; chosen: the same, parsed. completion: what could be typed."""

    def __init__(self, context: Context, panes: Panes, slow: Callable[[TaskRow], bool] = nothing_slow) -> None:
        self._context = context
        self._panes = panes
        self._slow = slow
        self.text = ""
        self.chosen: Filter | None = None
        self.completion = FilterCompletion()
        self._begun = self._took = 0.0
        self._empty: dict[str, str] = {}
        self._earlier: list[str] = []
        self._before = ""

    def handlers(self) -> Handlers:
        return {"only-open": self.only_open}

    def ask(self) -> None:
        """Let the operator type a filter."""
        self._before = self.text
        self._panes.ask("filter", self.text, "status:failed master:sec since:24h !worker:scan …")

    def keep(self, text: str) -> None:
        """Remember a filter that was typed to its end."""
        self._earlier = [*[old for old in self._earlier if old != text], text][-50:]

    @property
    def settled(self) -> str:
        """The filter that was typed to its end: while one is being typed, that before it."""
        return self._before if self._panes.prompt.purpose == "filter" else self.text

    def recall(self, step: int) -> None:
        """Put an earlier filter into the prompt (-1: the one before)."""
        prompt = self._panes.prompt
        if prompt.purpose == "filter" and self._earlier:
            at = self._earlier.index(prompt.value) if prompt.value in self._earlier else len(self._earlier)
            prompt.put(self._earlier[max(0, min(len(self._earlier) - 1, at + step))])

    def only_open(self) -> None:
        """Leave out the tasks that are over, or show them again; the rest of the filter stays."""
        terms = words(self.text)
        only = "is:open" not in terms
        self.set(joined(["is:open", *terms] if only else [t for t in terms if t != "is:open"]))

    def set(self, text: str) -> bool:
        """Filter all lists by what was typed; what cannot be understood is said, and the last filter stays. Whether it
        was understood."""
        text = text.strip()
        say, views = self._context.say, self._panes.views
        if text == self.text and (self.chosen is not None or not text):
            say("")
            return True
        self._begun = time.monotonic()
        before = self.text, self.chosen
        try:
            self.chosen = parse(text, self._on()) if text else None
            self.text = text
            views.set_filter(self.chosen.matches if self.chosen else None, text)
        except LineageError as error:
            self.text, self.chosen = before
            say(str(error))
            return False
        for name, view in views.views.items():
            default = self._empty.setdefault(name, view.empty)
            view.empty = f"{_NO_HITS[name]} {text}; Esc shows all" if text and name in _NO_HITS else default
        say("")
        return True

    def _on(self) -> FilterContext:
        return FilterContext(self._context.state, self._context.clock(), self._context.thresholds, self._slow)

    @property
    def trouble(self) -> str:
        """Why the filter cannot be what was meant, if it cannot."""
        return trouble(self.text)

    def done(self) -> None:
        """The tree has been filtered through."""
        self._took = time.monotonic() - self._begun

    def refresh(self, busy: Callable[[], bool]) -> None:
        """Apply a filter that depends on the time again, when that was long ago and nothing else is under way."""
        due = self._begun + max(REFILTER, 20 * self._took)
        if self.chosen is not None and self.chosen.timed and time.monotonic() >= due and not busy():
            self._begun = time.monotonic()
            self.chosen = parse(self.text, self._on())
            self._panes.views.set_filter(self.chosen.matches, self.text)

    @property
    def hits(self) -> str:
        """How many tasks the filter takes, in a few words."""
        model = self._panes.tree.model
        return f"{model.found:,} of {len(model.rows):,} task{'s' if len(model.rows) != 1 else ''}"

    def no_hits(self) -> str:
        """What the tree says when the filter takes nothing."""
        hidden = len(self._panes.tree.model.rows)
        return f"no task matches {self.text} ({hidden:,} hidden); Esc shows all"

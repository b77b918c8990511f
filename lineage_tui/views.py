"""The list views of the screen, of which one is shown; the others catch up when they are looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from lineage_core.merge import State
from lineage_core.state import TaskRow
from lineage_tui.widgets.lines import LineView

SLICE = 50
"""Tasks that a view takes in at a time."""


class ListView(Protocol):
    """What the screen asks of a list view, besides being a `LineView`."""

    following: bool
    fresh: int

    def arrived(self, task_ids: set[str]) -> None: ...
    def tick(self) -> None: ...
    def target(self) -> tuple[str, str | None] | None: ...
    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None: ...
    def follow(self) -> None: ...
    def count_line(self) -> str: ...


class Views(ContentSwitcher):
    """The pane of the list views.

    views: by name, in the order of their number keys; the first is always kept up to date, the others from when
    they are first shown.
    """

    def __init__(self, state: State, views: Mapping[str, LineView]) -> None:
        super().__init__(id="views", initial=next(iter(views)))
        self.state = state
        self.views = views
        self.shown = next(iter(views))
        self._behind: dict[str, set[str]] = {}
        self._filter: tuple[Callable[[TaskRow], bool] | None, str] = (None, "")
        self._filtered: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield from self.views.values()

    @property
    def view(self) -> LineView:
        """The view that is shown."""
        return self.views[self.shown]

    def show(self, name: str) -> None:
        """Show a view, and let it catch up."""
        if name not in self._behind and name != next(iter(self.views)):
            self._behind[name] = set(self.state.rows)
        self.shown = name
        self.current = self.views[name].id
        self.screen.set_class(name == "stats", "whole")  # figures are of no single task: they take all the room
        if self._filtered.get(name, "") != self._filter[1]:
            self._apply_filter()
        self.catch_up()

    def arrived(self, task_ids: set[str]) -> None:
        """Give changed tasks to the view that is shown and to the first; note them for the others."""
        first = next(iter(self.views))
        for name, behind in self._behind.items():
            if name != self.shown or behind:
                behind |= task_ids
        for name in {first, self.shown}:
            if not self._behind.get(name):
                self.views[name].arrived(task_ids)  # type: ignore[attr-defined]

    def catch_up(self, budget: float = 0.006) -> None:
        """Give the view that is shown what it has missed, for one frame's budget, and go on in the next."""
        behind = self._behind.get(self.shown)
        if not behind:
            return
        until = time.monotonic() + budget
        while behind and time.monotonic() < until:
            part = {behind.pop() for _ in range(min(SLICE, len(behind)))}
            self.view.arrived(part)  # type: ignore[attr-defined]
        if behind:
            self.set_timer(0.01, self.catch_up)

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str) -> None:
        """Filter the first view and the one that is shown; the others when they are shown."""
        self._filter = (matches, text)
        first = next(iter(self.views))
        if self.shown != first:
            self.views[first].set_filter(matches, text)  # type: ignore[attr-defined]
            self._filtered[first] = text
        self._apply_filter()

    def _apply_filter(self) -> None:
        matches, text = self._filter
        self._filtered[self.shown] = text
        self.view.set_filter(matches, text)  # type: ignore[attr-defined]

"""The list views of the screen, of which one is shown; the others catch up when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Status
from lineage_core.state.store import State
from lineage_tui.widgets.background_work import in_slices
from lineage_tui.widgets.list_view import ListView

SLICE = 50
"""Tasks that a view takes in at a time."""


class Views(ContentSwitcher):
    """The pane of the list views.

    views: by name, in the order of their number keys; the first is always kept up to date, the others from when
    they are first shown, or `keep` was called. on_whole: called when one has taken in all there is.
    """

    def __init__(self, state: State, views: Mapping[str, ListView]) -> None:
        super().__init__(id="views", initial=next(iter(views)))
        self.state = state
        self.views = views
        self.shown = next(iter(views))
        self._behind: dict[str, dict[str, None]] = {}
        self._filter: tuple[Callable[[TaskRow], bool] | None, str] = (None, "")
        self._filtered: dict[str, str] = {}
        self._always: set[str] = set()
        self.on_whole: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield from self.views.values()

    @property
    def whole(self) -> bool:
        """Whether the view that is shown takes all the room: figures are of no single task."""
        return self.shown == "stats"

    @property
    def view(self) -> ListView:
        """The view that is shown."""
        return self.views[self.shown]

    def show(self, name: str) -> None:
        """Show a view, and let it catch up."""
        self._begin(name)
        left = self.view
        self.shown = name
        self.current = self.views[name].id
        if left is not self.view and left is not next(iter(self.views.values())):
            left.let_go()
        self.screen.set_class(self.whole, "whole")
        if self._filtered.get(name, "") != self._filter[1]:
            self._apply_filter()
        self.catch_up()

    def _begin(self, name: str) -> None:
        """Note what a view has missed that was given nothing yet."""
        if name not in self._behind and name != next(iter(self.views)):
            # The last come first: what goes on or failed. Not sorted: there may be a million.
            rows = dict(self.state.rows)
            behind: dict[str, None] = dict.fromkeys(reversed(rows))
            for task_id in [row.task_id for row in reversed(rows.values()) if _matters(row)]:
                behind[task_id] = behind.pop(task_id)
            self._behind[name] = behind

    def keep(self, name: str) -> None:
        """Keep a view up to date from now on, shown or not."""
        self._begin(name)
        self._always.add(name)
        self._follow(name)

    def turn_back(self, task_ids: set[str]) -> None:
        """The state is now as it was at an earlier time; see `ListView.turn_back`."""
        for name, view in self.views.items():
            if name not in self._behind and name != next(iter(self.views)):
                continue  # it was given nothing yet
            if view.turn_back(task_ids):
                del self._behind[name]
                self._begin(name)
                if name in (self.shown, *self._always):
                    self._follow(name)

    def is_whole(self, name: str) -> bool:
        """Whether a view has taken in all there is."""
        return name in self._behind and not self._behind[name]

    def arrived(self, task_ids: set[str]) -> None:
        """Give changed tasks to the view that is shown and to the first; note them for the others."""
        first = next(iter(self.views))
        for name, behind in self._behind.items():
            if (name != self.shown and name not in self._always) or behind:
                behind.update(dict.fromkeys(task_ids))
        for name in {first, self.shown, *self._always}:
            if not self._behind.get(name):
                self.views[name].arrived(task_ids)

    @property
    def behind(self) -> bool:
        """Whether the view that is shown has not caught up yet."""
        return bool(self._behind.get(self.shown))

    @property
    def filled(self) -> float:
        """How much of the state the view that is shown has taken in, 0 to 1."""
        return 1 - len(self._behind.get(self.shown, ())) / max(1, len(self.state.rows))

    def catch_up(self) -> None:
        """Give the view that is shown what it has missed, tasks with open workers first, in slices, one of them now."""
        self._follow(self.shown)

    def _follow(self, name: str) -> None:
        group = f"always {name}" if name in self._always else "behind"
        in_slices(self, self._catching_up(name), group, lambda done: self.on_whole() if done else None)

    def _catching_up(self, name: str) -> Iterator[None]:
        while (behind := self._behind.get(name)) and name in (self.shown, *self._always):
            self.views[name].arrived({behind.popitem()[0] for _ in range(min(SLICE, len(behind)))})
            yield

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str) -> None:
        """Filter the first view and the one that is shown; the others when they are shown."""
        self._filter = (matches, text)
        first = next(iter(self.views))
        if self.shown != first:
            self.views[first].set_filter(matches, text)
            self._filtered[first] = text
        self._apply_filter()

    def _apply_filter(self) -> None:
        matches, text = self._filter
        self._filtered[self.shown] = text
        self.view.set_filter(matches, text)


def _matters(row: TaskRow) -> bool:
    """Whether a task may need somebody."""
    return row.open_workers > 0 or row.escalated or row.status is Status.FAILED or row.status is Status.BLOCKED

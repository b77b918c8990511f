"""What the feed brings, and what a second that passes brings, onto the screen."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from textual.app import App

from lineage_core.rules.feed_health import FeedHealth
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.screens.app_context import Context
from lineage_tui.screens.background_learning import Learning
from lineage_tui.screens.empty_text import empty_text
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.first_selection import Opening
from lineage_tui.screens.list_views import ListViews
from lineage_tui.screens.panes import Panes
from lineage_tui.screens.status_lines import EdgeLines
from lineage_tui.widgets.following_list import LISTED_ANEW
from lineage_tui.widgets.status_text import DETAILS

SAMPLE = 20_000
"""Tasks whose names are learned when all was read."""


def feed_health(context: Context) -> FeedHealth:
    """How the directory is read: what the attention view has to know before it says that all is well."""
    health, directory = context.feed.health, context.directory
    missing = f"{directory} does not exist" if health.missing else ""
    missing = missing or ("" if health.loaded else "not everything is read yet")
    return FeedHealth(directory, missing, health.problems, health.quarantined, health.backlog)


class LiveUpdate:
    """Keeps lists, detail pane and the lines at the edges up to date. opening: what is selected first."""

    def __init__(
        self,
        app: Callable[[], App[object]],
        context: Context,
        panes: Panes,
        lists: ListViews,
        learning: Learning,
        filtering: Filtering,
        status_counts: StatusCounts,
    ) -> None:
        self._app = app
        self._context = context
        self._panes = panes
        self._tree = lists.tasks
        self._attention = lists.attention
        self._learning = learning
        self._filtering = filtering
        self._counts = status_counts
        self.edges = EdgeLines(context, panes, filtering, status_counts, self.numbers)
        self.opening = Opening(lists.tasks, lists.attention.model)
        self._gone = set(context.state.rows.gone)  # names that tasks had before this screen
        self._selected_first: str | None = None

    def select_first(self, task_id: str) -> None:
        """Select a task as soon as it is there."""
        self._selected_first = task_id

    def taken(self, taken: set[str]) -> bool:
        """What changed in these tasks was taken: show it. False: another screen stands in place of this one."""
        feed, tree, gone = self._context.feed, self._tree, False
        if self._selected_first in taken:
            tree.select_key(("task", self._selected_first, ""))
            self._selected_first = None
        if self._panes.detail.task_id in taken:
            self._panes.detail.update()
        self.edges.show()
        self._say_why_empty()  # at once: "reading…" is not true for a moment longer
        if feed.health.loaded and not feed.waiting:
            if self._context.state.rows.gone.keys() - self._gone:
                gone = self._context.begin_again()  # what had two names is one task: no list takes a name away
            elif not tree.model.live:
                tree.model.live = True
                self._learn_names(islice(tree.model.rows, SAMPLE), renew=True)
                self._panes.views.keep("attention")  # the status line counts what it lists
                gc.freeze()  # what was read stays: a full collection over it would stop the screen
                gc.set_threshold(50_000, 20, 100)
        self._hold_still()
        return not gone

    def view_whole(self) -> None:
        """A view has taken in all there is."""
        self._hold_still()
        self.edges.show()

    def _hold_still(self) -> None:
        """Once all was read, what is selected stays selected, whatever comes: first what needs somebody most."""
        if self._context.feed.health.loaded and self._panes.views.is_whole("attention"):
            self.opening.select()
            if self._panes.views.view is not self._tree and self._panes.views.is_whole(self._panes.views.shown):
                self._panes.views.view.hold()

    def take_in(self, ids: set[str]) -> None:
        """Show what changed in these tasks, and count it as it is shown: the feed may have moved on meanwhile."""
        shown = self._tree.model.rows
        before = {task_id: shown.get(task_id) for task_id in ids}
        self._panes.views.arrived(ids)
        if self._tree.model.live:
            self._learn_names(ids)
        for task_id, old in before.items():
            self._counts.take(old, row := shown.get(task_id))
            if row is not None:
                self._filtering.completion.take(row)
        self._learning.heard(ids)

    def _learn_names(self, task_ids: Iterable[str], *, renew: bool = False) -> None:
        """Learn what names have in common. While history is read nothing is learned: it would depend on the way there
        and not on what is shown."""
        tasks, workers = (self._context.looks.names_like(prefix) for prefix in ("task-", "worker-"))
        rows = self._tree.model.rows
        for task_id in task_ids:
            if (row := rows.get(task_id)) is not None:
                tasks.learn(task_id)
                for worker in row.at_work:
                    workers.learn(worker)
        for names in (tasks, workers) if renew else ():
            names.renew()

    def _say_why_empty(self) -> None:
        no_hits = self._filtering.no_hits() if self._filtering.text and self._tree.model.rows else ""
        self._tree.empty = empty_text(self._context.directory, self._context.feed.health, no_hits)

    def tick(self) -> None:
        """Once a second: ages and open bars grow."""
        self._say_why_empty()
        if wrong := self._filtering.trouble:
            self.edges.say(wrong)
        self.edges.show()
        if not self._context.clock.paused:
            self._learning.go_on(self._panes.views, self._attention, self.take_in, self.grow)
            self._filtering.refresh(self._slicing)
            self.grow()

    def _slicing(self) -> bool:
        """Whether a list does long work in slices."""
        return any(worker.group == LISTED_ANEW and not worker.is_finished for worker in self._app().workers)

    def grow(self) -> None:
        """Let what depends on the clock be drawn again."""
        self._panes.views.view.tick()
        self._panes.views.view.refresh()
        if self._panes.views.view is not self._attention:
            self._attention.keep_time()
        self._panes.detail.update()
        self._panes.detail.tabs.view.refresh()

    def numbers(self, now: int) -> Mapping[str, int]:
        """What the status line counts: late things as `lineage attention` counts them, stuck workers, tasks."""
        found = self._counts
        urgent: dict[str, int] = {}
        if self._panes.views.is_whole("attention"):
            of_rules = self._attention.model.by_rule(now)
            urgent = {name: of_rules[name] for name in ("late", *DETAILS)}
        return {**found.by_status, **found.stuck(now), "escalated": len(found.escalated), **urgent}

"""The list views of the main screen, and how they are connected with one another."""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.rules.feed_health import FeedHealth
from lineage_tui.screens.app_context import Context, key_of
from lineage_tui.screens.background_learning import Learning
from lineage_tui.views.attention import AttentionView
from lineage_tui.views.events import EventsView
from lineage_tui.views.stats import StatsView
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.views.workers import WorkersView
from lineage_tui.widgets.list_view import ListView


class ListViews:
    """The views. all: by name, in the order of their number keys.

    health: how the directory is read. known: whether a task that is not in the state can have been.
    """

    def __init__(
        self, context: Context, learning: Learning, health: Callable[[], FeedHealth], known: Callable[[str], bool]
    ) -> None:
        looks, state, clock = context.looks, context.state, context.clock
        limits, directory, usually = learning.limits, context.directory, learning.usual.of
        self.tasks = TaskTreeView(looks, state, clock, limits, id="tasks", empty="reading…")
        self.workers = WorkersView(looks, state, clock, limits, usually, id="workers", empty="no workers yet")
        self.attention = AttentionView(
            looks, state, clock, limits, directory, usually, health, known, id="attention", empty="reading…"
        )
        self.stats = StatsView(looks, state, clock, directory, limits, context.own.prices, id="stats", empty="")
        self.stats.present = clock.present
        self.stats.paused = lambda: clock.paused
        self.stats.on_idle = lambda: context.say("no tasks stand behind this line; go to a line with figures")
        follow = key_of(context, "follow")
        self.events = EventsView(looks, state, clock, follow_key=follow, id="stream", empty="no events yet")
        self.all: dict[str, ListView] = {
            "tasks": self.tasks,
            "workers": self.workers,
            "attention": self.attention,
            "stats": self.stats,
            "events": self.events,
        }
        rows = self.tasks.rows
        rows.expected = learning.ends.text
        rows.late = self.attention.late_word
        rows.urgent_in = lambda group: self.attention.model.counts.urgent_in.get(group, {})
        self.tasks.model.orders.ends_at = learning.ends.ends_at

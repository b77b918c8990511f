"""The one screen: the list views, the detail pane and the status lines, kept up to date from the feed."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Container
from textual.message import Message
from textual.widgets import Input

from lineage_core.base import user_files
from lineage_core.query.filter_parser import trouble
from lineage_tui.detail.pane import DetailPane
from lineage_tui.models.session_summary import Session
from lineage_tui.models.silence_baseline import SilenceBaseline
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.models.task_order import SORTS
from lineage_tui.models.worker_columns import COLUMNS
from lineage_tui.screens.edge_lines import Edges
from lineage_tui.settings.config import SavedState
from lineage_tui.settings.keymap import Command, bindings
from lineage_tui.stats.worker import WINDOWS
from lineage_tui.theme.styles import PALETTES, TIME_MODES
from lineage_tui.views.attention import AttentionView
from lineage_tui.views.events import EventsView
from lineage_tui.views.stats import PANES, StatsView
from lineage_tui.views.switcher import Views
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.views.workers import WorkersView
from lineage_tui.widgets.edge_line import EdgeLine
from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.prompt import Prompt
from lineage_tui.widgets.slices import in_background

FRAME = 0.016
"""Seconds between two takes from the feed: 60 a second at most."""

MANY, BUSY_FRAME = 100, 0.1
"""From so many events a second on, the seconds between two takes once the screen is up to date: nobody reads 60 counts
a second, and drawing them takes half a core. Keys do not wait for a take."""

TAKE_BUDGET = 0.008
"""Seconds that one take may keep the interface thread."""

IDLE_BUDGET = 0.03
"""The same while much waits and no key was pressed for a moment: history fills in faster."""

AT_ONCE = 50
"""Tasks that are taken between two looks at the clock; four times as many in the idle case."""


class Changed(Message):
    """The feed has changes to take."""


class MainScreen(Edges):
    """What is seen."""

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        for key, bound in BindingsMap(bindings(commands)).key_to_bindings.items():
            self._bindings.key_to_bindings.setdefault(key, []).extend(bound)
        self._next_take = 0.0
        self._take_planned = False
        self._said = ""
        self._last_key = 0.0

    def compose(self) -> ComposeResult:
        app = self.app
        looks, state, clock = app.looks, app.state, app.clock
        self.status_counts = StatusCounts(state, app.thresholds)
        self.usual = SilenceBaseline(state)
        self.top_line = EdgeLine(looks, id="top")
        self.tree_view = TaskTreeView(looks, state, clock, app.thresholds, id="tasks", empty=self._empty_text())
        usually = self.usual.of
        self.worker_table = WorkersView(
            looks, state, clock, app.thresholds, usually, id="workers", empty="no workers yet"
        )
        self.stats_view = StatsView(looks, state, clock, app.directory, app.thresholds, id="stats", empty="")
        self.stats_view.on_drill = self.drill
        self.stats_view.present = clock.present
        self.stats_view.paused = lambda: clock.paused
        self.stats_view.on_idle = lambda: self.say("no tasks stand behind this line; go to a line with figures")
        lists: dict[str, LineList] = {
            "tasks": self.tree_view,
            "workers": self.worker_table,
            "attention": AttentionView(
                looks, state, clock, app.thresholds, app.directory, usually, id="attention", empty="nothing needs you"
            ),
            "stats": self.stats_view,
            "events": EventsView(
                looks, state, clock, follow_key=self.key("follow"), id="stream", empty="no events yet"
            ),
        }
        for view in lists.values():
            view.on_moved = lambda _key, of=view: self._moved(of)  # type: ignore[misc]
            view.on_entered = self.entered
        self.tree_view.on_filtered = self._on_filtered
        self.views = Views(state, lists)
        self.detail = DetailPane(
            looks,
            state,
            clock,
            app.thresholds,
            app.read_record,
            Session(self.tree_view.model),
            group=lambda: self.tree_view.group() if self.views.shown == "tasks" else None,
            go_to=self.go_to_task,
            usually=usually,
        )
        self.status_line = EdgeLine(looks, id="status")
        self.key_line = EdgeLine(looks, on="background", id="keys")
        self.key_line.on_part = self.run_hint
        yield self.top_line
        with Container(id="body"):
            yield self.views
            yield self.detail
        yield Prompt(self.suggest, id="field")
        yield self.status_line
        yield self.key_line

    def on_mount(self) -> None:
        self.query_one("#field", Input).display = False
        self.set_focus(self.tree_view)
        self.tree_view.model.live = False
        if self.app.kept is not None:
            self._take_up(self.app.kept)
        self.set_interval(1.0, self._tick)
        self._tick()
        self.say(user_files.note())

    def _take_up(self, kept: SavedState) -> None:
        """Go on as the last run was left."""
        if kept.times in TIME_MODES:
            self.app.looks.times = kept.times
        if kept.theme in PALETTES:
            self.use_theme(kept.theme)
        model = self.tree_view.model
        model.sorted_by = kept.sort if kept.sort in SORTS else model.sorted_by
        model.inverted = kept.inverted
        if kept.workers_sort in COLUMNS:
            self.worker_table.sort(kept.workers_sort, inverted=kept.workers_inverted)
        if kept.pane in PANES and kept.window in WINDOWS:
            self.stats_view.pane, self.stats_view.window = kept.pane, kept.window
        model.folds = dict.fromkeys(kept.open, True) | dict.fromkeys(kept.closed, False)
        if kept.filter:
            self.set_filter(kept.filter)
        if kept.view in self.views.views:
            self.action_view(kept.view)
        self._said = ""

    def keep(self) -> SavedState:
        """What the next run is to go on with."""
        model = self.tree_view.model
        folds = list(model.folds.items())[-500:]
        return SavedState(
            view=self.views.shown,
            filter=self.filter_text,
            theme=self.app.looks.palette if self.app.looks.palette != self.app.first_theme else "",
            times=self.app.looks.times,
            sort=model.sorted_by,
            inverted=model.inverted,
            workers_sort=self.worker_table.sorted_by,
            workers_inverted=self.worker_table.inverted,
            pane=self.stats_view.pane,
            window=self.stats_view.window,
            open=tuple(name for name, expanded in folds if expanded),
            closed=tuple(name for name, expanded in folds if not expanded),
        )

    def on_resize(self) -> None:
        self.set_class(self.size.width >= 140, "wide")
        self.set_class(self.size.height < 16, "short")

    def on_key(self, event: events.Key) -> None:
        self.say("")
        if isinstance(self.focused, Input) and event.key in ("up", "down"):
            self.recall(-1 if event.key == "up" else 1)

    def on_descendant_focus(self) -> None:
        self._show_status()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        self._last_key = time.monotonic()
        self.say("")
        if self.selections:
            self.clear_selection()
        return super().check_action(action, parameters)

    def _on_filtered(self) -> None:
        self.filtered()
        self._show_status()

    def _moved(self, view: LineList) -> None:
        if view is self.views.view and not self.reading:
            self.select_target()
            self._show_status()

    # What comes from the feed.

    def on_changed(self) -> None:
        self._plan_take()

    def _plan_take(self) -> None:
        if self._take_planned:
            return
        self._take_planned = True
        delay = max(0.0, self._next_take - time.monotonic())
        # Not set_timer: one whose time has passed before it begins to wait is lost (Textual 8.2). Never at once: keys
        # come first.
        asyncio.get_running_loop().call_later(delay, self.call_later, self._take)

    def _take(self) -> None:
        """Take changes for one frame's budget, then draw; the rest waits for the next frame."""
        self._take_planned = False
        feed = self.app.feed
        started = time.monotonic()
        taken: set[str] = set()
        idle = feed.waiting > 1000 and started - self._last_key > 0.5
        while time.monotonic() - started < (IDLE_BUDGET if idle else TAKE_BUDGET):
            ids = feed.take(4 * AT_ONCE if idle else AT_ONCE)
            if not ids:
                break
            self._take_in(ids)
            taken |= ids
        self._next_take = started + (FRAME if feed.waiting or feed.rate() < MANY else BUSY_FRAME)
        if self.detail.task_id in taken:
            self.detail.update()
        self._show_status()
        if feed.waiting:
            self._plan_take()
        elif feed.health.loaded and not self.tree_view.model.live:
            self.tree_view.model.live = True
            gc.freeze()  # what was read stays: a full collection over it would stop the screen
            gc.set_threshold(50_000, 20, 100)

    def _take_in(self, ids: set[str]) -> None:
        """Show what changed in these tasks, and count it as it is shown: the feed may have moved on meanwhile."""
        shown = self.tree_view.model.rows
        before = {task_id: shown.get(task_id) for task_id in ids}
        self.views.arrived(ids)
        for task_id, old in before.items():
            self.status_counts.take(old, shown[task_id])
            self.completion.take(shown[task_id])
        self.usual.heard(ids)

    def _tick(self) -> None:
        """Once a second: ages and open bars grow."""
        self.tree_view.empty = self._empty_text()
        if wrong := trouble(self.filter_text):
            self.say(wrong)
        self._show_status()
        if not self.app.clock.paused:
            if self.usual.behind and not self.usual.learning:
                in_background(self, self._learn, "usual")
            self.refilter()
            self._grow()

    def _grow(self) -> None:
        """Let what depends on the clock be drawn again."""
        self.views.view.tick()  # type: ignore[attr-defined]
        self.views.view.refresh()
        self.detail.update()
        self.detail.view.refresh()

    async def _learn(self) -> None:
        """Learn what silence is usual."""
        for _ in self.usual.learn():
            await asyncio.sleep(0.002)
        if not self.app.clock.paused:
            self._grow()

    def _empty_text(self) -> str:
        health = self.app.feed.health
        if not health.loaded:
            return "reading…"
        if self.filter_text and self.tree_view.model.rows:
            return self.no_hits()
        if health.problems:
            here = self.app.directory
            named = [(here / name, why.rpartition(f"{here}: ")[2]) for name, why in list(health.problems.items())[:5]]
            told = [f"  {path}\n    {why}" for path, why in named]
            return "\n".join(("", "Cannot be read:", *told, "", "`lineage doctor` tells what to do."))
        what = "This directory does not exist yet; waiting for it:" if health.missing else "No events yet in"
        return "\n".join(
            (
                "",
                what,
                f"  {self.app.directory}",
                "",
                "To see something at once:    lineage-tui --demo",
                "To log one event:            lineage log task_created task-1 $USER",
                'From a bash script:          source "$(lineage shell path)"; log_task_created task-1 "$USER"',
            )
        )

    def resume(self) -> None:
        self._plan_take()
        self._tick()

"""The one screen: the list views, the detail pane and the status lines, kept up to date from the feed."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import partial
from inspect import isawaitable

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from lineage_core.base import user_files
from lineage_core.rules.feed_health import FeedHealth
from lineage_core.rules.usual import UsualTimes
from lineage_core.state.feed import BEHIND, BEHIND_FRAME
from lineage_tui.detail.pane import DetailPane
from lineage_tui.models.expected_ends import ExpectedEnds
from lineage_tui.models.links import Link
from lineage_tui.models.session_summary import Session
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.models.urgent import urgent
from lineage_tui.screens.alarm import Alarm
from lineage_tui.screens.context import Context, Handlers, key_of
from lineage_tui.screens.display import Display
from lineage_tui.screens.edge_lines import EdgeLines
from lineage_tui.screens.empty_text import empty_text
from lineage_tui.screens.filter_help import LanguageScreen
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.help import HelpScreen
from lineage_tui.screens.layout import Layout
from lineage_tui.screens.link_picker import JumpScreen
from lineage_tui.screens.navigation import Navigation
from lineage_tui.screens.panes import Panes
from lineage_tui.screens.saved_view import SavedView
from lineage_tui.screens.seeking import Seeking
from lineage_tui.settings.config import SavedState
from lineage_tui.settings.keymap import COMMANDS, bindings
from lineage_tui.views.attention import AttentionView
from lineage_tui.views.events import EventsView
from lineage_tui.views.stats import StatsView
from lineage_tui.views.switcher import Views
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.views.workers import WorkersView
from lineage_tui.widgets.list_view import ListView
from lineage_tui.widgets.prompt import Prompt
from lineage_tui.widgets.work_slices import in_background

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


COUNT = 2.0
"""Seconds between two counts of what is urgent, at least."""


class Changed(Message):
    """The feed has changes to take."""


class MainScreen(Screen[None]):
    """The list views, the detail pane and the lines at the edges.

    panes: the parts, and where keys go. filtering, seeking, navigation, display: what the operator can do with them.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        for key, bound in BindingsMap(bindings(context.commands)).key_to_bindings.items():
            self._bindings.key_to_bindings.setdefault(key, []).extend(bound)
        self._next_take = 0.0
        self._take_planned = False
        self._last_key = 0.0
        state = context.state
        self.usual = UsualTimes(state)
        self.limits = replace(context.thresholds, usual=self.usual.late)
        self.ends = ExpectedEnds(state, context.clock)
        self._urgent: set[Hashable] | None = None
        self._next_count = 0.0
        self.alarm = Alarm(context.notify_by, context.write_to_terminal)
        self.status_counts = StatusCounts(state, self.limits)
        self.tree_view, self.worker_table, self.stats_view, views = self._list_views()
        self.views = Views(state, views)
        self.detail = DetailPane(
            context.looks,
            state,
            context.clock,
            self.limits,
            context.read_record,
            Session(self.tree_view.model),
            group=lambda: self.views.view.group(),
            go_to=lambda task_id: self.navigation.go_to_task(task_id),
            usually=self.usual.of,
            trace_url=context.trace_url,
            known=self._may_have_been,
            expected=self.ends.text,
        )
        self.prompt = Prompt(self._suggest, self._explain, context.looks.plain, id="field")
        self.prompt.display = False
        self.panes = Panes(self, self.views, self.tree_view, self.detail, self.prompt)
        self.filtering = Filtering(context, self.panes, self.ends.slow)
        self.seeking = Seeking(context, self.panes, self.filtering)
        self.navigation = Navigation(context, self.panes, self.filtering, self.resume, self._choose)
        self.display_options = Display(context, self.panes, self.resume)
        self.arrangement = Layout(context, self.panes)
        self.saved_view = SavedView(
            context, self.views, self.tree_view, self.worker_table, self.stats_view,
            self.filtering, self.navigation, self.display_options, self.arrangement,
        )  # fmt: skip
        self.edges = EdgeLines(context, self.panes, self.filtering, self.status_counts, self._numbers)
        self.views.on_whole = self.edges.show
        self.handlers: Handlers = {
            **self.navigation.handlers(),
            **self.filtering.handlers(),
            **self.seeking.handlers(),
            **self.display_options.handlers(),
            **self.arrangement.handlers(),
            "command": lambda: self.panes.ask("command", "", f"a command: {', '.join(list(self.handlers)[:8])} …"),
            "palette": lambda: self.run_action("app.command_palette"),
            "help": lambda: self.app.push_screen(HelpScreen(context)),
        }

    def _list_views(self) -> tuple[TaskTreeView, WorkersView, StatsView, dict[str, ListView]]:
        """The list views, by name in the order of their number keys, and those that are more than that."""
        looks, state, clock = self.context.looks, self.context.state, self.context.clock
        thresholds, directory, usually = self.limits, self.context.directory, self.usual.of
        tree = TaskTreeView(looks, state, clock, thresholds, id="tasks", empty="reading…")
        workers = WorkersView(looks, state, clock, thresholds, usually, id="workers", empty="no workers yet")
        figures = StatsView(looks, state, clock, directory, thresholds, id="stats", empty="")
        figures.on_drill = lambda text: self.navigation.drill(text)
        figures.present = clock.present
        figures.paused = lambda: clock.paused
        figures.on_idle = lambda: self.say("no tasks stand behind this line; go to a line with figures")
        self.attention = AttentionView(
            looks,
            state,
            clock,
            thresholds,
            directory,
            usually,
            self._feed_health,
            self._may_have_been,
            id="attention",
            empty="reading…",
        )
        follow = key_of(self.context, "follow")
        stream = EventsView(looks, state, clock, follow_key=follow, id="stream", empty="no events yet")
        views: dict[str, ListView] = {
            "tasks": tree, "workers": workers, "attention": self.attention, "stats": figures, "events": stream,
        }  # fmt: skip
        for view in views.values():
            view.on_moved = partial(self._moved, view)
            view.on_entered = lambda key: self.navigation.entered(key)
        tree.on_filtered = self._on_filtered
        tree.expected = self.ends.text
        tree.model.ends_at = self.ends.ends_at
        return tree, workers, figures, views

    def compose(self) -> ComposeResult:
        self.edges.keys.on_part = self._click_hint
        yield self.edges.top
        with Container(id="body"):
            yield self.views
            yield self.detail
        yield self.prompt
        yield self.edges.status
        yield self.edges.keys

    def on_mount(self) -> None:
        self.set_focus(self.tree_view)
        self.tree_view.model.live = False
        if self.context.saved is not None:
            self.saved_view.take_up(self.context.saved)
            self.say("")
        self.set_interval(1.0, self._tick)
        self._tick()
        self.say(user_files.note())

    # What the operator does.

    def say(self, text: str) -> None:
        """Show a line to the operator until the next key."""
        self.edges.say(text)

    async def action_do(self, name: str) -> None:
        """Do a command."""
        done = self.handlers[name]()
        if isawaitable(done):
            await done

    def action_theme(self, name: str) -> None:
        """Take the colours of a theme."""
        self.display_options.use_theme(name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed into the prompt, keys are text; only Escape leaves it."""
        self._last_key = time.monotonic()
        self.say("")
        if self.selections:
            self.clear_selection()
        return parameters == ("up-level",) or not isinstance(self.focused, Input)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        super().set_focus(widget, scroll_visible, from_app_focus)
        if widget is not None:  # None: the terminal is not looked at
            self.panes.focus_moved(widget)

    def on_descendant_focus(self) -> None:
        self.edges.show()

    def on_key(self, event: events.Key) -> None:
        self.say("")
        if isinstance(self.focused, Input) and event.key in ("up", "down"):
            self.filtering.recall(-1 if event.key == "up" else 1)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.prompt.purpose == "filter":
            self.filtering.set(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        purpose, text = self.prompt.purpose, event.value
        if purpose == "filter" and not self.filtering.set(text):
            return  # it stays in the prompt, with what is wrong below it
        self.set_focus(self.detail.view if purpose == "search" else self.views.view)
        if purpose == "search":
            self.seeking.find(text)
        elif purpose == "filter":
            self.filtering.keep(text)
        else:
            self._run_command(text)

    def _run_command(self, text: str) -> None:
        """Run a command by its name, or by the beginning of it if that is clear."""
        if text.strip().startswith("theme "):
            self.display_options.use_theme(text.strip().removeprefix("theme ").strip())
            return
        name = "-".join(text.strip().lower().split())
        found = [c for c in COMMANDS if c.name == name] or [c for c in COMMANDS if name and c.name.startswith(name)]
        if len(found) == 1:
            self.call_later(self.action_do, found[0].name)
        elif name:
            near = ", ".join(c.name for c in found) or f"{key_of(self.context, 'palette')} lists them all"
            self.say(f"no command {name!r}: {near}")

    def _suggest(self, text: str) -> str | None:
        """What could be meant by what was typed so far."""
        if self.prompt.purpose == "filter":
            return self.filtering.completion.complete(text)
        name = text.lower()
        return next((c.name for c in COMMANDS if text and c.name.startswith(name) and c.name != name), None)

    def _explain(self) -> None:
        """Show what a filter can ask."""
        self.app.push_screen(LanguageScreen(self.context.looks))

    def _choose(self, found: list[Link], then: Callable[[Link | None], None]) -> None:
        """Let the operator choose one of some links."""
        self.app.push_screen(JumpScreen(self.context, found), then)

    def _click_hint(self, text: str) -> None:
        """Do what a part of the key line tells of: a view, or a command by its hint."""
        word = text.strip(" []").rpartition(" ")[2]
        for command in self.context.commands:
            if word and word in (command.hint, command.name if command.group == "views" else ""):
                self.call_later(self.action_do, command.name)

    # What is kept between runs.

    def keep(self) -> SavedState:
        """What the next run is to go on with."""
        return self.saved_view.state()

    def on_resize(self) -> None:
        self.arrangement.show(self.size)

    def _on_filtered(self) -> None:
        self.filtering.done()
        self.edges.show()

    def _moved(self, view: ListView, _key: object) -> None:
        if view is self.views.view and not self.panes.reading:
            self.panes.select_target()
            self.edges.show()

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
        feed = self.context.feed
        started = time.monotonic()
        taken: set[str] = set()
        idle = feed.waiting > 1000 and started - self._last_key > 0.5
        while time.monotonic() - started < (IDLE_BUDGET if idle else TAKE_BUDGET):
            ids = feed.take(4 * AT_ONCE if idle else AT_ONCE)
            if not ids:
                break
            self._take_in(ids)
            taken |= ids
        self._next_take = started + self._frame()
        if self.detail.task_id in taken:
            self.detail.update()
        self.edges.show()
        if feed.waiting:
            self._plan_take()
        elif feed.health.loaded and not self.tree_view.model.live:
            self.tree_view.model.live = True
            self.views.keep("attention")  # the status line counts what it lists
            gc.freeze()  # what was read stays: a full collection over it would stop the screen
            gc.set_threshold(50_000, 20, 100)

    def _frame(self) -> float:
        """Seconds from one take to the next."""
        feed = self.context.feed
        if feed.health.backlog > BEHIND:
            return BEHIND_FRAME
        return FRAME if feed.waiting or feed.rate() < MANY else BUSY_FRAME

    def _take_in(self, ids: set[str]) -> None:
        """Show what changed in these tasks, and count it as it is shown: the feed may have moved on meanwhile."""
        shown = self.tree_view.model.rows
        before = {task_id: shown.get(task_id) for task_id in ids}
        self.views.arrived(ids)
        for task_id, old in before.items():
            self.status_counts.take(old, shown[task_id])
            self.filtering.completion.take(shown[task_id])
        self.usual.heard(ids)
        self.ends.heard(ids)

    def _tick(self) -> None:
        """Once a second: ages and open bars grow."""
        no_hits = self.filtering.no_hits() if self.filtering.text and self.tree_view.model.rows else ""
        self.tree_view.empty = empty_text(self.context.directory, self.context.feed.health, no_hits)
        if wrong := self.filtering.trouble:
            self.say(wrong)
        self.edges.show()
        if not self.context.clock.paused:
            if self.usual.behind and not self.usual.learning:
                in_background(self, self._learn, "usual")
            if self.context.feed.health.loaded and not self.context.feed.waiting:
                if not self.ends.learned and not self.ends.learning:
                    in_background(self, self._foresee, "ends")
                self.ends.update()
                self._tell_terminal()
            self.filtering.refresh(self._slicing)
            self._grow()

    def _slicing(self) -> bool:
        """Whether a list does long work in slices."""
        return any(worker.group == "slices" and not worker.is_finished for worker in self.app.workers)

    def _grow(self) -> None:
        """Let what depends on the clock be drawn again."""
        self.views.view.tick()
        self.views.view.refresh()
        if self.views.view is not self.attention:
            self.attention.keep_time()
        self.detail.update()
        self.detail.view.refresh()

    async def _learn(self) -> None:
        """Learn what silence is usual."""
        for _ in self.usual.learn():
            await asyncio.sleep(0.002)
        if self.usual.moved():  # what was late by the defaults may not be so by what is usual
            self._take_in(self.attention.model.tasks())
        if not self.context.clock.paused:
            self._grow()

    def _numbers(self, now: int) -> Mapping[str, int]:
        """What the status line counts: late things as `lineage attention` counts them, stuck workers, tasks."""
        found = self.status_counts
        late = {"late": self.attention.model.late(now)} if self.views.is_whole("attention") else {}
        return {**found.by_status, **found.stuck(now), "escalated": len(found.escalated), **late}

    def _tell_terminal(self) -> None:
        """Let the title tell what was counted last, and count again if that is long ago."""
        if self._urgent is not None:
            self.alarm.show(self._urgent)
        if self.context.notify_by != "off" and time.monotonic() >= self._next_count:
            self._next_count = time.monotonic() + COUNT
            self.run_worker(self._count_urgent, thread=True, exclusive=True, group="urgent")

    def _count_urgent(self) -> None:
        """Count what is urgent, in a thread; it may take one part in fifty of the time."""
        began = time.monotonic()
        now, acknowledged = self.context.clock.present(), self.attention.model.acknowledged
        self._urgent = urgent(self.context.state, now, self.limits, acknowledged)
        self._next_count = time.monotonic() + max(COUNT, 50 * (time.monotonic() - began))

    async def _foresee(self) -> None:
        """Learn when tasks end."""
        for step in self.ends.learn():
            if step % 20 == 0:
                await asyncio.sleep(0.002)
        if not self.context.clock.paused:
            self._grow()

    def _may_have_been(self, task_id: str) -> bool:
        """Whether a task that is not in the state can have been: history is being read, or was left out (--since)."""
        return not self.context.feed.whole

    def _feed_health(self) -> FeedHealth:
        """How the directory is read: what the attention view has to know before it says that all is well."""
        health, directory = self.context.feed.health, self.context.directory
        missing = f"{directory} does not exist" if health.missing else ""
        missing = missing or ("" if health.loaded else "not everything is read yet")
        return FeedHealth(directory, missing, health.problems, health.quarantined, health.backlog)

    def resume(self) -> None:
        self._plan_take()
        self._tick()

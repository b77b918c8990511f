"""The one screen: the list views, the detail pane and the status lines, kept up to date from the feed."""

from __future__ import annotations

import time
from collections.abc import Callable
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
from lineage_tui.detail.pane import DetailPane
from lineage_tui.models.links import Link
from lineage_tui.models.session_summary import Session
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.screens.app_context import Context, Handlers, key_of
from lineage_tui.screens.background_learning import Learning
from lineage_tui.screens.comparing import Comparing
from lineage_tui.screens.display_options import Display
from lineage_tui.screens.feed_intake import FeedIntake
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.help import HelpScreen
from lineage_tui.screens.hints import Hints
from lineage_tui.screens.layout import Layout
from lineage_tui.screens.link_picker import JumpScreen
from lineage_tui.screens.list_views import ListViews
from lineage_tui.screens.live_update import LiveUpdate, feed_health
from lineage_tui.screens.navigation import Navigation
from lineage_tui.screens.next_match import Seeking
from lineage_tui.screens.operator_decisions import Deciding
from lineage_tui.screens.panes import Panes
from lineage_tui.screens.saved_view import SavedView
from lineage_tui.screens.text_page import PageScreen, Row
from lineage_tui.screens.time_keys import time_handlers
from lineage_tui.screens.typed_text import TypedText
from lineage_tui.screens.user_commands import Own
from lineage_tui.settings.config import SavedState
from lineage_tui.settings.keymap import bindings
from lineage_tui.views.switcher import Views
from lineage_tui.widgets.list_view import ListView
from lineage_tui.widgets.pending_key import pending_key
from lineage_tui.widgets.prompt import Prompt
from lineage_tui.widgets.scrubber import Scrubber

SAMPLE = 20_000
"""Tasks whose names are learned when all was read."""


class Changed(Message):
    """The feed has changes to take."""


class MainScreen(Screen[None]):
    """The list views, the detail pane and the lines at the edges.

    panes: the parts, and where keys go. filtering, seeking, navigation, display: what the operator can do with them.
    """

    def __init__(self, context: Context, saved: SavedState | None = None) -> None:
        super().__init__()
        self.context = context
        self._saved = saved or context.saved
        for key, bound in BindingsMap(bindings(context.commands)).key_to_bindings.items():
            self._bindings.key_to_bindings.setdefault(key, []).extend(bound)
        state = context.state
        may_have_been = lambda task_id: not context.feed.whole  # noqa: E731  history is being read, or left out (--since)
        self.learning = Learning(context)
        self.status_counts = StatusCounts(self.learning.limits)
        lists = ListViews(context, self.learning, partial(feed_health, context), may_have_been)
        self.tree_view, self.attention = lists.tasks, lists.attention
        self.views = Views(state, lists.all)
        self.attention.whole = lambda: self.views.is_whole("attention")
        for view in lists.all.values():
            view.on_moved = partial(self._moved, view)
            view.on_entered = self._entered
        lists.tasks.on_filtered = self._on_filtered
        lists.stats.on_drill = self._drill
        self.detail = DetailPane(
            context.looks,
            state,
            context.clock,
            self.learning.limits,
            context.read_record,
            Session(self.tree_view.model, context.own.prices),
            group=lambda: self.views.view.group(),
            go_to=self.go_on_to,
            usually=self.learning.usual.of,
            trace_url=context.trace_url,
            prices=context.own.prices,
            known=may_have_been,
            expected=self.learning.ends.text,
            file_of=context.record_file,
        )
        self.prompt = Prompt(self._suggest, self._explain, context.looks.plain, id="field")
        self.prompt.display = False
        self.panes = Panes(self, self.views, self.tree_view, self.detail, self.prompt)
        self.filtering = Filtering(context, self.panes, self.learning.ends.slow)
        self.seeking = Seeking(context, self.panes, self.filtering)
        self.navigation = Navigation(context, self.panes, self.filtering, self.resume, self._choose)
        self.display_options = Display(context, self.panes, self.resume)
        self.arrangement = Layout(context, self.panes)
        self.saved_view = SavedView(
            context, self.views, lists.tasks, lists.workers, lists.stats,
            self.filtering, self.navigation, self.display_options, self.arrangement,
        )  # fmt: skip
        self.scrubber = Scrubber(context.looks, id="scrubber")
        self.scrubber.display = False
        self.scrubber.on_chosen = context.travel.go
        self.live = LiveUpdate(
            lambda: self.app, context, self.panes, lists, self.learning, self.filtering, self.status_counts
        )
        self.edges = self.live.edges
        self.intake = FeedIntake(
            lambda: context.feed,
            self.call_later,
            self.live.take_in,
            self.live.taken,
            lambda: pending_key(self.app).waits,
        )
        self.hints = Hints(context)
        self.views.on_whole = self.live.view_whole
        self.deciding = Deciding(context, self.panes, self._push)
        run = lambda name: self.call_later(self.action_do, name)  # noqa: E731
        self.typed = TypedText(
            context, self.panes, self.filtering, self.seeking, self.display_options, self.deciding, run
        )
        self.handlers: Handlers = {
            **self.navigation.handlers(),
            **self.filtering.handlers(),
            **self.seeking.handlers(),
            **self.display_options.handlers(),
            **self.arrangement.handlers(),
            **Comparing(context, self.panes, self.show_page).handlers(),
            **time_handlers(context.travel, self.panes, self.scrubber),
            **self.deciding.handlers(),
            **Own(context, self.panes, self.filtering, self._push).handlers(),
            "command": lambda: self.panes.ask("command", "", f"a command: {', '.join(list(self.handlers)[:8])} …"),
            "palette": lambda: self.run_action("app.command_palette"),
            "help": lambda: self.app.push_screen(HelpScreen(context)),
        }

    def compose(self) -> ComposeResult:
        self.edges.keys.on_part = self._click_hint
        yield self.edges.top
        with Container(id="body"):
            yield self.views
            yield self.detail
        yield self.hints
        yield self.prompt
        yield self.scrubber
        yield self.edges.status
        yield self.edges.keys

    def on_mount(self) -> None:
        self.set_focus(self.tree_view)
        self.tree_view.model.live = False
        if self._saved is not None:
            self.saved_view.take_up(self._saved)
            self.say("")
        self.set_interval(1.0, self.live.tick)
        self.live.tick()
        self.say(user_files.note())
        if self.context.hints:
            self.hints.open(self.app.size.height)
        self.intake.plan()  # what the feed told before there was a screen to hear it

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
        self.intake.last_key = time.monotonic()
        self.say("")
        self.hints.close()
        if self.selections:
            self.clear_selection()
        return parameters == ("up-level",) or not isinstance(self.focused, Input)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        super().set_focus(widget, scroll_visible, from_app_focus)
        if widget is not None:  # None: the terminal is not looked at
            self.panes.focus_moved(widget)
            self.arrangement.show()

    def on_descendant_focus(self) -> None:
        self.edges.show()

    def on_key(self, event: events.Key) -> None:
        self.say("")
        self.hints.close()
        if isinstance(self.focused, Input) and event.key in ("up", "down"):
            self.filtering.recall(-1 if event.key == "up" else 1)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.prompt.purpose == "filter":
            self.filtering.set(event.value)
        pending_key(self.app).done()  # no other widget hears of a key that is text

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.typed.submitted(event.value)

    def _suggest(self, text: str) -> str | None:
        return self.typed.suggest(text)

    def _explain(self) -> None:
        """Show what a filter can ask."""
        self.app.push_screen(HelpScreen(self.context, "filter"))

    def _choose(self, found: list[Link], then: Callable[[Link | None], None]) -> None:
        """Let the operator choose one of some links."""
        self.app.push_screen(JumpScreen(self.context, found), then)

    def show_page(self, title: str, rows: list[Row]) -> None:
        """Show a page of lines; a line of it may lead to a task."""
        self.app.push_screen(PageScreen(self.context, title, rows), self.go_on_to)

    def go_on_to(self, task_id: str | None) -> None:
        if task_id is not None:
            self.navigation.go_to_task(task_id)

    def _push(self, page: PageScreen, then: Callable[[str | None], None] | None) -> None:
        """Show a page; then: called with what was entered on it, or None."""
        self.app.push_screen(page, then)

    # At another time.

    def show_time(self, first: int, last: int, at: int, label: str, pace: str) -> None:
        """Show at which time the screen is, from the first event to the last."""
        keys = " ".join(f"{key_of(self.context, name)} {word}" for name, word in (("play", pace), ("now", "live")))
        self.scrubber.display = True
        self.scrubber.show(first, last, at, label, keys)
        self.live.tick()

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
        self.edges.show()

    def _entered(self, key: object) -> None:
        self.navigation.entered(key)

    def _drill(self, text: str) -> None:
        self.navigation.drill(text)

    def _on_filtered(self) -> None:
        self.filtering.done()
        self.edges.show()

    def _moved(self, view: ListView, _key: object) -> None:
        if view is self.views.view and not self.panes.reading:
            self.panes.select_target()
            self.edges.show()

    # What comes from the feed.

    def on_changed(self) -> None:
        self.intake.plan()

    def resume(self) -> None:
        self.intake.plan()
        self.live.tick()

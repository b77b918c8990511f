"""The one screen: the tree, the detail pane and the status lines, kept up to date from the feed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from lineage_core.clock import format_timestamp
from lineage_core.errors import LineageError
from lineage_core.filters import parse
from lineage_core.state import TaskRow
from lineage_tui.commands import COMMANDS, bindings, shown
from lineage_tui.tally import Tally
from lineage_tui.widgets.detail import Detail
from lineage_tui.widgets.lines import LineView
from lineage_tui.widgets.status import EdgeLine, Part
from lineage_tui.widgets.task_tree import TaskTree

if TYPE_CHECKING:
    from lineage_tui.app import LineageApp

FRAME = 0.025
"""Seconds between two takes from the feed: 40 a second at most."""

TAKE_BUDGET = 0.008
"""Seconds that one take may keep the interface thread."""


class Changed(Message):
    """The feed has changes to take."""


class MainScreen(Screen[None]):
    """Tasks and their detail."""

    app: LineageApp

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())

    def __init__(self) -> None:
        super().__init__()
        self.tally = Tally()
        self._next_take = 0.0
        self._take_planned = False
        self._filtering = 0
        self._said = ""

    def compose(self) -> ComposeResult:
        app = self.app
        self.top_line = EdgeLine(app.looks, id="top")
        self.tree_view = TaskTree(
            app.looks, app.state, app.clock, app.silent_after, id="tree", empty=self._empty_text()
        )
        self.tree_view.on_moved = self._select
        self.tree_view.on_entered = self._enter_node
        self.detail = Detail(app.looks, app.state, app.clock, app.silent_after, app.read_record)
        self.status_line = EdgeLine(app.looks, id="status")
        self.key_line = EdgeLine(app.looks, on="background", id="keys")
        yield self.top_line
        with Container(id="body"):
            yield self.tree_view
            yield self.detail
        yield Input(id="filter", placeholder="words, status:failed master:sec !worker:scan — Enter keeps, Esc drops")
        yield self.status_line
        yield self.key_line

    def on_mount(self) -> None:
        self.query_one("#filter", Input).display = False
        self.set_focus(self.tree_view)
        self.set_interval(1.0, self._tick)
        self._tick()

    def on_resize(self) -> None:
        wide = self.size.width >= 140
        self.set_class(wide, "wide")
        self.set_class(self.size.height < 16, "short")

    # What comes from the feed.

    def on_changed(self) -> None:
        self._plan_take()

    def _plan_take(self) -> None:
        if self._take_planned or self.app.clock.paused:
            return
        self._take_planned = True
        delay = self._next_take - time.monotonic()
        if delay > 0:
            self.set_timer(delay, self._take)
        else:
            self._take()

    def _take(self) -> None:
        """Take changes for one frame's budget, then draw; the rest waits for the next frame."""
        self._take_planned = False
        if self.app.clock.paused:
            return
        feed = self.app.feed
        started = time.monotonic()
        taken: set[str] = set()
        while time.monotonic() - started < TAKE_BUDGET:
            ids = feed.take(50)
            if not ids:
                break
            self._count(ids)
            self.tree_view.model.update(ids)
            taken |= ids
        self._next_take = started + FRAME
        self.tree_view.arrived(len(taken))
        if self.detail.task_id in taken:
            self.detail.update()
        self._show_status()
        if feed.waiting:
            self._plan_take()

    def _count(self, ids: set[str]) -> None:
        shown = self.tree_view.model.rows
        rows = self.app.state.rows
        for task_id in ids:
            self.tally.take(shown.get(task_id), rows[task_id])

    def _tick(self) -> None:
        """Once a second: ages and open bars grow."""
        self.tree_view.empty = self._empty_text()
        self._show_status()
        if not self.app.clock.paused:
            self.tree_view.refresh()
            self.detail.update()
            self.detail.view.refresh()

    def _empty_text(self) -> str:
        health = self.app.feed.health
        if not health.loaded:
            return "reading…"
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

    # The lines at the edges.

    def _show_status(self) -> None:
        app, health, looks = self.app, self.app.feed.health, self.app.looks
        now = app.clock()
        left: list[Part] = [(" ", "text")]
        silent = self.tally.silent(now, app.silent_after)
        counts = [(state, self.tally.by_status[state]) for state in ("running", "blocked", "failed")]
        counts += [("silent", silent), ("escalated", len(self.tally.escalated))]
        counts += [(state, self.tally.by_status[state]) for state in ("queued", "assigned", "completed")]
        for state, count in counts:
            glyph, word, role = looks.look(state)
            if count or state in ("running", "failed"):
                left.append((f"{glyph} {count} {word}  ", role if count else "muted"))
        right: list[Part] = []
        if app.clock.paused:
            right.append((f" paused, {app.feed.waiting} waiting ", "escalated"))
        if not self.tree_view.following and self.tree_view.fresh:
            right.append((f" +{self.tree_view.fresh} new (f) ", "accent"))
        if health.rejected:
            right.append((f" {health.rejected} quarantined ", "failed"))
        if app.state.copies:
            right.append((f" {app.state.copies} copies ", "muted"))
        if health.problems:
            right.append((f" {len(health.problems)} unreadable ", "failed"))
        right.append((f" {app.feed.rate():.1f} ev/s ", "text"))
        if not health.loaded:
            right.append((f" reading {health.history:.0%} ", "blocked"))
        elif health.backlog:
            right.append((f" lag {_size(health.backlog)} ", "blocked"))
        mode = "blocked" if health.mode == "polling" else "done"
        right.append((f" {'waiting' if health.missing else health.mode} ", "blocked" if health.missing else mode))
        self.status_line.show(left, right)
        filtered = f"   filter: {self.tree_view.filter_text}" if self.tree_view.filter_text else ""
        self.top_line.show(
            [(" lineage ", "accent"), (f" {app.directory} ", "text"), (filtered, "escalated")],
            [(f"{len(app.state.rows):,} tasks  {app.state.events:,} events  ", "muted"),
             (format_timestamp(now)[11:19] + "Z ", "text")],
        )  # fmt: skip
        if self._said:
            self.key_line.show([(f" {self._said}", "escalated")], [])
        else:
            self.key_line.show([(part, "muted") for part in self._key_hints()], [])

    def _key_hints(self) -> list[str]:
        plain = self.app.looks.ascii_only
        hints = [f"  {shown(c.keys[0], ascii_only=plain)} {c.hint}" for c in COMMANDS if c.hint]
        return [" " + self.app.looks.glyph("↑↓ move", "arrows move"), *hints]

    def say(self, text: str) -> None:
        """Show a line to the operator until the next key."""
        self._said = text
        self._show_status()

    # What the operator does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed into a field, keys are text; only Escape leaves it."""
        return action == "back" or not isinstance(self.focused, Input)

    @property
    def view(self) -> LineView:
        """The list that keys go to."""
        return self.focused if isinstance(self.focused, LineView) else self.tree_view

    def action_move(self, by: int) -> None:
        self._heard()
        self.view.move(by)

    def action_page(self, by: int) -> None:
        self.view.turn(by)

    def action_edge(self, to: int) -> None:
        self.view.edge(to)

    def action_enter(self) -> None:
        self.view.enter()

    def action_unfold(self) -> None:
        if self.view is self.tree_view:
            self.tree_view.unfold()
        else:
            self.detail.turn(1)

    def action_fold(self) -> None:
        if self.view is self.tree_view:
            self.tree_view.fold()
        else:
            self.detail.turn(-1)

    def action_toggle_fold(self) -> None:
        if self.view is self.tree_view:
            self.tree_view.toggle_fold()

    def _heard(self) -> None:
        if self._said:
            self.say("")

    def _select(self, key: object) -> None:
        match key:
            case ("task", str(ident), _):
                self.detail.show(ident)
            case ("worker" | "handoff", str(ident), str(owner)):
                self.detail.show(owner, ident)
            case _:
                self.detail.show(None)

    def _enter_node(self, key: object) -> None:
        match key:
            case ("group", _, _):
                self.tree_view.toggle_fold()
            case _:
                self.set_focus(self.detail.view)

    def action_switch_pane(self) -> None:
        if self.detail.has_focus_within:
            self.set_focus(self.tree_view)
        else:
            self.set_focus(self.detail.view)

    def action_back(self) -> bool:
        field = self.query_one("#filter", Input)
        if field.display:
            field.display = False
            self._filter("")
            self.set_focus(self.tree_view)
        elif self.detail.has_focus_within:
            if not self.detail.back():
                self.set_focus(self.tree_view)
        elif self.tree_view.filter_text:
            self._filter("")
        else:
            return False
        return True

    def action_leave(self) -> None:
        if not self.action_back():
            self.app.exit()

    def action_follow(self) -> None:
        self.tree_view.follow()
        self.set_focus(self.tree_view)
        self._show_status()

    def action_pause(self) -> None:
        self.app.clock.toggle()
        self._plan_take()
        self._tick()

    def action_help(self) -> None:
        from lineage_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        field.value = self.tree_view.filter_text
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.display:
            self._filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.display = False
        self.set_focus(self.tree_view)

    def _filter(self, text: str) -> None:
        """Filter the tree by what was typed, in slices, so that typing stays quick over any number of tasks."""
        try:
            chosen = parse(text, self.app.state.packed) if text.strip() else None
        except LineageError as error:
            self.say(str(error))
            return
        self._said = ""
        self._filtering += 1
        turn = self._filtering
        self.tree_view.filter_text = text.strip()
        steps = self.tree_view.model.set_filter(chosen.matches if chosen else None)

        def go_on() -> None:
            started = time.monotonic()
            while turn == self._filtering and time.monotonic() - started < TAKE_BUDGET:
                if next(steps, None) is None:
                    self.tree_view.sync()
                    self._show_status()
                    return
            if turn == self._filtering:
                self.tree_view.sync()
                self.set_timer(0.001, go_on)

        go_on()

    def selected_row(self) -> TaskRow | None:
        """The task under the cursor, or that the worker or handoff under it belongs to."""
        try:
            task_id = self.detail.task_id
        except NoMatches:
            return None
        return self.tree_view.model.rows.get(task_id) if task_id else None


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count //= 1000
    return f"{count} GB"



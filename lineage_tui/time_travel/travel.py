"""The app at another time: a screen over what was known then, above the live one, which goes on below it."""

from __future__ import annotations

import asyncio
from functools import partial
from heapq import nlargest

from textual.app import App
from textual.timer import Timer

from lineage_core.base.clock import SECOND, format_local, format_timestamp
from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_when
from lineage_core.query.changed import changes
from lineage_core.state.state_as_of import Past
from lineage_tui.screens.app_context import Context
from lineage_tui.screens.back_in_time import turn_back
from lineage_tui.screens.changed import rows_of
from lineage_tui.screens.main import MainScreen
from lineage_tui.screens.text_page import PageScreen, Row
from lineage_tui.settings.config import SavedState
from lineage_tui.time_travel.past_context import PastContext
from lineage_tui.widgets.background_work import in_background

FIRST_SHOWN = 200
"""Tasks that a screen is given first: those that were heard of last."""

SPEEDS = (1, 10, 100, 1000)
TICK = 0.1
"""Seconds between two steps while time passes by itself."""

AT_ONCE = 2000
"""So many tasks may change in a step that the screen waits for; longer ones are made in a thread, and those of them
that go back get a screen of their own."""


class Travel:
    """Moves the app in time. past: what it shows, once it is not live."""

    def __init__(self, app: App[None], live: Context) -> None:
        self._app = app
        self._live = live
        self._context: PastContext | None = None
        self._timer: Timer | None = None
        self._speed = 0
        self._busy = False
        self._wanted: int | None = None
        self._cover: PageScreen | None = None

    @property
    def past(self) -> Past | None:
        """The state at the time that is shown; None: the present is shown."""
        return self._context.past if self._context is not None else None

    @property
    def note(self) -> str:
        """How fast time passes."""
        return f"{self._speed}x" if self._speed else "still"

    # What the operator does.

    def moment(self, text: str) -> int | None:
        """The moment that was typed; None, and said, for what is none."""
        now = self._live.clock.present()
        try:
            at = parse_when(text, now)
        except BadInputError as error:
            self._live.say(str(error))
            return None
        if at > now:
            self._live.say(f"{text!r} is still to come")
            return None
        return at

    def go_typed(self, text: str) -> None:
        """To the time that was typed; nothing: back to what happens now."""
        if not text.strip():
            self.live()
        elif (at := self.moment(text)) is not None:
            self.go(at)

    def begin(self, at: int) -> None:
        """Show a time from the beginning; what is known now is not shown before."""
        cover = PageScreen(
            self._live, "as of another time", [Row([("reading what was written until then…", "muted", False)])]
        )
        self._app.push_screen(cover)
        self._cover = cover
        self.go(at)

    def go(self, at: int) -> None:
        """Show a time; of several that are asked for meanwhile the last."""
        self._wanted = at
        if not self._busy:
            self._busy = True
            in_background(self._app, self._going, "travel")

    def step(self, cells: int, of_cell: int) -> None:
        """By cells of the line of time; into the past from now."""
        past = self.past
        if past is None:
            self._step_from_now(cells)
        else:
            self.go(max(past.first - 1, min(self._here(past) + cells * of_cell, past.last)))

    def _here(self, past: Past) -> int:
        """Where a step begins."""
        return past.at if self._wanted is None else self._wanted

    def step_event(self, step: int) -> None:
        """To the next event, or the one before."""
        past = self.past
        if past is None:
            self._step_from_now(step)
        else:
            self.go(past.next_after(self._here(past), step))

    def _step_from_now(self, step: int) -> None:
        if step > 0:
            self._live.say("this is now; nobody knows what will be")
        else:
            self.go(self._live.clock.present() - SECOND)

    def play(self) -> None:
        """Let time pass, faster each time; from the fastest on it stands still."""
        if self.past is None:
            self._live.say("this is live: go to a time first")
            return
        faster = [speed for speed in SPEEDS if speed > self._speed]
        self.stop()
        if faster:
            self._speed = faster[0]
            self._timer = self._app.set_interval(TICK, self._tick)
        self._tell()

    def stop(self) -> None:
        """Let time stand still."""
        if self._timer is not None:
            self._timer.stop()
        self._timer, self._speed = None, 0

    def live(self) -> None:
        """Back to what happens now."""
        self.stop()
        self._wanted = None
        if self._context is None:
            self._live.say("this is live")
            return
        context, self._context = self._context, None
        while self._app.screen is not context.screen and len(self._app.screen_stack) > 2:
            self._app.pop_screen()
        self._app.pop_screen()

    def show_changed(self, text: str) -> None:
        """Show what changed since a time."""
        if (at := self.moment(text)) is not None:
            in_background(self._app, partial(self._show_changed, at, text), "changed")

    # How it is done.

    async def _indexed(self) -> Past:
        """All that is known now, to be moved in time."""
        past = Past(self._live.state, self._live.feed.quarantined_pieces())

        def index() -> None:
            for _ in past.index():
                pass

        await asyncio.to_thread(index)
        return past

    async def _show_changed(self, at: int, text: str) -> None:
        screen = self._app.screen
        past = await self._indexed()
        await asyncio.to_thread(past.go, at)
        found = changes(past, self._live.state)
        if isinstance(screen, MainScreen):
            title = f"{len(found):,} tasks changed since {format_timestamp(at)[:19]}Z ({text})"
            page = PageScreen(screen.context, title, rows_of(found, self._live.looks))
            self._app.push_screen(page, screen.go_on_to)

    async def _going(self) -> None:
        try:
            while self._wanted is not None:
                at, self._wanted = self._wanted, None
                if self._context is None:
                    await self._leave(at)
                else:
                    await self._move(self._context, at)
                self._tell()
        finally:
            self._busy = False

    async def _leave(self, at: int) -> None:
        """From now to another time."""
        self._live.say("putting all events in their order…")
        while not self._live.feed.health.loaded:
            await asyncio.sleep(0.05)
        past = await self._indexed()
        await asyncio.to_thread(past.go, at)
        self._context = context = PastContext(self._live, past, self, self._saved())
        self._live.say("")
        cover, self._cover = self._cover, None
        if cover is not None and self._app.screen is cover:
            await self._app.switch_screen(self._screen(context))
        else:
            await self._app.push_screen(self._screen(context))

    async def _move(self, context: PastContext, at: int) -> None:
        """From one time in the past to another."""
        past, screen, back = context.past, context.screen, at < context.past.at
        if screen is not None and len(past.between(*sorted((past.at, at)))) <= AT_ONCE:
            changed = past.go(at)
            if back:
                turn_back(screen, changed)
            context.feed.give(changed)
            screen.intake.now()
            return
        if back:
            past = past.twin()
        changed = await asyncio.to_thread(past.go, at)
        if self._context is not context or context.screen is None:
            return  # back to the present meanwhile
        if not back:
            context.feed.give(changed)
            return
        target = context.screen.panes.shown_target()
        self._context = earlier = PastContext(self._live, past, self, context.screen.keep())
        while self._app.screen is not context.screen and isinstance(self._app.screen, PageScreen):
            self._app.pop_screen()
        await self._app.switch_screen(self._screen(earlier, target[0] if target is not None else None))

    def _saved(self) -> SavedState | None:
        """How the live screen is arranged."""
        live = next((one for one in self._app.screen_stack if isinstance(one, MainScreen)), None)
        return live.keep() if live is not None else None

    def _screen(self, context: PastContext, selected: str | None = None) -> MainScreen:
        """A screen that is given what is known at the time."""
        rows = context.state.rows
        screen = context.screen = MainScreen(context)
        newest = nlargest(FIRST_SHOWN, rows.values(), key=lambda row: row.last_at)
        first = dict.fromkeys(
            [*filter(None, [selected if selected in rows else None]), *(row.task_id for row in newest)]
        )
        context.feed.give([*first, *(task_id for task_id in reversed(list(rows)) if task_id not in first)])
        if selected is not None and selected in rows:
            screen.live.select_first(selected)
        return screen

    def _tick(self) -> None:
        past = self.past
        if past is None or self._busy:
            return
        at = past.at + round(self._speed * TICK * SECOND)
        if at >= past.last:
            self.stop()
        self.go(min(at, past.last))

    def _tell(self) -> None:
        """Let the line of time say where the screen is."""
        context = self._context
        if context is None or context.screen is None or not context.screen.is_mounted:
            return
        past = context.past
        local = self._live.looks.times == "local"
        moment = (format_local if local else format_timestamp)(past.at)[:19].replace("T", " ")
        context.screen.show_time(past.first, past.last, past.at, f"as of {moment}{'' if local else 'Z'}", self.note)

"""The app: it joins the feed to the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.driver import Driver
from textual.widgets import Input

from lineage_core.base import clock as wall
from lineage_core.base import user_files
from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import visible
from lineage_core.model.facts import Fact
from lineage_core.query.record_of_fact import record_text
from lineage_core.read.moved_files import copies_of
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.feed import Feed
from lineage_core.state.store import State
from lineage_tui.clipboard import OSC_52_MOST, in_tmux, load_buffer, osc_52
from lineage_tui.screens.main import Changed, MainScreen
from lineage_tui.screens.palette import Commands
from lineage_tui.settings.config import OwnSettings, SavedState, save_state
from lineage_tui.settings.keymap import rebind, with_own
from lineage_tui.shutdown import LOOK
from lineage_tui.terminal import TerminalDriver, has_shell
from lineage_tui.theme.palettes import Palette, themes
from lineage_tui.theme.styles import Styles
from lineage_tui.time_travel.travel import Travel
from lineage_tui.widgets.background_work import in_background
from lineage_tui.widgets.pending_key import pending_key

DEFAULT_THRESHOLDS = Thresholds()
NOTHING_OWN = OwnSettings()


class ScreenClock:
    """The time that the screen shows: the present, or the moment at which it was paused."""

    def __init__(self, clock: wall.Clock) -> None:
        self._clock = clock
        self._held: int | None = None

    def __call__(self) -> int:
        return self._clock() if self._held is None else self._held

    @property
    def paused(self) -> bool:
        """Whether the picture is frozen."""
        return self._held is not None

    def present(self) -> int:
        """The present, also while the picture is frozen."""
        return self._clock()

    def toggle(self) -> None:
        """Freeze the picture, or let it go on."""
        self._held = None if self.paused else self._clock()


class LineageApp(App[None]):
    """lineage-tui over one directory.

    directory: the lineage directory; it may not exist yet. since: leave out events before this time. thresholds:
    when something counts as stuck. keys: keys by command name, in place of the default ones. kept: what the last run
    left (view, filter, folds …); None: nothing is taken over, and nothing is kept. trace_url: where a trace
    can be seen. notify: see `screens/terminal_alarm.py`. hints: whether to begin with hints for newcomers. own_themes:
    palettes besides ours, by name. at: as of when to begin, in place of now. own: what
    the config file adds. clock: gives the present time.

    commands: what the operator can do, with the keys in force. defect: the unexpected error that ended it. look: called
    now and then to see whether the terminal is still there.
    """

    CSS_PATH = "lineage.tcss"
    TITLE = "lineage"
    COMMANDS: ClassVar[set[Any]] = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True, system=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True, system=True),
    ]

    def __init__(
        self,
        directory: Path,
        *,
        since: int | None = None,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
        theme: str = "dark",
        ascii_only: bool = False,
        force_polling: bool = False,
        keys: Mapping[str, tuple[str, ...]] | None = None,
        saved: SavedState | None = None,
        trace_url: str = "",
        notify: str = "title",
        hints: bool = False,
        own_themes: Mapping[str, Palette] | None = None,
        at: int | None = None,
        own: OwnSettings = NOTHING_OWN,
        clock: wall.Clock = wall.now,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.directory = directory
        self.state = State()
        self.clock = ScreenClock(clock)
        self.thresholds = thresholds
        self.looks = Styles(theme, ascii_only=ascii_only, own=own_themes or {})
        self.feed = Feed(directory, self.state, self._notify, since=since, force_polling=force_polling)
        for palette in themes(self.looks.palettes):
            self.register_theme(palette)
        self.theme = theme
        self.first_theme = theme
        self.own = own
        self.commands = with_own(rebind(keys or {}), own.commands)
        self._bindings.key_to_bindings.pop(self.COMMAND_PALETTE_BINDING, None)  # one of our commands opens it
        self.saved = saved
        self.trace_url = trace_url
        self.notify_by = notify
        self.hints = hints
        self.travel = Travel(self, self)
        self.begin_at = at
        self.main_screen: MainScreen | None = None
        self.defect: BaseException | None = None
        self.look: Callable[[], None] | None = None

    def on_mount(self) -> None:
        self.set_class(self.looks.ascii_only, "ascii")
        self.main_screen = MainScreen(self)
        self.push_screen(self.main_screen)
        self.feed.start()
        if self.begin_at is not None:
            self.travel.begin(self.begin_at)
        if self.look is not None and not self.is_headless:
            self.set_interval(LOOK, self.look)

    async def on_event(self, event: events.Event) -> None:
        came_back = event.is_forwarded
        await super().on_event(event)
        # A key is done at once, or goes to the widget that has the focus and comes back from it.
        if isinstance(event, events.Key) and event.is_forwarded == came_back:
            pending_key(self).done()

    def begin_again(self) -> bool:
        """Put a new screen in place of the present one, as that was left, and show it all tasks; whether that was done:
        not while anything lies over it."""
        before = self.main_screen
        if before is None or self.screen is not before:
            return False
        before.learning.alarm.end()
        self.main_screen = MainScreen(self, before.keep())
        self.switch_screen(self.main_screen)
        self.feed.tell_again()
        self._notify()
        return True

    def on_unmount(self) -> None:
        if self.main_screen is not None:
            self.main_screen.learning.alarm.end()
        if self.saved is not None and self.main_screen is not None:
            save_state(self.directory, self.main_screen.keep())
        self.feed.stop()

    def action_command_palette(self) -> None:
        """The list of all commands."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=self.looks.plain("Search for commands…")))

    def action_interrupt(self) -> None:
        """Ctrl-C, whatever is on the screen: copy what is selected, else end."""
        field = self.focused
        if text := field.selected_text if isinstance(field, Input) else self.screen.get_selected_text():
            self.copy_to_clipboard(text)
            self.screen.clear_selection()
        else:
            self.exit(return_code=ExitCode.INTERRUPTED)

    def action_suspend_process(self) -> None:
        """Ctrl-Z: stop until the shell lets us go on."""
        if not isinstance(self._driver, TerminalDriver) or not has_shell():
            self.say("there is no shell to go back to")
        else:
            self._suspend_signal()
            self._driver.suspend()

    def on_text_selected(self) -> None:
        """The mouse was dragged over something."""
        if text := self.screen.get_selected_text():
            self.copy_to_clipboard(text)

    def copy_to_clipboard(self, text: str) -> None:
        self.copy(text, f"{len(text):,} characters")

    def copy(self, text: str, what: str) -> None:
        """Copy a text, harmless to whatever it is pasted into, and say where to. what: what to call it."""
        self._clipboard = "\n".join(map(visible, text.split("\n")))
        if in_tmux():
            in_background(self, partial(self._copy_to_tmux, self._clipboard, what), "copy")
        else:
            self._copy_to_terminal(self._clipboard, what)

    async def _copy_to_tmux(self, text: str, what: str) -> None:
        if await load_buffer(text):
            self.say(f"copied to tmux buffer: {what}")
        else:
            self._copy_to_terminal(text, what)

    def _copy_to_terminal(self, text: str, what: str) -> None:
        sequence = osc_52(text)
        if self._driver is not None:
            self._driver.write(sequence)
        long = f", which may be too much for it ({len(text):,} characters)" if len(sequence) > OSC_52_MOST else ""
        self.say(f"sent to the terminal (OSC 52){long}: {what}")

    def write_to_terminal(self, text: str) -> None:
        """Send a sequence to the terminal, as far as there is one."""
        if self._driver is not None:
            self._driver.write(text)

    def say(self, text: str) -> None:
        """Show a line to the operator until the next key."""
        screen = self.screen if isinstance(self.screen, MainScreen) else self.main_screen
        if screen is not None:
            screen.say(text)

    def end(self) -> None:
        """End the program, as the operator asked."""
        self.exit()

    def end_soon(self, code: int) -> bool:
        """Called from any thread: end with this exit code; False if there is nothing to end yet."""
        if self._loop is None:
            return False
        self._loop.call_soon_threadsafe(lambda: self.exit(return_code=code))
        return True

    def show_theme(self, name: str) -> None:
        """Take the colours of a theme."""
        self.looks.use(name)
        self.theme = name

    def toggle_pause(self) -> None:
        """Freeze the picture, clock and state, or let it go on."""
        self.clock.toggle()
        if self.clock.paused:
            self.feed.pause()
        else:
            self.feed.resume()

    @on(Driver.SignalResume)
    def _redraw(self) -> None:
        """The alternate screen is a new one, and the size may be the one that it was."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def _handle_exception(self, error: Exception) -> None:
        """An unexpected error is kept for the report; what Textual would print shows the values of variables, raw."""
        self.defect = self.defect or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def _notify(self) -> None:
        """Called by the feed's thread; posting a message is safe from there."""
        if self.main_screen is not None:
            self.main_screen.post_message(Changed())

    def save_text(self, text: str) -> Path:
        """Save a view as a text file under the user's state directory; returns its path. Raises OSError."""
        path = user_files.need("state") / f"view-{wall.format_timestamp(wall.now())[:19].replace(':', '')}.txt"
        with user_files.replacing(path) as file:
            file.write(f"{text}\n".encode())
        return path

    def read_record(self, fact: Fact) -> str:
        """The record of a fact as it stands on disk, indented; or why it is not to be had."""
        return record_text(self.directory, fact)

    def record_file(self, fact: Fact) -> Path | None:
        """The file in which the record of a fact stands, renamed or packed as it may be; None if it is gone."""
        return next(iter(copies_of(self.directory, fact.file)), None)

"""What the screens know of the program that shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lineage_core.model.facts import Fact
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.feed import Feed
from lineage_core.state.store import State
from lineage_tui.settings.config import OwnSettings, SavedState
from lineage_tui.settings.keymap import Command, first_key
from lineage_tui.theme.styles import Styles


class ScreenClock(Protocol):
    """The time that the screen shows; it may be frozen."""

    def __call__(self) -> int: ...

    @property
    def paused(self) -> bool:
        """Whether the picture is frozen."""

    def present(self) -> int:
        """The present, also while the picture is frozen."""


class Travel(Protocol):
    """Moves the app in time."""

    @property
    def past(self) -> object | None:
        """The state at the time that is shown; None: the present is shown."""

    def go(self, at: int) -> None:
        """Show a time."""

    def go_typed(self, text: str) -> None:
        """To the time that was typed; nothing: back to what happens now."""

    def step(self, cells: int, of_cell: int) -> None:
        """By cells of the line of time, of so many microseconds each."""

    def step_event(self, step: int) -> None:
        """To the next event, or the one before."""

    def play(self) -> None:
        """Let time pass, faster each time."""

    def stop(self) -> None:
        """Let time stand still."""

    def live(self) -> None:
        """Back to what happens now."""

    def show_changed(self, text: str) -> None:
        """Show what changed since the time that was typed."""


class Context(Protocol):
    """State, clock, looks and feed of the program, and what it does for a screen.

    commands: what the operator can do, with the keys in force. kept: what the last run left, if that is wanted.
    first_theme: the colours that the program was started with. trace_url: where a trace can be seen, or nothing.
    notify_by: what the terminal tells of what needs somebody. hints: whether to begin with hints for newcomers.
    own: what the config file adds.
    """

    directory: Path
    state: State
    looks: Styles
    thresholds: Thresholds
    commands: tuple[Command, ...]
    saved: SavedState | None
    first_theme: str
    trace_url: str
    notify_by: str
    hints: bool
    own: OwnSettings

    @property
    def feed(self) -> Feed:
        """What the screen takes changes from."""

    @property
    def travel(self) -> Travel:
        """Moves the app in time."""

    @property
    def clock(self) -> ScreenClock:
        """The time that the screen shows."""

    def say(self, text: str) -> None:
        """Show a line to the operator until the next key."""

    def write_to_terminal(self, text: str) -> None:
        """Send a sequence to the terminal, as far as there is one."""

    def copy(self, text: str, what: str) -> None:
        """Copy a text and say where to. what: what to call it."""

    def save_text(self, text: str) -> Path:
        """Save a text for the user; returns its path. Raises OSError."""

    def read_record(self, fact: Fact) -> str:
        """The record of a fact as it stands on disk."""

    def begin_again(self) -> bool:
        """Put a new screen in place of the present one; whether that was done."""

    def record_file(self, fact: Fact) -> Path | None:
        """The file in which the record of a fact stands; None if it is gone."""

    def toggle_pause(self) -> None:
        """Freeze the picture, or let it go on."""

    def show_theme(self, name: str) -> None:
        """Take the colours of a theme."""

    def end(self) -> None:
        """End the program."""


Handlers = dict[str, Callable[[], object]]
"""What to do for a command, by its name."""


def key_of(context: Context, name: str) -> str:
    """The key of a command, to name it in a message."""
    return next(first_key(c, ascii_only=context.looks.ascii_only) for c in context.commands if c.name == name)

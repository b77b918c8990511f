"""What a screen at another time is given in place of the live program: its state, its feed, its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lineage_core.model.facts import Fact
from lineage_core.state.feed import Feed
from lineage_core.state.state_as_of import Past
from lineage_core.state.store import State
from lineage_tui.screens.app_context import Context, Travel
from lineage_tui.screens.main import Changed, MainScreen
from lineage_tui.settings.config import SavedState


class PastFeed(Feed):
    """What the screen is given of a state that stands at a time: nothing is read any more."""

    def __init__(self, directory: Path, past: Past, live: Feed, notify: Callable[[], None]) -> None:
        super().__init__(directory, past, notify)
        self.health.mode, self.health.loaded, self.health.history = "past", True, 1.0
        self.health.problems = live.health.problems
        self._past = past

    def give(self, task_ids: Iterable[str]) -> None:
        """Let the screen take these tasks, in this order."""
        self.health.quarantined = self._past.quarantined
        self.health.rejected = sum(self.health.quarantined.values())
        self._changed.announce(task_ids, history=True)


class PastClock:
    """The time that is shown."""

    paused = False

    def __init__(self, past: Past) -> None:
        self._past = past

    def __call__(self) -> int:
        return self._past.at

    def present(self) -> int:
        """The same: nothing is known of what came later."""
        return self._past.at


class PastContext:
    """What a screen at another time knows of the program: all as the live one, but state, feed and clock."""

    notify_by = "off"
    hints = False

    def __init__(self, live: Context, past: Past, travel: Travel, saved: SavedState | None) -> None:
        self._live = live
        self.past = past
        self.state: State = past
        self.directory, self.looks, self.thresholds, self.commands = (
            live.directory, live.looks, live.thresholds, live.commands,
        )  # fmt: skip
        self.first_theme, self.trace_url = live.first_theme, live.trace_url
        self.own = live.own._replace(refusal="this is another time: go back to now to log something")
        self.clock = PastClock(past)
        self.travel = travel
        self.saved = saved
        self.feed = PastFeed(live.directory, past, live.feed, self._changed)
        self.screen: MainScreen | None = None

    def _changed(self) -> None:
        if self.screen is not None:
            self.screen.post_message(Changed())

    def say(self, text: str) -> None:
        if self.screen is not None:
            self.screen.say(text)

    def write_to_terminal(self, text: str) -> None:
        self._live.write_to_terminal(text)

    def copy(self, text: str, what: str) -> None:
        self._live.copy(text, what)

    def save_text(self, text: str) -> Path:
        return self._live.save_text(text)

    def read_record(self, fact: Fact) -> str:
        return self._live.read_record(fact)

    def begin_again(self) -> bool:
        """Tasks have the names that they have now: none is given up."""
        return False

    def record_file(self, fact: Fact) -> Path | None:
        return self._live.record_file(fact)

    def toggle_pause(self) -> None:
        self.travel.stop()

    def show_theme(self, name: str) -> None:
        self._live.show_theme(name)

    def end(self) -> None:
        self._live.end()

"""The field in which filters and commands are typed; what could follow is shown behind the cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input


class Completion(Suggester):
    """What a text could become, as a function of it says."""

    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)


class Prompt(Input):
    """A line of text. complete: gives the whole text that what is typed could become, or None.

    Tab takes what is suggested, as the right arrow does at the end.
    """

    def __init__(self, complete: Callable[[str], str | None], **options: Any) -> None:
        super().__init__(suggester=Completion(complete), **options)
        self._completed = complete

    def on_key(self, event: events.Key) -> None:
        """Here and not by bindings: those would be looked at after the keys that were typed behind this one."""
        does = {"tab": self.complete, "shift+tab": lambda: None, "f1": self.explain}.get(event.key)
        if does is not None:
            event.stop()
            event.prevent_default()
            does()

    def complete(self) -> None:
        """Take what is suggested; without a suggestion nothing happens, and the field keeps the focus."""
        if (whole := self._completed(self.value)) is not None:
            self.value = whole
            self.cursor_position = len(whole)

    def explain(self) -> None:
        """Show what can be typed."""
        self.screen.action_language()  # type: ignore[attr-defined]

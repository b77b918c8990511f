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
    """A line of text. complete: gives the whole text that what is typed could become, or None. explain: shows what can
    be typed.

    Tab takes what is suggested, as the right arrow does at the end.
    """

    def __init__(
        self,
        complete: Callable[[str], str | None],
        explain: Callable[[], None],
        plain: Callable[[str], str],
        **options: Any,
    ) -> None:
        super().__init__(suggester=Completion(complete), **options)
        self._completed = complete
        self._explain = explain
        self._plain = plain
        self._purpose = ""

    @property
    def purpose(self) -> str:
        """What is being typed, as `ask` was told; nothing while nothing is."""
        return self._purpose if self.display else ""

    def ask(self, purpose: str, value: str, hint: str) -> None:
        """Appear, with a text to begin with, and a hint in place of an empty one."""
        self._purpose = purpose
        self.placeholder = self._plain(hint)
        self.display = True
        with self.prevent(Input.Changed):
            self.value = value
        self.cursor_position = len(value)

    def put(self, text: str) -> None:
        """Take a text in place of what was typed."""
        self.value = text
        self.cursor_position = len(text)

    def on_key(self, event: events.Key) -> None:
        """Here and not by bindings: those would be looked at after the keys that were typed behind this one."""
        does = {"tab": self.complete, "shift+tab": lambda: None, "f1": self._explain}.get(event.key)
        if does is not None:
            event.stop()
            event.prevent_default()
            does()

    def complete(self) -> None:
        """Take what is suggested; without a suggestion nothing happens, and the field keeps the focus."""
        if (whole := self._completed(self.value)) is not None:
            self.put(whole)

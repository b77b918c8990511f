"""Lines for people, each said when it begins to hold, and again only after a while."""

from __future__ import annotations

import time
from collections.abc import Callable

AGAIN = 60.0
"""Seconds until a line that still holds is said again."""

_REMEMBERED = 1000


class Notices:
    """tell: called with a line."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self._last: dict[str, float] = {}

    def say(self, line: str, topic: str = "") -> None:
        """Say a line, unless it (or another one of its topic) was said just now."""
        topic = topic or line
        present = time.monotonic()
        if present - self._last.get(topic, -AGAIN) < AGAIN:
            return
        self._last[topic] = present
        while len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]
        self.tell(line)

    def over(self, topic: str, line: str) -> None:
        """What was said under a topic no longer holds; say so, if anything was said."""
        if self._last.pop(topic, None) is not None:
            self.tell(line)


def size(count: int) -> str:
    """A number of bytes for people: `12 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count = round(count / 1000)
    return f"{count} {unit}"

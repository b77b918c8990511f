"""How often something may be done that takes long: so often that it takes a small part of the time."""

from __future__ import annotations

import time
from collections.abc import Callable

SHARE = 20
"""What took a moment may be done again after so many of them …"""

LONGEST = 0.5
"""… or after so many seconds."""


class Throttle:
    """clock: gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._next = clock()

    def wait(self) -> float:
        """For how many seconds it should not be done yet; 0 when it may be."""
        return max(0.0, self._next - self._clock())

    def begin(self) -> None:
        """Note that the work begins: its duration is measured from here."""
        self._began = self._clock()

    def end(self) -> None:
        """Note that the work has ended, and from when on it may be done again."""
        now = self._clock()
        self._next = now + min(LONGEST, SHARE * (now - self._began))

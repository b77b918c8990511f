"""Whether a key waits for its frame: work that nobody waits for holds off until that is drawn.

A key goes through the queues of the app, of the widget that has the focus and of the screen before its frame is drawn:
several turns of the event loop, in each of which other work would do a slice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App

LONGEST = 0.1
"""Seconds that other work holds off at most: not every key changes something, and one that is held down repeats."""


class PendingKey:
    """The oldest key whose frame is not drawn yet. Where no terminal tells of keys, as in tests, there is none.

    clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._done = False

    def pressed(self) -> None:
        """A key came from the terminal. Called in the thread that reads it, so that a slice of work ends early."""
        self._done = False
        if not self.waits:
            self._since = self._clock()

    def done(self) -> None:
        """What the last key asks for was done: the next frame shows it."""
        self._done = True

    def drawn(self) -> None:
        """A frame was drawn. One that was due before the key was done does not show it."""
        if self._done:
            self._since = None

    @property
    def waits(self) -> bool:
        """Whether other work is to hold off."""
        return (since := self._since) is not None and self._clock() - since < LONGEST


_PENDING: WeakKeyDictionary[App[Any], PendingKey] = WeakKeyDictionary()


def pending_key(app: App[Any]) -> PendingKey:
    """The key of an app that waits for its frame."""
    return _PENDING.setdefault(app, PendingKey())

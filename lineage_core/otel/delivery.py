"""Gets everything to the other side, however often it is away: batch by batch, each until it was taken.

What is refused for what it holds (400, 413) is sent in halves, until the one that is wrong stands alone; it is left
out, and told, if the other side takes an empty request: else nothing is wrong with it, but with the address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

BATCH = 512
"""Spans in one request, as the SDK's own processor has it."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 60.0
"""Seconds until it is tried again: at first, and at most."""

_REFUSED = (400, 413)  # the data is wrong, or too much: it is not sent again as it is


class Answer(NamedTuple):
    """What came of a request. why: in words, if it failed. status: of HTTP, 0 if nobody answered.

    retry_after: seconds that the other side asks to wait.
    """

    sent: bool
    why: str = ""
    status: int = 0
    retry_after: float | None = None

    @property
    def refused(self) -> bool:
        """Whether the data was judged, not the moment."""
        return self.status in _REFUSED


Item = TypeVar("Item")


class GivenUpError(Exception):
    """It was not delivered: the time is up, or the program is to end. Says why."""


class Delivery:
    """tell: called with a line for people. pause: waits so many seconds, and says whether to go on.

    patience: seconds after which a batch is given up; None: never.
    """

    def __init__(
        self, tell: Callable[[str], None], pause: Callable[[float], bool], patience: float | None = None
    ) -> None:
        self._tell = tell
        self._pause = pause
        self._patience = patience
        self._away = False
        self.sent = 0
        self.left_out = 0
        self.failures = 0

    def all(self, items: Iterator[Item], post: Callable[[Sequence[Item]], Answer]) -> None:
        """Deliver all items in batches. Raises GivenUpError."""
        while batch := list(islice(items, BATCH)):
            self.batch(batch, post)

    def batch(self, batch: Sequence[Item], post: Callable[[Sequence[Item]], Answer]) -> None:
        """Deliver one batch. Raises GivenUpError."""
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            answer = post(batch)
            if answer.sent:
                self._back()
                self.sent += len(batch)
                return
            if answer.refused and len(batch) > 1:
                middle = len(batch) // 2
                self.batch(batch[:middle], post)
                self.batch(batch[middle:], post)
                return
            if answer.refused and post([]).sent:
                self.left_out += 1
                self._tell(f"{answer.why} to this alone, which is left out: {_name(batch[0])}")
                return
            self.failures += 1
            if self._patience is not None and time.monotonic() - began + pause > self._patience:
                raise GivenUpError(answer.why)
            self._gone(answer)
            wait = max(pause, answer.retry_after or 0.0)
            if not self._pause(min(wait, LONGEST_PAUSE)):
                raise GivenUpError("ended before all was sent")
            pause = min(2 * pause, LONGEST_PAUSE)

    def _gone(self, answer: Answer) -> None:
        if not self._away:
            self._tell(f"{answer.why}; trying again until it is taken")
        self._away = True

    def _back(self) -> None:
        if self._away:
            self._tell("the other side takes again")
        self._away = False


def _name(item: object) -> str:
    """What an item is, for people."""
    attributes = getattr(item, "attributes", {})
    return f"{getattr(item, 'name', '')} of {attributes.get('cortex.task.id', '')}"

"""When things become late, as a heap: what is due now is found without a look at all that is open."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class DueTimes(Generic[K]):
    """Times by key, of which the next ones are asked for; keys must be comparable. A change costs O(log n)."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, K]] = []
        self._at: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._at)

    def put(self, key: K, at: int | None) -> None:
        """Ask for this key at a time (microseconds), in place of what it was; None: never."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heappush(self._heap, (at, key))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._at):  # most were changed since
            self._heap = [(at, key) for key, at in self._at.items()]
            heapify(self._heap)

    def copy(self) -> DueTimes[K]:
        """The same, to be changed by itself."""
        other: DueTimes[K] = DueTimes()
        other._heap, other._at = self._heap.copy(), self._at.copy()
        return other

    def next(self) -> int | None:
        """The earliest time that is asked for."""
        while self._heap:
            at, key = self._heap[0]
            if self._at.get(key) == at:
                return at
            heappop(self._heap)
        return None

    def due(self, now: int) -> Iterator[K]:
        """Take out the keys whose time has come, the earliest first; others may be put in meanwhile."""
        while (at := self.next()) is not None and at <= now:
            key = heappop(self._heap)[1]
            del self._at[key]
            yield key

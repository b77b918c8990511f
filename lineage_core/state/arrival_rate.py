"""How many events a second arrive, over the last ten seconds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from lineage_core.base.clock import SECOND
from lineage_core.read.decoder import Found

SPAN = 10
"""Seconds over which the rate is taken."""

RECENT = 15
"""Seconds since its timestamp until which an event arrives now; of an older one the record was only read now."""


class ArrivalRate:
    """Counted by the thread that reads, asked by any. now: seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: deque[tuple[float, int]] = deque()

    def count(self, found: Iterable[Found], now: float, present: float) -> None:
        """Note the events that arrived just now; a copy of an event counts like the event. present: seconds since the
        epoch."""
        recent = (present - RECENT) * SECOND
        if arrived := sum(one.at > recent for one in found):
            with self._lock:
                self._arrivals.append((now, arrived))

    def per_second(self, now: float) -> float:
        """Events a second."""
        with self._lock:
            while self._arrivals and self._arrivals[0][0] < now - SPAN:
                self._arrivals.popleft()
            return sum(number for _, number in self._arrivals) / SPAN

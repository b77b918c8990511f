"""The present, for tests: the only module of the tests that asks for it, as tests/faults/test_time_proof.py checks.

A test that needs no particular time takes a fixed one. One that needs the present has the marker `clock`, takes it
from here once, and counts from it: it may be any hour of any date, and midnight may come while it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from lineage_core.base import clock


def now() -> int:
    """Microseconds since the epoch, as the product has it: LINEAGE_NOW freezes it."""
    return clock.now()


def today() -> str:
    """The UTC date now: that of the daily file that an event goes to."""
    return clock.utc_date(now())


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds. It fails after `seconds`, which only says that it never will."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for nothing")
        time.sleep(0.01)

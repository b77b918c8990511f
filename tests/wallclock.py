"""The present, for tests: the only module of the tests that asks for it, as tests/faults/test_time_proof.py checks.

A test that needs no particular time takes a fixed one. One that needs the present has the marker `clock`, takes it
from here once, and counts from it: it may be any hour of any date, and midnight may come while it runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from lineage_core.base import clock


def now() -> int:
    """Microseconds since the epoch, as the product has it: LINEAGE_NOW freezes it."""
    return clock.now()


def today() -> str:
    """The UTC date now: that of the daily file that an event goes to."""
    return clock.utc_date(now())


SHIFT = {name: value for name, value in os.environ.items() if name == "LD_PRELOAD" or name.startswith("FAKETIME")}
"""For the environment of a program that is given one: what shifts its clock too, under `tests/at_times.sh`."""


def unshifted() -> dict[str, str]:
    """The environment without that, for a program whose clock does not matter and that libfaketime would disturb: it
    opens files of its own, in the place of a descriptor that was closed, and wants to be the first library.
    """
    return {name: value for name, value in os.environ.items() if name not in SHIFT}


def let_midnight_come_in(seconds: float) -> None:
    """Under libfaketime: shift the clock of this process, and of those that it starts, so that midnight UTC comes then.

    The shift is of whole seconds, as `written_at` needs it; for the rest of one it waits.
    """
    real = time.time() - int(os.environ["FAKETIME"].removesuffix("s"))
    shift, rest = divmod((-seconds - real) % (clock.DAY / clock.SECOND), 1)
    time.sleep(rest)
    os.environ["FAKETIME"] = SHIFT["FAKETIME"] = f"{shift:+.0f}s"


def written_at(path: Path) -> int:
    """When a file was written last, in microseconds of the clock that `now` has.

    Under libfaketime the kernel's times stay real; `tests/at_times.sh` tells in FAKETIME by how many seconds it shifts.
    """
    shift = int(os.environ.get("FAKETIME", "0s").removesuffix("s"))
    return path.stat().st_mtime_ns // 1000 + shift * clock.SECOND


def wait_until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until a condition holds. It fails after `seconds`, which only says that it never will."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for nothing")
        time.sleep(0.01)

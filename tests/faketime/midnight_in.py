"""A pytest plugin for `tests/at_times.sh` with MIDNIGHT_IN=SECONDS: midnight UTC comes that long after each test began."""

import os
import time

import pytest

from tests import wallclock

DAY = 86400.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Shift the clock of this process, and of those that the test starts, by whole seconds; wait for the rest of one."""
    real = time.time() - int(os.environ["FAKETIME"].removesuffix("s"))
    seconds, rest = divmod((-float(os.environ["MIDNIGHT_IN"]) - real) % DAY, 1)
    time.sleep(rest)
    os.environ["FAKETIME"] = wallclock.SHIFT["FAKETIME"] = f"{seconds:+.0f}s"

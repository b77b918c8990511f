"""A plugin of pytest for `tests/at_times.sh`: midnight UTC comes MIDNIGHT_IN seconds after each test began."""

import os

import pytest

from tests import wallclock


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    wallclock.let_midnight_come_in(float(os.environ["MIDNIGHT_IN"]))

"""Every Python under libfaketime: `time.sleep` by select.

Python sleeps until a moment of the monotonic clock (clock_nanosleep with TIMER_ABSTIME). libfaketime 0.9.10 subtracts
its offset from that moment even with FAKETIME_DONT_FAKE_MONOTONIC, and the call fails with EINVAL.
"""

import select
import time


def _sleep(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = _sleep

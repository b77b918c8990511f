"""Wake-ups: something in the lineage directory may have changed. Notifications are hints, offsets are truth."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

SLOW = 2.0
"""Seconds after which a watched directory is looked at anyway: the system may have dropped notifications."""
RETRY = 30.0
"""Seconds after which a watch is tried again that could not be had."""
_STEP = 10  # milliseconds between looks at the queue of notifications
_DEBOUNCE = 50  # milliseconds that a burst of them is collected at most


class Watcher:
    """Waits for changes in a directory, which need not exist yet. For use in one thread.

    poll: seconds between wake-ups while polling. stop: set it, and `wait` returns False within 10 ms.

    mode: "live" or "polling"; reason: why it is polling, for people.
    """

    def __init__(
        self,
        directory: Path,
        *,
        poll: float = 0.5,
        force_polling: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self.directory = Path(directory)
        self.mode = "polling"
        self.reason = "asked to" if force_polling else "starting"
        self._poll = poll
        self._forced = force_polling
        self._stop = stop or threading.Event()

    def wait(self) -> bool:
        """Wait until something may have changed, or it is time to look anyway; False when stopped."""
        return not self._stop.wait(self._poll)

"""Whether anybody still has a file open for writing: what must be known before it is packed and removed.

The kernel tells it exactly, for all users, to whoever owns the file: it grants a read lease only while nobody has
the file open for writing. Where it grants none (other owners, network file systems), the open files that /proc shows
are looked through; and where /proc hides those of other users, the file has to stay unchanged for a while.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import NamedTuple

PATIENCE = 60.0
"""Seconds to wait for a writer that can be seen."""

GRACE = 30.0
"""Seconds without a change after which a file counts as left alone where writers cannot be seen. Writers open a
file, write one line and close it: that takes milliseconds."""

_POLL = (0.01, 0.5)  # seconds between looks, the first and the longest


class OpenWriters(NamedTuple):
    """What could be told. writers: process ids, as far as known; open: whether there are any, None: not certain."""

    open: bool | None
    writers: tuple[int, ...] = ()


def look(path: Path) -> OpenWriters:
    """Who has the file open for writing. Raises OSError when it cannot be opened itself."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        leased = _lease(fd)
        if leased is False:
            return OpenWriters(False)
        seen = _look_through_proc(os.fstat(fd))
    finally:
        os.close(fd)
    return OpenWriters(True, seen.writers) if leased else seen


def _lease(fd: int) -> bool | None:
    """Whether somebody has the file open for writing, by asking for a lease; None if there are none to be had."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):  # not the owner, no leases on this file system, or not Linux
        return None
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _look_through_proc(status: os.stat_result) -> OpenWriters:
    key, writers, hidden = (status.st_dev, status.st_ino), [], False
    try:
        processes = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return OpenWriters(None)
    for process in processes:
        try:
            descriptors = os.listdir(f"/proc/{process}/fd")  # noqa: PTH208
        except PermissionError:
            hidden = True
            continue
        except OSError:
            continue  # it has ended
        if any(_writes(process, descriptor, key) for descriptor in descriptors):
            writers.append(int(process))
    return OpenWriters(True, tuple(writers)) if writers else OpenWriters(None if hidden or not processes else False)


def _writes(process: str, descriptor: str, key: tuple[int, int]) -> bool:
    try:
        status = os.stat(f"/proc/{process}/fd/{descriptor}")  # noqa: PTH116
        if (status.st_dev, status.st_ino) != key:
            return False
        with open(f"/proc/{process}/fdinfo/{descriptor}") as lines:
            flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    except (OSError, StopIteration):
        return False  # it was closed meanwhile
    return flags & os.O_ACCMODE != os.O_RDONLY


class WriterWait:
    """Waits until nobody has a file open for writing that was renamed just now, so that nobody opens it any more.

    patience: seconds from now that writers may take. grace: seconds from now, or from the last change seen, that the
    file must stay as it is where writers cannot be seen.
    """

    def __init__(self, path: Path, patience: float = PATIENCE, grace: float = GRACE) -> None:
        self.path = path
        self._patience, self._grace = patience, grace
        self._began = self._changed = time.monotonic()
        self._state = _state(path)

    def wait(self) -> str:
        """Wait for it; an empty string, or why it took too long. Raises OSError if the file cannot be looked at."""
        pause = _POLL[0]
        while True:
            seen, state, present = look(self.path), _state(self.path), time.monotonic()
            if state != self._state or seen.open:
                self._state, self._changed = state, present
            if seen.open is False or (seen.open is None and present - self._changed >= self._grace):
                return ""
            if present - self._began >= self._patience + (self._grace if seen.open is None else 0):
                who = f" (process {', '.join(map(str, seen.writers[:5]))})" if seen.writers else ""
                return f"somebody{who} still has it open for writing after {self._patience:g} s"
            time.sleep(pause)
            pause = min(2 * pause, _POLL[1])


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns

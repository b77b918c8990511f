"""Wake-ups: something in the lineage directory may have changed. Notifications are hints, offsets are truth."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from lineage_core.base.errors import JournalError
from lineage_core.read.checkpoint import RACY
from lineage_core.read.journal_files import host_folders

SLOW = 2.0
"""Seconds after which a watched directory is looked at anyway: the system may have dropped notifications."""
RETRY = 30.0
"""Seconds after which a watch is tried again that could not be had."""
_STEP = 10  # milliseconds between looks at the queue of notifications; half a percent of a processor
_STEP_BUSY = 4  # the same while there is something to tell
_DEBOUNCE = 12  # milliseconds that a burst of them is collected at most
_REMOTE = frozenset(["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "glusterfs", "lustre", "fuse.sshfs"])
"""File systems on which others write without the kernel here hearing of it."""


class Watcher:
    """Waits for changes in a directory, and in those of hosts in it; it need not exist yet. For use in one thread.

    poll: seconds between wake-ups while polling. stop: set it, and `wait` returns False, within 10 ms.

    mode: "live" or "polling"; reason: why it is polling, in words for people.
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
        self._notify: Any = None
        self._folders: tuple[int, list[Path]] = (0, [])  # when the directory changed, and those of its hosts
        self._watched: list[tuple[int, int] | None] = []  # device and inode of each directory that is watched
        self._retry_at = 0.0
        self._step = _STEP

    def wait(self) -> bool:
        """Wait until something may have changed, or it is time to look anyway; False when stopped.

        Returns at once when a watch begins, for what came before it.
        """
        if self._stop.is_set():
            self.close()
            return False
        if self._notify is not None and self._watched != [*map(_identity, self._directories())]:
            self.close()
        if self._notify is None and not self._forced and self._begin():
            return True
        if self._notify is None:
            return not self._stop.wait(self._poll)
        from watchfiles._rust_notify import WatchfilesRustInternalError

        try:
            changes = self._notify.watch(_DEBOUNCE, self._step, int(SLOW * 1000), self._stop)
        except WatchfilesRustInternalError as error:  # a file whose name is not UTF-8 was written
            self.close()
            self._poll_instead(f"the watch failed: {error}")
            return True
        self._step = _STEP if changes == "timeout" else _STEP_BUSY
        if changes == "signal":
            raise KeyboardInterrupt
        if changes == "stop":
            self.close()
            return False
        if changes != "timeout" and any(Path(path) == self.directory for _, path in changes):
            self.close()  # the directory itself is gone or made anew: watch what is there now
            self._begin()
        return True

    def close(self) -> None:
        """Give up the watch."""
        if self._notify is not None:
            self._notify.close()
            self._notify, self._watched = None, []
            self.mode, self.reason = "polling", "starting"

    def _begin(self) -> bool:
        """Try to watch the directory; says why not in `reason`."""
        directories = self._directories()
        identities = [*map(_identity, directories)]
        if identities[0] is None:
            self.mode, self.reason = "polling", "the directory does not exist yet"
            return False
        if time.monotonic() < self._retry_at:
            return False
        for device in {identity[0] for identity in identities if identity is not None}:
            if (kind := _file_system(device)) in _REMOTE:
                return self._poll_instead(f"{kind} does not tell of changes")
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError  # 80 ms, and only here

        try:  # the last argument, true, would swallow not only a lack of permission but that of watches
            there = [str(path) for path, identity in zip(directories, identities, strict=True) if identity]
            self._notify = RustNotify(there, False, False, 0, False, False)
        except UnicodeEncodeError:  # what watches takes no other names
            return self._poll_instead("the name of the directory is not UTF-8")
        except (OSError, WatchfilesRustInternalError) as error:
            return self._poll_instead(f"no watch to be had: {error}")
        self._watched = identities
        self.mode, self.reason = "live", ""
        return True

    def _directories(self) -> list[Path]:
        """The directory, and those of the hosts in it."""
        try:
            changed_at = self.directory.stat().st_mtime_ns
            if changed_at != self._folders[0]:
                self._folders = 0, host_folders(self.directory)
                if time.time_ns() - changed_at > RACY:  # else it may change again without a trace
                    self._folders = changed_at, self._folders[1]
        except (OSError, JournalError):
            self._folders = 0, []
        return [self.directory, *self._folders[1]]

    def _poll_instead(self, reason: str) -> bool:
        """There is no watch, and none is tried for a while."""
        self.mode, self.reason = "polling", reason
        self._retry_at = time.monotonic() + RETRY
        return False


def _identity(directory: Path) -> tuple[int, int] | None:
    try:
        status = directory.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _file_system(device: int) -> str:
    """The type of the mounted file system with this device number, as Linux tells it, or an empty string."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with Path("/proc/self/mountinfo").open(encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                fields, _, rest = line.partition(" - ")
                if fields.split()[2] == wanted:
                    return rest.split()[0]
    except OSError:
        pass
    return ""

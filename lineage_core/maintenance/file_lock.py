"""One run at a time: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from lineage_core.base.errors import JournalError

_POLL = 0.05  # seconds


@contextlib.contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock that is the file `path`, made if it is missing, in a folder that exists.

    Raises JournalError that names the holder when it is not to be had in `patience` seconds: it is not taken from
    anybody, because a run that seems to hang may be packing a large file.
    """
    try:
        fd = _open(path)
    except OSError as error:
        raise JournalError(f"cannot lock {path}: {error.strerror}") from error
    try:
        deadline = time.monotonic() + patience
        while not _try(fd):
            if time.monotonic() >= deadline:
                holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
                raise JournalError(
                    f"process {holder} has held {path} for over {patience:g} s; nothing was done. "
                    "It may be ended: the next run goes on where it stopped"
                )
            time.sleep(_POLL)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    """The lock file, with the owner and the permissions of its folder, so that all who may archive may lock."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = path.parent.stat()
    try:
        fd = os.open(path, flags | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags, 0o600)
    with contextlib.suppress(PermissionError):
        os.fchown(fd, folder.st_uid, folder.st_gid)
    os.fchmod(fd, folder.st_mode & 0o666)
    return fd


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

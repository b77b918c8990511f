"""The user's own directories and files: settings, cache and state, where the system keeps such things.

None of them has to be there. A directory that cannot be had (HOME is unset or another user's, the disk is read-only,
an XDG variable names no directory) is `None`, work goes on without it, and `note` says once why. What is written is
private: directories are 0700 and files 0600 whatever the umask is, made anew and never through a symbolic link.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

Kind = Literal["config", "cache", "state"]

_APP = "lineage-tui"
_XDG: dict[Kind, tuple[str, str]] = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}
_lacking: dict[Kind, str] = {}
"""What this process goes without, and why; emptied by `note`."""


def location(kind: Kind) -> Path | None:
    """Where the user's files of a kind are, whether or not they exist; None where that is nowhere.

    As the XDG Base Directory Specification 0.8 has it, which ignores variables that name no absolute path.
    """
    if sys.platform != "linux":
        import platformdirs

        return Path(getattr(platformdirs, f"user_{kind}_dir")(_APP))
    variable, default = _XDG[kind]  # by ourselves: every query asks, and to import platformdirs takes 7 ms
    chosen = os.environ.get(variable, "")
    if chosen.startswith("/"):
        return Path(chosen, _APP)
    home = os.environ.get("HOME") or _home_of_uid()
    if home.startswith("/"):
        return Path(home, default, _APP)
    lack(
        kind, f"HOME is no absolute path: {home}" if home else "HOME is not set, and this user id has no home directory"
    )
    return None


def _home_of_uid() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def folder(kind: Kind, *parts: str) -> Path | None:
    """A directory to write to: `parts` below the location of a kind, made if it is missing, 0700.

    None where it cannot be made, cannot be written to or is not the user's: root, started with the HOME of somebody
    else, leaves nothing there that they could not read or replace.
    """
    path = location(kind)
    if path is None:
        return None
    try:
        _make(path.parent, ours=False)
        _make(path, ours=True)
        for part in parts:
            path /= part
            _make(path, ours=True)
    except OSError as error:
        lack(kind, f"{error.filename}: {error.strerror}")
        return None
    return path


def need(kind: Kind) -> Path:
    """The directory of a kind, to write to. Raises OSError where it cannot be had, which says why."""
    path = folder(kind)
    if path is None:
        raise OSError(errno.EACCES, _lacking.pop(kind))
    return path


def _make(path: Path, *, ours: bool) -> None:
    """Make a directory and what is missing above it. ours: it has to be this user's, for nobody else to open.

    Raises OSError where it cannot be made or used.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        _make(path.parent, ours=False)
        with suppress(FileExistsError):  # another process was faster
            path.mkdir(0o700)
        status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if status.st_uid != os.geteuid() and (ours or status.st_uid != 0):
        raise PermissionError(errno.EPERM, "belongs to another user", str(path))
    if ours:
        if status.st_mode & 0o077:
            path.chmod(0o700)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "cannot be written to", str(path))


def open_own(path: Path) -> int:
    """A descriptor to read a file that this program wrote: regular, of this user and no symbolic link.

    Raises OSError for anything else, and never waits (a FIFO would).
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        os.close(fd)
        raise PermissionError(errno.EPERM, "is no regular file of this user", str(path))
    return fd


def read_own(path: Path, most: int) -> bytes:
    """The bytes of such a file. Raises OSError for another one, and for one of more than `most` bytes."""
    with open(open_own(path), "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` at the end of the block: the new one is whole, or the old one stays.

    Raises OSError where it cannot be written.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def lack(kind: Kind, why: str) -> None:
    """Remember that there are no files of a kind in this run."""
    _lacking.setdefault(kind, why)


def note() -> str:
    """What this run goes without, and why, in one line; empty where nothing is lacking, or it was said already."""
    reasons: dict[str, list[str]] = {}
    for kind, why in sorted(_lacking.items()):
        reasons.setdefault(why, []).append(kind)
    _lacking.clear()
    missing = "; ".join(f"without {' and '.join(kinds)} ({why})" for why, kinds in reasons.items())
    return missing and f"goes on {missing}"

"""A file that a person named to write to (`-o FILE`): whole or not there, and never something else than a file."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lineage_core.base.errors import JournalError


@contextmanager
def output_file(name: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write to, under its name when all is written. Raises JournalError when it cannot be written.

    A regular file is replaced when the new one is whole, and keeps its mode and its owner; symbolic links to it stay
    links. What is no regular file (a device, a FIFO, `/dev/fd/63`) is written through; so is a file that cannot be
    replaced as it is: of another owner, with several names, or in a directory where nothing may be made.
    """
    try:
        file, part, target = _opened(Path(name))
        try:
            with file:
                yield file
            if part is not None:
                part.replace(target)
        finally:
            if part is not None:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise JournalError(f"cannot write {name}: {error.strerror or error}") from error


def _opened(path: Path) -> tuple[BinaryIO, Path | None, Path]:
    """The file to write to; the path of a new one, if it is one; and the path that it is for."""
    if (fd := _descriptor(path)) is not None:
        return open(os.dup(fd), "wb"), None, path
    try:
        # Opened first: so the kernel judges links of other users in shared directories, and what is written to is
        # what was looked at.
        fd = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        target = Path(os.path.realpath(path))
        umask = os.umask(0o077)
        os.umask(umask)
        return *_new(target, 0o666 & ~umask, None), target
    through = open(fd, "wb")  # noqa: SIM115
    there, target = os.fstat(fd), Path(os.path.realpath(path))
    if stat.S_ISREG(there.st_mode):
        try:
            if there.st_nlink == 1:
                file, part = _new(target, stat.S_IMODE(there.st_mode), there)
                through.close()
                return file, part, target
        except PermissionError:
            pass
        through.truncate()
    return through, None, target


def _new(target: Path, mode: int, owner: os.stat_result | None) -> tuple[BinaryIO, Path]:
    """A new file beside the target, under a name that was free, and its path. Raises OSError."""
    fd, name = tempfile.mkstemp(prefix=".lineage-", suffix=".part", dir=target.parent)
    part, file = Path(name), open(fd, "wb")  # noqa: SIM115
    try:
        made = os.fstat(fd)
        if owner is not None and (made.st_uid, made.st_gid) != (owner.st_uid, owner.st_gid):
            os.fchown(fd, owner.st_uid, owner.st_gid)
        os.fchmod(fd, mode)
    except OSError:
        file.close()
        part.unlink(missing_ok=True)
        raise
    return file, part


def _descriptor(path: Path) -> int | None:
    """The descriptor of this process that a path like /dev/stdout means: opened by name, a file would be begun anew."""
    for _ in range(40):
        if os.path.realpath(path.parent) == f"/proc/{os.getpid()}/fd" and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return None

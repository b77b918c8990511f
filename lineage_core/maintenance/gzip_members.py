"""Journal files into gzip and out of it: compressed always to the same bytes, added to by members, and compared.

Several gzip members behind one another are one content, so an archived file is added to without packing it again.
"""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.read.compression import UNPACK_FREE, UNPACK_RATIO, unpack
from lineage_core.read.journal_files import open_file, pieces

_BLOCK = 1 << 20
_LEVEL = 6  # of compression: 9 takes three times as long for 2 % less
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def pack(source: Path, target: Path, fresh: Path) -> int:
    """Write a new file `fresh`: what the target has, if there is one, and the source as one more gzip member.

    Returns the size of the source. The same content gives the same bytes: the header holds no name and no time.
    The new file is durable, and may be read by whoever may read the source.
    """
    fresh.unlink(missing_ok=True)  # of a run that was killed
    for level in (_LEVEL, 0):
        size = _compress(source, target, fresh, level)
        if size <= UNPACK_FREE + UNPACK_RATIO * fresh.stat().st_size:
            break  # else readers would take it for a bomb: it is stored as it is
        fresh.unlink()
    return size


def unpacks_to(fresh: Path, target: Path, source: Path, size: int) -> bool:
    """Whether `fresh` holds what the target has and the first `size` bytes of the source, byte for byte.

    Raises JournalError if it cannot be unpacked.
    """
    before = chain(unpacked(target), [_heal(target)]) if target.exists() else iter(())
    return same(unpacked(fresh), chain(before, content(source, size)))


def ends_with(target: Path, source: Path) -> bool:
    """Whether what the target unpacks to ends with the content of the source.

    Raises JournalError if the target is damaged.
    """
    try:
        start = sum(map(len, unpacked(target))) - source.stat().st_size
    except JournalError as error:
        raise JournalError(f"{target} cannot be added to: {error}") from error
    return start >= 0 and same(_from(unpacked(target), start), content(source))


def _compress(source: Path, target: Path, fresh: Path, level: int) -> int:
    size = 0
    machine = zlib.compressobj(level, zlib.DEFLATED, wbits=31)
    with open(os.open(fresh, _NEW, 0o600), "wb") as out:
        if target.exists():
            out.writelines(content(target))
            out.write(machine.compress(_heal(target)))
        for data in content(source):
            size += len(data)
            out.write(machine.compress(data))
        out.write(machine.flush())
        out.flush()
        hand_over(out.fileno(), source.stat())
        os.fsync(out.fileno())
    return size


def _heal(target: Path) -> bytes:
    """What has to stand before more content: a newline if the archived content ends in a torn line."""
    last = b"\n"
    for data in unpacked(target):
        last = data[-1:]
    return b"" if last == b"\n" else b"\n"


def hand_over(fd: int, like: os.stat_result) -> None:
    """Give a new file or folder the owner, the group and the permissions of another one, as far as we may."""
    try:
        os.fchown(fd, like.st_uid, like.st_gid)
    except PermissionError:
        with contextlib.suppress(PermissionError):
            os.fchown(fd, -1, like.st_gid)
    os.fchmod(fd, stat.S_IMODE(like.st_mode))


def _opened(path: Path) -> int:
    try:
        return open_file(path)
    except JournalError as error:
        raise JournalError(f"{path}: {error}") from error


def content(path: Path, size: int | None = None) -> Iterator[bytes]:
    """The bytes of a file, or its first `size` ones."""
    fd = _opened(path)
    try:
        yield from pieces(fd, _BLOCK, size)
    finally:
        os.close(fd)


def unpacked(path: Path) -> Iterator[bytes]:
    """The content of a gzip file."""
    fd = _opened(path)
    try:
        yield from unpack(fd, _BLOCK)
    finally:
        os.close(fd)


def _from(content: Iterator[bytes], offset: int) -> Iterator[bytes]:
    """What stands from an offset on."""
    for data in content:
        yield data[offset:]
        offset = max(0, offset - len(data))


def same(left: Iterator[bytes], right: Iterator[bytes]) -> bool:
    """Whether two contents are equal, however they are cut into pieces."""
    a = b = b""
    while True:
        a, b = a or next(filter(None, left), b""), b or next(filter(None, right), b"")
        if not a or not b:
            return not a and not b
        size = min(len(a), len(b))
        if a[:size] != b[:size]:
            return False
        a, b = a[size:], b[size:]

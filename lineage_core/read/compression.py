"""The bytes of packed files: gzip, xz, bzip2 and zstd. Several streams behind one another are one content.

zstd needs Python 3.14, or `backports.zstd`, which the extra `zstd` installs.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from lineage_core.base.errors import JournalError

SUFFIXES = (".gz", ".xz", ".bz2", ".zst")
"""How the names of packed files end."""

OTHER_SUFFIXES = (".zip", ".lz4", ".7z", ".Z", ".lzma", ".lzo", ".br", ".tar", ".tgz", ".rar")
"""The same of files that are packed in ways that are not understood."""

UNPACK_FREE = 64 << 20
UNPACK_RATIO = 250
UNPACK_RATIO_OTHERS = 1000
"""A packed file may unpack to 64 MiB plus 250 times its size (gzip; text of ours packs 15 to 40 times, a bomb of zeros
1,030 times) or 1,000 times (the others pack better); what comes after that is not read."""

_MEMORY = 256 << 20  # bytes that an xz file may ask for: `xz -9` needs 65 MiB
_CHUNK = 1 << 18
_XZ, _BZIP2, _ZSTD = b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd"  # what files begin with


class _Machine(Protocol):
    """What `lzma`, `bz2` and `compression.zstd` have."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """The same of `zlib`."""

    def __init__(self) -> None:
        self._machine = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._machine.eof

    @property
    def needs_input(self) -> bool:
        return not self._machine.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._machine.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._machine.decompress(self._machine.unconsumed_tail + data, max_length)


def is_packed(path: Path) -> bool:
    """Whether a file is compressed, by its name."""
    return path.name.endswith(SUFFIXES)


def cannot_unpack(name: str) -> str:
    """Why a file of that name cannot be unpacked; empty if it can, or is not packed."""
    if name.endswith(OTHER_SUFFIXES):
        return "packed in a way that is not understood (gzip, xz, bzip2 and zstd are)"
    if name.endswith(".zst") and _zstd() is None:
        return "packed by zstd: install the extra `zstd` (Python package backports.zstd)"
    return ""


def unpack(fd: int, block: int) -> Iterator[bytes]:
    """The content of a packed file in pieces of at most `block` bytes.

    Raises JournalError, after the good beginning, when it is cut short, damaged, or unpacks to more than the cap.
    """
    make, errors, ratio = _machine_for(os.pread(fd, 6, 0))
    room = UNPACK_FREE + ratio * os.fstat(fd).st_size
    offset = 0
    machine = make()
    started = False  # whether a byte of this stream was read
    packed = b""
    while True:
        if not packed and machine.needs_input:
            packed = os.pread(fd, _CHUNK, offset)
            offset += len(packed)
        ended = not packed and machine.needs_input
        if not started:
            packed = packed.lstrip(b"\0")  # padding between streams
            if not packed:
                if ended:
                    return
                continue
        try:
            data = machine.decompress(packed, block)
        except errors as error:
            raise JournalError(f"damaged: {error}") from error
        started, packed = True, b""
        room -= len(data)
        if room < 0:
            raise JournalError(f"unpacks to more than {ratio} times its size; the rest is not read")
        if data:
            yield data
        if machine.eof:
            packed = machine.unused_data
            machine, started = make(), False
        elif ended and not data:
            raise JournalError("cut short")


def _machine_for(head: bytes) -> tuple[Callable[[], _Machine], tuple[type[Exception], ...], int]:
    """What unpacks a file that begins so, what it raises, and how many times larger the content may be."""
    if head.startswith(_XZ):
        import lzma

        def xz() -> _Machine:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

        return xz, (lzma.LZMAError,), UNPACK_RATIO_OTHERS
    if head.startswith(_BZIP2):
        import bz2

        return bz2.BZ2Decompressor, (OSError, ValueError), UNPACK_RATIO_OTHERS
    if head.startswith(_ZSTD) and (zstd := _zstd()) is not None:
        return zstd.ZstdDecompressor, (zstd.ZstdError,), UNPACK_RATIO_OTHERS
    return _Gzip, (zlib.error,), UNPACK_RATIO


def _zstd() -> Any:
    """The module for zstd, or None."""
    from importlib import import_module

    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None

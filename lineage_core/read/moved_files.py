"""The content of a journal file wherever it is by now: renamed, packed or archived."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.read.compression import is_packed, unpack
from lineage_core.read.journal_files import files, opened

_CHUNK = 1 << 18


def read_again(directory: Path, name: str, offset: int, length: int, is_it: Callable[[bytes], bool]) -> bytes | None:
    """The bytes of one record that stood in a file (its canonical name), from whichever copy of the file has it there.

    offset, length: in bytes of the file, unpacked. is_it: whether bytes are the record; it may raise ValueError. None
    if no copy has it there.
    """
    for path in copies_of(directory, name):
        try:
            raw = _read_at(path, offset, length)
            if len(raw) == length and is_it(raw):
                return raw
        except (JournalError, OSError, ValueError):
            continue
    return None


def _read_at(path: Path, offset: int, length: int) -> bytes:
    """Bytes of a plain or a packed file; fewer where it is shorter."""
    with opened(path) as fd:
        if not is_packed(path):
            return os.pread(fd, length, offset)
        raw, at = b"", 0
        for data in unpack(fd, _CHUNK):
            raw += data[max(offset - at, 0) : max(offset + length - at, 0)]
            at += len(data)
            if at >= offset + length:
                break
        return raw


def copies_of(directory: Path, name: str) -> list[Path]:
    """Where the content of a file may be found by its canonical name: itself, its renamed and packed copies."""
    try:
        return [file.path for file in files(directory) if file.name == name]
    except FileNotFoundError:
        return []

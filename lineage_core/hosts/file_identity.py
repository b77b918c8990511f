"""What a journal file is known by, and whether one holds what another one does: plain and packed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.hosts.broker_message import Piece, RefusedError, identity_of
from lineage_core.hosts.message_limits import FIRST_LINE
from lineage_core.maintenance.gzip_members import content, ends_with, unpacked
from lineage_core.read.compression import is_packed


def identity_on_disk(path: Path) -> str | None:
    """The identity of a file by what it holds; None where there is none, or its first line is not whole."""
    if is_packed(path):
        return packed_identity(path) if path.exists() else None
    try:
        with open(path, "rb") as file:
            return identity_of(file.read(FIRST_LINE))
    except FileNotFoundError:
        return None


def packed_identity(path: Path) -> str:
    """The identity of a packed file: a hash of all of it. Raises JournalError."""
    found = blake2b(digest_size=16)
    for data in content(path):
        found.update(data)
    return found.hexdigest()


def verify(part: Path, piece: Piece) -> None:
    """Raises RefusedError for a packed file that is not what was announced, or does not unpack."""
    if packed_identity(part) != piece.identity or part.stat().st_size != piece.size:
        raise RefusedError(f"{piece.file}: what came is not the file that was announced")
    try:
        for _ in unpacked(part):
            pass
    except JournalError as error:
        raise RefusedError(f"{piece.file}: it does not unpack: {error}") from None


def holds(other: Path, file: Path) -> bool:
    """Whether a file has all that another one holds: at its beginning, or at the end of what it unpacks to."""
    try:
        if is_packed(other):
            return ends_with(other, file) or _begins(unpacked(other), content(file))
        return _begins(content(other), content(file))
    except (OSError, JournalError):
        return False


def begins_with(fresh: Path, old: Path) -> bool:
    """Whether what a packed file unpacks to begins with all that another one does."""
    try:
        return _begins(unpacked(fresh), unpacked(old))
    except JournalError:
        return False


def _begins(whole: Iterator[bytes], beginning: Iterator[bytes]) -> bool:
    """Whether a content begins with another one."""
    left = b""
    for data in beginning:
        while len(left) < len(data):
            more = next(whole, b"")
            if not more:
                return False
            left += more
        if left[: len(data)] != data:
            return False
        left = left[len(data) :]
    return True

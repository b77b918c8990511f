"""A cursor: how far the files of a journal were read, as one word that a client keeps and comes back with.

It holds 12 bytes or so for each file that is not packed: a hash of its name, how far it was read, and a hash of what
stands before that. So a cursor holds for any server over the same journal, a file that was rotated or copied is found
by what it holds, and nothing in it is ever taken for a path.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.read.checkpoint import Checkpoint, SavedCheckpoint
from lineage_core.read.compression import is_packed
from lineage_core.read.journal_files import files, open_file

MAX_FILES = 1000
"""Files that a cursor tells of: of more, those that were read first in a pass, which are the newest."""

_VERSION = b"\x01"
_HASH = 4  # bytes of a hash; of files of one name there are a handful


class FilePosition(NamedTuple):
    """name: hash of the file's canonical name. offset: how far it was read. held: bytes before it that are not decided
    yet (a record in progress). last: hash of what stands before the offset."""

    name: bytes
    offset: int
    held: int
    last: bytes


class Start(NamedTuple):
    """Where a reader goes on: checkpoints for a Tailer; packed files with the offset from which on their records are
    new; packed files to leave alone."""

    checkpoints: list[SavedCheckpoint]
    packed: dict[Path, int]
    held: set[Path]


def position_of(saved: SavedCheckpoint) -> FilePosition:
    """The position that one of a Tailer's `checkpoints()` tells."""
    last = bytes.fromhex(saved["last"])[:_HASH]
    return FilePosition(_name(saved["name"]), saved["offset"], saved["offset"] - saved["settled"], last)


Positions = dict[str, FilePosition]
"""Positions by the path of their file, as this process sees it."""


def positions_of(checkpoints: Iterable[SavedCheckpoint]) -> Positions:
    """The positions in all files that are not packed; of those that had one path the last."""
    found = {saved["path"]: position_of(saved) for saved in checkpoints if not is_packed(Path(saved["path"]))}
    return dict(list(found.items())[-MAX_FILES:])


def encode(positions: Iterable[FilePosition]) -> str:
    """The cursor of some positions."""
    pieces = [_VERSION]
    for one in positions:
        pieces += [one.name, one.last.ljust(_HASH, b"\0"), _varint(one.offset), _varint(one.held)]
    return urlsafe_b64encode(b"".join(pieces)).rstrip(b"=").decode()


def decode(cursor: str) -> list[FilePosition]:
    """The positions of a cursor. Raises BadInputError if it is none of ours."""
    wrong = BadInputError("that is no cursor: give one that a message carried, or none")
    try:
        data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raise wrong from None
    if data[:1] != _VERSION:
        raise wrong
    found: list[FilePosition] = []
    at = 1
    while at < len(data):
        name, last = data[at : at + _HASH], data[at + _HASH : at + 2 * _HASH]
        offset, at = _number(data, at + 2 * _HASH)
        held, at = _number(data, at)
        if len(last) < _HASH or at < 0 or not 0 <= held <= offset or len(found) >= MAX_FILES:
            raise wrong
        found.append(FilePosition(name, offset, held, last))
    return found


def farther(one: Positions, other: Positions) -> Positions:
    """Of two readers' positions in each file the one that is farther."""
    return one | {path: each for path, each in other.items() if path not in one or one[path].offset < each.offset}


def start_of(directory: Path, positions: list[FilePosition]) -> Start:
    """Where to go on in the files that are there now. Raises JournalError when the directory cannot be read."""
    by_name: dict[bytes, list[FilePosition]] = {}
    for position in positions:
        by_name.setdefault(position.name, []).append(position)
    start = Start([], {}, set())
    met: set[bytes] = set()
    archived: list[tuple[Path, bytes]] = []
    try:
        listed = files(directory)
    except FileNotFoundError:
        return start
    for file in listed:
        name = _name(file.name)
        if is_packed(file.path):
            archived.append((file.path, name))
            continue
        for saved in _recognised(file.path, file.name, by_name.get(name, [])):
            met.add(name)
            start.checkpoints.append(saved)
    for path, name in archived:
        known = by_name.get(name)
        if known and name not in met:  # it was packed since
            start.packed[path] = max(position.offset for position in known)
        else:
            start.held.add(path)
    return start


def _recognised(path: Path, name: str, positions: list[FilePosition]) -> Iterator[SavedCheckpoint]:
    """The farthest of these positions that the file bears out, as a checkpoint; none: it is new, or another."""
    if not positions:
        return
    try:
        fd = open_file(path)
    except JournalError:
        return  # whoever reads it tells
    try:
        status = os.fstat(fd)
        for position in sorted(positions, key=lambda each: -each.offset):
            if not 0 < position.offset <= status.st_size:
                continue
            checkpoint = Checkpoint(name, (status.st_dev, status.st_ino), path)
            checkpoint.move(fd, position.offset, position.offset - position.held)
            saved = checkpoint.to_json()
            if bytes.fromhex(saved["last"])[:_HASH] == position.last:
                yield saved
                return
    finally:
        os.close(fd)


def _name(name: str) -> bytes:
    return blake2b(os.fsencode(name), digest_size=_HASH).digest()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends; -1 as the end if it does not."""
    number = shift = 0
    while 0 <= at < len(data) and shift <= 63:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return number, at
        shift += 7
    return 0, -1

"""How far one file of a lineage directory was read, and how to recognise it: by a hash of its beginning and one of
what stands before the offset."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import TypedDict

from lineage_core.base.errors import JournalError
from lineage_core.read.compression import is_packed
from lineage_core.read.decoder import Decoder
from lineage_core.read.journal_files import open_file

_HEAD = 256  # bytes of the beginning
_LAST = 1024  # bytes before the offset: enough to hold the id of a record or two

RACY = 50_000_000
"""Nanoseconds in which a file or directory may change again and keep its time of change."""

_REMEMBERED = 1000  # checkpoints in files of one name that are gone
_NEWLINE_WITHIN = (1 << 12, 1 << 16, 1 << 20, 1 << 24)  # bytes before the end in which a line's start is looked for

Key = tuple[int, int]
"""Device and inode."""


class SavedCheckpoint(TypedDict):
    """A checkpoint as plain data, in a cache or cursor file. name: canonical; path: as Latin-1 of its bytes.

    offset, settled: in bytes. head, last: hashes in hexadecimal.
    """

    name: str
    path: str
    offset: int
    settled: int
    head: str
    last: str


class Checkpoint:
    """A file and how far it was read.

    offset: how far, in bytes; of a packed file 0 or its size. settled: where a new decoder has to begin.
    problem: why it cannot be read, or not to its end. from_end: what it holds when it is first opened is left out.
    """

    def __init__(self, name: str, key: Key, path: Path) -> None:
        self.name = name
        self.key = key
        self.path = path
        self.size = 0
        self.changed_at = 0  # time of change in nanoseconds, as the file system tells it
        self.offset = 0
        self.settled = 0
        self.decoder: Decoder | None = None
        self.problem = ""
        self.skip = False
        self.from_end = False
        self.lost_at: float | None = None  # since when it is gone from the directory, or was last heard of since then
        self._head = b""
        self._last = b""
        self._read: tuple[int, int] | None = None  # size and time of change when it was read to its end

    @property
    def packed(self) -> bool:
        """Whether it is compressed."""
        return is_packed(self.path)

    @property
    def decided(self) -> bool:
        """Whether no byte behind it changes what was read up to it."""
        return self.settled == self.offset

    @property
    def changed(self) -> bool:
        """Whether it may hold something new."""
        return not self.skip and (self.size, self.changed_at) != self._read

    @property
    def unread(self) -> int:
        """Bytes that are known and not read yet."""
        return max(0, self.size - self.offset) if self.changed else 0

    def see(self, status: os.stat_result) -> None:
        """Take note of the file's present size and time of change."""
        self.size, self.changed_at = status.st_size, status.st_mtime_ns

    def read_all(self, status: os.stat_result) -> None:
        """It was read to the end that `status` tells; unless it changed just now, it need not be opened again."""
        self.see(status)
        settled = time.time_ns() - status.st_mtime_ns > RACY
        self._read = (status.st_size, status.st_mtime_ns) if settled else None

    def recognises(self, fd: int) -> bool:
        """Whether the file begins with what was read here."""
        return self._head == _head(fd, self.offset) and self._last == _last(fd, self.offset)

    def agrees(self, other: Checkpoint) -> bool:
        """Whether both are the end of the same prefix."""
        return (self.offset, self._head, self._last) == (other.offset, other._head, other._last)

    def read_on(self, fd: int, size: int, *, lines: bool = False) -> tuple[bytes, bytes] | None:
        """Up to `size` bytes from the offset on, and up to _LAST bytes that stand before them.

        None if the file is not as it was read: looked at in the same read, so that nothing can come between.
        lines: end behind a line, if one ends there.
        """
        over = min(_LAST, self.offset)
        room = os.pread(fd, over + size, self.offset - over)
        end = room.rfind(b"\n", over) + 1 if lines else 0
        before, data = room[:over], room[over : end or len(room)]
        return (data, before) if not over or self._last == _hash(before) else None

    def read_to(self, data: bytes, before: bytes, settled: int) -> None:
        """What `read_on` gave was decoded: go on behind it.

        data, before: as `read_on` gave them. settled: the offset in bytes up to which no later byte changes a record.
        """
        if self.offset < _HEAD:
            self._head = _hash((before + data[:_HEAD])[:_HEAD])
        self._last = _hash((before + data[-_LAST:])[-_LAST:])
        self.offset += len(data)
        self.settled = settled

    def move(self, fd: int, offset: int, settled: int) -> None:
        """It was read up to `offset`."""
        if self.offset < _HEAD:
            self._head = _head(fd, offset)
        self._last = _last(fd, offset)
        self.offset, self.settled = offset, settled

    def restart(self) -> None:
        """Read the file from its start."""
        self.offset = self.settled = 0
        self._head = self._last = b""
        self.decoder = None

    def go_on_from(self, other: Checkpoint) -> None:
        """The file begins with what was read at another checkpoint: go on where that reading stood."""
        self.offset, self.settled = other.offset, other.settled
        self._head, self._last = other._head, other._last
        self.decoder = None

    def decoder_of(self, fd: int, make: Callable[[int], Decoder] = Decoder) -> Decoder:
        """The decoder that goes on at the offset."""
        if self.decoder is None:
            self.decoder = make(self.settled)
            while (end := self.decoder.end) < self.offset:  # its records were delivered before
                data = os.pread(fd, min(1 << 20, self.offset - end), end)
                if not data:
                    break
                self.decoder.feed(data)
        return self.decoder

    def start_at_end(self, fd: int) -> None:
        """Leave out what the file holds, but for a line or record that is not finished."""
        size = os.fstat(fd).st_size
        if self.packed or not size:
            self.move(fd, size, size)
            return
        for window in _NEWLINE_WITHIN:
            start = max(0, size - window)
            data = os.pread(fd, size - start, start)
            newline = data.rfind(b"\n", 0, -1)
            if start == 0 or newline >= 0:
                last_line = data[newline + 1 :]
                break
        if last_line.endswith(b"\n") and (last_line[:2] == b'{"' or last_line.strip() == b"}"):
            self.move(fd, size, size)
            return
        begin = start + data.find(b"\n") + 1 if start else 0
        decoder = Decoder(begin)
        decoder.feed(data[begin - start :])
        decoder.take_last()
        self.decoder = decoder
        self.move(fd, size, decoder.settled)

    def to_json(self) -> SavedCheckpoint:
        """The checkpoint as plain data, to be kept in a file."""
        return {
            "name": self.name,
            "path": os.fsencode(self.path).decode("latin-1"),  # JSON holds no names that are not UTF-8
            "offset": self.offset,
            "settled": self.settled,
            "head": self._head.hex(),
            "last": self._last.hex(),
        }

    @classmethod
    def from_json(cls, saved: SavedCheckpoint) -> Checkpoint:
        """The checkpoint that `to_json` gave as `saved`; raises ValueError if it is none."""
        try:
            checkpoint = cls(str(saved["name"]), (0, 0), path_of(saved["path"]))
            checkpoint.offset, checkpoint.settled = int(saved["offset"]), int(saved["settled"])
            checkpoint._head, checkpoint._last = bytes.fromhex(saved["head"]), bytes.fromhex(saved["last"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no checkpoint: {error!r}") from error
        if not 0 <= checkpoint.settled <= checkpoint.offset:
            raise ValueError(f"no checkpoint: settled at {checkpoint.settled}, read to {checkpoint.offset}")
        return checkpoint


def path_of(saved: str) -> Path:
    """The path in a checkpoint that `to_json` gave."""
    return Path(os.fsdecode(saved.encode("latin-1")))


class PastCheckpoints:
    """Places in files that are gone, or that another reader told of: by them a copy is recognised."""

    def __init__(self) -> None:
        self._checkpoints: dict[str, deque[Checkpoint]] = {}  # by canonical name

    def __iter__(self) -> Iterator[Checkpoint]:
        return chain.from_iterable(self._checkpoints.values())

    def remember(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint of which nothing more is read."""
        if checkpoint.offset:
            checkpoint.decoder = None
            self._checkpoints.setdefault(checkpoint.name, deque(maxlen=_REMEMBERED)).append(checkpoint)

    def recognise(self, checkpoint: Checkpoint, known: Iterable[Checkpoint], fd: int = -1) -> None:
        """If the file, new or changed, begins with what was read at a known or remembered checkpoint, go on there.

        fd: the file, if it is open; otherwise it is opened by its path.
        """
        candidates = [
            other
            for other in (*known, *self._checkpoints.get(checkpoint.name, ()))
            if other.name == checkpoint.name
            and 0 < other.offset <= checkpoint.size
            and other.packed == checkpoint.packed
        ]
        if not candidates or checkpoint.skip:
            return
        with ExitStack() as stack:
            if fd < 0:
                try:
                    fd = open_file(checkpoint.path)
                except JournalError:
                    return  # told when it is to be read
                stack.callback(os.close, fd)
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != checkpoint.key:
                return  # another file has its path now
            matching = [other for other in candidates if other.recognises(fd)]
        if matching:
            checkpoint.go_on_from(max(matching, key=lambda other: other.offset))
            if checkpoint.decided and checkpoint.offset == status.st_size:
                checkpoint.read_all(status)  # it need not be opened again to see that


def _head(fd: int, offset: int) -> bytes:
    return _hash(os.pread(fd, min(_HEAD, offset), 0)) if offset else b""


def _last(fd: int, offset: int) -> bytes:
    size = min(_LAST, offset)
    return _hash(os.pread(fd, size, offset - size)) if offset else b""


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()

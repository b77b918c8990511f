"""A lineage directory -> batches of records, each once, whatever happens to the files in between.

A file is known by its device and inode, so a renamed one goes on where it stood. Before a file is read on, its
beginning and the bytes before the offset are compared with what was read: a file that was truncated, replaced, or
made again under the same inode is read from its start. A new file that begins with what was read under another name
(a copy, before the original is truncated) goes on where that reading stood. Records that come twice all the same,
as the combined file's do, are the fold's business: it drops them by content.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core import clock
from lineage_core.decode import Decoder, Found, Rejected
from lineage_core.errors import JournalError
from lineage_core.files import JournalFile, files, open_file, read_record, unpack, why

__all__ = ["Batch", "JournalFile", "Tailer", "files", "read_record"]

_HEAD = 256  # bytes of the beginning that are remembered, as a hash
_LAST = 1024  # bytes before the offset that are remembered, as a hash: enough for a record's id or two
_REMEMBERED = 10_000  # places of files that are gone, kept to recognise copies


class Batch(NamedTuple):
    """What one block of one file held.

    file: the file's canonical name, by which facts are ordered, also for a renamed or packed copy. path: where the
    bytes were read. end: the offset reached, in bytes (unpacked ones in a packed file).
    """

    file: str
    path: Path
    found: list[Found]
    rejected: list[Rejected]
    end: int


class _Place:
    """How far a file was read, and how to recognise it."""

    __slots__ = ("decoder", "file", "head", "last", "offset", "settled", "skip")

    def __init__(self, file: JournalFile) -> None:
        self.file = file
        self.offset = 0  # how far it was read; of a packed file 0 or its size
        self.settled = 0  # where a new decoder must begin
        self.head = self.last = b""  # hashes of the beginning, and of what stands before the offset
        self.decoder: Decoder | None = None
        self.skip = False  # not to be read: what it held when the reading began is not asked for

    def recognises(self, fd: int) -> bool:
        """Whether the file begins with what was read here."""
        return self.head == _head(fd, self.offset) and self.last == _last(fd, self.offset)

    def move(self, fd: int, offset: int, settled: int) -> None:
        """The file was read up to `offset`."""
        self.offset, self.settled = offset, settled
        self.head, self.last = _head(fd, offset), _last(fd, offset)

    def restart(self) -> None:
        """Read the file from its start."""
        self.offset = self.settled = 0
        self.head = self.last = b""
        self.decoder = None


def _head(fd: int, offset: int) -> bytes:
    return _hash(os.pread(fd, min(_HEAD, offset), 0)) if offset else b""


def _last(fd: int, offset: int) -> bytes:
    size = min(_LAST, offset)
    return _hash(os.pread(fd, size, offset - size)) if offset else b""


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()


class Tailer:
    """Reads what is new in a lineage directory, again and again.

    since: only records from this time on (microseconds UTC); files that cannot hold any are not opened.
    from_end: what stands in the files at the first pass is left out.
    positions: where another Tailer stopped, as its `positions()` told. block: the most bytes read at once.

    backlog: bytes that are known and not read yet. problems: what cannot be read, and why.
    missing: whether the directory does not exist.
    """

    def __init__(
        self,
        directory: Path,
        *,
        since: int | None = None,
        from_end: bool = False,
        positions: dict[str, Any] | None = None,
        block: int = 1 << 20,
    ) -> None:
        self.directory = Path(directory)
        self.backlog = 0
        self.problems: dict[str, str] = {}
        self.missing = False
        self._since = since
        self._from_end = from_end
        self._block = block
        self._places: dict[tuple[int, int], _Place] = {}

    def scan(self) -> Iterator[Batch]:
        """One pass over the directory: what is new since the last pass, newest daily file first, block by block."""
        for place in self._look():
            yield from self._read(place)
        self._from_end = False

    def _look(self) -> list[_Place]:
        """List the directory; returns the files that have changed, in reading order."""
        problems: dict[str, str] = {}
        listed: list[JournalFile] = []
        self.missing = False
        try:
            listed = files(self.directory, problems)
        except FileNotFoundError:
            self.missing = True
        except JournalError as error:
            problems["."] = str(error)
        self.problems = problems
        places = {}
        for file in listed:
            key = file.status.st_dev, file.status.st_ino
            place = self._places.get(key) or _Place(file)
            place.file = file
            places[key] = place
        self._places = places
        return [place for place in places.values() if place.offset != place.file.status.st_size]

    def _read(self, place: _Place) -> Iterator[Batch]:
        """The batches of one file, from where it was left to its present end."""
        try:
            fd = open_file(place.file.path)
        except JournalError as error:
            self.problems[place.file.path.name] = str(error)
            return
        try:
            if not place.recognises(fd):
                place.restart()
            while data := os.pread(fd, self._block, place.offset):
                decoder = place.decoder or Decoder(place.offset)
                found, rejected = decoder.feed(data)
                place.move(fd, place.offset + len(data), decoder.settled)
                place.decoder = None if decoder.settled == place.offset else decoder
                yield Batch(place.file.name, place.file.path, found, rejected, place.offset)
        except OSError as error:
            self.problems[place.file.path.name] = why(error)
        finally:
            os.close(fd)

    def positions(self) -> dict[str, Any]:
        """Where the reading stands, as JSON-able data, for another Tailer to go on."""
        return {}

"""One journal file -> its records and its quarantined bytes, each with the line at which it begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.read.compression import unpack
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import JournalFile, opened, pieces

_BLOCK = 1 << 20


class Piece(NamedTuple):
    """What one block of a file held: records and quarantined bytes with their lines, in the order of the file."""

    items: list[tuple[int, Found | Rejected]]
    size: int


def numbered(file: JournalFile) -> Iterator[Piece]:
    """Read a file to its end. Raises JournalError, after what could be read, if it cannot be opened or is damaged.

    Lines count from 1; those of a packed file are those of its content.
    """
    with opened(file.path) as fd:
        decoder, lines = Decoder(), _Lines()
        for data in unpack(fd, _BLOCK) if file.packed else pieces(fd, _BLOCK):
            lines.add(data)
            found, rejected = decoder.feed(data)
            yield Piece(lines.number([*found, *rejected]), len(data))
            lines.forget(decoder.settled)
        found, rejected = decoder.flush()
        yield Piece(lines.number([*found, *rejected]), 0)


class _Lines:
    """Counts the newlines before an offset, over the blocks that may still be asked for."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, int, int, bytes]] = []  # start, end, newlines before it, bytes if it has any
        self._end = 0
        self._newlines = 0

    def add(self, data: bytes) -> None:
        """The next block of the file."""
        start, self._end = self._end, self._end + len(data)
        newlines = data.count(b"\n")
        self._blocks.append((start, self._end, self._newlines, data if newlines else b""))
        self._newlines += newlines

    def forget(self, offset: int) -> None:
        """Nothing before this offset will be asked for."""
        self._blocks = [block for block in self._blocks if block[1] > offset]

    def number(self, items: list[Found | Rejected]) -> list[tuple[int, Found | Rejected]]:
        """The items in the order of the file, each with its line."""
        items.sort(key=lambda item: item.offset)
        numbered: list[tuple[int, Found | Rejected]] = []
        blocks = iter(self._blocks)
        start = end = line = done = 0
        data = b""
        for item in items:
            while item.offset >= end:
                start, end, line, data = next(blocks)
                done = 0
            at = item.offset - start
            line += data.count(b"\n", done, at)
            done = at
            numbered.append((line + 1, item))
        return numbered

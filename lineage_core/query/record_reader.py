"""Records that a search found, read again from their files, plain or packed, whatever happens to these meanwhile.

A record is read where it was found, by the descriptor that it was found by: so a file that is renamed, archived,
deleted or replaced matters no more. What is read counts only if it is, byte for byte, what was found (by 64 bits of a
hash): a file that was truncated and written anew holds something else there. Then everything is searched once more,
because whoever truncates a file has copied it before. What is nowhere any more is an error, never another record.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.read.compression import unpack
from lineage_core.read.journal_files import JournalFile, why
from lineage_core.read.open_files import OpenFiles

_WINDOW = 1 << 16
_WINDOWS = 64
_UNPACKINGS = 8
_PORTION = 4 << 20  # bytes of packed records that are read at once
_SEARCHES = 5  # of everything, for records that are not where they were found


class Hit(NamedTuple):
    """Where a record stands. at: its time in microseconds; rank: its file's index in `Hits.files`.

    content: what `hash_of` gave for its bytes.
    """

    at: int
    rank: int
    offset: int
    length: int
    content: int


SearchAgain = Callable[[], tuple[list[JournalFile], OpenFiles, Iterator[Hit]]]
"""Looks once more for the records of a search: the files, what holds them open, and the hits."""


def hash_of(raw: bytes) -> int:
    """64 bits by which the bytes of a record are known in this process and those that it forks."""
    return hash(raw) & (1 << 64) - 1


class Reader:
    """Reads records again, in bounded memory. files: those that the ranks of the hits mean; opened: holds them.

    Of plain files the bytes around the last record are kept. Packed ones are unpacked once, piece by piece, as far as
    their records stand in the order of time; those of a portion are read in the order of their file.
    """

    def __init__(self, files: Sequence[JournalFile], opened: OpenFiles, again: SearchAgain) -> None:
        self._files = list(files)
        self._opened = [opened] * len(self._files)
        self._again = again
        self._searches = 0
        self._moved: dict[tuple[int, int, int], Hit] = {}  # by time, length and content: where a record stands now
        self._windows: dict[int, tuple[int, bytes]] = {}
        self._unpackings: dict[int, _Unpacking] = {}

    def read(self, hits: Iterable[Hit]) -> Iterator[tuple[Hit, bytes]]:
        """The hits with their bytes. Raises JournalError if they are not to be found any more."""
        try:
            for portion in _portions(hits):
                packed = self._packed(portion)
                for hit in portion:
                    raw = packed.get((hit.rank, hit.offset)) or self._plain(hit)
                    yield hit, raw if hash_of(raw) == hit.content else self._elsewhere(hit)
        finally:
            for unpacking in self._unpackings.values():
                unpacking.close()

    def _packed(self, portion: list[Hit]) -> dict[tuple[int, int], bytes]:
        """By file and offset, the records of packed files; those that cannot be read are left out."""
        found: dict[tuple[int, int], bytes] = {}
        wanted = sorted((hit.rank, hit.offset, hit.length) for hit in portion if self._files[hit.rank].packed)
        for rank, some in groupby(wanted, key=lambda each: each[0]):
            try:
                for _, offset, length in some:
                    found[rank, offset] = self._unpacking(rank, offset).read(offset, length)
            except (JournalError, OSError):
                continue
        return found

    def _unpacking(self, rank: int, offset: int) -> _Unpacking:
        """The unpacking of a file, not beyond that offset."""
        known = self._unpackings.pop(rank, None)
        if known is not None and known.start > offset:
            known.close()
            known = None
        if known is None:
            if len(self._unpackings) >= _UNPACKINGS:
                self._unpackings.pop(next(iter(self._unpackings))).close()
            with self._opened[rank].use(self._files[rank]) as fd:
                known = _Unpacking(os.dup(fd))
        self._unpackings[rank] = known
        return known

    def _plain(self, hit: Hit) -> bytes:
        """What stands where the record was found in a plain file; nothing if that cannot be read."""
        start, window = self._windows.get(hit.rank, (0, b""))
        if not start <= hit.offset <= hit.offset + hit.length <= start + len(window):
            self._windows.pop(hit.rank, None)
            if len(self._windows) >= _WINDOWS:
                self._windows.pop(next(iter(self._windows)))
            start, window = self._windows[hit.rank] = hit.offset, self._window(hit)
        return window[hit.offset - start :][: hit.length]

    def _window(self, hit: Hit) -> bytes:
        """The bytes from a record on."""
        file = self._files[hit.rank]
        if file.packed:
            return b""
        try:
            with self._opened[hit.rank].use(file) as fd:
                return os.pread(fd, max(hit.length, _WINDOW), hit.offset)
        except JournalError:
            return b""
        except OSError as error:
            raise JournalError(f"cannot read {file.path}: {why(error)}") from error

    def _elsewhere(self, hit: Hit) -> bytes:
        """A record that is not where it was found: from where it stands now."""
        while True:
            moved = self._moved.get((hit.at, hit.length, hit.content))
            if moved is not None:
                raw = self._packed([moved]).get((moved.rank, moved.offset)) or self._plain(moved)
                if hash_of(raw) == hit.content:
                    return raw
            if self._searches == _SEARCHES:
                path = self._files[hit.rank].path
                raise JournalError(f"{path} was truncated while it was read: an event of it is nowhere any more")
            self._search()

    def _search(self) -> None:
        """Look for all records again."""
        self._searches += 1
        files, opened, hits = self._again()
        first = len(self._files)
        self._files += files
        self._opened += [opened] * len(files)
        self._moved = {(hit.at, hit.length, hit.content): hit._replace(rank=first + hit.rank) for hit in hits}


def _portions(hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    portion: list[Hit] = []
    size = 0
    for hit in hits:
        portion.append(hit)
        size += hit.length
        if size >= _PORTION:
            yield portion
            portion, size = [], 0
    yield portion


class _Unpacking:
    """A packed file that is unpacked forward. start: the offset from which on bytes can still be read."""

    def __init__(self, fd: int) -> None:
        """Takes the descriptor for its own."""
        self._fd = fd
        self._pieces = unpack(self._fd, _WINDOW)
        self._data = bytearray()
        self.start = 0

    def close(self) -> None:
        """Close the files; to be called once, when no record is read any more."""
        os.close(self._fd)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes from `start` on. Raises JournalError if the content ends before them or is damaged."""
        while self.start + len(self._data) < offset + length:
            gone = min(len(self._data), max(0, offset - self.start))
            del self._data[:gone]
            self.start += gone
            if not (piece := next(self._pieces, b"")):
                raise JournalError("cut short")
            self._data += piece
        return bytes(self._data[offset - self.start :][:length])

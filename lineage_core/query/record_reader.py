"""Records that a search found, read again from their files, plain or packed, while these may be moved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.model.record import read
from lineage_core.query.block_search import one_line
from lineage_core.read.journal_files import JournalFile, copies_of, open_file, read_record, unpack, why

_WINDOW = 1 << 16
_WINDOWS = 64
_UNPACKINGS = 8
_PORTION = 4 << 20  # bytes of packed records that are read at once


class Hit(NamedTuple):
    """Where a record stands. at: its time in microseconds; rank: its file's index in `Hits.files`."""

    at: int
    rank: int
    offset: int
    length: int


class Reader:
    """Reads records again, in bounded memory. files: those that the ranks of the hits mean.

    Of plain files the bytes around the last record are kept. Packed ones are unpacked once, piece by piece, as far as
    their records stand in the order of time; those of a portion are read in the order of their file.
    """

    def __init__(self, directory: Path, files: Sequence[JournalFile]) -> None:
        self._directory = directory
        self._files = files
        self._windows: dict[int, tuple[int, bytes]] = {}
        self._unpackings: dict[int, _Unpacking] = {}

    def read(self, hits: Iterable[Hit]) -> Iterator[tuple[Hit, bytes]]:
        """The hits with their bytes. Raises JournalError if they are not to be found any more."""
        try:
            for portion in _portions(hits):
                packed = self._packed(portion)
                for hit in portion:
                    yield hit, packed.get((hit.rank, hit.offset)) or self._plain(hit)
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
            known = _Unpacking(self._files[rank].path)
        self._unpackings[rank] = known
        return known

    def _plain(self, hit: Hit) -> bytes:
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
            return self._moved(hit)
        try:
            fd = open_file(file.path)
        except JournalError:
            return self._moved(hit)
        try:
            window = os.pread(fd, max(hit.length, _WINDOW), hit.offset)
        except OSError as error:
            raise JournalError(f"cannot read {file.path}: {why(error)}") from error
        finally:
            os.close(fd)
        return window if len(window) >= hit.length else self._moved(hit)

    def _moved(self, hit: Hit) -> bytes:
        """The record in a renamed or packed copy of its file, into which it was moved meanwhile."""
        file = self._files[hit.rank]
        for path in copies_of(self._directory, file.name):
            try:
                raw = read_record(path, hit.offset, hit.length)
                if read(one_line(raw))[0] == hit.at:
                    return raw
            except (JournalError, ValueError):
                continue
        raise JournalError(f"{file.path} was changed while it was read; ask again")


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

    def __init__(self, path: Path) -> None:
        self._fd = open_file(path)
        self._pieces = unpack(self._fd, _WINDOW)
        self._data = bytearray()
        self.start = 0

    def close(self) -> None:
        """To be called once."""
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

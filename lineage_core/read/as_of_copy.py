"""The files of a lineage directory as they were at a time: links to those of which all was known, copies of others
without the records that were written later.

A record was written when its id says so, if it is one of ours, else at its timestamp (`model.lineage_id.written_at`).
So an event that was logged late, with a timestamp of before, is not there until it was written. Bytes that are no
event count as written with the record before them.

Every record stays where it stood: in place of later ones stand newlines, which every reader passes over.
"""

from __future__ import annotations

import os
import re
import time
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lineage_core.base.errors import JournalError, no_directory
from lineage_core.model.host_file_names import HOSTS_MARK, folder_of, host_of
from lineage_core.model.lineage_id import written_at
from lineage_core.read.compact_record import record_bytes
from lineage_core.read.compression import unpack
from lineage_core.read.decoder import Decoder
from lineage_core.read.journal_files import JournalFile, files, open_file, pieces, why
from lineage_core.write.locations import holds_hosts

SETTLED = 60
"""Seconds that a file was not written to, before it is linked and not copied: the link shows what is written to it."""

_ID = re.compile(rb'"lineage_id"\s*:\s*"lineage-(\d{16})\d{10}"')
_KEY = b'"lineage_id"'

_BLOCK = 1 << 20
_BLANK = b"\n" * _BLOCK


class Cut:
    """Where the records of a file stand that were written until a time, and those that were written later.

    Both are pairs of begin and end, in the order of the file. woven: whether a record of one kind spans some of the
    other, as the lines of pretty-printed records may stand between one another.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.known, self.later = array("q"), array("q")
        self._ends = [0, 0]
        self.woven = False

    def add(self, offset: int, length: int, written: int) -> None:
        """The next record."""
        is_later = written > self.at
        (self.later if is_later else self.known).extend((offset, offset + length))
        self.woven = self.woven or offset < self._ends[not is_later]
        self._ends[is_later] = max(self._ends[is_later], offset + length)

    def blanks(self, size: int) -> list[tuple[int, int]]:
        """The stretches that are to be blank: from each later record to the next that was known, or to the end."""
        found: list[tuple[int, int]] = []
        begins, position = sorted(self.known[::2]), 0
        for begin in sorted(self.later[::2]):
            if found and begin < found[-1][1]:
                continue
            while position < len(begins) and begins[position] < begin:
                position += 1
            found.append((begin, begins[position] if position < len(begins) else size))
        return found


def cut(directory: Path, at: int, into: Path, linked: list[JournalFile] | None = None) -> dict[str, str]:
    """Put the journal files of a directory as they were at a time (microseconds since the epoch) into another one.

    Files that held no record then are left out. linked: filled with the files of which there is a link, and no copy.
    Returns the files that cannot be read, and why. Raises JournalError when there is no directory, and OSError when the
    copy cannot be written.
    """
    problems: dict[str, str] = {}
    into.mkdir(parents=True, exist_ok=True)
    try:
        listed = files(directory, problems)
    except FileNotFoundError:
        raise no_directory(directory) from None
    if holds_hosts(directory) or any(host_of(file.name) for file in listed):
        (into / HOSTS_MARK).touch()  # however few of them were heard of then
    for file in listed:
        name = file.path.name + (".unpacked" if file.packed else "")  # whose records stand where they stood
        below, host = file.path.relative_to(directory), folder_of(file.name)
        if host and below.parts[0] != host:
            below = host / below  # one of the hosts has its files in the directory itself
        copy = into / below.parent / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            first, last = written_between(file) or (at, at + 1)
            if first > at:
                continue
            if last <= at and file.status.st_mtime < time.time() - SETTLED:
                copy.with_name(file.path.name).symlink_to(file.path.absolute())
                if linked is not None:
                    linked.append(file)
                continue
            _copy(file, at, copy)
        except JournalError as error:
            problems[str(file.path.relative_to(directory))] = str(error)
    return problems


def written_between(file: JournalFile) -> tuple[int, int] | None:
    """When the first and the last record of a file were written, in microseconds since the epoch, told by the ids
    alone: that takes a tenth of the time of reading it. None where it takes reading to know: it holds no id, or one
    that is not ours, or is damaged. Raises JournalError where it cannot be opened."""
    first, last = b"9" * 16, b""
    rest = b""
    fd = open_file(file.path)
    try:
        for data in _read(fd, file.packed):
            whole, _, rest = (rest + data).rpartition(b"\n")
            ids = _ID.findall(whole)
            if len(ids) != whole.count(_KEY) or len(rest) > _BLOCK:
                return None
            if ids:
                first, last = min(first, *ids), max(last, *ids)
    except JournalError:
        return None
    finally:
        os.close(fd)
    return None if rest.strip() or not last else (int(first), int(last))


def _copy(file: JournalFile, at: int, copy: Path) -> None:
    """Copy one file. Raises JournalError, after what could be read of it."""
    found, decoder, size = Cut(at), Decoder(), 0
    trouble: JournalError | None = None
    with copy.open("w+b", buffering=0) as out:
        fd = open_file(file.path)
        try:
            for data in chain(_read(fd, file.packed), [b""]):
                for one in (decoder.feed(data) if data else decoder.take_last())[0]:
                    found.add(one.offset, one.length, written_at(one.record["lineage_id"], one.at))
                out.write(data)
                size += len(data)
        except JournalError as error:
            trouble = error
        finally:
            os.close(fd)
        if found.woven:
            _rewrite(out.fileno(), found)
        else:
            _blank(out.fileno(), found, size)
    if not found.known:
        copy.unlink()
    if trouble is not None:
        raise trouble


def _read(fd: int, packed: bool) -> Iterator[bytes]:
    try:
        yield from unpack(fd, _BLOCK) if packed else pieces(fd, _BLOCK)
    except OSError as error:
        raise JournalError(why(error)) from error


def _blank(fd: int, found: Cut, size: int) -> None:
    """Put newlines in the place of what was written later; the end of the file is cut off."""
    for begin, end in found.blanks(size):
        if end == size:
            os.ftruncate(fd, begin)
            break
        for start in range(begin, end, _BLOCK):
            os.pwrite(fd, _BLANK[: end - start], start)


def _rewrite(fd: int, found: Cut) -> None:
    """Leave only the records that were known, a line each: they stand between the lines of later ones."""
    spans = zip(found.known[::2], found.known[1::2], strict=True)
    lines = [record_bytes(os.pread(fd, end - begin, begin)) + b"\n" for begin, end in spans]
    os.ftruncate(fd, 0)
    os.pwrite(fd, b"".join(lines), 0)

"""Which parts of a journal's files are folded into which snapshots, and which of these snapshots are cached already.

A large file is parted where a record begins on a line of its own, so that several processes fold it, and so that what
it gained since costs no more than its last part. The parts are found again by where each begins: the first at the start
of the file, each other where the one before it ends.

Small files of several hosts go into one snapshot together (`state/snapshot_of_hosts.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.read.checkpoint import Checkpoint, Key, path_of
from lineage_core.read.decoder import Decoder
from lineage_core.read.journal_files import JournalFile, opened
from lineage_core.state.snapshot import DamagedError, SavedPart, Snapshot

RECENT = 1 << 18
"""Bytes at the end of the newest file that are read at once, before any history; and bytes behind the end of each part
in which no pretty-printed record ends, so that none began before it."""

REFOLD = 4 << 20
"""Bytes that files may have grown beyond their last snapshot before these are folded too."""

PART = 32 << 20
"""Bytes of a part of a large file: about so many, up to twice as many."""

PACKED_RATIO = 20
"""How many times larger a packed file is taken to be: text of ours packs 15 to 40 times."""


class Part(NamedTuple):
    """A part of a file.

    begins: the end of the part before it; None at the start of the file. end: in bytes. promised: the end as a
    checkpoint, if whoever reads on begins there before the part is folded. last: whether no other part follows.
    """

    file: JournalFile
    begins: Checkpoint | None
    end: int
    promised: Checkpoint | None
    last: bool

    @property
    def start(self) -> int:
        """Where it begins, in bytes."""
        return self.begins.offset if self.begins is not None else 0

    @property
    def parted(self) -> bool:
        """Whether another reading begins at its end, with a record on a line of its own."""
        return self.promised is not None and self.promised.decided

    @property
    def weight(self) -> int:
        """Bytes that it counts for in the progress."""
        return (weight(self.file) if self.file.packed or self.last else self.end) - self.start

    def is_in(self, saved: SavedPart) -> bool:
        """Whether that is what of a file is in a snapshot that was made just now."""
        end = Checkpoint.from_json(saved.end)
        if saved.start != self.start or (self.promised is not None and not self.promised.agrees(end)):
            return False  # the file was replaced meanwhile
        return self.promised is not None or self.begins is None or holds(self.file.path, (self.begins, end))


class Job(NamedTuple):
    """What is to be folded into a snapshot at `target`: a part of a file, or several files. cached: the snapshot, if it
    is there already."""

    parts: tuple[Part, ...]
    target: Path
    cached: Snapshot | None

    @property
    def weight(self) -> int:
        """Bytes that it counts for in the progress."""
        return sum(part.weight for part in self.parts)

    def made(self) -> Snapshot | None:
        """The snapshot that is at the target now; None if it is of something else. Raises DamagedError."""
        snapshot = Snapshot(self.target)
        asked = {part.file.path: part for part in self.parts}
        for saved in snapshot.parts:
            part = asked.get(path_of(saved.end["path"]))
            if part is None or not part.is_in(saved):
                return None
        return snapshot if snapshot.sound() else None

    def promised_beyond(self, snapshot: Snapshot | None) -> Iterator[Part]:
        """The parts of which the end was promised, that are not in the snapshot."""
        there = {path_of(saved.end["path"]) for saved in snapshot.parts} if snapshot is not None else set()
        return (part for part in self.parts if part.promised is not None and part.file.path not in there)


def weight(file: JournalFile) -> int:
    """The bytes of a file, of a packed one about those that it unpacks to."""
    return file.status.st_size * (PACKED_RATIO if file.packed else 1)


def key_of(file: JournalFile) -> Key:
    """The device and inode of a file."""
    return file.status.st_dev, file.status.st_ino


def jobs_of(file: JournalFile, cache: Path, *, newest: bool) -> list[Job]:
    """The parts of a file, the last one first; none if there is nothing to fold.

    cache: where the snapshots are. newest: it is read from its end first.
    """
    size = file.status.st_size
    jobs: list[Job] = []
    begins: Checkpoint | None = None
    start = 0

    def add(end: Checkpoint | None, cached: Snapshot | None, *, last: bool) -> None:
        nonlocal begins, start
        offset = end.offset if end is not None else size
        part = Part(file, begins, offset, end, last)
        jobs.append(Job((part,), cache / _name(file, start), cached))
        begins, start = end, offset

    while (cached := _cached(cache / _name(file, start), file, start)) is not None:
        end = Checkpoint.from_json(cached.parts[0].end)
        last = size - end.offset <= REFOLD
        if not last and (end.offset - start < PART // 2 or not end.decided or file.packed):
            break  # it grew, and is folded again with what it gained
        add(end, cached, last=last)
        if last:
            return jobs[::-1]
    for end in () if file.packed else ends_of(file, start, newest=newest):
        add(end, None, last=newest and size - end.offset <= RECENT)
    if not jobs or not jobs[-1].parts[0].last:
        add(None, None, last=True)
    return jobs[::-1]


def snapshots_of(cache: Path, some: Iterable[JournalFile]) -> list[Path]:
    """The snapshots in a cache that hold nothing but some of these files."""
    keys, found = {*map(key_of, some)}, []
    for path in cache.glob("*.snapshot"):
        with suppress(DamagedError):
            if keys.issuperset(part.key for part in Snapshot(path).parts):
                found.append(path)
    return found


def _name(file: JournalFile, start: int) -> str:
    """The name of the snapshot of the part of a file that begins at an offset."""
    return f"{file.status.st_dev:x}-{file.status.st_ino:x}-{start:x}.snapshot"


def _cached(path: Path, file: JournalFile, start: int) -> Snapshot | None:
    """The snapshot at `path`, if it was made from this file as it is."""
    try:
        snapshot = Snapshot(path)
        (part,) = snapshot.parts
        end = Checkpoint.from_json(part.end)
    except (DamagedError, ValueError, KeyError, TypeError):
        return None
    if part.start != start or end.name != file.name or not start < end.offset <= file.status.st_size:
        return None
    return snapshot if holds(file.path, (end,)) else None


def holds(path: Path, checkpoints: Iterable[Checkpoint]) -> bool:
    """Whether the file at a path holds what was read at each of these checkpoints."""
    try:
        with opened(path) as fd:
            return all(checkpoint.recognises(fd) for checkpoint in checkpoints)
    except JournalError:
        return False


def ends_of(file: JournalFile, start: int, *, newest: bool) -> list[Checkpoint]:
    """Where the parts of a file from an offset on end, but for the one that goes to its present end."""
    size = file.status.st_size
    count = max(1, (size - start) // PART)
    found: list[Checkpoint] = []
    try:
        with opened(file.path) as fd:
            for number in range(1, count):
                wanted = start + (size - start) * number // count
                for at in range(wanted, min(wanted + PART // 2, size - 2 * RECENT), RECENT):
                    if (end := _parting(file, fd, at)) is not None:
                        found.append(end)
                        break
            if newest and size - start > 2 * RECENT and (end := _parting(file, fd, size - RECENT)) is not None:
                found.append(end)
    except JournalError:
        return []
    return found


def _parting(file: JournalFile, fd: int, at: int) -> Checkpoint | None:
    """A checkpoint soon behind an offset, where a record on a line of its own begins; None without one."""
    first, newline, rest = os.pread(fd, RECENT, at).partition(b"\n")
    offset = at + len(first) + 1
    line = rest.partition(b"\n")[0] + b"\n"
    if not newline or b"\n}" in rest or not Decoder(offset).feed(line)[0]:
        return None  # a pretty-printed record may have begun before it
    checkpoint = Checkpoint(file.name, (0, 0), file.path)
    checkpoint.move(fd, offset, offset)
    return checkpoint

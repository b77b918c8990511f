"""Which parts of a journal's files are folded into a snapshot each, and which of these snapshots are cached already.

A large file is parted where a record begins on a line of its own, so that several processes fold it, and so that what
it gained since costs no more than its last part. The parts are found again by where each begins: the first at the start
of the file, each other where the one before it ends.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.read.checkpoint import Checkpoint
from lineage_core.read.decoder import Decoder
from lineage_core.read.journal_files import JournalFile, opened
from lineage_core.state.snapshot import DamagedError, Snapshot

RECENT = 1 << 18
"""Bytes at the end of the newest file that are read at once, before any history; and bytes behind the end of each part
in which no pretty-printed record ends, so that none began before it."""

REFOLD = 4 << 20
"""Bytes that a file may have grown beyond its last snapshot before these are folded too."""

PART = 32 << 20
"""Bytes of a part of a large file: about so many, up to twice as many."""

PACKED_RATIO = 20
"""How many times larger a packed file is taken to be: text of ours packs 15 to 40 times."""


class Job(NamedTuple):
    """A part of a file to fold, into a snapshot at `target`.

    begins: the end of the part before it; None at the start of the file. end: in bytes. cached: the snapshot, if it is
    there already. promised: the end as a checkpoint, if whoever reads on begins there before the part is folded.
    last: whether no other part follows.
    """

    file: JournalFile
    begins: Checkpoint | None
    end: int
    target: Path
    cached: Snapshot | None
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
        size = self.file.status.st_size
        return size * PACKED_RATIO if self.file.packed else (size if self.last else self.end) - self.start

    def made(self) -> Snapshot | None:
        """The snapshot that is at the target now; None if it is not of this part. Raises DamagedError."""
        snapshot = Snapshot(self.target)
        checkpoint = Checkpoint.from_json(snapshot.checkpoint)
        if snapshot.start != self.start or (self.promised is not None and not self.promised.agrees(checkpoint)):
            return None  # the file was replaced meanwhile
        if self.promised is None and self.begins and not _holds(self.file.path, (self.begins, checkpoint)):
            return None
        return snapshot if snapshot.sound() else None


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
        jobs.append(Job(file, begins, offset, cache / _name(file, start), cached, end, last))
        begins, start = end, offset

    while (cached := _cached(cache / _name(file, start), file, start)) is not None:
        end = Checkpoint.from_json(cached.checkpoint)
        last = size - end.offset <= REFOLD
        if not last and (end.offset - start < PART // 2 or not end.decided or file.packed):
            break  # it grew, and is folded again with what it gained
        add(end, cached, last=last)
        if last:
            return jobs[::-1]
    for end in () if file.packed else _ends(file, start, newest=newest):
        add(end, None, last=newest and size - end.offset <= RECENT)
    if not jobs or not jobs[-1].last:
        add(None, None, last=True)
    return jobs[::-1]


def snapshots_of(cache: Path, some: Iterable[JournalFile]) -> list[Path]:
    """The snapshots of these files that are in a cache."""
    by_file: defaultdict[str, list[Path]] = defaultdict(list)
    for path in cache.glob("*.snapshot"):
        by_file[path.name.rpartition("-")[0]].append(path)
    return [path for file in some for path in by_file[_name(file, 0).rpartition("-")[0]]]


def _name(file: JournalFile, start: int) -> str:
    """The name of the snapshot of the part of a file that begins at an offset."""
    return f"{file.status.st_dev:x}-{file.status.st_ino:x}-{start:x}.snapshot"


def _cached(path: Path, file: JournalFile, start: int) -> Snapshot | None:
    """The snapshot at `path`, if it was made from this file as it is."""
    try:
        snapshot = Snapshot(path)
        checkpoint = Checkpoint.from_json(snapshot.checkpoint)
    except (DamagedError, ValueError, KeyError, TypeError):
        return None
    if snapshot.start != start or checkpoint.name != file.name or not start < checkpoint.offset <= file.status.st_size:
        return None
    return snapshot if _holds(file.path, (checkpoint,)) else None


def _holds(path: Path, checkpoints: Iterable[Checkpoint]) -> bool:
    """Whether the file at a path holds what was read at each of these checkpoints."""
    try:
        with opened(path) as fd:
            return all(checkpoint.recognises(fd) for checkpoint in checkpoints)
    except JournalError:
        return False


def _ends(file: JournalFile, start: int, *, newest: bool) -> list[Checkpoint]:
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

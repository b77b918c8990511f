"""The process that folds journal files into snapshots: `python -m lineage_core.state.snapshot_worker`,
fed by `snapshot_cache.py`.

A line of standard input is `[parts, target]`, of each part `[path, canonical name, end, start, parted]`, the paths with
a character for each byte; the answer is a line `done` or `failed`. It ends with its input, so that nothing is left when
the program that started it dies.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import orjson

from lineage_core.base.errors import JournalError
from lineage_core.base.freed_memory import keep_memory
from lineage_core.read.checkpoint import Checkpoint, path_of
from lineage_core.read.compression import is_packed, unpack
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import opened, pieces
from lineage_core.read.moved_files import copies_of
from lineage_core.state.snapshot import SavedPart, Snapshot
from lineage_core.state.snapshot_writer import folded_from, write
from lineage_core.state.store import State

BLOCK = 1 << 20

_REUSED = 256 << 20  # bytes of memory that one file took and the next one gets


class Part(NamedTuple):
    """The bytes of a journal file from `start` to `end`; a packed one's all. name: the file's canonical name. parted:
    as `read` has it."""

    path: Path
    name: str
    end: int
    start: int = 0
    parted: bool = False


def fold(parts: Sequence[Part], target: Path) -> None:
    """Fold parts of journal files into one snapshot. Of several those are left out that cannot be read.

    target: where the snapshot goes. Raises JournalError, OSError or MemoryError if it cannot.
    """
    from lineage_core.native import facts  # only in the process that folds: ctypes takes its time

    readings = [Reading(part) for part in parts]
    if not facts.available() and len(parts) == 1:  # of any size: not all of its facts at once
        state, (part,) = State(), parts
        state.fold((part.name, found) for found in readings[0].decoded(Decoder(part.start)))
        folded = folded_from(state)
    else:
        from lineage_core.state.native_fold import FactDecoder, fold_taken, take_file

        taken = []
        for reading in readings.copy():
            name = reading.part.name
            decoder = FactDecoder(name, reading.part.start) if facts.available() else Decoder(reading.part.start)
            try:
                taken.append(take_file(name, decoder, reading.decoded(decoder)))
            except (JournalError, OSError):
                if len(parts) == 1:
                    raise
                readings.remove(reading)
        if not readings:
            raise JournalError("none of them can be read")
        folded = fold_taken(taken)
    write(target, folded, [reading.saved for reading in readings], [reading.rejected for reading in readings])


class Reading:
    """A part of a file that is read. rejected: what was quarantined in it so far. saved: what it was, in the end."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.rejected: list[Rejected] = []

    def decoded(self, decoder: Decoder) -> Iterator[list[Found]]:
        """What it holds, piece by piece; once. Raises JournalError or OSError if it cannot be read."""
        path, name, end, start, parted = self.part
        with opened(path) as fd:
            status = os.fstat(fd)
            checkpoint = Checkpoint(name, (status.st_dev, status.st_ino), path)
            for found, bad in read(fd, checkpoint, end, decoder, parted=parted):
                self.rejected += bad
                yield found
        self.saved = SavedPart(start, checkpoint.to_json(), checkpoint.key)


def fold_again(directory: Path, parts: Iterable[SavedPart]) -> Snapshot | None:
    """The snapshot of these parts of files as they were, made again in a file that nobody else sees; None if one of
    them is nowhere any more. They are looked for under all names that the files may have now, in packed copies too."""
    with TemporaryDirectory(prefix="lineage-") as scratch:
        target = Path(scratch) / "again.snapshot"
        found: list[Part] = []
        for number, (start, saved, _) in enumerate(parts):
            end = Checkpoint.from_json(saved)
            path = _found(directory, end, Path(scratch) / f"{number}.jsonl")
            if path is None:
                return None
            found.append(Part(path, end.name, end.offset, start, end.decided))
        with suppress(JournalError, OSError, MemoryError):
            fold(found, target)
            return Snapshot(target)
    return None


def _found(directory: Path, end: Checkpoint, unpacked: Path) -> Path | None:
    """A file that holds what was read up to a checkpoint. unpacked: where it may be put."""
    for path in paths_of(directory, end):
        with suppress(JournalError, OSError):
            whole = _unpacked(path, unpacked, end.offset) if is_packed(path) and not end.packed else path
            with opened(whole) as fd:
                if end.recognises(fd):
                    return whole
    return None


def paths_of(directory: Path, checkpoint: Checkpoint) -> Iterator[Path]:
    """Where the file of a checkpoint may be by now: at its path, under its other names, packed."""
    yield checkpoint.path
    yield from copies_of(directory, checkpoint.name)


def _unpacked(path: Path, target: Path, size: int) -> Path:
    """The first `size` bytes that a packed file holds, and a few more, in a file. Raises JournalError or OSError."""
    with opened(path) as fd, open(target, "wb") as out:
        for piece in unpack(fd, BLOCK):
            out.write(piece)
            if out.tell() >= size:
                break
    return target


def read(
    fd: int, checkpoint: Checkpoint, end: int, decoder: Decoder, *, parted: bool
) -> Iterator[tuple[list[Found], list[Rejected]]]:
    """What a journal file holds from where the decoder is to `end`, an offset (a packed one: all); `checkpoint` is
    moved behind it.

    parted: at the end begins a record on a line of its own, and another decoder: what is open there will not be
    finished. Raises JournalError or OSError if the bytes cannot be read.
    """
    size = os.fstat(fd).st_size
    if checkpoint.packed:
        for piece in unpack(fd, decoder.BLOCK):
            yield decoder.feed(piece)
        yield decoder.flush()
        checkpoint.move(fd, size, size)
    else:
        for piece in pieces(fd, decoder.BLOCK, min(size, end), decoder.end):
            yield decoder.feed(piece)
        if parted and decoder.end == end:
            yield decoder.flush()
        checkpoint.move(fd, decoder.end, decoder.settled)


def main() -> None:
    """Serve until the input ends."""
    gc.disable()  # nothing here makes cycles; a file's state is dropped whole
    os.nice(10)
    keep_memory(_REUSED)
    for line in sys.stdin.buffer:
        parts, target = orjson.loads(line)
        try:
            fold([Part(path_of(path), *others) for path, *others in parts], path_of(target))
            answer = b"done\n"
        except (JournalError, OSError, MemoryError):
            answer = b"failed\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

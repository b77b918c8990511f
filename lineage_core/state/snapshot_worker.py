"""The process that folds journal files into snapshots: `python -m lineage_core.state.snapshot_worker`,
fed by `snapshot_cache.py`.

A line of standard input is `[path, canonical name, start, end, parted, target]`, the paths with a character for each
byte; the answer is a line `done` or `failed`. It ends with its input, so that nothing is left when the program that
started it dies.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from lineage_core.base.errors import JournalError
from lineage_core.read.checkpoint import Checkpoint, SavedCheckpoint, path_of
from lineage_core.read.compression import is_packed, unpack
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import opened, pieces
from lineage_core.read.moved_files import copies_of
from lineage_core.state.snapshot import Snapshot
from lineage_core.state.snapshot_writer import folded_from, write
from lineage_core.state.store import State

BLOCK = 1 << 20

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)


def fold(path: Path, name: str, end: int, target: Path, *, start: int = 0, parted: bool = False) -> None:
    """Fold the bytes of a journal file from `start` to `end` (a packed one whole) into a snapshot.

    name: the file's canonical name. target: where the snapshot goes. parted: as `read` has it.
    Raises JournalError, OSError or MemoryError if it cannot.
    """
    rejected: list[Rejected] = []
    checkpoint = Checkpoint(name, (0, 0), path)

    def pieces_of(fd: int, decoder: Decoder) -> Iterator[list[Found]]:
        for found, bad in read(fd, checkpoint, end, decoder, parted=parted):
            rejected.extend(bad)
            yield found

    from lineage_core.native import facts  # only in the process that folds: ctypes takes its time

    with opened(path) as fd:
        if facts.available():
            from lineage_core.state.native_fold import FactDecoder, fold_natively

            natively = FactDecoder(name, start)
            folded = fold_natively(name, natively, pieces_of(fd, natively))
        else:
            state = State()
            state.fold((name, found) for found in pieces_of(fd, Decoder(start)))
            folded = folded_from(state)
    write(target, folded, checkpoint.to_json(), rejected, start=start)


def fold_again(directory: Path, saved: SavedCheckpoint, start: int) -> Snapshot | None:
    """The snapshot from an offset to a checkpoint as it was, made again in a file that nobody else sees; None if that
    is nowhere any more. It is looked for under all names that the file may have now, in packed copies too."""
    checkpoint = Checkpoint.from_json(saved)
    with TemporaryDirectory(prefix="lineage-") as scratch:
        for path in (checkpoint.path, *copies_of(directory, checkpoint.name)):
            with suppress(JournalError, OSError, MemoryError):
                whole = path
                if is_packed(path) and not checkpoint.packed:
                    whole = _unpacked(path, Path(scratch) / "unpacked.jsonl", checkpoint.offset)
                with opened(whole) as fd:
                    same = checkpoint.recognises(fd)
                if same:
                    target = Path(scratch) / "again.snapshot"
                    fold(whole, checkpoint.name, checkpoint.offset, target, start=start, parted=checkpoint.decided)
                    return Snapshot(target)
    return None


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
        for piece in unpack(fd, BLOCK):
            yield decoder.feed(piece)
        yield decoder.flush()
        checkpoint.move(fd, size, size)
    else:
        for piece in pieces(fd, BLOCK, min(size, end), decoder.end):
            yield decoder.feed(piece)
        if parted and decoder.end == end:
            yield decoder.flush()
        checkpoint.move(fd, decoder.end, decoder.settled)


def keep_memory() -> None:
    """Let what one file took serve for the next one, where the C library can be told so (glibc): else each gets its
    pages anew, which is a tenth of the work."""
    import ctypes

    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 32 << 20)
        mallopt(_TRIM_THRESHOLD, 256 << 20)


def main() -> None:
    """Serve until the input ends."""
    gc.disable()  # nothing here makes cycles; a file's state is dropped whole
    os.nice(10)
    keep_memory()
    for line in sys.stdin.buffer:
        path, name, start, end, parted, target = orjson.loads(line)
        try:
            fold(path_of(path), name, end, path_of(target), start=start, parted=parted)
            answer = b"done\n"
        except (JournalError, OSError, MemoryError):
            answer = b"failed\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

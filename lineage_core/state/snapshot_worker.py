"""The process that folds journal files into snapshots: `python -m lineage_core.state.snapshot_worker`,
fed by `snapshot_cache.py`.

A line of standard input is `[path, canonical name, bytes, target]`, the paths with a character for each byte; the
answer is a line `done` or `failed`. It ends with its input, so that nothing is left when the program that started it
dies.
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


def fold(path: Path, name: str, limit: int, target: Path) -> None:
    """Fold the first `limit` bytes of a journal file (a packed one whole) into a snapshot.

    name: the file's canonical name. target: where the snapshot goes.
    Raises JournalError, OSError or MemoryError if it cannot.
    """
    rejected: list[Rejected] = []
    checkpoint = Checkpoint(name, (0, 0), path)

    def pieces_of(fd: int, decoder: Decoder) -> Iterator[list[Found]]:
        for found, bad in read(fd, checkpoint, limit, decoder):
            rejected.extend(bad)
            yield found

    from lineage_core.native import facts  # only in the process that folds: ctypes takes its time

    with opened(path) as fd:
        if facts.available():
            from lineage_core.state.native_fold import FactDecoder, fold_natively

            natively = FactDecoder(name)
            folded = fold_natively(name, natively, pieces_of(fd, natively))
        else:
            state = State()
            state.fold((name, found) for found in pieces_of(fd, Decoder()))
            folded = folded_from(state)
    write(target, folded, checkpoint.to_json(), rejected)


def fold_again(directory: Path, saved: SavedCheckpoint) -> Snapshot | None:
    """The snapshot of a prefix as it was, made again in a file that nobody else sees; None if the prefix is nowhere any
    more. It is looked for under all names that the file may have now, in packed copies too."""
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
                    fold(whole, checkpoint.name, checkpoint.offset, target)
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
    fd: int, checkpoint: Checkpoint, limit: int, decoder: Decoder | None = None
) -> Iterator[tuple[list[Found], list[Rejected]]]:
    """What the first `limit` bytes of a journal file (a packed one's all) hold; `checkpoint` is moved behind them.

    decoder: one that is at the beginning of the file. Raises JournalError or OSError if they cannot be read.
    """
    decoder = decoder or Decoder()
    size = os.fstat(fd).st_size
    if checkpoint.packed:
        for piece in unpack(fd, BLOCK):
            yield decoder.feed(piece)
        yield decoder.flush()
        checkpoint.move(fd, size, size)
    else:
        for piece in pieces(fd, BLOCK, min(size, limit)):
            yield decoder.feed(piece)
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
        path, name, limit, target = orjson.loads(line)
        try:
            fold(path_of(path), name, limit, path_of(target))
            answer = b"done\n"
        except (JournalError, OSError, MemoryError):
            answer = b"failed\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

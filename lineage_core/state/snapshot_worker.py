"""The process that folds journal files into segments: `python -m lineage_core.state.snapshot_worker`,
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
from typing import Any

import orjson

from lineage_core.base.errors import JournalError
from lineage_core.read.checkpoint import Place, path_of
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import copies_of, open_file, pieces, unpack
from lineage_core.state.snapshot import Segment
from lineage_core.state.snapshot_writer import write
from lineage_core.state.store import State

BLOCK = 1 << 20


def fold(path: Path, name: str, limit: int, target: Path) -> None:
    """Fold the first `limit` bytes of a journal file (a packed one whole) into a segment.

    Raises JournalError or OSError if it cannot.
    """
    state = State()
    rejected: list[Rejected] = []
    place = Place(name, (0, 0), path)

    def batches(fd: int) -> Iterator[tuple[str, list[Found]]]:
        for found, bad in read(fd, place, limit):
            rejected.extend(bad)
            yield name, found

    fd = open_file(path)
    try:
        state.fold(batches(fd))
    finally:
        os.close(fd)
    write(target, state, place.to_json(), rejected)


def fold_again(directory: Path, position: dict[str, Any]) -> Segment | None:
    """The segment of a prefix as it was, made again in a file that nobody else sees; None if the prefix is nowhere any
    more. It is looked for under all names that the file may have now, in packed copies too."""
    place = Place.from_json(position)
    with TemporaryDirectory(prefix="lineage-") as scratch:
        for path in (place.path, *copies_of(directory, place.name)):
            with suppress(JournalError, OSError):
                whole = path
                if path.name.endswith(".gz") and not place.packed:
                    whole = _unpacked(path, Path(scratch) / "unpacked.jsonl", place.offset)
                fd = open_file(whole)
                try:
                    same = place.recognises(fd)
                finally:
                    os.close(fd)
                if same:
                    target = Path(scratch) / "again.segment"
                    fold(whole, place.name, place.offset, target)
                    return Segment(target)
    return None


def _unpacked(path: Path, target: Path, size: int) -> Path:
    """The first `size` bytes that a packed file holds, and a few more, in a file. Raises JournalError or OSError."""
    fd = open_file(path)
    try:
        with open(target, "wb") as out:
            for piece in unpack(fd, BLOCK):
                out.write(piece)
                if out.tell() >= size:
                    break
    finally:
        os.close(fd)
    return target


def read(fd: int, place: Place, limit: int) -> Iterator[tuple[list[Found], list[Rejected]]]:
    """What the first `limit` bytes of a journal file (a packed one's all) hold; `place` is moved behind them.

    Raises JournalError or OSError if they cannot be read.
    """
    decoder = Decoder()
    size = os.fstat(fd).st_size
    if place.packed:
        for piece in unpack(fd, BLOCK):
            yield decoder.feed(piece)
        yield decoder.flush()
        place.move(fd, size, size)
    else:
        for piece in pieces(fd, BLOCK, min(size, limit)):
            yield decoder.feed(piece)
        place.move(fd, decoder.end, decoder.settled)


def main() -> None:
    """Serve until the input ends."""
    gc.disable()  # nothing here makes cycles; a file's state is dropped whole
    os.nice(10)
    for line in sys.stdin.buffer:
        path, name, limit, target = orjson.loads(line)
        try:
            fold(path_of(path), name, limit, path_of(target))
            answer = b"done\n"
        except (JournalError, OSError):
            answer = b"failed\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

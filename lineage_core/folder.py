"""The process that folds journal files into segments: `python -m lineage_core.folder`, fed by `history.py`.

A line of standard input is `[path, canonical name, target]`; the answer is a line `done` or `failed`. It ends with
its input, so that nothing is left when the program that started it dies.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

from lineage_core.decode import Decoder, Found, Rejected
from lineage_core.errors import JournalError
from lineage_core.files import open_file
from lineage_core.merge import State
from lineage_core.place import Place
from lineage_core.segment import write

BLOCK = 1 << 20


def fold(path: Path, name: str, target: Path) -> None:
    """Fold what a journal file holds now into a segment. Raises JournalError or OSError if it cannot."""
    state = State()
    rejected: list[Rejected] = []
    place = Place(name, (0, 0), path)
    decoder = Decoder()
    fd = open_file(path)
    try:
        size = os.fstat(fd).st_size

        def batches() -> Iterator[tuple[str, list[Found]]]:
            while decoder.end < size:
                data = os.pread(fd, min(BLOCK, size - decoder.end), decoder.end)
                if not data:
                    return
                found, bad = decoder.feed(data)
                rejected.extend(bad)
                yield name, found

        state.fold(batches())
        place.move(fd, decoder.end, decoder.settled)
    finally:
        os.close(fd)
    write(target, state, place.to_json(), rejected)


def main() -> None:
    """Serve until the input ends."""
    gc.disable()  # nothing here makes cycles; a file's state is dropped whole
    os.nice(5)
    for line in sys.stdin.buffer:
        path, name, target = orjson.loads(line)
        try:
            fold(Path(path), name, Path(target))
            answer = b"done\n"
        except (JournalError, OSError):
            answer = b"failed\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

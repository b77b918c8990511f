"""What a lineage directory held when the reading began: folded by several processes, and cached per user.

The cache lies under the user's cache directory, one segment a journal file. It may be deleted at any time and is
never trusted: a segment is used only for the file (device, inode, hashes of its beginning and of the bytes before the
offset) whose prefix it was made from.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

import orjson
from platformdirs import user_cache_path

from lineage_core.errors import JournalError
from lineage_core.files import JournalFile, files, open_file
from lineage_core.place import Place
from lineage_core.segment import Damaged, Segment

SMALL = 4 << 20
"""Bytes of a directory that is simply read: below it, processes and a cache would cost more than they save."""

REFOLD = 4 << 20
"""Bytes that a file may have grown beyond its segment before the segment is made again."""


class Progress(NamedTuple):
    """How far the history is: bytes done of bytes in all."""

    done: int
    total: int


def cache_directory() -> Path:
    """Where the segments of this user are kept."""
    return user_cache_path("lineage-tui") / "segments"


def segments(directory: Path, *, workers: int | None = None) -> Iterator[tuple[Segment, Progress]]:
    """The folded prefixes of the files of a directory, cached ones first, then newest first as they get ready.

    A small directory gives none, nor does a file that cannot be read: the tailer reads them (and says why not). The
    rest of every file is the tailer's: give it the segments' positions. workers: processes, by default one a core.
    Raises FileNotFoundError or JournalError as `files.files` does.
    """
    listed = [file for file in files(directory) if not file.packed and file.status.st_size]
    total = sum(file.status.st_size for file in listed)
    if total < SMALL:
        return
    cache, scratch = _cache(directory)
    try:
        done = 0
        missing: list[JournalFile] = []
        for file in listed:
            segment = _cached(cache / _name(file), file)
            if segment is None:
                missing.append(file)
                continue
            done += file.status.st_size
            yield segment, Progress(done, total)
        for file, segment in _fold(missing, cache, workers or os.cpu_count() or 1):
            done += file.status.st_size
            if segment is not None:
                yield segment, Progress(done, total)
        _sweep(cache, {_name(file) for file in listed})
    finally:
        if scratch is not None:
            scratch.cleanup()


def _cache(directory: Path) -> tuple[Path, tempfile.TemporaryDirectory[str] | None]:
    """The cache of a directory; a temporary one where the user's cannot be written."""
    key = blake2b(os.fsencode(directory.absolute()), digest_size=8).hexdigest()
    cache = cache_directory() / key
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(cache, os.W_OK) and cache.stat().st_uid == os.getuid():
            return cache, None
    except OSError:
        pass  # read-only, or not ours: then nothing is kept
    scratch = tempfile.TemporaryDirectory(prefix="lineage-")
    return Path(scratch.name), scratch


def _name(file: JournalFile) -> str:
    return f"{file.status.st_dev:x}-{file.status.st_ino:x}.segment"


def _cached(path: Path, file: JournalFile) -> Segment | None:
    """The segment at `path`, if it is sound and was made from a prefix of this file that is most of it."""
    try:
        segment = Segment(path)
        place = Place.from_json(segment.position)
        if place.name != file.name or not place.offset <= file.status.st_size <= place.offset + REFOLD:
            return None
        fd = open_file(file.path)
    except (Damaged, JournalError, ValueError, KeyError, TypeError):
        return None
    try:
        return segment if place.recognises(fd) else None
    finally:
        os.close(fd)


def _sweep(cache: Path, wanted: set[str]) -> None:
    """Delete the segments of files that are gone."""
    for path in cache.iterdir():
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _fold(jobs: list[JournalFile], cache: Path, workers: int) -> Iterator[tuple[JournalFile, Segment | None]]:
    """Fold files in processes; each file with its segment, as they get ready (None: it could not be folded)."""
    waiting: SimpleQueue[JournalFile | None] = SimpleQueue()
    ready: SimpleQueue[tuple[JournalFile, Segment | None]] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    threads = [Thread(target=_serve, args=(waiting, ready, cache), daemon=True) for _ in range(min(workers, len(jobs)))]
    for thread in threads:
        waiting.put(None)
        thread.start()
    for _ in jobs:
        yield ready.get()
    for thread in threads:
        thread.join()


def _serve(
    waiting: SimpleQueue[JournalFile | None], ready: SimpleQueue[tuple[JournalFile, Segment | None]], cache: Path
) -> None:
    """Give one process file after file, until there are no more."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "lineage_core.folder"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker:
        while (file := waiting.get()) is not None:
            target = cache / _name(file)
            segment = None
            try:
                worker.stdin.write(orjson.dumps([str(file.path), file.name, str(target)]) + b"\n")
                worker.stdin.flush()
                if worker.stdout.readline() == b"done\n":
                    segment = Segment(target)
            except (BrokenPipeError, Damaged):
                segment = None  # the tailer reads the file instead
            ready.put((file, segment))
        worker.stdin.close()

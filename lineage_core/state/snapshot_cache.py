"""What a lineage directory held when the reading began: folded by several processes, and cached per user.

The cache lies under the user's cache directory, one snapshot a journal file, a part of a large one, or several small
ones (`state/snapshot_jobs.py`). It may be deleted at any time and is never trusted: a snapshot is used only for the
files (by the hashes of their beginnings and of the bytes before the ends) that it was made from.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

import orjson

from lineage_core.base.errors import JournalError
from lineage_core.base.user_files import folder, location
from lineage_core.meaning.durations import Kind
from lineage_core.read.checkpoint import Checkpoint
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import JournalFile, files, open_file
from lineage_core.state import snapshot_jobs
from lineage_core.state.snapshot import DamagedError, Snapshot
from lineage_core.state.snapshot_jobs import Job, jobs_of, key_of, weight
from lineage_core.state.snapshot_of_hosts import jobs_of_hosts
from lineage_core.state.snapshot_worker import fold_again, paths_of, read

SMALL = 4 << 20
"""Bytes of a directory that is simply read: below it, processes and a cache would cost more than they save."""

SAMPLING = 40
"""Snapshots that tell what is usual, to a query that does not read them."""

_FOLDER = (sys.executable, "-m", "lineage_core.state.snapshot_worker")


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection: what is read meanwhile stays, and to look through it again and again takes as long as
    reading it."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


class Unfolded(NamedTuple):
    """A part of a file that could not be folded, and behind which the tailer goes on: to be read here.

    start: where it begins, in bytes. checkpoint: its end.
    """

    directory: Path
    start: int
    checkpoint: Checkpoint

    def batches(self) -> Iterator[tuple[list[Found], list[Rejected]]]:
        """What it holds, wherever the file was moved meanwhile. Raises JournalError or OSError."""
        for path in paths_of(self.directory, self.checkpoint):
            try:
                fd = open_file(path)
            except JournalError:
                continue  # moved
            try:
                if self.checkpoint.recognises(fd):
                    end = Checkpoint(self.checkpoint.name, (0, 0), path)
                    parted = self.checkpoint.decided
                    yield from read(fd, end, self.checkpoint.offset, Decoder(self.start), parted=parted)
                    return
            finally:
                os.close(fd)


class SnapshotCache:
    """The history of a directory: iterate over it for the snapshots, cached ones first, then newest first.

    checkpoints: where the tailer has to go on in files of which it need not wait for the snapshot. If such a snapshot
    cannot be made (a full disk, a process that was killed), the iteration gives the Unfolded instead. held: the paths
    that the tailer must leave alone until their snapshot is there; then it goes on behind it, and if there is none in
    the end, it reads the file. done, total: bytes, for a progress.
    A small directory has no history: the tailer reads all of it. Raises FileNotFoundError or JournalError as
    `files.files` does.
    """

    def __init__(self, directory: Path, *, workers: int | None = None) -> None:
        named = {key_of(file): file for file in reversed(files(directory)) if file.status.st_size}
        listed = [*named.values()][::-1]  # one that has several names is read by the first, as the tailer does
        self.total = _size(listed)
        self.done = 0
        self._directory = directory
        self._stopped = False
        self._workers = workers or os.cpu_count() or 1
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._jobs: list[Job] = []
        self._serving: list[subprocess.Popen[bytes]] = []
        if self.total >= SMALL:
            cache = self._cache(directory)
            self._jobs = _jobs(listed, cache)
            _sweep(cache, {job.target for job in self._jobs})
        parts = [part for job in self._jobs for part in job.parts]
        self.checkpoints = [part.promised.to_json() for part in parts if part.promised]
        self.held = {part.file.path for part in parts if not part.promised}

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def __iter__(self) -> Iterator[Snapshot | Unfolded]:
        checking = ThreadPoolExecutor(1)  # the next one is read while somebody takes this one
        sound = checking.map(Snapshot.sound, [job.cached for job in self._jobs if job.cached is not None])
        try:
            todo = []
            for job in self._jobs:
                if job.cached is not None and next(sound):
                    self.done += job.weight
                    yield self._renewing(job, job.cached)
                else:  # if one was altered, the same prefix is folded again
                    todo.append(job)
            for job, snapshot in self._fold(todo):
                self.done += job.weight
                if snapshot is not None:
                    yield self._renewing(job, snapshot)
                for part in job.promised_beyond(snapshot):
                    if part.promised is not None and not self._stopped:
                        yield Unfolded(self._directory, part.start, part.promised)
        finally:
            checking.shutdown(cancel_futures=True)
            if self._scratch is not None:
                self._scratch.cleanup()

    def _renewing(self, job: Job, snapshot: Snapshot) -> Snapshot:
        snapshot.renew = partial(fold_again, self._directory)
        snapshot.last = job.parts[0].last
        return snapshot

    def stop(self) -> None:
        """Fold no more: what is left comes without snapshots, soon. For another thread than the one that iterates."""
        self._stopped = True
        for worker in self._serving:
            worker.kill()

    def _cache(self, directory: Path) -> Path:
        """The cache of a directory; a temporary one where the user's cannot be written."""
        if cache := folder("cache", "snapshots", _key(directory)):
            return cache
        self._scratch = tempfile.TemporaryDirectory(prefix="lineage-")
        return Path(self._scratch.name)

    def _fold(self, jobs: list[Job]) -> Iterator[tuple[Job, Snapshot | None]]:
        """Fold files in processes; each job with its snapshot, as they get ready (None: it could not be folded)."""
        waiting: SimpleQueue[Job | None] = SimpleQueue()
        ready: SimpleQueue[tuple[Job, Snapshot | None]] = SimpleQueue()
        for job in jobs:
            waiting.put(job)
        for _ in range(min(self._workers, len(jobs))):
            waiting.put(None)
            Thread(target=self._serve, args=(waiting, ready), name="history", daemon=True).start()
        for _ in jobs:
            yield ready.get()

    def _serve(self, waiting: SimpleQueue[Job | None], ready: SimpleQueue[tuple[Job, Snapshot | None]]) -> None:
        """Give one process file after file, until there are no more; another one if it dies."""
        worker: subprocess.Popen[bytes] | None = None
        while (job := waiting.get()) is not None:
            snapshot = None
            try:
                if not self._stopped and (worker is None or worker.poll() is not None):
                    _end(worker)
                    worker = subprocess.Popen(_FOLDER, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
                    self._serving.append(worker)
                if worker is not None:
                    snapshot = _folded(job, worker)
            except (OSError, DamagedError, ValueError):
                snapshot = None
            finally:
                ready.put((job, snapshot))
        _end(worker)


def size_of(directory: Path) -> int:
    """Bytes of a directory's files, packed ones as what they unpack to. Raises as `files.files` does."""
    return _size(files(directory))


def _size(some: Iterable[JournalFile]) -> int:
    return sum(map(weight, some))


def _jobs(listed: list[JournalFile], cache: Path) -> list[Job]:
    """What is to be folded of these files, newest first."""
    jobs = jobs_of_hosts(listed, cache)
    covered = {part.file.path for job in jobs for part in job.parts}
    for file in listed:
        if file.path not in covered:
            jobs += jobs_of(file, cache, newest=file is listed[0])
    order = {file.path: number for number, file in enumerate(listed)}
    return sorted(jobs, key=lambda job: order[job.parts[0].file.path])


def cached_samples(directory: Path) -> Iterator[tuple[Kind, list[tuple[str, int, int]]]]:
    """What the cached snapshots of a directory tell of what is usual (`Snapshot.usual`); those last made first, at most
    SAMPLING of them."""
    cache = location("cache")
    paths = (cache / "snapshots" / _key(directory)).glob("*.snapshot") if cache else ()
    with suppress(OSError):
        newest = sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)
        for path in newest[:SAMPLING]:
            with suppress(DamagedError):
                yield from Snapshot(path).usual()


def snapshots_of(directory: Path, some: Iterable[JournalFile]) -> list[Path]:
    """The snapshots of these files of a directory that are in the user's cache."""
    cache = location("cache")
    return snapshot_jobs.snapshots_of(cache / "snapshots" / _key(directory), some) if cache is not None else []


def link_snapshots(snapshots: Iterable[Path], directory: Path) -> None:
    """Let a directory in which files of another one are linked have their snapshots too, as far as there are any."""
    if (cache := folder("cache", "snapshots", _key(directory))) is not None:
        for path in snapshots:
            with suppress(OSError):
                (cache / path.name).hardlink_to(path)


def _key(directory: Path) -> str:
    return blake2b(os.fsencode(directory.absolute()), digest_size=8).hexdigest()


def _end(worker: subprocess.Popen[bytes] | None) -> None:
    """Let a process end, and close its pipes."""
    if worker is not None:
        worker.communicate()


def _folded(job: Job, worker: subprocess.Popen[bytes]) -> Snapshot | None:
    """The snapshot that a process makes; None if it cannot, or made another one. Raises OSError or DamagedError."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    parts = [[_saved(part.file.path), part.file.name, part.end, part.start, part.parted] for part in job.parts]
    worker.stdin.write(orjson.dumps([parts, _saved(job.target)]) + b"\n")
    answer = worker.stdout.readline()
    if not answer:
        worker.kill()
        worker.wait()  # it is not used again
    return job.made() if answer == b"done\n" else None


def _saved(path: Path) -> str:
    return os.fsencode(path).decode("latin-1")


def _sweep(cache: Path, wanted: set[Path]) -> None:
    """Delete the snapshots of files that are gone, and what a killed process left unfinished an hour ago or earlier."""
    for path in cache.glob("*.snapshot"):
        if path not in wanted:
            with suppress(OSError):  # what is no file stays
                path.unlink()
    for path in cache.glob("*.part"):
        with suppress(OSError):
            if path.lstat().st_mtime < time.time() - 3600:
                path.unlink()

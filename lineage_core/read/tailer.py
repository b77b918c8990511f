"""A lineage directory -> batches of records, each once, whatever happens to the files in between.

A file is known by its device and inode, so a renamed one goes on where it stood. Before a file is read on, its
beginning and the bytes before the offset are compared with what was read: a file that was truncated, replaced, or
made again under the same inode is read from its start. A new file that begins with what was read under another name
(a copy, before the original is truncated) goes on where that reading stood. The few files that grew last are kept
open, so that what their writers add after they were moved away or deleted is read too. Records that come twice all
the same, as the combined file's do, are the fold's business: it drops them by content.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from copy import copy
from heapq import nlargest
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.base.errors import JournalError
from lineage_core.model.limits import MAX_LINE
from lineage_core.read.checkpoint import RACY, Checkpoint, Key, PastCheckpoints
from lineage_core.read.compression import unpack
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import JournalFile, files, open_file, why

_HOT = 64  # files that changed last, which every pass looks at; the others' turn comes with each listing
_LISTING_SHARE = 10  # a listing of more files, to see which of those grew, may take one part in ten of the time
_HELD = 4  # files that grew last, which are kept open
_MOVES = 20  # passes in a row while files are moved away before they can be read
_GRACE = 10.0  # seconds without growth after which a file that is gone is given up
_HOLD = 2 * MAX_LINE  # bytes of an unpacked record in progress that are kept


class Batch(NamedTuple):
    """What one block of one file held.

    file: the file's canonical name, by which facts are ordered, also for a renamed or packed copy. path: where the
    bytes were read. start, end: the offsets between which `data` stands, in bytes (unpacked ones in a packed file).
    """

    file: str
    path: Path
    found: list[Found]
    rejected: list[Rejected]
    end: int
    start: int
    data: bytes

    def raw(self, found: Found) -> bytes:
        """The bytes of one of the records found here."""
        return self.data[found.offset - self.start : found.offset - self.start + found.length]


class Tailer:
    """Reads what is new in a lineage directory, again and again.

    since: only records from this time on (microseconds UTC); daily files that cannot hold any are not opened.
    from_end: what stands in the files at the first pass is left out.
    checkpoints: where another Tailer stopped, by its `checkpoints()`. block: the most bytes read at once; 64 KiB
    of records stay in the processor's cache until they are folded. decoder: makes what decodes, from an offset on.

    held: paths to leave alone for now; what is taken out is read in the next pass.
    backlog: bytes that are known and not read yet. problems: files that cannot be read, and why.
    unread: files that may be of the journal by their names and are not read, and why.
    missing: whether the directory does not exist.
    """

    def __init__(
        self,
        directory: Path,
        *,
        since: int | None = None,
        from_end: bool = False,
        checkpoints: Iterable[dict[str, Any]] = (),
        block: int = 1 << 16,
        decoder: Callable[[int], Decoder] = Decoder,
    ) -> None:
        self.directory = Path(directory)
        self.backlog = 0
        self.problems: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        self.missing = False
        self._held: dict[Key, int] = {}  # descriptors, the last used at the end
        self._since = since
        self._from_end = from_end
        self._block = block
        self._decoder = decoder
        self._checkpoints: dict[Key, Checkpoint] = {}  # in reading order
        self._hot: list[Checkpoint] = []
        self._listed = False
        self._made_at: int | None = None
        self._next_listing = 0.0
        self._moved = False  # whether a file was not at its path any more when it was to be read
        self._gone = PastCheckpoints()
        self.held: set[Path] = set()
        for saved in checkpoints:
            self.go_on_from(saved)

    def scan(self) -> Iterator[Batch]:
        """One pass over the directory: what is new since the last pass, newest daily file first, block by block.

        What the newest file gains meanwhile comes before more history of the others. A file that was moved before it
        could be opened is looked for again: it is being archived.
        """
        for _ in range(_MOVES):
            self._moved = False
            yield from self._pass()
            if not self._moved:
                break

    def _pass(self) -> Iterator[Batch]:
        checkpoints = self._look()
        self.backlog = sum(checkpoint.unread for checkpoint in checkpoints)
        newest = next(iter(self._checkpoints.values()), None)
        for checkpoint in checkpoints:
            for batch in self._read(checkpoint):
                yield batch
                if newest is not None and checkpoint is not newest and self._refresh(newest) and newest.changed:
                    yield from self._read(newest)
        self.backlog = 0

    def checkpoints(self) -> list[dict[str, Any]]:
        """How far each file was read, as JSON-able data, for another Tailer to go on."""
        return [one.to_json() for one in (*self._gone, *self._checkpoints.values()) if one.offset]

    def go_on_from(self, saved: dict[str, Any]) -> None:
        """Begin a file that was not read yet where a checkpoint says: one of the `checkpoints()`, or a snapshot's.

        What does not describe a checkpoint is left out; a file that is not as it says is read from its start.
        """
        with suppress(ValueError):
            self._gone.remember(Checkpoint.from_json(saved))

    def close(self) -> None:
        """Close the files that are kept open; a later pass opens what it needs."""
        while self._held:
            os.close(self._held.popitem()[1])

    def __del__(self) -> None:
        self.close()

    def _look(self) -> list[Checkpoint]:
        """The files that have changed, in reading order."""
        began = time.monotonic()
        try:
            made_at = self.directory.stat().st_mtime_ns  # of the newest name in the directory
        except OSError:
            made_at = None
        if len(self._checkpoints) <= _HOT or made_at != self._made_at or began >= self._next_listing:
            self._made_at = made_at if time.time_ns() - (made_at or 0) > RACY else None
            self._list()
            ended = time.monotonic()
            self._next_listing = ended + _LISTING_SHARE * (ended - began)
            checkpoints = list(self._checkpoints.values())
        else:
            checkpoints = [checkpoint for checkpoint in self._hot if self._refresh(checkpoint)]
        return [checkpoint for checkpoint in checkpoints if checkpoint.changed]

    def _list(self) -> None:
        """See which files there are."""
        first, self._listed = not self._listed, True
        problems: dict[str, str] = {}
        unread: dict[str, str] = {}
        listed: list[JournalFile] = []
        try:
            listed = files(self.directory, problems, unread)
            self.missing = False
        except FileNotFoundError:
            self.missing = True
        except JournalError as error:
            problems["."] = str(error)
        before, self._checkpoints = self._checkpoints, {}
        known, new = list(before.values()), []
        for file in listed:
            key = file.status.st_dev, file.status.st_ino
            if key in self._checkpoints or file.path in self.held:
                continue  # a second name of the same file, or somebody else's for now
            checkpoint = before.pop(key, None)
            if checkpoint is None or (
                checkpoint.path != file.path and (checkpoint.name != file.name or not checkpoint.offset)
            ):
                if checkpoint is not None:
                    self._gone.remember(checkpoint)  # its inode has another file now
                checkpoint = Checkpoint(file.name, key, file.path)
                checkpoint.skip = self._too_old(file)
                checkpoint.from_end = first and self._from_end
                new.append(checkpoint)
            checkpoint.path, checkpoint.lost_at = file.path, None
            checkpoint.see(file.status)
            self._checkpoints[key] = checkpoint
        for checkpoint in before.values():
            self._lose(checkpoint)
        for checkpoint in new:
            self._gone.recognise(checkpoint, known)
        self.unread = unread
        self.problems = problems | {self._label(p): p.problem for p in self._checkpoints.values() if p.problem}
        hot = {
            id(checkpoint)
            for checkpoint in nlargest(_HOT, self._checkpoints.values(), key=lambda checkpoint: checkpoint.changed_at)
        }
        self._hot = [checkpoint for checkpoint in self._checkpoints.values() if id(checkpoint) in hot]

    def _too_old(self, file: JournalFile) -> bool:
        """Whether a daily file ended, in any time zone, before the time from which on records are asked for."""
        midnight = parse_timestamp(file.date + "T00:00:00Z") if file.date else None
        return self._since is not None and midnight is not None and midnight + 2 * DAY < self._since

    def _lose(self, checkpoint: Checkpoint) -> None:
        """The file is gone from the directory. As long as it is open and grows, it is read on."""
        present = time.monotonic()
        checkpoint.lost_at = checkpoint.lost_at or present
        fd = self._held.get(checkpoint.key)
        if fd is not None and present - checkpoint.lost_at < _GRACE:
            checkpoint.see(os.fstat(fd))
            self._checkpoints[checkpoint.key] = checkpoint
            return
        self._gone.remember(checkpoint)
        if fd is not None:
            os.close(self._held.pop(checkpoint.key))

    def _refresh(self, checkpoint: Checkpoint) -> bool:
        """Look at the file's size again; False if it is not at its path any more."""
        try:
            fd = self._held.get(checkpoint.key)
            status = checkpoint.path.stat() if fd is None else os.fstat(fd)
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != checkpoint.key:
            self._next_listing = 0.0
            return False
        checkpoint.see(status)
        return True

    def _read(self, checkpoint: Checkpoint) -> Iterator[Batch]:
        """The batches of one file, from where it was left to its present end."""
        fd = self._held.pop(checkpoint.key, -1)
        begin = checkpoint.offset
        try:
            if fd < 0:
                fd = open_file(checkpoint.path)
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != checkpoint.key:
                self._next_listing = 0.0  # something else has its name now
                self._moved = True
                return
            if checkpoint.from_end:
                checkpoint.start_at_end(fd)
                checkpoint.from_end = False
            elif not checkpoint.recognises(fd):
                self._gone.remember(copy(checkpoint))  # a copy of what it was may turn up yet
                checkpoint.restart()
                others = [other for other in self._checkpoints.values() if other is not checkpoint]
                self._gone.recognise(checkpoint, others, fd)  # by what is open: its path may be another file's now
            yield from (
                self._unpacked(checkpoint, fd, status) if checkpoint.packed else self._plain(checkpoint, fd, status)
            )
            if checkpoint.offset == status.st_size:
                checkpoint.read_all(status)
        except (OSError, JournalError) as error:
            checkpoint.problem = why(error) if isinstance(error, OSError) else str(error)
            if isinstance(error.__cause__, FileNotFoundError):
                self._next_listing, self._moved = 0.0, True
        finally:
            if checkpoint.problem:
                self.problems[self._label(checkpoint)] = checkpoint.problem
            else:
                self.problems.pop(self._label(checkpoint), None)
            if fd >= 0:
                self._hold_or_close(checkpoint, fd, grown=checkpoint.offset != begin)

    def _plain(self, checkpoint: Checkpoint, fd: int, status: os.stat_result) -> Iterator[Batch]:
        checkpoint.problem = ""
        while checkpoint.offset < status.st_size:
            begin = checkpoint.offset
            data, before = checkpoint.read_on(fd, min(self._block, status.st_size - begin)) or (b"", b"")
            if not data:
                self._moved = True  # it was truncated or replaced just now: the next pass will see
                return
            decoder = checkpoint.decoder_of(fd, self._decoder)
            found, rejected = decoder.feed(data)
            first = min([begin, *(one.offset for one in found)])
            head = os.pread(fd, begin - first, first) if first < begin else b""
            if len(head) != begin - first or (head and head[-len(before) :] != before[-len(head) :]):
                checkpoint.decoder = None  # it was fed what is not given
                self._moved = True
                return
            checkpoint.read_to(data, before, decoder.settled)
            self.backlog = max(0, self.backlog - len(data))
            if decoder.fresh:
                checkpoint.decoder = None
            data = head + data
            yield self._batch(checkpoint, found, rejected, data, checkpoint.offset)
        if checkpoint.settled < checkpoint.offset == status.st_size:
            decoder = checkpoint.decoder_of(fd, self._decoder)
            found, rejected = decoder.take_last()
            if found or rejected:
                first = min(one[0] for one in (*found, *rejected))
                data = os.pread(fd, checkpoint.offset - first, first)
                if decoder.is_open:
                    checkpoint.settled = decoder.settled
                else:
                    checkpoint.settled, checkpoint.decoder = checkpoint.offset, None
                yield self._batch(checkpoint, found, rejected, data, checkpoint.offset)

    def _unpacked(self, checkpoint: Checkpoint, fd: int, status: os.stat_result) -> Iterator[Batch]:
        if checkpoint.offset == status.st_size:
            return
        checkpoint.restart()
        checkpoint.problem = ""
        decoder = self._decoder(0)
        pieces: deque[bytes] = deque()  # of what is not settled, and its length
        held = 0
        try:
            for piece in unpack(fd, self._block):
                found, rejected = decoder.feed(piece)
                pieces.append(piece)
                held += len(piece)
                yield self._batch(checkpoint, found, rejected, b"".join(pieces) if found else b"", decoder.end)
                while pieces and held - len(pieces[0]) >= min(decoder.end - decoder.settled, _HOLD):
                    held -= len(pieces.popleft())
        except JournalError as error:
            checkpoint.problem = str(error)
        found, rejected = decoder.flush()
        yield self._batch(checkpoint, found, rejected, b"".join(pieces), decoder.end)
        checkpoint.move(fd, status.st_size, status.st_size)

    def _batch(
        self, checkpoint: Checkpoint, found: list[Found], rejected: list[Rejected], data: bytes, end: int
    ) -> Batch:
        if self._since is not None:
            since = self._since
            found = [one for one in found if one.at >= since]
        return Batch(checkpoint.name, checkpoint.path, found, rejected, end, end - len(data), data)

    def _hold_or_close(self, checkpoint: Checkpoint, fd: int, grown: bool) -> None:
        """Keep a file open that grows, in place of the one that has not grown for longest."""
        if checkpoint.packed or not (grown or checkpoint.lost_at):
            os.close(fd)
            return
        if grown and checkpoint.lost_at:
            checkpoint.lost_at = time.monotonic()
        self._held[checkpoint.key] = fd
        if len(self._held) > _HELD:
            os.close(self._held.pop(next(iter(self._held))))

    def _label(self, checkpoint: Checkpoint) -> str:
        """The file's name for people: its path below the directory."""
        try:
            return str(checkpoint.path.relative_to(self.directory))
        except ValueError:
            return str(checkpoint.path)

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
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.model.limits import MAX_LINE
from lineage_core.read.checkpoint import Checkpoint, SavedCheckpoint
from lineage_core.read.compression import unpack
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.followed_files import FollowedFiles
from lineage_core.read.journal_files import open_file, why

_MOVES = 20  # passes in a row while files are moved away before they can be read
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

    backlog: bytes that are known and not read yet.
    """

    def __init__(
        self,
        directory: Path,
        *,
        since: int | None = None,
        from_end: bool = False,
        checkpoints: Iterable[SavedCheckpoint] = (),
        block: int = 1 << 16,
        decoder: Callable[[int], Decoder] = Decoder,
    ) -> None:
        self.directory = Path(directory)
        self.backlog = 0
        self._files = FollowedFiles(self.directory, since=since, from_end=from_end)
        self._since = since
        self._block = block
        self._decoder = decoder
        self._moved = False  # whether a file was not at its path any more when it was to be read
        for saved in checkpoints:
            self.go_on_from(saved)

    @property
    def held(self) -> set[Path]:
        """Paths to leave alone for now; what is taken out is read in the next pass."""
        return self._files.left_alone

    @held.setter
    def held(self, paths: set[Path]) -> None:
        self._files.left_alone = paths

    @property
    def problems(self) -> dict[str, str]:
        """Files that cannot be read, and why."""
        return self._files.problems

    @property
    def unread(self) -> dict[str, str]:
        """Files that may be of the journal by their names and are not read, and why."""
        return self._files.unread

    @property
    def missing(self) -> bool:
        """Whether the directory does not exist."""
        return self._files.missing

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

    def close(self) -> None:
        """Close the files that are kept open; a later pass opens what it needs."""
        self._files.close()

    def _pass(self) -> Iterator[Batch]:
        checkpoints = self._files.changed()
        self.backlog = sum(checkpoint.unread for checkpoint in checkpoints)
        newest = next(iter(self._files.checkpoints.values()), None)
        for checkpoint in checkpoints:
            for batch in self._read(checkpoint):
                yield batch
                if newest is not None and checkpoint is not newest and self._files.refresh(newest) and newest.changed:
                    yield from self._read(newest)
        self.backlog = 0

    def checkpoints(self) -> list[SavedCheckpoint]:
        """How far each file was read, as JSON-able data, for another Tailer to go on."""
        return [one.to_json() for one in (*self._files.gone, *self._files.checkpoints.values()) if one.offset]

    def go_on_from(self, saved: SavedCheckpoint) -> None:
        """Begin a file that was not read yet where a checkpoint says: one of the `checkpoints()`, or a snapshot's.

        What does not describe a checkpoint is left out; a file that is not as it says is read from its start.
        """
        with suppress(ValueError):
            self._files.gone.remember(Checkpoint.from_json(saved))

    def _read(self, checkpoint: Checkpoint) -> Iterator[Batch]:
        """The batches of one file, from where it was left to its present end."""
        fd = self._files.take_descriptor(checkpoint)
        begin = checkpoint.offset
        try:
            if fd < 0:
                fd = open_file(checkpoint.path)
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != checkpoint.key:
                self._files.list_again()  # something else has its name now
                self._moved = True
                return
            if checkpoint.from_end:
                checkpoint.start_at_end(fd)
                checkpoint.from_end = False
            elif not checkpoint.recognises(fd):
                self._files.gone.remember(copy(checkpoint))  # a copy of what it was may turn up yet
                checkpoint.restart()
                others = [other for other in self._files.checkpoints.values() if other is not checkpoint]
                # By what is open: its path may be another file's now.
                self._files.gone.recognise(checkpoint, others, fd)
            yield from (
                self._unpacked(checkpoint, fd, status) if checkpoint.packed else self._plain(checkpoint, fd, status)
            )
            if checkpoint.offset == status.st_size:
                checkpoint.read_all(status)
        except (OSError, JournalError) as error:
            checkpoint.problem = why(error) if isinstance(error, OSError) else str(error)
            if isinstance(error.__cause__, FileNotFoundError):
                self._files.list_again()
                self._moved = True
        finally:
            if checkpoint.problem:
                self.problems[self._files.label(checkpoint)] = checkpoint.problem
            else:
                self.problems.pop(self._files.label(checkpoint), None)
            if fd >= 0:
                self._files.hold_or_close(checkpoint, fd, grown=checkpoint.offset != begin)

    def _plain(self, checkpoint: Checkpoint, fd: int, status: os.stat_result) -> Iterator[Batch]:
        checkpoint.problem = ""
        while checkpoint.offset < status.st_size:
            begin = checkpoint.offset
            size = min(self._block, status.st_size - begin)
            more = begin + size < status.st_size  # then what is left of a line comes with the next block
            data, before = checkpoint.read_on(fd, size, lines=more) or (b"", b"")
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

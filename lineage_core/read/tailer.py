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
from collections.abc import Callable, Iterator
from contextlib import suppress
from heapq import nlargest
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.base.errors import JournalError
from lineage_core.model.limits import MAX_LINE
from lineage_core.read.checkpoint import RACY, Gone, Key, Place
from lineage_core.read.decoder import Decoder, Found, Rejected
from lineage_core.read.journal_files import JournalFile, files, open_file, unpack, why

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
    positions: where another Tailer stopped, as its `positions()` told. block: the most bytes read at once; 64 KiB
    of records stay in the processor's cache until they are folded. decoder: makes what decodes, from an offset on.

    held: paths to leave alone for now; what is taken out is read in the next pass.
    backlog: bytes that are known and not read yet. problems: files that cannot be read, and why.
    missing: whether the directory does not exist.
    """

    def __init__(
        self,
        directory: Path,
        *,
        since: int | None = None,
        from_end: bool = False,
        positions: dict[str, Any] | None = None,
        block: int = 1 << 16,
        decoder: Callable[[int], Decoder] = Decoder,
    ) -> None:
        self.directory = Path(directory)
        self.backlog = 0
        self.problems: dict[str, str] = {}
        self.missing = False
        self._held: dict[Key, int] = {}  # descriptors, the last used at the end
        self._since = since
        self._from_end = from_end
        self._block = block
        self._decoder = decoder
        self._places: dict[Key, Place] = {}  # in reading order
        self._hot: list[Place] = []
        self._listed = False
        self._made_at: int | None = None
        self._next_listing = 0.0
        self._moved = False  # whether a file was not at its path any more when it was to be read
        self._gone = Gone()
        self.held: set[Path] = set()
        for told in (positions or {}).get("places", ()):
            self.go_on_from(told)

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
        places = self._look()
        self.backlog = sum(place.unread for place in places)
        newest = next(iter(self._places.values()), None)
        for place in places:
            for batch in self._read(place):
                yield batch
                if newest is not None and place is not newest and self._refresh(newest) and newest.changed:
                    yield from self._read(newest)
        self.backlog = 0

    def positions(self) -> dict[str, Any]:
        """Where the reading stands, as JSON-able data, for another Tailer to go on."""
        return {"places": [place.to_json() for place in [*self._gone, *self._places.values()] if place.offset]}

    def go_on_from(self, told: dict[str, Any]) -> None:
        """Begin a file that was not read yet where `told` says (one of the `positions()`, or a segment's).

        What does not describe a place is left out; a file that is not as it says is read from its start.
        """
        with suppress(ValueError):
            self._gone.remember(Place.from_json(told))

    def close(self) -> None:
        """Close the files that are kept open; a later pass opens what it needs."""
        while self._held:
            os.close(self._held.popitem()[1])

    def __del__(self) -> None:
        self.close()

    def _look(self) -> list[Place]:
        """The files that have changed, in reading order."""
        began = time.monotonic()
        try:
            made_at = self.directory.stat().st_mtime_ns  # of the newest name in the directory
        except OSError:
            made_at = None
        if len(self._places) <= _HOT or made_at != self._made_at or began >= self._next_listing:
            self._made_at = made_at if time.time_ns() - (made_at or 0) > RACY else None
            self._list()
            ended = time.monotonic()
            self._next_listing = ended + _LISTING_SHARE * (ended - began)
            places = list(self._places.values())
        else:
            places = [place for place in self._hot if self._refresh(place)]
        return [place for place in places if place.changed]

    def _list(self) -> None:
        """See which files there are."""
        first, self._listed = not self._listed, True
        problems: dict[str, str] = {}
        listed: list[JournalFile] = []
        try:
            listed = files(self.directory, problems)
            self.missing = False
        except FileNotFoundError:
            self.missing = True
        except JournalError as error:
            problems["."] = str(error)
        before, self._places = self._places, {}
        known, new = list(before.values()), []
        for file in listed:
            key = file.status.st_dev, file.status.st_ino
            if key in self._places or file.path in self.held:
                continue  # a second name of the same file, or somebody else's for now
            place = before.pop(key, None)
            if place is None or (place.path != file.path and (place.name != file.name or not place.offset)):
                if place is not None:
                    self._gone.remember(place)  # its inode has another file now
                place = Place(file.name, key, file.path)
                place.skip = self._too_old(file)
                place.from_end = first and self._from_end
                new.append(place)
            place.path, place.lost_at = file.path, None
            place.see(file.status)
            self._places[key] = place
        for place in before.values():
            self._lose(place)
        for place in new:
            self._gone.recognise(place, known)
        self.problems = problems | {self._label(p): p.problem for p in self._places.values() if p.problem}
        hot = {id(place) for place in nlargest(_HOT, self._places.values(), key=lambda place: place.changed_at)}
        self._hot = [place for place in self._places.values() if id(place) in hot]

    def _too_old(self, file: JournalFile) -> bool:
        """Whether a daily file ended, in any time zone, before the time from which on records are asked for."""
        midnight = parse_timestamp(file.date + "T00:00:00Z") if file.date else None
        return self._since is not None and midnight is not None and midnight + 2 * DAY < self._since

    def _lose(self, place: Place) -> None:
        """The file is gone from the directory. As long as it is open and grows, it is read on."""
        present = time.monotonic()
        place.lost_at = place.lost_at or present
        fd = self._held.get(place.key)
        if fd is not None and present - place.lost_at < _GRACE:
            place.see(os.fstat(fd))
            self._places[place.key] = place
            return
        self._gone.remember(place)
        if fd is not None:
            os.close(self._held.pop(place.key))

    def _refresh(self, place: Place) -> bool:
        """Look at the file's size again; False if it is not at its path any more."""
        try:
            fd = self._held.get(place.key)
            status = place.path.stat() if fd is None else os.fstat(fd)
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != place.key:
            self._next_listing = 0.0
            return False
        place.see(status)
        return True

    def _read(self, place: Place) -> Iterator[Batch]:
        """The batches of one file, from where it was left to its present end."""
        fd = self._held.pop(place.key, -1)
        begin = place.offset
        try:
            if fd < 0:
                fd = open_file(place.path)
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != place.key:
                self._next_listing = 0.0  # something else has its name now
                self._moved = True
                return
            if place.from_end:
                place.start_at_end(fd)
                place.from_end = False
            elif not place.recognises(fd):
                place.restart()
                self._gone.recognise(place, [other for other in self._places.values() if other is not place])
            yield from self._unpacked(place, fd, status) if place.packed else self._plain(place, fd, status)
            if place.offset == status.st_size:
                place.read_all(status)
        except (OSError, JournalError) as error:
            place.problem = why(error) if isinstance(error, OSError) else str(error)
            if isinstance(error.__cause__, FileNotFoundError):
                self._next_listing, self._moved = 0.0, True
        finally:
            if place.problem:
                self.problems[self._label(place)] = place.problem
            else:
                self.problems.pop(self._label(place), None)
            if fd >= 0:
                self._hold_or_close(place, fd, grown=place.offset != begin)

    def _plain(self, place: Place, fd: int, status: os.stat_result) -> Iterator[Batch]:
        place.problem = ""
        while place.offset < status.st_size:
            begin = place.offset
            data = os.pread(fd, min(self._block, status.st_size - begin), begin)
            if not data:
                return  # it has just been truncated; the next pass will see
            decoder = place.decoder_of(fd, self._decoder)
            found, rejected = decoder.feed(data)
            place.move(fd, begin + len(data), decoder.settled)
            self.backlog = max(0, self.backlog - len(data))
            if decoder.fresh:
                place.decoder = None
            first = min((one.offset for one in found), default=begin)
            if first < begin:
                data = os.pread(fd, begin - first, first) + data
            yield self._batch(place, found, rejected, data, place.offset)

    def _unpacked(self, place: Place, fd: int, status: os.stat_result) -> Iterator[Batch]:
        if place.offset == status.st_size:
            return
        place.restart()
        place.problem = ""
        decoder = self._decoder(0)
        pieces: deque[bytes] = deque()  # of what is not settled, and its length
        held = 0
        try:
            for piece in unpack(fd, self._block):
                found, rejected = decoder.feed(piece)
                pieces.append(piece)
                held += len(piece)
                yield self._batch(place, found, rejected, b"".join(pieces) if found else b"", decoder.end)
                while pieces and held - len(pieces[0]) >= min(decoder.end - decoder.settled, _HOLD):
                    held -= len(pieces.popleft())
        except JournalError as error:
            place.problem = str(error)
        found, rejected = decoder.flush()
        yield self._batch(place, found, rejected, b"".join(pieces), decoder.end)
        place.move(fd, status.st_size, status.st_size)

    def _batch(self, place: Place, found: list[Found], rejected: list[Rejected], data: bytes, end: int) -> Batch:
        if self._since is not None:
            since = self._since
            found = [one for one in found if one.at >= since]
        return Batch(place.name, place.path, found, rejected, end, end - len(data), data)

    def _hold_or_close(self, place: Place, fd: int, grown: bool) -> None:
        """Keep a file open that grows, in place of the one that has not grown for longest."""
        if place.packed or not (grown or place.lost_at):
            os.close(fd)
            return
        if grown and place.lost_at:
            place.lost_at = time.monotonic()
        self._held[place.key] = fd
        if len(self._held) > _HELD:
            os.close(self._held.pop(next(iter(self._held))))

    def _label(self, place: Place) -> str:
        """The file's name for people: its path below the directory."""
        try:
            return str(place.path.relative_to(self.directory))
        except ValueError:
            return str(place.path)

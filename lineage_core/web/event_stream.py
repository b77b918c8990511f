"""Live events for many readers: the journal is tailed once, and each reader goes on from a cursor of its own.

What is new goes into a ring of bounded size, in pieces (`Chunk`) that know how far the files were read by then. A
reader that comes with a cursor first reads what it missed from the files, by itself, then joins the ring where its own
reading overlaps it; what it has had already is left out. One that is so slow that the ring has moved on is told to
resume from its cursor. Nobody is waited for.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import orjson
from anyio import CapacityLimiter, to_thread

from lineage_core.base.errors import LineageError
from lineage_core.base.escaping import json_safe
from lineage_core.model.facts import digest_of
from lineage_core.query.block_search import Search
from lineage_core.read.compression import is_packed
from lineage_core.read.decoder import Decoder, Found, record_bytes
from lineage_core.read.journal_files import open_file
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.web import cursor as cursors
from lineage_core.web.cursor import Positions

RING = 8 << 20
"""Bytes of records that are kept for readers that are behind: some 10,000 events."""

TICK, TICK_EACH, TICK_MOST = 0.008, 0.0004, 0.08
"""Seconds between two messages to a reader, at least: so that many readers share one message. For no reader, for each
reader more, and at most."""

REMEMBERED = 100_000
"""Events that are remembered, so that one that stands in a second file too is told once."""

TOGETHER = 250
"""Events in a message, about."""

PRIMED = 1 << 18
"""Bytes before a cursor in which copies of what comes after it are looked for."""

PRIMED_DAYS = 2.0
"""Files that did not change for longer hold no copies of what is new."""

SHARED = 1 << 20
"""Bytes of the journal that a reader has missed, up to which readers of one cursor are given them together."""

SHARED_FOR = 5.0
"""Seconds for which what was missed is kept for others with the same cursor: after a restart all come at once."""

ALONE = 8
"""Readers that may go through more of the journal at the same time."""

WORD_EVERY = 5.0
"""Seconds after which a reader gets a new cursor even if no event was for it."""


_OVERLAP = 64
"""Chunks after joining the ring that may hold what the reader has read by itself; it was read at the same time."""


class TooSlowError(LineageError):
    """The reader is so far behind that what comes next for it is not kept any more."""


class StreamedEvent(NamedTuple):
    """text: the record as it was written, as compact JSON."""

    found: Found
    digest: int
    text: bytes


class Chunk(NamedTuple):
    """What was read at once, and how far the files were read after it."""

    events: list[StreamedEvent]
    positions: Positions
    size: int


class Wanted(NamedTuple):
    """Which events a reader asks for. search: what it wants. key: equal for readers that want the same."""

    search: Search
    key: str = ""

    def of(self, events: Iterable[StreamedEvent]) -> list[StreamedEvent]:
        """Those that are wanted."""
        return [one for one in events if self.search.wants(one.found) and self.search.reads(one.text)]


class Frame:
    """Some events, and the cursor after them."""

    def __init__(self, events: list[StreamedEvent], cursor: str) -> None:
        self.events = events
        self.cursor = cursor

    @cached_property
    def text(self) -> str:
        """As a message: one JSON object."""
        records = b",".join(one.text for one in self.events).decode()
        return f'{{"cursor":"{self.cursor}","events":[{json_safe(records)}]}}'


class Recent:
    """The digests of the events that were told last."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()

    def is_new(self, digest: int) -> bool:
        """Whether it was not among them; it is now."""
        if digest in self._seen:
            return False
        self._seen[digest] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def knows(self, digest: int) -> bool:
        """Whether it was among them."""
        return digest in self._seen

    def prime(self, checkpoints: Iterable[dict[str, object]]) -> None:
        """Take in what stands before these checkpoints in files that changed lately, if there are several."""
        recent: list[tuple[Path, int]] = []
        for saved in checkpoints:
            path = Path(os.fsdecode(str(saved["path"]).encode("latin-1")))
            with suppress(OSError):
                if not is_packed(path) and time.time() - path.stat().st_mtime < PRIMED_DAYS * 86_400:
                    recent.append((path, int(str(saved["offset"]))))
        for path, offset in recent if len(recent) > 1 else ():
            with suppress(OSError, LineageError):
                self._prime(path, offset)

    def _prime(self, path: Path, offset: int) -> None:
        fd = open_file(path)
        try:
            start = max(0, offset - PRIMED)
            data = os.pread(fd, offset - start, start)
        finally:
            os.close(fd)
        begin = data.find(b"\n") + 1 if start else 0
        for found in Decoder(start + begin).feed(data[begin:])[0]:
            self.is_new(digest_of(found.record))


class CaughtUp(NamedTuple):
    """Where a reader joins the ring. frames: what it missed. at: the number of its next chunk. positions: how far the
    files were read for it; recent: the events of these, which chunks may hold too; None if there were none."""

    frames: list[Frame]
    at: int
    positions: Positions
    recent: Recent | None


class EventStream(threading.Thread):
    """Tails a directory from its present end into the ring; `frames` reads it. Start it within a running event loop.

    problems: files that cannot be read, and why.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(name="events", daemon=True)
        self.directory = directory
        self.problems: dict[str, str] = {}
        self.readers = 0
        self._loop = asyncio.get_running_loop()
        self._stop_event = threading.Event()
        self._lock = threading.Lock()
        self._ring: deque[Chunk] = deque()
        self._first = 0  # the number of the first chunk in the ring
        self._size = 0
        self._positions: Positions = {}
        self._ready = asyncio.Event()
        self._ticked = 0  # chunks before this number are there for the readers
        self._waiting: list[asyncio.Future[None]] = []
        self._last_tick = 0.0
        self._tick_due = False
        self._frames: OrderedDict[tuple[str, int, int], Frame] = OrderedDict()
        self._reading = CapacityLimiter(4)
        self._alone = asyncio.Semaphore(ALONE)
        self._together: dict[tuple[str, str], asyncio.Task[CaughtUp]] = {}

    def run(self) -> None:
        tailer = Tailer(self.directory, from_end=True)
        watcher = Watcher(self.directory, stop=self._stop_event)
        recent, first = Recent(), True
        while True:
            pending: list[StreamedEvent] = []
            for batch in tailer.scan():
                if is_packed(batch.path):
                    continue  # it holds what was there before
                for found in batch.found:
                    digest = digest_of(found.record)
                    if not first and recent.is_new(digest):
                        pending.append(StreamedEvent(found, digest, record_bytes(batch.raw(found))))
                if len(pending) >= TOGETHER:
                    self._publish(pending, tailer)
                    pending = []
            if first:
                recent.prime(tailer.checkpoints())
            self._publish(pending, tailer)
            self.problems = dict(tailer.problems)
            if first:
                self._call(self._ready.set)
            first = False
            if not watcher.wait():
                break
        tailer.close()

    def stop(self) -> None:
        """End the thread."""
        self._stop_event.set()

    def _publish(self, events: list[StreamedEvent], tailer: Tailer) -> None:
        positions = cursors.positions_of(tailer.checkpoints())
        with self._lock:
            self._positions = positions
            if not events:
                return
            size = sum(len(one.text) for one in events)
            self._ring.append(Chunk(events, positions, size))
            self._size += size
            while self._size > RING and len(self._ring) > 1:
                self._size -= self._ring.popleft().size
                self._first += 1
        self._call(self._plan_tick)

    def _call(self, what: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(what)  # type: ignore[arg-type]

    def _plan_tick(self) -> None:
        if not self._tick_due:
            self._tick_due = True
            pause = min(TICK_MOST, TICK + TICK_EACH * self.readers)
            self._loop.call_later(max(0.0, self._last_tick + pause - self._loop.time()), self._tick)

    def _tick(self) -> None:
        self._tick_due = False
        self._last_tick = self._loop.time()
        with self._lock:
            self._ticked = self._first + len(self._ring)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def frames(
        self, wanted: Wanted, cursor: str | None = None, *, from_start: bool = False
    ) -> AsyncGenerator[Frame]:
        """What is wanted, from the cursor on, for ever: each event once, in the order in which it was read.

        The first frame comes at once. Without a cursor it begins with what comes next; with from_start, or a search
        that has a `since`, with what is there. Raises TooSlowError, and BadInputError for what is no cursor.
        """
        positions = cursors.decode(cursor) if cursor else None
        await self._ready.wait()
        self.readers += 1
        try:
            if positions is None and not from_start and wanted.search.since is None:
                with self._lock:
                    at = self._first + len(self._ring)
                    caught = CaughtUp([], at, dict(self._positions), None)
            elif positions is not None and self._behind(positions) <= SHARED:
                caught = await asyncio.shield(self._shared_catch_up(wanted, cursor or "", positions))
                for frame in caught.frames:
                    yield frame
            else:
                async with self._alone:
                    missed = await to_thread.run_sync(Missed, self.directory, positions, wanted, limiter=self._reading)
                    async for frame in self._read(missed, wanted):
                        yield frame
                    caught = CaughtUp([], missed.next, missed.positions, missed.recent)
            yield Frame([], cursors.encode(caught.positions.values()))
            async for frame in self._live(wanted, caught):
                yield frame
        finally:
            self.readers -= 1

    def _behind(self, positions: list[cursors.FilePosition]) -> int:
        """About how many bytes a reader has missed."""
        farthest: dict[bytes, int] = {}
        for one in positions:
            farthest[one.name] = max(one.offset, farthest.get(one.name, 0))
        with self._lock:
            return sum(max(0, one.offset - farthest.get(one.name, 0)) for one in self._positions.values())

    def _shared_catch_up(
        self, wanted: Wanted, cursor: str, positions: list[cursors.FilePosition]
    ) -> asyncio.Task[CaughtUp]:
        """What was missed since a cursor, read once for all that come with it at about the same time."""
        key = cursor, wanted.key

        async def read() -> CaughtUp:
            try:
                missed = await to_thread.run_sync(Missed, self.directory, positions, wanted, limiter=self._reading)
                frames = [frame async for frame in self._read(missed, wanted)]
                return CaughtUp(frames, missed.next, missed.positions, missed.recent)
            finally:
                self._loop.call_later(SHARED_FOR, self._together.pop, key, None)

        if (task := self._together.get(key)) is None:
            task = self._together[key] = asyncio.create_task(read())
        return task

    async def _read(self, missed: Missed, wanted: Wanted) -> AsyncGenerator[Frame]:
        """What was missed, pass by pass over the files until one finds little."""
        much = TOGETHER
        while much >= TOGETHER:
            with self._lock:
                missed.next = self._first + len(self._ring)
            much, over = 0, False
            while not over:
                events, over = await to_thread.run_sync(missed.some, limiter=self._reading)
                much += len(events)
                if events:
                    yield Frame(wanted.of(events), missed.cursor)

    async def _live(self, wanted: Wanted, caught: CaughtUp) -> AsyncGenerator[Frame]:
        """From the chunk on that comes after what the reader was given by itself."""
        _, at, mine, recent = caught
        told, joined = self._loop.time(), at
        while True:
            while self._ticked <= at:
                future = self._loop.create_future()
                self._waiting.append(future)
                await future
            with self._lock:
                if at < self._first:
                    raise TooSlowError("too slow: resume from cursor")
                until = min(self._ticked, at + 4)
                chunks = [self._ring[number - self._first] for number in range(at, until)]
            if recent is None:
                frame = self._shared(wanted, at, until, chunks)
            else:
                events = [one for chunk in chunks for one in chunk.events if not recent.knows(one.digest)]
                frame = Frame(wanted.of(events), cursors.encode(cursors.farther(chunks[-1].positions, mine).values()))
                if at > joined + _OVERLAP or all(
                    path in chunks[-1].positions and chunks[-1].positions[path].offset >= position.offset
                    for path, position in mine.items()
                ):
                    recent = None  # the ring has passed all that the reader has read by itself
            at = until
            if frame.events or self._loop.time() - told > WORD_EVERY:
                told = self._loop.time()
                yield frame

    def _shared(self, wanted: Wanted, start: int, stop: int, chunks: list[Chunk]) -> Frame:
        key = wanted.key, start, stop
        if (frame := self._frames.get(key)) is None:
            events = wanted.of(one for chunk in chunks for one in chunk.events)
            frame = self._frames[key] = Frame(events, cursors.encode(chunks[-1].positions.values()))
            if len(self._frames) > 32:
                self._frames.popitem(last=False)
        return frame


class Missed:
    """What a reader has missed, from the files. Made and asked in threads, one at a time.

    next: the number of the chunk that was to come next when the last pass began.
    """

    next = 0

    def __init__(self, directory: Path, positions: list[cursors.FilePosition] | None, wanted: Wanted) -> None:
        self.recent = Recent()
        since = wanted.search.since if positions is None else None
        self._packed: dict[Path, int] | None = None
        if positions is None:
            self._tailer = Tailer(directory, since=since)
        else:
            start = cursors.start_of(directory, positions)
            self._packed = start.packed
            self._tailer = Tailer(directory, checkpoints=start.checkpoints)
            self._tailer.held = start.held
            self.recent.prime(start.checkpoints)
        self._scan = self._tailer.scan()
        self._passes = 0

    @property
    def positions(self) -> Positions:
        """How far it was read."""
        return cursors.positions_of(self._tailer.checkpoints())

    @property
    def cursor(self) -> str:
        """The same for the client."""
        return cursors.encode(self.positions.values())

    def some(self) -> tuple[list[StreamedEvent], bool]:
        """Some more events; whether this pass over the files is over, so that the next call begins another one."""
        events: list[StreamedEvent] = []
        for batch in self._scan:
            packed = is_packed(batch.path)
            if packed and self._passes:
                continue  # it appeared meanwhile and holds what was there before
            after = (self._packed or {}).get(batch.path, 0) if packed else 0
            for found in batch.found:
                digest = digest_of(found.record)
                if found.offset >= after and self.recent.is_new(digest):
                    events.append(StreamedEvent(found, digest, record_bytes(batch.raw(found))))
            if len(events) >= TOGETHER:
                return events, False
        self._scan = self._tailer.scan()
        self._passes += 1
        return events, True


def message(text: str) -> str:
    """A word to a client, as one JSON object."""
    return orjson.dumps({"error": text}).decode()

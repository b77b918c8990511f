"""Live events for many readers: the journal is tailed once, and each reader goes on from a cursor of its own.

What is new goes into a ring of bounded size, in pieces (`Chunk`) that know how far the files were read by then. A
reader that comes with a cursor first reads what it missed from the files, by itself, then joins the ring where its own
reading overlaps it; what it has had already is left out. One that is so slow that the ring has moved on is told to
resume from its cursor. Nobody is waited for.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import orjson
from anyio import CapacityLimiter, to_thread

from lineage_core.model.facts import digest_of
from lineage_core.read.compact_record import record_bytes
from lineage_core.read.compression import is_packed
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.web import stream_cursor as cursors
from lineage_core.web.event_frames import Chunk, Frame, Recent, StreamedEvent, TooSlowError, Wanted
from lineage_core.web.missed_events import TOGETHER, Missed
from lineage_core.web.stream_cursor import Positions

RING = 8 << 20
"""Bytes of records that are kept for readers that are behind: some 10,000 events."""

TICK, TICK_EACH, TICK_MOST = 0.008, 0.0004, 0.08
"""Seconds between two messages to a reader, at least: so that many readers share one message. For no reader, for each
reader more, and at most."""

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
                        pending.append(StreamedEvent(found, digest, record_bytes(batch.raw(found)), batch.file))
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
        sent_at, joined = self._loop.time(), at
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
            if frame.events or self._loop.time() - sent_at > WORD_EVERY:
                sent_at = self._loop.time()
                yield frame

    def _shared(self, wanted: Wanted, start: int, stop: int, chunks: list[Chunk]) -> Frame:
        key = wanted.key, start, stop
        if (frame := self._frames.get(key)) is None:
            events = wanted.of(one for chunk in chunks for one in chunk.events)
            frame = self._frames[key] = Frame(events, cursors.encode(chunks[-1].positions.values()))
            if len(self._frames) > 32:
                self._frames.popitem(last=False)
        return frame


def message(text: str) -> str:
    """A word to a client, as one JSON object."""
    return orjson.dumps({"error": text}).decode()

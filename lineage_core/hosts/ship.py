"""`lineage ship`: sends what is appended to the journal of this host, as it is appended.

The journal is the queue. The cursor says what the broker has stored, and the broker's last message of this host may say
more (a process was killed between the two); shipping goes on behind whichever is further. When the broker has lost what
it had (its disk was wiped, its retention outran a host that was cut off), the mirror is told how far each file reaches,
and asks for what it lacks, which is then shipped anew from the files.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

from nats.aio.msg import Msg
from nats.js.api import PubAck

from lineage_core.base import clock
from lineage_core.base.errors import JournalError
from lineage_core.hosts.broker import Broker, BrokerError, connected
from lineage_core.hosts.broker_access import Access
from lineage_core.hosts.broker_message import Piece, RefusedError, read_message
from lineage_core.hosts.message_limits import CHUNK
from lineage_core.hosts.mirror_files import Gap
from lineage_core.hosts.notices_to_log import Notices, size
from lineage_core.hosts.outbox import Outbox
from lineage_core.hosts.outgoing_file import Shipped
from lineage_core.hosts.status import Status, read_question
from lineage_core.hosts.subjects import ASK, JOURNAL, STATUS, is_file
from lineage_core.maintenance.service_cursor import CursorFile
from lineage_core.read.checkpoint import SavedCheckpoint
from lineage_core.read.watcher import Watcher

FORMAT = 1
HEARTBEAT = 10
"""Seconds between two statuses."""

FILES_EVERY = 300.0
"""Seconds after which a status lists the files again, if nobody asked and their names are the same."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
"""Seconds until a broker that is away is tried again: at first, and at most."""

_FLIGHTS = 64  # pieces that may be under way at once
_SAVE_EVERY = 1.0  # seconds between two writes of the cursor, while it ships


class Cursor(CursorFile):
    """What the broker has stored, by file, and the number of the last message in its stream."""

    def read(self) -> tuple[int, dict[str, Shipped]]:
        """How far the last one came. Raises ValueError for a file that is not ours, and JournalError."""
        stored = self.load()
        if stored is None:
            return 0, {}
        try:
            files = {
                name: Shipped(
                    str(identity),
                    (int(dev), int(ino)),
                    (int(at), int(length)),
                    cast("SavedCheckpoint", dict(checkpoint)),
                )
                for name, (identity, (dev, ino), (at, length), checkpoint) in stored["files"].items()
                if is_file(name)
            }
            if stored["format"] == FORMAT:
                return int(stored["number"]), files
        except (KeyError, TypeError, AttributeError):
            pass
        raise ValueError(f"{self.path} is no cursor of this version")

    def save(self, number: int, files: dict[str, Shipped]) -> None:
        """Save how far it is."""
        document = {name: [*shipped] for name, shipped in files.items()}
        self.store({"format": FORMAT, "number": number, "files": document})


class _Flight(NamedTuple):
    """A piece that is under way, and what the cursor says when it has arrived."""

    future: asyncio.Future[PubAck]
    piece: Piece
    shipped: Shipped | None


class Shipper:
    """Ships a directory as a host until `stop` is set. tell: called with a line for people."""

    def __init__(
        self,
        directory: Path,
        host: str,
        access: Access,
        cursor: Cursor,
        stop: threading.Event,
        tell: Callable[[str], None],
        heartbeat: int = HEARTBEAT,
    ) -> None:
        self._directory = directory
        self._host = host
        self._access = access
        self._cursor = cursor
        self._stop = stop
        self._notices = Notices(tell)
        self._heartbeat = heartbeat
        self._number, self._stored = cursor.read()
        self._outbox = Outbox(directory, host, self._stored)
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._asked: dict[str, Gap] = {}
        self._list_files = True
        self._next_save = 0.0

    async def run(self) -> None:
        """Ship. Raises JournalError where the cursor cannot be written."""
        watching = asyncio.ensure_future(asyncio.to_thread(self._watch, asyncio.get_running_loop()))
        pause = FIRST_PAUSE
        try:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    async with connected(
                        self._access, f"lineage ship {self._host}", f"_INBOX_ship.{self._host}"
                    ) as broker:
                        await self._serve(broker)
                except BrokerError as error:
                    pause = FIRST_PAUSE if time.monotonic() - began > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
                    self._away(str(error))
                    await self._wait(self._ended, pause)
        finally:
            self._stop.set()
            self._cursor.save(self._number, self._stored)
            await watching

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the loop whenever the directory may have changed; in a thread, until the end."""
        watcher = Watcher(self._directory, stop=self._stop)
        while watcher.wait():
            loop.call_soon_threadsafe(self._wake.set)
        loop.call_soon_threadsafe(self._ended.set)
        loop.call_soon_threadsafe(self._wake.set)

    def _away(self, why: str) -> None:
        """Say that the broker is away, and how much waits for it."""
        try:
            self._outbox.look()
        except JournalError as error:
            self._notices.say(str(error))
        behind = self._outbox.unsent()
        self._notices.say(f"{self._access.shown}: {why}; trying again; behind by {size(behind)}", "away")

    async def _serve(self, broker: Broker) -> None:
        """Ship over one connection, until it is lost or the end."""
        self._outbox = Outbox(self._directory, self._host, self._stored, min(CHUNK, broker.limit))
        await broker.hear(f"{ASK}.{self._host}", self._question)
        await broker.hear(ASK, self._roll_call)
        await self._go_on(broker)
        self._notices.over("away", f"{self._access.shown} is there again; behind by {size(self._outbox.unsent())}")
        self._list_files = True
        next_status = next_files = 0.0
        while not self._stop.is_set():
            if broker.gone.is_set():
                raise BrokerError(broker.trouble or "the connection was lost")
            self._wake.clear()
            self._look()
            await self._ship(broker)
            present = time.monotonic()
            if present >= next_status or self._list_files:
                files = self._outbox.shipped() if self._list_files or present >= next_files else None
                self._list_files = False
                status = Status(clock.now(), self._heartbeat, self._outbox.unsent(), self._number, files)
                await broker.say(f"{STATUS}.{self._host}", status.encode())
                next_status = present + self._heartbeat
                next_files = present + FILES_EVERY if files is not None else next_files
            if not self._asked:
                await self._wait(self._wake, next_status - present, broker.gone)
        self._cursor.save(self._number, self._stored)

    async def _go_on(self, broker: Broker) -> None:
        """Look up what the broker has of this host, and go on behind it."""
        self._look()
        here = {name for name, _, _ in self._outbox.shipped()}
        self._stored = {name: shipped for name, shipped in self._stored.items() if name in here}
        last = await broker.last(f"{JOURNAL}.{self._host}")
        if last is None or last.number < self._number:
            if self._number:
                self._notices.say("the broker has lost what was shipped: the mirror asks for what it lacks")
            self._number = last.number if last else 0
        if last is None or last.number <= self._number:
            return
        try:
            piece = read_message(f"{JOURNAL}.{self._host}", last.headers, last.data)
        except RefusedError as error:
            self._notices.say(f"the broker's last message of {self._host} is none of ours: {error}")
            return
        if piece.end > self._outbox.offset(piece.file) and self._outbox.go_on_from(
            piece.file, piece.identity, piece.end
        ):
            self._stored_to(last.number, piece.file, self._outbox.saved(piece.file))

    def _look(self) -> None:
        try:
            self._list_files |= self._outbox.look()
        except JournalError as error:
            self._notices.say(str(error))
        for name, problem in self._outbox.problems.items():
            self._notices.say(f"{name}: {problem}")

    async def _ship(self, broker: Broker) -> None:
        """Ship all that is there now, and what was asked for."""
        for gap in self._asked.values():
            self._answer(gap)
        self._asked.clear()
        flights: deque[_Flight] = deque()
        for piece in self._outbox.pieces():
            flights.append(_Flight(await broker.send(piece), piece, self._outbox.saved(piece.file)))
            while len(flights) >= _FLIGHTS or (flights and flights[0].future.done()):
                await self._arrive(broker, flights)
            if self._stop.is_set() or self._asked:
                break
        while flights:
            await self._arrive(broker, flights)
        if time.monotonic() >= self._next_save:
            self._cursor.save(self._number, self._stored)
            self._next_save = time.monotonic() + _SAVE_EVERY

    async def _arrive(self, broker: Broker, flights: deque[_Flight]) -> None:
        """Wait for the piece that was sent first."""
        flight = flights.popleft()
        number = await broker.stored(flight.future)
        self._stored.pop(flight.piece.was, None)
        self._stored_to(number, flight.piece.file, flight.shipped)

    def _stored_to(self, number: int, file: str, shipped: Shipped | None) -> None:
        self._number = max(self._number, number)
        if shipped is not None:
            self._stored[file] = shipped

    def _answer(self, gap: Gap) -> None:
        """Ship anew what a mirror lacks."""
        lacking = gap.differs or gap.start < self._outbox.offset(gap.file)
        if lacking and self._outbox.go_on_from(gap.file, gap.identity, gap.start, anew=gap.differs):
            why = "has other bytes" if gap.differs else "lacks what was shipped"
            self._notices.say(f"{gap.file}: the mirror {why}; shipping it anew from {gap.start}")

    async def _question(self, message: Msg) -> None:
        gap = read_question(self._host, message.data)
        if gap is not None:
            self._asked[gap.file] = gap
            self._wake.set()

    async def _roll_call(self, message: Msg) -> None:
        self._list_files = True
        self._wake.set()

    async def _wait(self, event: asyncio.Event, seconds: float, other: asyncio.Event | None = None) -> None:
        """Wait for an event, or another one, for so many seconds at most."""
        events: list[Any] = [asyncio.ensure_future(one.wait()) for one in (event, other) if one is not None]
        await asyncio.wait(events, timeout=max(seconds, 0.01), return_when=asyncio.FIRST_COMPLETED)
        for one in events:
            one.cancel()

"""`lineage mirror`: writes what all hosts ship into one directory, a folder for each, and asks for what is missing.

How far it is in the broker's stream is a file of its own; what is behind that was written through to the disk before.
A mirror that was killed takes some messages again, which changes nothing. A broker that was wiped has another stream;
then, and when the broker's retention outran the mirror, every host is asked how far its files reach.
"""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nats.aio.msg import Msg

from lineage_core.base import clock
from lineage_core.base.errors import JournalError
from lineage_core.hosts.broker import Broker, BrokerError, connected
from lineage_core.hosts.broker_access import Access
from lineage_core.hosts.broker_message import RefusedError, read_message
from lineage_core.hosts.mirror_files import OWN, Gap, HostMirror
from lineage_core.hosts.notices_to_log import Notices
from lineage_core.hosts.ship import FIRST_PAUSE, LONGEST_PAUSE
from lineage_core.hosts.status import Status, question, read_status
from lineage_core.hosts.subjects import ASK, STATUS, host_of, is_host
from lineage_core.maintenance.service_cursor import CursorFile

ASK_AGAIN = 10.0
"""Seconds until a host is asked again for what did not come."""

SILENT = 3
"""A host is silent that has missed so many statuses."""

_OF_ONE_FILE = (errno.ELOOP, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM)
_LOADED = 2000  # hosts whose files are held in mind
_LOOK_EVERY = 1.0  # seconds between two looks at gaps and silence


class _Heard(NamedTuple):
    """The last status of a host, when it came (monotonic), and how far its clock is ahead of ours, in microseconds."""

    status: Status
    at: float
    ahead: int


class _Missing(NamedTuple):
    """A gap that was told. until: the file is whole again when it reaches so far. asked_at: monotonic."""

    gap: Gap
    until: int
    asked_at: float


class Mirror:
    """Mirrors into a directory until `stop` is set. tell: called with a line for people."""

    def __init__(self, root: Path, access: Access, stop: threading.Event, tell: Callable[[str], None]) -> None:
        self._root = root
        self._access = access
        self._stop = stop
        self._notices = Notices(tell)
        self._position = CursorFile(root / OWN / "position.json")
        self._state = CursorFile(root / OWN / "status.json")
        self._hosts: OrderedDict[str, HostMirror] = OrderedDict()
        self._heard: dict[str, _Heard] = {}
        self._lists: dict[str, Status] = {}  # of files, to be compared when the messages before were taken
        self._missing: dict[tuple[str, str], _Missing] = {}
        self._pending = 0
        self._found = False  # a gap that nobody was asked about yet
        self._next_look = 0.0

    async def run(self) -> None:
        """Mirror. Raises JournalError where the directory cannot be written."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                async with connected(self._access, "lineage mirror", "_INBOX_mirror") as broker:
                    await self._serve(broker)
            except BrokerError as error:
                pause = FIRST_PAUSE if time.monotonic() - began > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
                self._notices.say(f"{self._access.shown}: {error}; trying again", "away")
                self._save_status(str(error))
                ends = time.monotonic() + pause
                while not self._stop.is_set() and time.monotonic() < ends:
                    await asyncio.sleep(0.05)

    async def _serve(self, broker: Broker) -> None:
        """Mirror over one connection, until it is lost or the end."""
        info = await broker.stream(make=True)
        created = str(info.created)
        saved = self._position.load() or {}
        number = saved.get("number", 0) if saved.get("stream") == created else 0
        if not isinstance(number, int):
            number = 0
        await broker.hear(f"{STATUS}.>", self._status)
        if not number or info.state.first_seq > number + 1:
            await broker.say(ASK)
        self._notices.over("away", f"{self._access.shown} is there again")
        self._pending = 0
        self._look()
        saved_at = time.monotonic()
        async for batch in broker.messages(number + 1):
            if batch:
                await asyncio.to_thread(self._take, batch)
                last = batch[-1].metadata
                number, self._pending = last.sequence.stream, last.num_pending
            if batch and (time.monotonic() - saved_at > 1 or not self._pending):
                self._position.store({"stream": created, "number": number})
                saved_at = time.monotonic()
            if self._lists:
                await asyncio.to_thread(self._compare, number)
            if time.monotonic() >= self._next_look or self._found:
                await self._ask(broker)
                self._found = False
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + _LOOK_EVERY
                self._look()
            if self._stop.is_set():
                return

    def _take(self, batch: list[Msg]) -> None:
        """Write what messages hold, and make it durable. Raises JournalError where that cannot be."""
        touched: dict[str, HostMirror] = {}
        for message in batch:
            host = host_of(message.subject)
            try:
                stored_at = int(message.metadata.timestamp.timestamp() * 1e6)
                piece = read_message(message.subject, message.headers, message.data, stored_at)
                mirror = touched[host] = self._host(host)
                gap = mirror.take(piece)
            except RefusedError as error:
                self._notices.say(f"refused from {host[:100]}: {error}")
                continue
            except OSError as error:
                trouble = f"cannot write {error.filename or self._root / host}: {error.strerror}"
                if error.errno not in _OF_ONE_FILE:
                    raise JournalError(trouble) from error
                self._notices.say(trouble)
                continue
            if gap is not None:
                self._lacks(gap, piece.end)
            for file in mirror.replaced:
                self._notices.say(f"{host}: {file} is of another journal now; what it was is set aside beside it")
            mirror.replaced.clear()
        for host, mirror in touched.items():
            try:
                mirror.sync()
            except OSError as error:
                raise JournalError(f"cannot write {self._root / host}: {error.strerror}") from error

    def _host(self, host: str) -> HostMirror:
        mirror = self._hosts.get(host)
        if mirror is None:
            mirror = self._hosts[host] = HostMirror(self._root, host)
            if len(self._hosts) > _LOADED:
                self._hosts.popitem(last=False)[1].sync()
        self._hosts.move_to_end(host)
        return mirror

    async def _status(self, message: Msg) -> None:
        host, status = host_of(message.subject), read_status(message.data)
        if status is None or not is_host(host):
            self._notices.say(f"refused from {host[:100]!a}: what it says of itself is not understood")
            return
        self._notices.over(f"silent {host}", f"{host} is heard again; behind by {status.behind} bytes")
        self._heard[host] = _Heard(status._replace(files=None), time.monotonic(), status.time - clock.now())
        if status.files is not None:
            self._lists[host] = status

    def _compare(self, number: int) -> None:
        """What is missing of what hosts had shipped up to a message that was taken will not come by itself."""
        for host, status in list(self._lists.items()):
            if status.number > number:
                continue
            del self._lists[host]
            mirror = self._host(host)
            for file, identity, end in status.files or []:
                gap = mirror.lacks(file, identity, end)
                if gap is not None:
                    self._lacks(gap, end)
            for file in mirror.retire(file for file, _, _ in status.files or []):
                self._notices.tell(f"{host}: {file} is in another file now, byte for byte, and was removed")

    def _lacks(self, gap: Gap, until: int) -> None:
        key = gap.host, gap.file
        before = self._missing.get(key)
        if before is not None and before.gap.identity == gap.identity and before.gap.differs == gap.differs:
            self._missing[key] = before._replace(until=max(before.until, until))
            return
        if gap.differs:
            what = "other bytes than the mirror has under the same journal; taken anew"
        else:
            what = f"a gap: the bytes from {gap.start} on are missing; asked for them"
        self._notices.say(f"{gap.host}: {gap.file}: {what}", f"gap {gap.host} {gap.file}")
        self._missing[key] = _Missing(gap, until, -ASK_AGAIN)
        self._found = True

    async def _ask(self, broker: Broker) -> None:
        """Ask for what is missing, and again for what does not come; tell what is whole again."""
        present = time.monotonic()
        for key, missing in list(self._missing.items()):
            gap = missing.gap
            lacking = self._host(gap.host).lacks(gap.file, gap.identity, missing.until)
            if lacking is None and not (gap.differs and missing.asked_at < 0):
                del self._missing[key]
                self._notices.over(f"gap {gap.host} {gap.file}", f"{gap.host}: {gap.file} is whole again")
            elif present - missing.asked_at >= ASK_AGAIN:
                coming = lacking is not None and lacking.start > gap.start and missing.asked_at >= 0
                gap = gap if lacking is None else lacking._replace(differs=gap.differs)
                if not coming:
                    await broker.say(f"{ASK}.{gap.host}", question(gap))
                self._missing[key] = missing._replace(gap=gap, asked_at=present)

    def _look(self) -> None:
        """Tell of hosts that are silent, and write down how all stand."""
        present = time.monotonic()
        for host, heard in self._heard.items():
            silence = present - heard.at
            if silence > SILENT * heard.status.every:
                self._notices.say(f"{host}: not heard of for {silence:.0f} s", f"silent {host}")
        if self._pending:
            self._notices.say(f"behind by {self._pending} messages", "behind")
        else:
            self._notices.over("behind", "nothing waits any more")
        self._save_status("")

    def _save_status(self, trouble: str) -> None:
        """Write down how all stand, for `lineage doctor`."""
        document = {
            "time": clock.now(),
            "from": self._access.shown,
            "trouble": trouble,
            "pending": self._pending,
            "gaps": [[gap.host, gap.file, gap.start, until] for gap, until, _ in self._missing.values()],
            "hosts": dict(self._standing()),
        }
        self._state.store(document)

    def _standing(self) -> Iterator[tuple[str, dict[str, Any]]]:
        present = time.monotonic()
        for host, heard in sorted(self._heard.items()):
            yield (
                host,
                {
                    "silent": round(present - heard.at),
                    "every": heard.status.every,
                    "behind": heard.status.behind,
                    "ahead": heard.ahead,
                },
            )

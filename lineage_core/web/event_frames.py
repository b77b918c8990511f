"""What readers of live events are given: events as they were written, in frames with a cursor, each event once. No I/O
but for the bytes before a cursor (`Recent.prime`)."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import LineageError
from lineage_core.base.escaping import json_safe
from lineage_core.model.facts import digest_of
from lineage_core.query.ids_with_host import NamedTasks
from lineage_core.query.records_with_host import tagged
from lineage_core.query.search_terms import Search
from lineage_core.read.checkpoint import SavedCheckpoint
from lineage_core.read.compression import is_packed
from lineage_core.read.decoder import Decoder, Found
from lineage_core.read.journal_files import open_file
from lineage_core.web.stream_cursor import Positions

REMEMBERED = 100_000
"""Events that are remembered, so that one that stands in a second file too is told once."""

PRIMED = 1 << 18
"""Bytes before a cursor in which copies of what comes after it are looked for."""

PRIMED_DAYS = 2.0
"""Files that did not change for longer hold no copies of what is new."""


class TooSlowError(LineageError):
    """The reader is so far behind that what comes next for it is not kept any more."""


class StreamedEvent(NamedTuple):
    """text: the record as it was written, as compact JSON. file: the canonical name of its file."""

    found: Found
    digest: int
    text: bytes
    file: str

    @property
    def shown(self) -> bytes:
        """The record with its host, where there are several."""
        return tagged(self.text, self.file)


class Chunk(NamedTuple):
    """What was read at once, and how far the files were read after it."""

    events: list[StreamedEvent]
    positions: Positions
    size: int


class Wanted(NamedTuple):
    """Which events a reader asks for. search: what it wants. key: equal for readers that want the same.

    named: the tasks that it asks for as `id@host`."""

    search: Search
    key: str = ""
    named: NamedTasks | None = None

    def of(self, events: Iterable[StreamedEvent]) -> list[StreamedEvent]:
        """The events among these that the reader asks for."""
        if self.named is not None:
            events = list(events)
            if not self.named.ids.isdisjoint(one.found.record["task_id"] for one in events):
                self.named.renew()
            for one in events:
                self.named.take(one.file, one.found)
        return [one for one in events if self._holds(one)]

    def _holds(self, one: StreamedEvent) -> bool:
        search, named = self.search, self.named
        wanted = search.on_host(one.file) and search.wants(one.found) and search.reads(one.text)
        return wanted and (named is None or named.wants(one.file, one.found))


class Frame:
    """Some events, and the cursor after them."""

    def __init__(self, events: list[StreamedEvent], cursor: str) -> None:
        self.events = events
        self.cursor = cursor

    @cached_property
    def text(self) -> str:
        """As a message: one JSON object."""
        records = b",".join(one.shown for one in self.events).decode()
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

    def prime(self, checkpoints: Iterable[SavedCheckpoint]) -> None:
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

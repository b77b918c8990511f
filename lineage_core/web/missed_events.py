"""What a reader that comes with a cursor has missed, read from the files by itself."""

from __future__ import annotations

from pathlib import Path

from lineage_core.model.facts import digest_of
from lineage_core.read.compact_record import record_bytes
from lineage_core.read.compression import is_packed
from lineage_core.read.tailer import Tailer
from lineage_core.web import stream_cursor as cursors
from lineage_core.web.event_frames import Recent, StreamedEvent, Wanted
from lineage_core.web.stream_cursor import Positions

TOGETHER = 250
"""Events in a message, about."""


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
                    events.append(StreamedEvent(found, digest, record_bytes(batch.raw(found)), batch.file))
            if len(events) >= TOGETHER:
                return events, False
        self._scan = self._tailer.scan()
        self._passes += 1
        return events, True

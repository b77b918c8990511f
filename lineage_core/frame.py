"""A lineage directory as polars frames: events, tasks, workers, handoffs and phases (`frames/columns.py` tells their
columns). Importing this imports polars.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars import col, lit

from lineage_core.errors import JournalError
from lineage_core.facts import digest_of
from lineage_core.files import copies_of, read_record
from lineage_core.frames.columns import FRAMES, NAME, empty
from lineage_core.frames.copies import distinct
from lineage_core.frames.decoder import FrameDecoder, Taken
from lineage_core.frames.derive import derive
from lineage_core.frames.rows import Rows
from lineage_core.intact import parse
from lineage_core.tail import Batch, Tailer

BLOCK = 8 << 20
"""Bytes that are read and laid out at once."""


@dataclass(slots=True)
class Frames:
    """What a lineage directory holds. records: copies included. rejected: what was quarantined, by reason."""

    events: pl.DataFrame = field(default_factory=lambda: empty("events"))
    tasks: pl.DataFrame = field(default_factory=lambda: empty("tasks"))
    workers: pl.DataFrame = field(default_factory=lambda: empty("workers"))
    handoffs: pl.DataFrame = field(default_factory=lambda: empty("handoffs"))
    phases: pl.DataFrame = field(default_factory=lambda: empty("phases"))
    records: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    def of(self, what: str) -> pl.DataFrame:
        """A frame by its name: events, tasks, workers, handoffs or phases."""
        assert what in FRAMES, what
        frame: pl.DataFrame = getattr(self, what)
        return frame


class FrameReader:
    """Keeps the frames of a directory up to date: each `refresh` reads what is new.

    problems: files that cannot be read, and why. missing: whether the directory does not exist.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)
        self.frames = Frames()
        self._tailer = Tailer(self.directory, block=BLOCK, decoder=FrameDecoder)

    @property
    def problems(self) -> dict[str, str]:
        return self._tailer.problems

    @property
    def missing(self) -> bool:
        return self._tailer.missing

    def refresh(self) -> bool:
        """Read what is new in the directory; whether there was anything."""
        parts = []
        frames = self.frames
        changed = False
        for batch in self._tailer.scan():
            changed = True
            parts.append(self._laid(batch))
            frames.records += parts[-1].height
            for one in batch.rejected:
                frames.rejected[one.reason] = frames.rejected.get(one.reason, 0) + 1
        if parts:
            self._take(pl.concat(parts))
        return changed

    def _laid(self, batch: Batch) -> pl.DataFrame:
        """The events of a batch."""
        parts = [empty("events")]
        if isinstance(batch.found, Taken):
            parts += [events.with_columns(file=lit(batch.file, NAME)) for events in batch.found.events]
        if batch.found:
            rows = Rows(batch.file)
            rows.add(batch.found, batch.data, batch.start)
            parts.append(rows.frame())
        return pl.concat(parts)

    def _take(self, new: pl.DataFrame) -> None:
        frames = self.frames
        fresh, replaced = distinct(frames.events, new, self._digest)
        known = frames.events
        if replaced:
            known = known.with_row_index("row").filter(~col("row").is_in(replaced)).drop("row")
        if fresh.is_empty() and not replaced:
            return
        frames.events = pl.concat([known, fresh])
        changed = fresh["task_id"].unique()
        mine = col("task_id").is_in(changed.implode())
        everything = known.is_empty()
        derived = derive(frames.events if everything else frames.events.filter(mine))
        for name, new_rows in derived._asdict().items():
            setattr(frames, name, new_rows if everything else pl.concat([frames.of(name).filter(~mine), new_rows]))

    def _digest(self, name: str, offset: int, length: int) -> int | None:
        for path in copies_of(self.directory, name):
            try:
                return digest_of(parse(read_record(path, offset, length)))
            except (JournalError, ValueError):
                continue
        return None


def read_frames(directory: Path) -> FrameReader:
    """The frames of everything in a directory. Raises JournalError when it does not exist."""
    reader = FrameReader(directory)
    reader.refresh()
    if reader.missing:
        raise JournalError(f"{directory} does not exist; `lineage log` makes it with the first event")
    return reader

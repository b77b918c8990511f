"""A lineage directory as polars frames: events, tasks, workers, handoffs, phases and costs (`schema.py` tells their
columns). Importing this imports polars.

The frames are kept up to date: what is new in the files is laid out, and only the tasks that it touches are derived
again. What was read once is kept in the user's cache for the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars import col, lit

from lineage_core.base.errors import no_directory
from lineage_core.base.freed_memory import keep_memory
from lineage_core.base.one_ahead import one_ahead
from lineage_core.dataframes.cache import CachedFrames, cached, keep
from lineage_core.dataframes.decoder import DecodedPiece, FrameDecoder
from lineage_core.dataframes.duplicates import distinct
from lineage_core.dataframes.records import Rows
from lineage_core.dataframes.schema import FRAMES, INTERNAL, LINEAGE_ID, NAME, empty
from lineage_core.dataframes.tasks import derive
from lineage_core.dataframes.tasks_across_hosts import TaskNames
from lineage_core.model.facts import digest_of
from lineage_core.model.record import parse
from lineage_core.read.compact_record import one_line
from lineage_core.read.moved_files import read_again
from lineage_core.read.quarantine import Quarantine
from lineage_core.read.tailer import Tailer

if TYPE_CHECKING:
    from lineage_core.native.cutter import RawCut

BLOCK = 8 << 20
"""Bytes that are read and laid out at once."""

WORTH_KEEPING = 10_000
"""New events from which on the frames are kept for the next start; fewer are read again in no time."""

_LAID_AT_ONCE = 20_000  # records
_REUSED = 8 * BLOCK  # bytes of memory that one block took and the next one gets
_RECENT = 50_000  # rows that are brought together again with each refresh


@dataclass(slots=True)
class Frames:
    """What a lineage directory holds. records: copies included. rejected: how much was quarantined, by reason.
    of_then: whether these are the frames `as_of` a time, at which there may have been fewer copies and rejected pieces.
    """

    events: pl.DataFrame = field(default_factory=lambda: empty("events"))
    tasks: pl.DataFrame = field(default_factory=lambda: empty("tasks"))
    workers: pl.DataFrame = field(default_factory=lambda: empty("workers"))
    handoffs: pl.DataFrame = field(default_factory=lambda: empty("handoffs"))
    phases: pl.DataFrame = field(default_factory=lambda: empty("phases"))
    costs: pl.DataFrame = field(default_factory=lambda: empty("costs"))
    records: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    of_then: bool = False

    @classmethod
    def made_of(cls, parts: Mapping[str, pl.DataFrame], records: int, rejected: dict[str, int]) -> Frames:
        """Frames from all of them by their names."""
        return cls(**{what: parts[what] for what in FRAMES}, records=records, rejected=rejected, of_then=False)

    def of(self, what: str) -> pl.DataFrame:
        """A frame by its name, a key of FRAMES."""
        assert what in FRAMES, what
        frame: pl.DataFrame = getattr(self, what)
        return frame

    def as_of(self, at: int) -> Frames:
        """What had been written until a time (microseconds since the epoch), as `Past` has it. Copies, and what was
        quarantined, are those of now: nobody can tell when they were made."""
        written = pl.coalesce("written_at", "at").cast(pl.Int64)
        events = self.events.filter(written <= at)
        copies = self.records - self.events.height
        then = Frames.made_of({"events": events, **derive(events)._asdict()}, events.height + copies, self.rejected)
        return replace(then, of_then=True)

    def since(self, share: float) -> int | None:
        """Since when this share of the events happened (1: all), in microseconds; None if there is none."""
        at = self.events["at"].cast(pl.Int64).quantile(1 - share, "lower")
        return int(at) if at is not None else None


class FrameReader:
    """Keeps the frames of a directory up to date: each `refresh` reads what is new. For use in one thread at a time.

    frames: replaced, never changed, by a refresh, so that another thread may look at them. cached: whether to use
    what was kept, and to keep. ids: whether events have their lineage_id (then nothing is cached).
    problems: files that cannot be read, and why. missing: whether there is no directory.
    """

    def __init__(self, directory: Path, *, cached: bool = True, ids: bool = False) -> None:
        self.directory = Path(directory)
        self.frames = Frames()
        self._cached = cached and not ids
        self._ids = ids
        self._tailer: Tailer | None = None
        self._none = empty("events").insert_column(0, pl.Series(LINEAGE_ID.name, [], LINEAGE_ID.type))
        if not ids:
            self._none = self._none.drop(LINEAGE_ID.name)
        self._old = self._recent = self._events = self.frames.events = self._none
        self._names = TaskNames()
        self._quarantine = Quarantine()
        self._unkept = 0  # events that the cache does not have

    @property
    def problems(self) -> dict[str, str]:
        return self._tailer.problems if self._tailer else {}

    @property
    def missing(self) -> bool:
        return self._tailer is not None and self._tailer.missing

    def refresh(self, progress: Callable[[int, int], None] | None = None) -> bool:
        """Read what is new in the directory; whether there was anything.

        progress: called with bytes done and bytes in all, now and then.
        """
        tailer = self._tailer or self._begin()
        before = self.frames
        new = self._none.clone()  # grows in place: a hundred pieces would take each look at them a hundred steps
        raws: list[tuple[str, RawCut]] = []  # of small files, of which many are laid out together
        waiting = 0  # bytes of these
        rows = Rows()  # of the records that are decoded one by one: to lay a few out takes as long as a thousand
        done, found = 0, False
        # Two threads cut what comes next while what they cut before is laid out here.
        for batch, backlog in one_ahead((batch, tailer.backlog) for batch in tailer.scan()):
            found = True
            if isinstance(batch.found, DecodedPiece):
                for events in batch.found.events:
                    new.extend(events.with_columns(file=lit(batch.file, NAME)))
                raws += [(batch.file, raw) for raw in batch.found.raws]
                waiting += len(batch.data) if batch.found.raws else 0
            rows.add(batch.file, batch.found, batch.data, batch.start)
            if waiting > BLOCK:
                new.extend(self._together(raws))
                raws, waiting = [], 0
            if rows.size > _LAID_AT_ONCE:
                new.extend(self._laid(rows))
                rows = Rows()
            self._quarantine.add(batch.file, batch.rejected)
            done += len(batch.data)
            if progress is not None:
                progress(done, done + backlog)
        if not found:
            return False
        new.extend(self._together(raws)).extend(self._laid(rows))
        raws = []
        new = new.rechunk()  # of texts that are no names
        self._unkept += new.height
        self.frames = Frames.made_of(
            self._with(before, new), before.records + new.height, dict(self._quarantine.reasons)
        )
        return True

    def keep(self) -> None:
        """Keep the frames for the next start, if that is worth it."""
        if self._cached and self._tailer is not None and self._unkept >= WORTH_KEEPING:
            frames = {what: self.frames.of(what) for what in FRAMES} | {"events": self._events}
            counts = {"records": self.frames.records, "rejected": self.frames.rejected}
            keep(self.directory, CachedFrames(frames, self._tailer.checkpoints(), counts))
            self._unkept = 0

    def close(self) -> None:
        """Close the files that are kept open."""
        if self._tailer is not None:
            self._tailer.close()

    def _begin(self) -> Tailer:
        known = cached(self.directory) if self._cached else None
        if known is not None:
            self.frames = Frames.made_of(known.frames, known.counts["records"], known.counts["rejected"])
            self._quarantine.reasons.update(known.counts["rejected"])
            self._old = self._events = self.frames.events
            self._names.take(self._events, self._events.clear())
            self.frames.events = self._names.named(self._events)
        else:
            keep_memory(_REUSED)
        checkpoints = known.checkpoints if known is not None else ()
        self._tailer = Tailer(
            self.directory, checkpoints=checkpoints, block=BLOCK, decoder=partial(FrameDecoder, ids=self._ids, raw=True)
        )
        return self._tailer

    def _together(self, raws: list[tuple[str, RawCut]]) -> pl.DataFrame:
        """The events of plain lines of several files."""
        if not raws:
            return self._none
        from lineage_core.dataframes.native_lines import together

        return together(raws, self._ids)

    def _laid(self, rows: Rows) -> pl.DataFrame:
        """The events of decoded records."""
        if not rows.size:
            return self._none
        return rows.frame() if self._ids else rows.frame().drop(LINEAGE_ID.name)

    def _with(self, frames: Frames, new: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
        """The frames with new records, copies among them."""
        before = {what: frames.of(what) for what in FRAMES}
        fresh, replaced = distinct(self._events, new, self._digest)
        crossing = self._names.take(new, self._events)
        if fresh.height < new.height or replaced:
            again = new.join(fresh.select("file", "offset"), on=["file", "offset"], how="anti")
            self._names.take_copies(pl.concat([again, self._events[replaced] if replaced else self._none]))
        if fresh.is_empty() and crossing.is_empty():
            return before
        if replaced:
            self._old = self._events.with_row_index("row").filter(~col("row").is_in(replaced)).drop("row")
            self._recent = self._none
        if fresh.height > _RECENT:
            self._old, self._recent = pl.concat([self._old, self._recent, fresh]), self._none
        else:
            self._recent = pl.concat([self._recent, fresh], rechunk=True)
        first = self._events.is_empty()
        self._events = pl.concat([self._old, self._recent])
        if self._recent.height > _RECENT:
            self._old, self._recent = self._events, self._none
        events = self._names.named(self._events)
        if first:
            return {"events": events, **derive(events)._asdict()}
        mine = col("task_id").is_in(pl.concat([fresh["task_id"], crossing]).unique().implode())
        derived = derive(events.filter(mine))._asdict()
        return {"events": events, **{what: pl.concat([before[what].filter(~mine), derived[what]]) for what in derived}}

    def _digest(self, name: str, offset: int, length: int, line_hash: int) -> int | None:
        def is_it(raw: bytes) -> bool:
            return bool(pl.Series([raw], dtype=pl.Binary).hash()[0] == line_hash)

        raw = read_again(self.directory, name, offset, length, is_it)
        return None if raw is None else digest_of(parse(one_line(raw)))


def write_parquet(directory: Path, what: str, path: Path) -> None:
    """Write a frame of everything in a directory as a Parquet file; events have their lineage_id.

    what: a key of FRAMES. Raises JournalError when the directory does not exist, and
    OSError when the file cannot be written.
    """
    reader = FrameReader(directory, ids=what == "events")
    reader.refresh()
    reader.close()
    if reader.missing:
        raise no_directory(directory)
    reader.frames.of(what).drop(*INTERNAL, strict=False).write_parquet(path)


def read_frames(directory: Path, *, progress: Callable[[int, int], None] | None = None) -> FrameReader:
    """The frames of everything in a directory. Raises JournalError when it does not exist."""
    reader = FrameReader(directory)
    reader.refresh(progress)
    if reader.missing:
        raise no_directory(directory)
    return reader

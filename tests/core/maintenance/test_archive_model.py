"""Writers and archive runs in any interleaving, runs that end at any step: each event is there exactly once."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lineage_core.maintenance.archive import Step, archive
from lineage_core.read.tailer import Tailer
from lineage_core.state.load import load
from lineage_core.write.journal import append_line
from lineage_core.write.json_encoder import encode
from lineage_core.write.record_builder import compose
from tests.core.maintenance.closed_month import NOW

DAYS = st.sampled_from(["2026-10-30", "2026-11-01", "2026-11-30"])


class Archiving(RuleBasedStateMachine):
    """The model is the list of ids that were written."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.written: list[str] = []
        self.writer: tuple[int, str] | None = None  # a descriptor that somebody keeps open, and its day
        self.run: Iterator[Step] | None = None

    def teardown(self) -> None:
        if self.writer:
            os.close(self.writer[0])
        if self.run is not None:
            self.run.close()
        rmtree(self.directory)

    def line(self, day: str) -> bytes:
        """A new event of that day."""
        event_id = f"lineage-{len(self.written) + 1}"
        self.written.append(event_id)
        at = f"{day}T12:00:00.{len(self.written):06d}Z"
        record = compose("task_created", "task-1", ("kim",), lineage_id=event_id, timestamp=at, environ={})
        return encode(record)

    def path(self, day: str) -> Path:
        return self.directory / f"lineage-{day}.jsonl"

    @rule(day=DAYS)
    def log(self, day: str) -> None:
        append_line(self.path(day), self.line(day))

    @precondition(lambda self: self.writer is None)
    @rule(day=DAYS)
    def open_and_keep(self, day: str) -> None:
        self.writer = os.open(self.path(day), os.O_WRONLY | os.O_APPEND | os.O_CREAT), day

    @precondition(lambda self: self.writer is not None)
    @rule()
    def write_to_the_kept_one(self) -> None:
        os.write(self.writer[0], self.line(self.writer[1]))

    @precondition(lambda self: self.writer is not None)
    @rule()
    def close_the_kept_one(self) -> None:
        os.close(self.writer[0])
        self.writer = None

    @precondition(lambda self: self.run is None)
    @rule()
    def begin_to_archive(self) -> None:
        self.run = archive(self.directory, NOW, 0, patience=0)

    @precondition(lambda self: self.run is not None)
    @rule(steps=st.integers(1, 6))
    def go_on_archiving(self, steps: int) -> None:
        for _ in range(steps):
            if next(self.run, None) is None:
                self.run = None
                return

    @precondition(lambda self: self.run is not None)
    @rule()
    def end_the_run_where_it_is(self) -> None:
        self.run.close()
        self.run = None

    @precondition(lambda self: self.run is None and self.writer is None)
    @rule()
    def archive_everything(self) -> None:
        assert not [step for step in archive(self.directory, NOW, 0) if step.word == "left"]
        raw = [found.record["lineage_id"] for batch in Tailer(self.directory).scan() for found in batch.found]
        assert Counter(raw) == Counter(self.written), "not one record twice, not even as a copy"
        assert list(self.directory.glob("*.jsonl*")) == []

    @invariant()
    def each_event_is_there_once(self) -> None:
        if not self.written:
            return
        loaded = load(self.directory)
        ids = [fact.lineage_id for task in loaded.state.rows for fact in loaded.state.facts(task)]
        assert sorted(ids) == sorted(self.written)
        assert loaded.rejected == []


TestArchiving = Archiving.TestCase
TestArchiving.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)

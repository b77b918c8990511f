"""Sends what ends as it ends: the journal is the queue, a cursor on disk says how far it has been sent.

Nothing is gathered: what cannot be sent is not read on from, and the cursor moves only behind what was taken. So a
collector that is away for days costs no memory, and a process that is killed at any moment sends the last batch again,
with the same ids.

What is due is told by comparing the spans of a task before and after the new events. After a start, for what stands
between the cursor and the end of the journal, there is no before: then all that is over of the task is sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from lineage_core.base.errors import JournalError
from lineage_core.otel.cursor import Cursor, Progress
from lineage_core.otel.delivery import Answer, Delivery
from lineage_core.otel.logs import LogLine, opened
from lineage_core.otel.mapping import spans_of
from lineage_core.otel.spans import Span
from lineage_core.otel.trace_context import Traces
from lineage_core.read.tailer import Batch, Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.state.load import load
from lineage_core.state.store import State

METRICS_EVERY = 60.0
"""Seconds between two reports of the metrics, unless OTEL_METRIC_EXPORT_INTERVAL says otherwise."""


_NO_SUCH = (404, 405, 415, 501)  # of HTTP: there is nothing at this address that would take it


class Meter(Protocol):
    """What `Follower` asks of `metrics.Metrics`, which is imported only where metrics are sent."""

    def ended(self, span: Span) -> None:
        """A span has come to its end."""

    def send(self) -> bool:
        """Send all; whether they were taken."""


class Follower:
    """Follows a directory until `stop` is set.

    spans, logs: send a batch. from_start: without a cursor all history is sent; else what is open now, and what comes.
    metrics: made of the state, once it is there; every: seconds between their reports. tell: called with a line for
    people.
    """

    def __init__(
        self,
        directory: Path,
        cursor: Cursor,
        delivery: Delivery,
        spans: Callable[[Sequence[Span]], Answer],
        logs: Callable[[Sequence[LogLine]], Answer],
        stop: threading.Event,
        tell: Callable[[str], None],
        *,
        from_start: bool = False,
        metrics: Callable[[State, Tailer, Callable[[], int]], Meter] | None = None,
        every: float = METRICS_EVERY,
    ) -> None:
        self._directory = directory
        self._cursor = cursor
        self._delivery = delivery
        self._post_spans, self._offer_logs = spans, logs
        self._logs_wanted = True
        self._stop = stop
        self._tell = tell
        self._from_start = from_start
        self._make_metrics, self._every = metrics, every
        self._next_metrics = 0.0
        self._rejected = 0
        self._state = State()
        self._traces = Traces(self._state)
        self._caught_up = False
        self._sent: set[str] = set()  # tasks that were sent since the start, while it catches up
        self._meter: Meter | None = None
        self.problems: dict[str, str] = {}

    def run(self) -> None:
        """Follow. Raises GivenUpError when it is stopped in the middle, JournalError where the cursor is lost."""
        progress = self._progress()
        with suppress(JournalError):  # the directory does not exist yet: the tailer waits for it
            self._state = load(self._directory).state
            self._traces = Traces(self._state)
        tailer = Tailer(self._directory, checkpoints=progress.checkpoints)
        if self._make_metrics is not None:
            self._meter = self._make_metrics(self._state, tailer, lambda: self._rejected)
        if not progress.open_sent:
            self._tell_open(progress)
        watcher = Watcher(self._directory, stop=self._stop)
        while True:
            for batch in tailer.scan():
                self._take(batch)
                self._cursor.save(Progress(tailer.checkpoints(), True))
                if self._stop.is_set():
                    return
            self.problems = tailer.problems
            if not self._caught_up and not tailer.problems:
                self._caught_up = True
                self._sent.clear()
            self._measure()
            if not watcher.wait():
                return

    def _progress(self) -> Progress:
        """Where to go on. Without a cursor it is written before anything is sent, so that nothing lies before it."""
        progress = self._cursor.read()
        if progress is None:
            checkpoints = []
            if not self._from_start:
                tailer = Tailer(self._directory, from_end=True)
                for _ in tailer.scan():
                    pass
                checkpoints = tailer.checkpoints()
                tailer.close()
            progress = Progress(checkpoints, self._from_start)
            self._cursor.save(progress)
        return progress

    def _tell_open(self, progress: Progress) -> None:
        """Send what is open at the very start, and what is over of these tasks: their traces are whole then."""
        names = [row.task_id for row in list(self._state.rows.values()) if not row.status.ended]
        self._delivery.all((span for span in self._spans(names) if span.end is not None), self._post_spans)
        self._delivery.all((opened(span) for span in self._spans(names) if span.end is None), self._post_logs)
        self._sent.update(names)
        self._cursor.save(progress._replace(open_sent=True))

    def _spans(self, task_ids: Iterable[str]) -> Iterator[Span]:
        for task_id in task_ids:
            task = self._state.task(task_id)
            if task is not None:
                yield from spans_of(task, self._traces)

    def _take(self, batch: Batch) -> None:
        """Send what has become due by a batch."""
        self._rejected += len(batch.rejected)
        names = list(dict.fromkeys(found.record["task_id"] for found in batch.found))
        whole = set() if self._caught_up else {name for name in names if name not in self._sent}
        before = {name: {s.span_id: s for s in self._spans([name])} for name in names if name not in whole}
        known = {name: row.events for name in names if (row := self._state.rows.get(name)) is not None}
        self._state.merge(batch.file, batch.found)
        self._traces.forget()
        due: list[Span] = []
        lines: list[LogLine] = []
        for name in names:
            if name not in whole and self._state.rows[name].events == known.get(name):
                continue  # copies
            had = before.get(name, {})
            for span in self._spans([name]):
                old = had.get(span.span_id)
                if span.end is None:
                    if old is None:
                        lines.append(opened(span))
                elif span != old:
                    due.append(span)
                    if self._meter is not None and name not in whole and (old is None or old.end is None):
                        self._meter.ended(span)
        self._delivery.all(iter(due), self._post_spans)
        self._delivery.all(iter(lines), self._post_logs)
        if not self._caught_up:
            self._sent |= whole

    def _post_logs(self, batch: Sequence[LogLine]) -> Answer:
        """Send lines of the log, unless the other side has none: many backends of traces take nothing else."""
        if not self._logs_wanted:
            return Answer(True)
        answer = self._offer_logs(batch)
        if answer.status in _NO_SUCH:
            self._logs_wanted = False
            self._tell(f"{answer.why}; it takes no logs: what is open is not told")
            return Answer(True)
        return answer

    def _measure(self) -> None:
        """Send the metrics, if it is time."""
        if self._meter is not None and time.monotonic() >= self._next_metrics:
            self._meter.send()
            self._next_metrics = time.monotonic() + self._every

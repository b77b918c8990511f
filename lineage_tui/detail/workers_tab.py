"""The runs of the workers of the selected task: one line each, with how it ended or how long it has been silent."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from lineage_core.base.clock import Clock, format_duration
from lineage_core.model.entities import Worker
from lineage_core.rules.silence import STUCK, worker_look
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.lane_table import Parts
from lineage_tui.models.text_wrap import wrap
from lineage_tui.theme.line import Line, bar, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList


class WorkersTab(LineList):
    """The workers tab."""

    title_lines = 1

    def __init__(self, styles: Styles, clock: Clock, thresholds: Thresholds, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.thresholds = thresholds
        self.listed: list[Worker] = []
        self.over: int | None = None

    def show(self, workers: list[Worker], over: int | None) -> None:
        """List these workers from now on (copies are kept: the feed goes on changing its own).

        over: when their task ended; None: it goes on.
        """
        self.listed = [replace(worker) for worker in workers]
        self.over = over
        self.sync()

    def count(self) -> int:
        return len(self.listed)

    def key_at(self, line: int) -> Hashable:
        worker = self.listed[line]
        return worker.worker_id, worker.number

    def line_of(self, key: Hashable) -> int | None:
        """The line of a run, by worker and number; by the worker's id alone, that of its last run."""
        last = next((n for n in reversed(range(self.count())) if self.listed[n].worker_id == key), None)
        return next((n for n in range(self.count()) if self.key_at(n) == key), last)

    def worker(self) -> str | None:
        """The id of the worker under the cursor."""
        return self.listed[self.cursor].worker_id if self.cursor < len(self.listed) else None

    def _name_width(self, width: int) -> int:
        return max(12, min(34, width - 53)) if width < 110 else 34

    def draw_title(self, line: int, out: Line) -> None:
        if not self.listed:
            return
        out.put("  ").col("worker", self._name_width(out.width), "muted").col("type", 14, "muted")
        out.col("status", 9, "muted").col("progress", 8, "muted").col("time", 6, "muted", right=True)
        out.col("tokens", 8, "muted", right=True).put("last word", "muted")

    def draw(self, line: int, out: Line) -> None:
        worker = self.listed[line]
        now = self.clock()
        look = worker_look(worker, now, self.thresholds, self.over)
        glyph, word, role = self.looks.look(look)
        elapsed = (worker.ended_at if worker.ended_at is not None else now) - worker.first_at
        words = worker.error or worker.step or ""
        if look in ("silent", "zombie", "orphaned") and worker.open:
            words = f"silent for {format_duration(now - worker.last_at)}  {words}"
        if worker.retry_of:
            words = f"retry of {worker.retry_of}  {words}"
        width = self._name_width(out.width)
        out.put(glyph + " ", role).col(cut(_name(worker), "worker-", width, self.looks), width)
        out.col((worker.worker_type or "").removesuffix("-worker"), 14, "muted").col(word, 9, role)
        out.put(bar(worker.percent, 8, self.looks) if worker.percent is not None else " " * 8, role).put(" ")
        out.col(format_duration(max(0, elapsed)), 6, right=True)
        out.col(f"{worker.tokens:,}" if worker.tokens is not None else "", 8, "muted", right=True)
        out.put(words.replace("\n", " "), role if look in ("failed", *STUCK) else "muted")

    def exact(self, room: int, width: int) -> list[Parts]:
        """The worker under the cursor in full, in at most `room` lines of `width` cells."""
        if room <= 0 or self.cursor >= len(self.listed):
            return []
        worker = self.listed[self.cursor]
        role = self.looks.look(worker_look(worker, self.clock(), self.thresholds, self.over))[2]
        words = worker.error or worker.step or "no word yet"
        facts = [
            _name(worker),
            worker.worker_type or "",
            f"retry of {worker.retry_of}" if worker.retry_of else "",
            f"under {worker.master}" if worker.master else "",
            f"{worker.tokens or 0:,} of {worker.token_budget:,} tokens" if worker.token_budget else "",
            f"last heard of {self.looks.stamp(worker.last_at, self.clock())}",
        ]
        above = wrap(words, width - 1, room)
        below = wrap(", ".join(filter(None, facts)), width - 1, max(1, room - len(above)))
        lines: list[Parts] = [[(f" {line}", role, False)] for line in above]
        return [*lines, *([(f" {line}", "muted", False)] for line in below)][:room]


def _name(worker: Worker) -> str:
    """The id of a worker, and which run of it this is if it is not the first."""
    return f"{worker.worker_id} (run {worker.number})" if worker.number > 1 else worker.worker_id

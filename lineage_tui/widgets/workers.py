"""The workers of the selected task: one line each, with how they ended or how long they have been silent."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from lineage_core.clock import Clock, format_duration
from lineage_core.state import Worker
from lineage_core.zombies import Thresholds, silence_of
from lineage_tui.cells import Line, bar
from lineage_tui.style import Styles
from lineage_tui.widgets.lines import LineView


def worker_look(worker: Worker, now: int, thresholds: Thresholds) -> str:
    """The state to show a worker in: how it ended, else `zombie`, `silent`, `run` or `spawn`."""
    if worker.end is not None:
        return worker.end.value
    if look := silence_of(worker.last_at, now, thresholds):
        return look
    return "run" if worker.started_at is not None or worker.percent is not None else "spawn"


class WorkerLines(LineView):
    """The workers tab."""

    title_lines = 1

    def __init__(self, styles: Styles, clock: Clock, thresholds: Thresholds, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.thresholds = thresholds
        self.listed: list[Worker] = []

    def show(self, workers: list[Worker]) -> None:
        """List these workers from now on (copies are kept: the feed goes on changing its own)."""
        self.listed = [replace(worker) for worker in workers]
        self.sync()

    def count(self) -> int:
        return len(self.listed)

    def key_at(self, line: int) -> Hashable:
        return self.listed[line].worker_id

    def line_of(self, key: Hashable) -> int | None:
        return next((n for n, worker in enumerate(self.listed) if worker.worker_id == key), None)

    def _name_width(self, width: int) -> int:
        return max(12, min(34, width - 52)) if width < 110 else 34

    def draw_title(self, line: int, out: Line) -> None:
        if not self.listed:
            return
        out.put("  ").col("worker", self._name_width(out.width), "muted").col("type", 14, "muted")
        out.col("status", 8, "muted").col("progress", 8, "muted").col("time", 6, "muted", right=True)
        out.col("tokens", 8, "muted", right=True).put("last word", "muted")

    def draw(self, line: int, out: Line) -> None:
        worker = self.listed[line]
        now = self.clock()
        look = worker_look(worker, now, self.thresholds)
        glyph, word, role = self.looks.look(look)
        life = (worker.ended_at if worker.ended_at is not None else now) - worker.first_at
        words = worker.error or worker.step or ""
        if look in ("silent", "zombie") and worker.open:
            words = f"silent for {format_duration(now - worker.last_at)}  {words}"
        if worker.retry_of:
            words = f"retry of {worker.retry_of}  {words}"
        out.put(glyph + " ", role).col(worker.worker_id, self._name_width(out.width))
        out.col((worker.worker_type or "").removesuffix("-worker"), 14, "muted").col(word, 8, role)
        out.put(bar(worker.percent, 8, self.looks) if worker.percent is not None else " " * 8, role).put(" ")
        out.col(format_duration(max(0, life)), 6, right=True)
        out.col(f"{worker.tokens:,}" if worker.tokens is not None else "", 8, "muted", right=True)
        out.put(words, role if look in ("failed", "zombie", "silent") else "muted")

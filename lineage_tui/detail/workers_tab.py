"""The runs of the workers of the selected task: one line each, with how it ended or how long it has been silent."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

from lineage_core.base.clock import Clock, format_duration
from lineage_core.base.terminal_cells import cell_width, shown
from lineage_core.model.task_parts import Worker
from lineage_core.rules.silence import STUCK, worker_look
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.column_widths import EVERYTHING, Columns, Step
from lineage_tui.models.text_wrap import wrap
from lineage_tui.theme.styled_line import Line, Parts, bar, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.line_list import LineList

STEPS = tuple(
    Step(*step)
    for step in (
        ("worker", 12), ("status", 9), ("time", 6), ("last word", 12), ("progress", 8), ("worker", 18), ("type", 14),
        ("last word", 20), ("tokens", 8), ("worker", 26), ("last word", 40), ("worker", EVERYTHING),
        ("last word", EVERYTHING),
    )
)  # fmt: skip
"""What a line shows, the most important first."""

_GLYPH = 2


class WorkersTab(LineList):
    """The workers tab."""

    title_lines = 1

    def __init__(self, styles: Styles, clock: Clock, thresholds: Thresholds, **options: Any) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.thresholds = thresholds
        self.listed: list[Worker] = []
        self.over: int | None = None
        self._widest = 0
        self._columns = Columns(STEPS, ("worker", "type", "status", "progress", "time", "tokens", "last word"))

    def show(self, workers: list[Worker], over: int | None) -> None:
        """List these workers from now on (copies are kept: the feed goes on changing its own).

        over: when their task ended; None: it goes on.
        """
        self.listed = [replace(worker) for worker in workers]
        self.over = over
        self._widest = max((cell_width(shown(_name(worker))) for worker in workers), default=0)
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

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns on a line of this width."""
        return self._columns.fit(width - _GLYPH, {"worker": max(8, self._widest)})

    def draw_title(self, line: int, out: Line) -> None:
        if self.listed:
            out.put("  ")
            for name, width in self.columns(out.width).items():
                out.col(name, width, "muted", right=name in ("time", "tokens"))

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
            words = f"{words}  retry of {worker.retry_of}".lstrip()
        out.put(glyph + " ", role)
        texts = {
            "type": ((worker.worker_type or "").removesuffix("-worker"), "muted"),
            "status": (word, role),
            "progress": (bar(worker.percent, 8, self.looks) if worker.percent is not None else "", role),
            "time": (format_duration(max(0, elapsed)), "text"),
            "tokens": (f"{worker.tokens:,}" if worker.tokens is not None else "", "muted"),
            "last word": (words.replace("\n", " "), role if look in ("failed", *STUCK) else "muted"),
        }
        for name, width in self.columns(out.width).items():
            text, shade = texts.get(name) or (cut(_name(worker), "worker-", width, self.looks), "text")
            if name == "type" and len(text) > width:
                text = cut(text, "", width, self.looks)
            out.col(text, width, shade, right=name in ("time", "tokens"))

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

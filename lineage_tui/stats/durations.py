"""Durations: how long workers and tasks ran, and what tasks waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.charts import Row, blank, table
from lineage_tui.stats.distribution import SPREAD, spread_cells, spread_heads
from lineage_tui.stats.drilldown import KEYS, MANY, TITLES, chosen_by, of_workers, window

if TYPE_CHECKING:
    from lineage_core.stats import Window

_MARKS = "the marks are p50 and p95: half, and 95 of 100, took at most that long"


def page(cut: Window, thresholds: Thresholds, height: int = 0) -> list[Row]:
    """How long workers and tasks ran, and what tasks waited for."""
    from lineage_core import stats

    lines: list[Row] = []
    for by in ("worker_type", "master", "task_type"):
        rows = stats.durations(cut, by).to_dicts()
        kind = "workers " if by == "worker_type" else "tasks "
        by_key = ((row["key"], spread_cells(row), _ran(cut, by, row["key"])) for row in rows[:MANY])
        about = f"how long {kind}ran that ended in the window; {_MARKS}; Enter: the tasks"
        heads = spread_heads(rows)
        lines += [
            *table(f"run {by}", kind + TITLES[by], SPREAD, by_key, about=about, heads=heads),
            blank(f"after {by}"),
        ]
    titles = {"queue": "to be started", "block": "blocked", "handoff": "handoff accepted", "start": "worker to start"}
    waits = {row["key"]: row for row in stats.waits(cut).to_dicts()}
    filled = [(title, spread_cells(waits[key]), None) for key, title in titles.items() if key in waits]
    about = f"how long it was waited for this, where the waiting was over in the window; {_MARKS}"
    return lines + table("waits", "waits", SPREAD, filled, about=about, heads=spread_heads(list(waits.values())))


def _ran(cut: Window, by: str, key: str) -> str:
    if by == "worker_type":
        return of_workers(key, "ran", cut)
    return chosen_by(KEYS[by], key, "is:ran", window(cut, "ended:"))

"""All figures of a cut as one JSON-able document: what `lineage stats --json` prints."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from lineage_core import stats
from lineage_core.clock import SECOND, format_timestamp
from lineage_core.stats.cut import Cut

DOCUMENT_KEYS = {
    "total_events": "distinct events in the window",
    "event_types": "events by type",
    "actors": "events by the actor's id",
    "tasks_tracked": "tasks with events in the window",
    "window": "since and until, and whether tasks were chosen by a filter",
    "flow": "over time: events, created, completed, failed, cancelled in each stretch; running, queued … at its end",
    "durations": "run times in ms by worker_type, master and task_type: count, p50, p95, p99, max, histogram",
    "waits": "queue, block, handoff and start times in ms",
    "failures": "rates with their 95 % confidence interval by master, task_type and worker_type",
    "reasons": "why tasks and workers failed, alike reasons together",
    "tokens": "tokens by master, worker_type, task_type and session",
    "workers": "by type: how they ended, silent ones, retries, time to start in ms",
    "health": "records, copies, quarantined, wrong values, write times and lag in ms, silent integration points",
}


def document(cut: Cut, silent_after: int, *, filtered: bool = False) -> dict[str, Any]:
    """Every figure; the keys are DOCUMENT_KEYS."""
    frames = cut.frames
    types, actors = stats.event_types(cut), stats.actors(cut)
    return {
        "total_events": int(types["events"].sum()),
        "event_types": dict(zip(types["key"], types["events"], strict=True)),
        "actors": dict(zip(actors["key"], actors["events"], strict=True)),
        "tasks_tracked": cut.recent("events")["task_id"].n_unique(),
        "window": {
            "since": None if cut.since is None else format_timestamp(cut.since),
            "until": format_timestamp(cut.now),
            "filtered": filtered,
        },
        "flow": plain(stats.flow(cut)),
        "durations": {by: plain(stats.durations(cut, by)) for by in ("worker_type", "master", "task_type")},
        "waits": plain(stats.waits(cut)),
        "failures": {by: plain(stats.failures(cut, by)) for by in ("master", "task_type", "worker_type")},
        "reasons": plain(stats.reasons(cut)),
        "tokens": {by: plain(stats.tokens(cut, by)) for by in ("master", "worker_type", "task_type", "session")},
        "workers": plain(stats.workers(cut, silent_after)),
        "health": {
            "records": frames.records,
            "copies": frames.records - frames.events.height,
            "quarantined": dict(sorted(frames.rejected.items())),
            "wrong_values": plain(stats.wrong_values(cut)),
            "delays": plain(stats.delays(cut)),
            "silent_points": [point.id for point in stats.silent_points(cut)],
        },
    }


def plain(table: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON-able data."""
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_dicts()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_timestamp(round(value.timestamp() * SECOND))
    return value.isoformat() if isinstance(value, date) else value

"""All figures of a cut as one JSON-able document: what `lineage stats --json` prints."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from lineage_core import stats
from lineage_core.clock import SECOND, format_timestamp
from lineage_core.stats.cut import Cut


def document(cut: Cut, silent_after: int, *, filtered: bool = False) -> dict[str, Any]:
    """Every figure; `cli/stats.py` tells the keys."""
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

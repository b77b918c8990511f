"""All figures of a cut as one JSON-able document: what `lineage stats --json` prints."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import polars as pl

from lineage_core import stats
from lineage_core.base.clock import SECOND, format_timestamp
from lineage_core.stats.window import Window


def document(cut: Window, silent_after: int, *, filtered: bool = False) -> dict[str, Any]:
    """Every figure; `cli/stats.py` tells the keys."""
    with ThreadPoolExecutor() as pool:  # each figure alone does not keep all cores busy

        def later(figure: Callable[..., pl.DataFrame], *words: Any) -> Future[pl.DataFrame]:
            return pool.submit(figure, cut, *words)

        def by(figure: Callable[[Window, str], pl.DataFrame], *keys: str) -> dict[str, Future[pl.DataFrame]]:
            return {key: later(figure, key) for key in keys}

        types, actors = later(stats.event_types), later(stats.actors)
        silent = pool.submit(stats.silent_points, cut)
        health = {"wrong_values": later(stats.wrong_values), "delays": later(stats.delays)}
        sections = {
            "flow": later(stats.flow),
            "durations": by(stats.durations, "worker_type", "master", "task_type"),
            "waits": later(stats.waits),
            "failures": by(stats.failures, "master", "task_type", "worker_type"),
            "reasons": later(stats.reasons),
            "tokens": by(stats.tokens, "master", "worker_type", "task_type", "session"),
            "workers": later(stats.workers, silent_after),
        }
    frames = cut.frames
    return {
        "total_events": int(types.result()["events"].sum()),
        "event_types": _counts(types.result()),
        "actors": _counts(actors.result()),
        "tasks_tracked": cut.recent("events").select(pl.col("task_id").n_unique()).collect().item(),
        "window": {
            "since": None if cut.since is None else format_timestamp(cut.since),
            "until": format_timestamp(cut.now),
            "filtered": filtered,
        },
        **{key: _result(value) for key, value in sections.items()},
        "health": {
            "records": frames.records,
            "copies": frames.records - frames.events.height,
            "quarantined": dict(sorted(frames.rejected.items())),
            **{key: plain(value.result()) for key, value in health.items()},
            "silent_points": [point.id for point in silent.result()],
        },
    }


def _counts(table: pl.DataFrame) -> dict[str, int]:
    return dict(zip(table["key"], table["events"], strict=True))


def _result(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(one.result()) for key, one in value.items()}
    return plain(value.result())


def plain(table: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON-able data."""
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_dicts()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_timestamp(round(value.timestamp() * SECOND))
    return value.isoformat() if isinstance(value, date) else value

"""All tasks for the page, small: a row each with what the timeline and the tree draw."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from operator import attrgetter
from typing import Any

from lineage_core.base import clock
from lineage_core.model.entities import TaskRow
from lineage_core.state.feed import Feed
from lineage_core.state.store import State

FIELDS = ("id", "start", "end", "status", "master", "group", "parent", "flags", "percent", "last", "priority", "reason")
"""The fields of a row. Times are milliseconds since the epoch; end: null while it goes on; group: its session, or what
it stands under instead. flags: 1 escalated, 2 partial, 4 a run of it failed, 8 an attempt of it failed, 16 retried."""

LONGEST_REASON = 160


def task_rows(state: State, chosen: Iterable[TaskRow]) -> list[tuple[Any, ...]]:
    """The rows of these tasks, by FIELDS."""
    parent = state.subtasks.parent
    return [_row(row, parent(row.task_id)) for row in chosen]


def newest(state: State, limit: int | None) -> list[tuple[Any, ...]]:
    """Rows for all tasks, or for as many as were last heard of; hold the lock of the state."""
    rows: Iterable[TaskRow] = state.rows.values()
    if limit is not None and limit < len(state.rows):
        rows = nlargest(limit, rows, key=attrgetter("last_at"))
    return task_rows(state, rows)


def _row(row: TaskRow, parent: str | None) -> tuple[Any, ...]:
    over = row.status.ended
    flags = (
        (1 if row.escalated else 0)
        | (2 if row.partial else 0)
        | (4 if row.failed_workers else 0)
        | (8 if row.failed_attempts else 0)
        | (16 if row.retries else 0)
    )
    return (
        row.task_id,
        row.first_at // 1000,
        (row.ended_at or row.last_at) // 1000 if over else None,
        row.status.value,
        row.master,
        row.group,
        parent,
        flags,
        row.percent,
        row.last_at // 1000,
        row.priority,
        row.reason[:LONGEST_REASON] if row.reason and not over else None,
    )


def health(feed: Feed, as_of: int | None = None) -> dict[str, object]:
    """How the feed is, for the line at the top. as_of: the time that is shown, if that is not now."""
    health_now = feed.health
    return {
        "mode": health_now.mode,
        "reason": health_now.reason,
        "missing": health_now.missing,
        "loaded": health_now.loaded,
        "history": round(health_now.history, 3),
        "backlog": health_now.backlog,
        "rejected": health_now.rejected,
        "problems": len(health_now.problems),
        "rate": round(feed.rate(), 1),
        "events": feed.state.events,
        "now": clock.now() // 1000,
        "as_of": None if as_of is None else as_of // 1000,
    }

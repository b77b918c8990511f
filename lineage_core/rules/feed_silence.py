"""That no event comes though work is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from lineage_core.base.clock import DAY, HOUR, ago
from lineage_core.meaning.pauses import nearest_rank
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.thresholds import DEFAULTS, Thresholds
from lineage_core.rules.usual import ENOUGH_TIMES

FEED_TIMES = 3
"""The feed is silent after so many times its usual pause."""


def feed_finding(
    rows: Mapping[str, TaskRow],
    last: int,
    open_tasks: int,
    now: int,
    limits: Thresholds,
    usual: Callable[[Iterable[TaskRow], int], int] | None = None,
) -> Finding | None:
    """That no event comes though work is open: for 3 times the usual pause of this hour of the day, at least 30 m.

    last: the time of the newest event. open_tasks: how many tasks are open. usual: gives that pause, if not
    `usual_pause_of_hour`.
    """
    explicit = limits.late.explicit("feed-silent")
    after = DEFAULTS["feed-silent"] if explicit is None else explicit
    if not open_tasks or now - last < after:
        return None
    if explicit is None:
        after = max(after, FEED_TIMES * (usual or usual_pause_of_hour)([*rows.values()], now))
    if now - last < after:
        return None
    tasks = "1 task is" if open_tasks == 1 else f"{open_tasks:,} tasks are"
    text = f"no event for {ago(last, now)}, though {tasks} open"
    return Finding("feed-silent", Severity.BAD, "", "", last, text, last + after)


def usual_pause_of_hour(rows: Iterable[TaskRow], now: int) -> int:
    """The 99th percentile of the pauses of the feed that began in this hour of the day (UTC), as far as rows tell; 0
    while there are fewer than 30."""
    times = {at for row in rows for at in (row.first_at, row.started_at, row.ended_at, row.last_at) if at is not None}
    hour = now % DAY // HOUR
    pauses = [b - a for a, b in pairwise(sorted(at for at in times if at <= now)) if a % DAY // HOUR == hour]
    return nearest_rank(pauses, 99) if len(pauses) >= ENOUGH_TIMES else 0

"""That no event comes, or none of a host, though work is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from lineage_core.base.clock import HOUR, ago
from lineage_core.meaning.pauses import nearest_rank
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.thresholds import DEFAULTS, Thresholds
from lineage_core.rules.usual_durations import ENOUGH_TIMES

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


def hosts_finding(heard: Mapping[str, int], rows: Iterable[TaskRow], now: int, limits: Thresholds) -> Finding | None:
    """That no event comes from one of several hosts, though tasks of it are open: for as long as the feed may be
    silent. Several such hosts are one finding.

    heard: the time of the newest event of each host. rows: the open tasks.
    """
    explicit = limits.late.explicit("feed-silent")
    after = DEFAULTS["feed-silent"] if explicit is None else explicit
    quiet = {host: last for host, last in dict(heard).items() if now - last >= after}
    if not quiet or len(heard) < 2:
        return None
    waiting = Counter(host for row in rows for host in row.hosts if host in quiet and not row.status.ended)
    if not waiting:
        return None
    since = min(quiet[host] for host in waiting)
    parts = [f"{host} for {ago(quiet[host], now)}" for host, _ in waiting.most_common(3)]
    more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    tasks = "1 task is" if waiting.total() == 1 else f"{waiting.total():,} tasks are"
    text = f"no event from {', '.join(parts)}{more}, though {tasks} open there"
    return Finding("feed-silent", Severity.BAD, "", next(iter(waiting)), since, text, since + after)


def usual_pause_of_hour(rows: Iterable[TaskRow], now: int) -> int:
    """The 99th percentile of the pauses of the feed that began in this hour of the day (UTC), as far as rows tell; 0
    while there are fewer than 30."""
    hour = now // HOUR % 24
    within: set[int] = set()
    firsts: dict[int, int] = {}  # of each other hour the first event: a pause can end only there
    for row in rows:
        for at in (row.first_at, row.started_at, row.ended_at, row.last_at):
            if at is None or at > now:
                continue
            if (began := at // HOUR) % 24 == hour:
                within.add(at)
            elif at < firsts.get(began, now + 1):
                firsts[began] = at
    times = sorted((*within, *firsts.values()))
    pauses = [b - a for a, b in pairwise(times) if a // HOUR % 24 == hour]
    return nearest_rank(pauses, 99) if len(pauses) >= ENOUGH_TIMES else 0

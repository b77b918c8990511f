"""The newest things that tasks hold (workers, failures), of a state with very many tasks.

A task is derived from its facts when it is looked at, which takes 0.1 ms: with a limit only tasks are derived that
can still have something late enough; without one, processes share the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from heapq import heappush, heappushpop
from typing import Any, TypeVar

from lineage_core.base import fork_pool
from lineage_core.model.entities import Task, TaskRow
from lineage_core.state.store import State

Row = TypeVar("Row", bound=Mapping[str, Any])
"""A flat row of a worker or a failure, with its `task_id` and `worker_id`."""

CHUNK = 2000
"""Tasks that a process derives at once."""


def top_n(
    state: State, rows: Iterable[TaskRow], items: Callable[[Task], list[tuple[int, Row]]], limit: int | None
) -> list[tuple[int, Row]]:
    """The items of some tasks, the newest first and at most `limit`.

    items: gives those of one task; none of them may be later than the task's last event.
    """
    order = sorted(rows, key=lambda row: row.last_at, reverse=True)
    if limit is None:
        found = _all(state, order, items)
    else:
        found = []
        times: list[int] = []
        for row in order:
            if len(times) >= limit and (limit == 0 or row.last_at < times[0]):
                break
            task = state.task(row.task_id)
            for item in items(task) if task else ():
                found.append(item)
                if len(times) < limit:
                    heappush(times, item[0])
                else:
                    heappushpop(times, item[0])
    found.sort(key=lambda item: (-item[0], item[1]["task_id"], item[1]["worker_id"] or ""))
    return found[:limit]


def _all(state: State, order: list[TaskRow], items: Callable[[Task], list[tuple[int, Row]]]) -> list[tuple[int, Row]]:
    def part(unit: int) -> list[tuple[int, Row]]:
        some: list[tuple[int, Row]] = []
        for row in order[unit * CHUNK : (unit + 1) * CHUNK]:
            task = state.task(row.task_id)
            some += items(task) if task else []
        return some

    units = -(-len(order) // CHUNK)
    return [item for some in fork_pool.share(part, units, min(os.cpu_count() or 1, 4)) for item in some]

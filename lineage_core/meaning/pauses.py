"""How long something has been silent between two words of its own: who speaks hourly is not dead after 59 minutes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lineage_core.base.clock import MINUTE
from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status, Worker

ENOUGH = 3
"""Pauses from which on they tell what is usual for a thing itself."""

LAST = 1000
"""Pauses that are looked at: the last ones."""

MOST = 100
"""Runs that are looked at: the last ones."""


def nearest_rank(values: Iterable[int], percent: int) -> int:
    """The value that `percent` of 100 do not exceed (nearest rank); there must be some."""
    ranked = sorted(values)
    return ranked[(len(ranked) * percent + 99) // 100 - 1]


def usual_pause(pauses: Sequence[int]) -> int:
    """The 99th percentile of its own pauses, in microseconds, but none that it has had only once: a night in which
    nobody was there does not excuse the next. 0 while there are fewer than ENOUGH."""
    return min(nearest_rank(pauses, 99), sorted(pauses)[-2]) if len(pauses) >= ENOUGH else 0


def pauses_of(run: Worker, now: int) -> list[int]:
    """The pauses of a run between words of its own, up to a time."""
    words = run.words[-LAST - 1 :]
    return [b - a for a, b in pairwise(words) if b <= now]


def own_pause(run: Worker, now: int) -> int:
    """The usual pause of a run itself, up to a time."""
    return run.pause if run.pause is not None else usual_pause(pauses_of(run, now))


def idle_pauses(task: Task, now: int) -> list[int]:
    """The pauses of a task between its events while it ran and no run of it was open, up to a time; not those in which
    it waited for a person."""
    starts = [phase.start for phase in task.phases]
    escalated = {mark.at for mark in task.marks if mark.kind == "escalated"}

    def idle(at: int) -> bool:
        place = bisect_right(starts, at)
        if not place or task.phases[place - 1].status not in (Status.RUNNING, Status.UNKNOWN):
            return False
        return not any(run.first_at <= at and (run.ended_at is None or run.ended_at > at) for run in task.runs[-MOST:])

    pauses = ((a, b) for a, b in pairwise(task.times[-LAST - 1 :]) if b <= now)
    return [b - a for a, b in pauses if b - a < MINUTE or (a not in escalated and idle(a))]

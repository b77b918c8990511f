"""When an open worker counts as silent, as a zombie, as never started or as orphaned: the one place that says so.

The rules (`rules/stuck_work.py`), and through them `lineage zombies` and the attention view, the workers view, the
tree and the counts on the status line all ask here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from lineage_core.model.entities import Task, TaskRow, Worker
from lineage_core.rules.thresholds import Thresholds

ZOMBIE = "zombie"
"""The word for a worker that is given up for dead; the others are warnings."""

WORDS = {"silent": "silent", "never started": "unstarted", "orphaned": "orphaned"}
"""By the rule that watches an open worker: the word for one that is past its first threshold."""

STUCK = (ZOMBIE, *WORDS.values())


class Watch(NamedTuple):
    """How an open worker is watched. rule: which rule does (a key of WORDS); since: what its age counts from."""

    rule: str
    since: int

    def word(self, now: int, thresholds: Thresholds) -> str:
        """`zombie`, `silent`, `unstarted` or `orphaned`; empty while nothing is the matter."""
        age = now - self.since
        return next((word for after, word in reversed(levels(self.rule, thresholds)) if age >= after), "")


@lru_cache(maxsize=64)
def levels(rule: str, thresholds: Thresholds) -> tuple[tuple[int, str], ...]:
    """From which age on a watched worker is called what, in ascending order."""
    first = {"silent": min(thresholds.warned, thresholds.silent), "never started": thresholds.spawn}
    after = first.get(rule, thresholds.warned)
    if rule == "orphaned":
        return ((after, WORDS[rule]),)
    return ((after, WORDS[rule]), (max(after, thresholds.silent), ZOMBIE))


def watch(worker: Worker, over: int | None) -> Watch | None:
    """How a worker is watched; None once its end was seen. over: when its task ended, see `over`."""
    if not worker.open:
        return None
    if over is not None:
        return Watch("orphaned", max(worker.last_at, over))
    if worker.started_at is None and worker.spawned_at is not None and not worker.progress:
        return Watch("never started", worker.spawned_at)
    return Watch("silent", worker.last_at)


def worker_look(worker: Worker, now: int, thresholds: Thresholds, over: int | None = None) -> str:
    """The state to show a worker in: how it ended, else what `Watch` says of it, else `run` or `spawn`.

    over: when its task ended; None: it goes on.
    """
    if worker.end is not None:
        return worker.end.value
    seen = watch(worker, over)
    if seen is not None and (word := seen.word(now, thresholds)):
        return word
    return "run" if worker.started_at is not None or worker.percent is not None else "spawn"


def over(task: Task | TaskRow) -> int | None:
    """When a task ended; None while it goes on."""
    if not task.status.ended:
        return None
    return task.ended_at if task.ended_at is not None else task.last_at


def quietest(row: TaskRow) -> Watch | None:
    """How the open worker of a task is watched that was last heard of longest ago, as far as its row tells: as if it
    had started. None if no worker is open."""
    if row.silent_since is None:
        return None
    ended = over(row)
    return Watch("silent", row.silent_since) if ended is None else Watch("orphaned", max(row.silent_since, ended))

"""When an open run counts as silent, as a zombie, as never started or as orphaned: the one place that says so.

The rules (`rules/stuck_work.py`), and through them `lineage zombies` and the attention view, the workers view, the
tree and the counts on the status line all ask here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from lineage_core.meaning.pauses import own_pause
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.task_parts import Worker
from lineage_core.rules.thresholds import Thresholds

ZOMBIE = "zombie"
"""The word for a run that is given up for dead; the others are warnings."""

WatchName = Literal["silent", "never-started", "orphaned"]
WATCHES: tuple[WatchName, ...] = ("silent", "never-started", "orphaned")
"""The rules that watch open runs; their names are the words for one that is past its first threshold."""

STUCK = (ZOMBIE, *WATCHES)


class Watch(NamedTuple):
    """How an open run is watched. rule: which rule does (one of WATCHES); since: what its age counts from; warned_at:
    from when on it is called by the word of its rule; dead_at: from when on a zombie, None for never."""

    rule: WatchName
    since: int
    warned_at: int
    dead_at: int | None

    def word(self, now: int) -> str:
        """`zombie`, `silent`, `never-started` or `orphaned`; empty while nothing is the matter."""
        if self.dead_at is not None and now >= self.dead_at:
            return ZOMBIE
        return self.rule if now >= self.warned_at else ""


def watch(run: Worker, over: int | None, limits: Thresholds) -> Watch | None:
    """How a run is watched; None once its end was seen. over: when its task ended, see `over`."""
    if not run.open:
        return None
    kind, owner = run.worker_type, run.master
    if over is not None:
        since = max(run.last_at, over)
        return Watch("orphaned", since, since + limits.after("warned", kind, owner), None)
    since = run.last_at
    if not run.heard:
        warned = limits.after("never-started", kind, owner)
        dead = max(warned, limits.after("silent", kind, owner))
        return Watch("never-started", since, since + warned, since + dead)
    own = own_pause(run, since)
    warned = limits.after("warned", kind, owner, own=own)
    return Watch("silent", since, since + warned, since + limits.after("silent", kind, owner, own=own))


def worker_look(run: Worker, now: int, limits: Thresholds, over: int | None = None) -> str:
    """The state to show a run in: how it ended, else what `Watch` says of it, else `run` or `spawn`.

    over: when its task ended; None: it goes on.
    """
    if run.end is not None and run.ended_at is not None:
        return run.end.value
    seen = watch(run, over, limits)
    if seen is not None and (word := seen.word(now)):
        return word
    return "run" if run.started_at is not None or run.percent is not None else "spawn"


def over(task: Task | TaskRow) -> int | None:
    """When a task ended; None while it goes on."""
    if not task.status.ended:
        return None
    return task.ended_at if task.ended_at is not None else task.last_at


def task_look(task: Task, now: int, limits: Thresholds) -> str:
    """The worst that is to be said of its open runs: `zombie`, `silent`, `unstarted`, `orphaned`, or nothing."""
    ended = over(task)
    words = {seen.word(now) for run in task.runs if (seen := watch(run, ended, limits)) is not None}
    return next((word for word in STUCK if word in words), "")

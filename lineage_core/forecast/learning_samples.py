"""What forecasts are learned from: how long tasks and runs took, and of which groups each of them is.

Pure. Times are microseconds since the epoch, lengths microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status, WorkerEnd

Group = tuple[str, ...]
"""What is learned from together: `task` or `run`, then the values of its keys, an empty text for what has none."""

TASK_KEYS = ("type", "owner", "priority", "worker type")
RUN_KEYS = ("worker type", "master", "task type", "priority")
"""What the values of a group are, for a task and for a run: the closest group has all of them, the widest none."""


class Sample(NamedTuple):
    """One task, or one run of a worker.

    subject: its id, for a run with those of the task and of its number. groups: the closest first. begun: when it was
    created (spawned), from which on it waited. started: when it began to run; None while it waits. ended: when it was
    over; None while it is open. done: whether it ended well; what failed or was cancelled tells only that it took
    longer than that.
    """

    subject: str
    groups: tuple[Group, ...]
    begun: int
    started: int | None
    ended: int | None
    done: bool

    @property
    def kind(self) -> str:
        """`task` or `run`."""
        return self.groups[0][0]


def groups_of(kind: str, *values: str | None) -> tuple[Group, ...]:
    """The groups that something belongs to, the closest first: with all values, then with one less each."""
    named = tuple(value or "" for value in values)
    return tuple((kind, *named[:count]) for count in range(len(named), -1, -1))


def group_name(group: Group) -> str:
    """A group in words: `tasks of type build, owner development-master`."""
    kind, *values = group
    keys = TASK_KEYS if kind == "task" else RUN_KEYS
    named = [f"{key} {value}" for key, value in zip(keys, values, strict=False) if value]
    return f"{kind}s" + (f" of {', '.join(named)}" if named else "")


def run_subject(task_id: str, worker_id: str, number: int) -> str:
    """The subject of a run's sample."""
    return f"{task_id}\0{worker_id}\0{number}"


def task_sample(task: Task, now: int) -> Sample | None:
    """The sample of a task as of a time; None for one that had not begun by then."""
    if task.first_at > now:
        return None
    worker = next((run.worker_type for run in task.runs if run.worker_type), None)
    groups = groups_of("task", task.task_type, task.master, task.priority, worker)
    ended = (task.ended_at or task.last_at) if task.status.ended else None
    if ended is not None and ended > now:
        ended = None
    started = task.started_at if task.started_at is not None and task.started_at <= now else None
    return Sample(task.task_id, groups, task.first_at, started, ended, task.status is Status.COMPLETED)


def run_samples(task: Task, now: int) -> Iterator[Sample]:
    """The samples of the runs of a task; an open run of a task that is over is none: nobody waits for its end."""
    for run in task.runs:
        if run.first_at > now or (run.open and task.status.ended):
            continue
        groups = groups_of("run", run.worker_type, run.master, task.task_type, task.priority)
        started = run.started_at if run.heard else None
        if run.spawned_at is None and started is None:
            started = run.first_at
        if started is not None and started > now:
            started = None
        ended = run.ended_at if run.ended_at is not None and run.ended_at <= now else None
        begun = run.first_at if started is None else min(run.first_at, started)
        done = run.end in (WorkerEnd.SUCCESS, WorkerEnd.PARTIAL)
        yield Sample(run_subject(task.task_id, run.worker_id, run.number), groups, begun, started, ended, done)

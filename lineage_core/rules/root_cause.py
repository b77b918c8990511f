"""Why: the event that a task's present trouble comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import Status, Worker

_TROUBLE = {
    Status.BLOCKED: ("task_blocked",),
    Status.CANCELLED: ("task_cancelled",),
    Status.FAILED: ("task_failed", "task_completed"),
}
_WORKER_ENDS = ("worker_failed", "worker_completed")


class Cause(NamedTuple):
    """What a task's trouble comes from. event_types: what says so (any event of the worker, if empty); worker: whose
    doing it is, None for the task's own; at: when; text: the error or reason as it was logged, perhaps nothing."""

    event_types: tuple[str, ...]
    worker: str | None
    at: int
    text: str


def cause(task: Task) -> Cause | None:
    """What caused the state that a task is in; None where nothing is wrong.

    Of a failed task: the failure of the last worker that failed and was not made good by a later success of its
    type, else the event that ended the task. Of a blocked or cancelled one: the event that says so. Of one that is
    escalated: the escalation. Of one whose open worker is silent: the last that was heard of that worker.
    """
    failed = _unredeemed(task)
    if failed is not None and task.status is Status.FAILED:
        return _failure(failed)
    if task.status in _TROUBLE:
        return Cause(_TROUBLE[task.status], None, task.since, task.reason or "")
    if task.escalated:
        mark = next((mark for mark in reversed(task.marks) if mark.kind == "escalated"), None)
        return Cause(("task_escalated",), None, mark.at if mark else task.since, mark.text if mark else "")
    if failed is not None:
        return _failure(failed)
    quiet = quietest(task)
    return Cause((), quiet.worker_id, quiet.last_at, "") if quiet is not None else None


def root_cause(task: Task, facts: Sequence[Fact]) -> Fact | None:
    """The event that is the `cause` of a task's state, among its facts in order; None where nothing is wrong."""
    found = cause(task)
    if found is None:
        return None
    fact = _last(facts, found.event_types, found.worker)
    if fact is None and task.status in _TROUBLE:
        return _last(facts, _TROUBLE[task.status], None)
    return fact


def quietest(task: Task) -> Worker | None:
    """The open worker that has been silent for longest."""
    return min((w for w in task.workers.values() if w.open), key=lambda w: w.last_at, default=None)


def _failure(worker: Worker) -> Cause:
    return Cause(_WORKER_ENDS, worker.worker_id, worker.ended_at or 0, worker.error or "")


def _unredeemed(task: Task) -> Worker | None:
    """The worker that failed last without a success of the same type after it."""
    redeemed: dict[str | None, int] = {}  # when a worker of a type last ended well
    for worker in task.workers.values():
        if not worker.failed:
            redeemed[worker.worker_type] = max(redeemed.get(worker.worker_type, 0), worker.ended_at or 0)
    failed = (w for w in task.workers.values() if w.failed and (w.ended_at or 0) >= redeemed.get(w.worker_type, 0))
    return max(failed, key=lambda w: w.ended_at or 0, default=None)


def _worker_of(fact: Fact) -> object:
    return fact.data.get("worker_id") or (fact.actor_id if fact.actor_type == "worker" else None)


def _last(facts: Sequence[Fact], types: tuple[str, ...], worker: str | None) -> Fact | None:
    """The last event of these types (of any, if there are none) and of this worker, if one is named."""
    fits = (fact for fact in reversed(facts) if not types or fact.event_type in types)
    return next((fact for fact in fits if worker is None or _worker_of(fact) == worker), None)

"""Why: the event that a task's present trouble comes from."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_core.facts import Fact
from lineage_core.state import Status, Task

_TROUBLE = {
    Status.BLOCKED: ("task_blocked",),
    Status.CANCELLED: ("task_cancelled",),
    Status.FAILED: ("task_failed", "task_completed"),
}


def blame(task: Task, facts: Sequence[Fact]) -> Fact | None:
    """The event that caused the state a task is in, among its facts in order; None where nothing is wrong.

    Of a failed task: the failure of the last worker that failed and was not made good by a later success of its
    type, else the event that ended the task. Of a blocked or cancelled one: the event that says so. Of one that is
    escalated: the escalation. Of one whose open worker is silent: the last that was heard of that worker.
    """
    if task.status is Status.FAILED:
        worker = _unredeemed(task)
        if worker is not None:
            found = _last(facts, ("worker_failed", "worker_completed"), worker)
            if found is not None:
                return found
    if task.status in _TROUBLE:
        return _last(facts, _TROUBLE[task.status])
    if task.escalated:
        return _last(facts, ("task_escalated",))
    worker = _unredeemed(task)
    if worker is not None:
        return _last(facts, ("worker_failed", "worker_completed"), worker)
    quiet = min((w for w in task.workers.values() if w.open), key=lambda w: w.last_at, default=None)
    if quiet is not None:
        return next((fact for fact in reversed(facts) if _worker_of(fact) == quiet.worker_id), None)
    return None


def _unredeemed(task: Task) -> str | None:
    """The worker that failed last without a success of the same type after it."""
    failed = [w for w in task.workers.values() if w.failed]
    for worker in sorted(failed, key=lambda w: w.ended_at or 0, reverse=True):
        later = (w for w in task.workers.values() if w.worker_type == worker.worker_type and not w.failed)
        if not any((w.ended_at or 0) > (worker.ended_at or 0) for w in later):
            return worker.worker_id
    return None


def _worker_of(fact: Fact) -> object:
    return fact.data.get("worker_id") or (fact.actor_id if fact.actor_type == "worker" else None)


def _last(facts: Sequence[Fact], types: tuple[str, ...], worker: str | None = None) -> Fact | None:
    for fact in facts[::-1]:
        if fact.event_type in types and (worker is None or _worker_of(fact) == worker):
            return fact
    return None

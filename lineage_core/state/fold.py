"""From facts to a task: one pure step per event type, in the order of facts.

The state machine is that of the record format: the status follows the last event that tells one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lineage_core.model.entities import Handoff, Mark, Phase, Status, Task, Worker, WorkerEnd
from lineage_core.model.event_data import count_of, error_of, names_of, number_of, text_of, tokens_of
from lineage_core.model.facts import Fact, distinct, order
from lineage_core.present.sentences import route

ZOMBIE_TIMEOUT = "zombie_timeout"


def derive(task_id: str, facts: Iterable[Fact]) -> Task:
    """The task that these facts make, in whatever order and with whatever copies they come."""
    return play(task_id, distinct(facts))


def play(task_id: str, facts: list[Fact]) -> Task:
    """The task that these facts make, which are distinct and in order (see `facts.distinct`)."""
    task = Task(task_id)
    if facts:
        task.first_at = task.since = facts[0].at
        for fact in facts:
            _move(task, fact)
        last = facts[-1]
        task.last_at = last.at
        task.events = len(facts)
        task.last_key = order(last)
        for fact in reversed(facts):
            if fact.at != last.at:
                break
            task.last_digests.add(fact.digest)
    return task


def apply(task: Task, fact: Fact) -> None:
    """Move the task on by one fact, which must follow all that were applied before."""
    if task.events == 0:
        task.first_at = task.since = fact.at
    if fact.at > task.last_at or task.events == 0:
        task.last_digests = {fact.digest}
    else:
        task.last_digests.add(fact.digest)
    task.last_key = order(fact)
    task.last_at = fact.at
    task.events += 1
    _move(task, fact)


def _move(task: Task, fact: Fact) -> None:
    extra = fact.extra
    if extra:
        if task.session is None:
            task.session = extra.get("session_id")
        if task.trace is None:
            task.trace = extra.get("trace_id")
        if "related_task_ids" in extra:
            task.related |= dict.fromkeys(names_of(extra["related_task_ids"]))
        if "tags" in extra:
            task.tags |= dict.fromkeys(names_of(extra["tags"]))
    step = _STEPS.get(fact.event_type)
    if step is not None:
        step(task, fact)


def _enter(task: Task, status: Status, at: int) -> None:
    """Close the phase that lasts and open the next; an ended task has no open phase."""
    if task.phases and task.phases[-1].end is None:
        last = task.phases[-1]
        task.phases[-1] = Phase(last.status, last.start, at)
    if not status.ended:
        task.phases.append(Phase(status, at, None))
        task.ended_at = None
    else:
        task.ended_at = at
        task.escalated = False
        task.escalation = None
    task.status = status
    task.since = at


def _leave_block(task: Task) -> None:
    """What the block said holds no longer."""
    if task.status is Status.BLOCKED:
        task.blocked_by = ()
        task.reason = None


def _take_deliverables(task: Task, fact: Fact) -> None:
    for name in names_of(fact.data.get("deliverables")):
        task.deliverables[name] = None


def _created(task: Task, fact: Fact) -> None:
    data = fact.data
    if task.created_at is None:
        task.created_at = fact.at
        task.creator = fact.actor_id
        task.parent_event = fact.parent
    task.task_type = task.task_type or text_of(data.get("type"))
    task.priority = text_of(data.get("priority")) or task.priority
    task.parent_id = task.parent_id or text_of(data.get("parent_task_id"))
    _leave_block(task)
    _enter(task, Status.QUEUED, fact.at)


def _assigned(task: Task, fact: Fact) -> None:
    task.master = text_of(fact.data.get("master_id")) or task.master
    task.priority = text_of(fact.data.get("priority")) or task.priority
    _leave_block(task)
    _enter(task, Status.ASSIGNED, fact.at)


def _reassigned(task: Task, fact: Fact) -> None:
    to = text_of(fact.data.get("to_master"))
    task.master = to or task.master
    _leave_block(task)
    task.reason = text_of(fact.data.get("reason")) or task.reason
    task.marks.append(Mark(fact.at, "reassigned", route(fact.data.get("from_master"), to, "→")))
    _enter(task, Status.ASSIGNED, fact.at)


def _started(task: Task, fact: Fact) -> None:
    task.attempts += 1
    task.master = (fact.actor_id if fact.actor_type == "master" else "") or task.master
    task.started_at = fact.at if task.started_at is None else task.started_at
    _leave_block(task)
    _enter(task, Status.RUNNING, fact.at)


def _blocked(task: Task, fact: Fact) -> None:
    if task.status is not Status.BLOCKED:
        task.before_block = task.status
    task.reason = text_of(fact.data.get("reason"))
    task.blocked_by = tuple(names_of(fact.data.get("blocked_by")))
    _enter(task, Status.BLOCKED, fact.at)


def _unblocked(task: Task, fact: Fact) -> None:
    if task.status is Status.BLOCKED:
        _leave_block(task)
        _enter(task, task.before_block or Status.UNKNOWN, fact.at)


def _escalated(task: Task, fact: Fact) -> None:
    said = text_of(fact.data.get("reason"))
    if not task.status.ended:
        task.escalated, task.escalation = True, said or task.escalation
    task.reason = said or task.reason
    task.marks.append(Mark(fact.at, "escalated", task.reason or ""))


def _ended(status: Status) -> Callable[[Task, Fact], None]:
    def step(task: Task, fact: Fact) -> None:
        data = fact.data
        failed = status is Status.FAILED or data.get("completion_status") == "failed"
        task.reason = text_of(data.get("reason")) or error_of(data) or (task.reason if failed else None)
        task.blocked_by = ()
        said = tokens_of(data.get("token_usage"))
        task.tokens_said = said if said is not None else task.tokens_said
        task.duration_ms = number_of(data.get("duration_ms")) or task.duration_ms
        _take_deliverables(task, fact)
        _enter(task, Status.FAILED if failed and status is Status.COMPLETED else status, fact.at)

    return step


def _worker(task: Task, fact: Fact) -> Worker:
    name = text_of(fact.data.get("worker_id")) or (fact.actor_id if fact.actor_type == "worker" else "unnamed worker")
    worker = task.workers.get(name)
    if worker is None:
        worker = task.workers[name] = Worker(name)
    worker.last_at = fact.at
    for key, value in fact.data.items():
        match key:
            case "worker_type" | "current_step":
                if type(value) is str and value:
                    if key == "worker_type":
                        worker.worker_type = value
                    else:
                        worker.step = value
            case "progress_percentage":
                percent = number_of(value)
                if percent is not None and percent <= 100:
                    worker.percent = percent
                    worker.progress.append((fact.at, percent))
            case "token_usage":
                tokens = tokens_of(value)
                worker.tokens = tokens if tokens is not None else worker.tokens
            case "token_budget":
                budget = count_of(value)
                worker.token_budget = budget if budget is not None else worker.token_budget
    return worker


def _spawned(task: Task, fact: Fact) -> None:
    worker = _worker(task, fact)
    worker.spawned_at = fact.at
    worker.master = fact.actor_id
    worker.ended_at = worker.end = None
    if task.last_failed and worker.worker_type is not None:
        worker.retry_of = task.last_failed.get(worker.worker_type, worker.retry_of)


def _worker_started(task: Task, fact: Fact) -> None:
    worker = _worker(task, fact)
    worker.started_at = fact.at
    worker.ended_at = worker.end = None
    if task.status in (Status.QUEUED, Status.ASSIGNED, Status.UNKNOWN):
        task.started_at = fact.at if task.started_at is None else task.started_at
        _enter(task, Status.RUNNING, fact.at)


def _progress(task: Task, fact: Fact) -> None:
    _worker(task, fact)


def _worker_ended(task: Task, fact: Fact) -> None:
    worker = _worker(task, fact)
    data = fact.data
    worker.ended_at = fact.at
    worker.duration_ms = number_of(data.get("duration_ms")) or worker.duration_ms
    if fact.event_type == "worker_failed":
        worker.error = error_of(data) or text_of(data.get("reason"))
        zombie = ZOMBIE_TIMEOUT in (data.get("reason"), worker.error)
        worker.end = WorkerEnd.ZOMBIE if zombie else WorkerEnd.FAILED
    else:
        said = data.get("completion_status")
        worker.end = WorkerEnd(said) if said in ("partial", "failed") else WorkerEnd.SUCCESS
        worker.error = error_of(data) if worker.end is WorkerEnd.FAILED else worker.error
    if worker.failed and worker.worker_type is not None:
        task.last_failed[worker.worker_type] = worker.worker_id
    _take_deliverables(task, fact)


def _handoff(task: Task, fact: Fact) -> Handoff:
    name = text_of(fact.data.get("handoff_id")) or "unnamed handoff"
    handoff = task.handoffs.get(name)
    if handoff is None:
        handoff = task.handoffs[name] = Handoff(name)
    handoff.from_master = text_of(fact.data.get("from_master")) or handoff.from_master
    handoff.to_master = text_of(fact.data.get("to_master")) or handoff.to_master
    return handoff


def _handoff_created(task: Task, fact: Fact) -> None:
    handoff = _handoff(task, fact)
    if handoff.created_at is not None:  # offered again
        handoff.accepted_at = handoff.accepted_by = handoff.completed_at = None
    handoff.created_at = fact.at
    handoff.from_master = handoff.from_master or fact.actor_id


def _handoff_accepted(task: Task, fact: Fact) -> None:
    handoff = _handoff(task, fact)
    handoff.accepted_at = fact.at
    handoff.accepted_by = fact.actor_id
    handoff.to_master = handoff.to_master or fact.actor_id


def _handoff_completed(task: Task, fact: Fact) -> None:
    _handoff(task, fact).completed_at = fact.at
    _take_deliverables(task, fact)


_STEPS: dict[str, Callable[[Task, Fact], None]] = {
    "task_created": _created,
    "task_assigned": _assigned,
    "task_started": _started,
    "task_blocked": _blocked,
    "task_unblocked": _unblocked,
    "task_reassigned": _reassigned,
    "task_escalated": _escalated,
    "task_completed": _ended(Status.COMPLETED),
    "task_failed": _ended(Status.FAILED),
    "task_cancelled": _ended(Status.CANCELLED),
    "worker_spawned": _spawned,
    "worker_started": _worker_started,
    "worker_progress": _progress,
    "worker_completed": _worker_ended,
    "worker_failed": _worker_ended,
    "handoff_created": _handoff_created,
    "handoff_accepted": _handoff_accepted,
    "handoff_completed": _handoff_completed,
}

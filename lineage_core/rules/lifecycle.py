"""Rules over the life of a task: what its events say that cannot have been, or that somebody forgot to log.

A rule looks at a task as it stood before an event, and at the event. The state machine is the fold's own, so that a
rule and the screen never disagree about a status. All of these are warnings: the journal is sound, a script is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from lineage_core.model.entities import ENDED, Handoff, Status, Task, Worker
from lineage_core.model.event_types import EVENTS
from lineage_core.model.facts import Fact
from lineage_core.state.fold import ZOMBIE_TIMEOUT, apply

_NEVER: dict[str, frozenset[Status]] = {
    "task_assigned": ENDED,
    "task_blocked": ENDED,
    "task_unblocked": frozenset(Status) - {Status.BLOCKED, Status.UNKNOWN},
    "task_reassigned": ENDED,
    "task_escalated": frozenset((Status.COMPLETED, Status.CANCELLED)),
    "task_completed": frozenset((Status.QUEUED, Status.BLOCKED, Status.FAILED, Status.CANCELLED)),
    "task_failed": frozenset((Status.COMPLETED, Status.CANCELLED)),
    "task_cancelled": frozenset((Status.COMPLETED, Status.FAILED)),
    "worker_spawned": ENDED,
    "worker_started": ENDED,
    "handoff_created": ENDED,
}
"""The statuses in which a task cannot be when an event comes. A `task_started` reopens, so it may always come."""

_ENDS = {
    "task_completed": Status.COMPLETED,
    "task_failed": Status.FAILED,
    "task_cancelled": Status.CANCELLED,
}
_ALL = tuple(EVENTS)
_WORKER_LIFECYCLE = ("worker_started", "worker_progress", "worker_completed", "worker_failed")


class LifecycleRule(NamedTuple):
    """One rule. category: a sentence on every event that it finds. events: the types it looks at.

    check: from the task before the event, and the event, the sentence on this one, or None if all is well.
    """

    name: str
    category: str
    events: Sequence[str]
    check: Callable[[Task, Fact], str | None]


class Flaw(NamedTuple):
    """What a rule found. fact: the event that is wrong."""

    rule: LifecycleRule
    fact: Fact
    text: str


def _first_is_not_created(task: Task, fact: Fact) -> str | None:
    return None if task.events else f"{fact.event_type} begins the task; it was never created"


def _created_late(task: Task, fact: Fact) -> str | None:
    if task.created_at is None and task.events:
        return f"it comes after {task.events} other events of the task"
    return None


def _created_twice(task: Task, fact: Fact) -> str | None:
    return f"{task.creator} has created it before" if task.created_at is not None else None


def _impossible(task: Task, fact: Fact) -> str | None:
    if task.status in _NEVER[fact.event_type]:
        return f"{fact.event_type} while the task is {task.status.value}"
    if fact.event_type == "task_completed" and task.status is Status.ASSIGNED and task.started_at is None:
        return "task_completed while the task is assigned and was never started"
    return None


def _ended_again(task: Task, fact: Fact) -> str | None:
    return f"the task is {task.status.value} already" if task.status is _ENDS[fact.event_type] else None


def _worker(task: Task, fact: Fact) -> tuple[str, Worker | None]:
    name = fact.data.get("worker_id")
    name = name if isinstance(name, str) and name else fact.actor_id
    return name, task.workers.get(name)


def _not_spawned(task: Task, fact: Fact) -> str | None:
    name, worker = _worker(task, fact)
    return f"{name} starts and was never spawned" if worker is None else None


def _not_started(task: Task, fact: Fact) -> str | None:
    name, worker = _worker(task, fact)
    if worker is None:
        return f"{fact.event_type} of {name}, which was neither spawned nor started"
    if worker.started_at is not None or worker.progress or worker.ended_at is not None:
        return None  # it started, or that it did not was told before
    if fact.event_type == "worker_failed" and ZOMBIE_TIMEOUT in (fact.data.get("reason"), _message(fact)):
        return None  # the cleanup ends workers that never came up
    return f"{fact.event_type} of {name}, which was never started"


def _message(fact: Fact) -> object:
    details = fact.data.get("error_details")
    return details.get("error_message") if isinstance(details, dict) else details


def _worker_ended(task: Task, fact: Fact) -> str | None:
    name, worker = _worker(task, fact)
    if worker is not None and worker.ended_at is not None:
        return f"{fact.event_type} of {name}, which has ended already"
    return None


def _handoff(task: Task, fact: Fact) -> tuple[str, Handoff | None]:
    name = fact.data.get("handoff_id")
    name = name if isinstance(name, str) and name else "unnamed handoff"
    return name, task.handoffs.get(name)


def _handoff_order(task: Task, fact: Fact) -> str | None:
    name, handoff = _handoff(task, fact)
    created = handoff is not None and handoff.created_at is not None
    if fact.event_type == "handoff_created":
        return f"{name} was created before" if created else None
    if not created:
        return f"{fact.event_type} of {name}, which was never created"
    assert handoff is not None
    if fact.event_type == "handoff_accepted":
        return f"{name} was accepted before" if handoff.accepted_at is not None else None
    if handoff.completed_at is not None:
        return f"{name} was completed before"
    return f"{name} is completed and was never accepted" if handoff.accepted_at is None else None


NOT_CREATED = LifecycleRule(
    "not-created", "a task without task_created: a script logs nothing", _ALL, _first_is_not_created
)

RULES: tuple[LifecycleRule, ...] = (
    NOT_CREATED,
    LifecycleRule("created-late", "task_created is not the task's first event", ("task_created",), _created_late),
    LifecycleRule("created-twice", "a task is created more than once", ("task_created",), _created_twice),
    LifecycleRule("transition", "an event that cannot come in the task's status", tuple(_NEVER), _impossible),
    LifecycleRule("ended-again", "a task ends again as it had ended before", tuple(_ENDS), _ended_again),
    LifecycleRule("worker-not-spawned", "a worker starts that nobody spawned", ("worker_started",), _not_spawned),
    LifecycleRule("worker-not-started", "a worker works or ends without starting", _WORKER_LIFECYCLE[1:], _not_started),
    LifecycleRule("worker-ended", "a worker works or ends after its end", _WORKER_LIFECYCLE[1:], _worker_ended),
    LifecycleRule(
        "handoff-order",
        "a handoff is created, accepted and completed once each, in this order",
        ("handoff_created", "handoff_accepted", "handoff_completed"),
        _handoff_order,
    ),
)

_BY_EVENT = {name: tuple(rule for rule in RULES if name in rule.events) for name in EVENTS}


def lint(task_id: str, facts: Iterable[Fact], *, whole: bool = True) -> Iterator[Flaw]:
    """What is wrong with the life that these facts tell, which are distinct and in order.

    whole: whether they begin with the task's first event. If not, only a life that begins with `task_created` is
    judged: what is missing of another may stand in what was not read.
    """
    facts = list(facts)
    created = any(fact.event_type == "task_created" for fact in facts)
    if not whole and (not facts or facts[0].event_type != "task_created"):
        return
    task = Task(task_id)
    for fact in facts:
        for rule in _BY_EVENT.get(fact.event_type, ()):
            if rule is NOT_CREATED and created:
                continue
            text = rule.check(task, fact)
            if text is not None:
                yield Flaw(rule, fact, text)
        apply(task, fact)

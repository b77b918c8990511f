"""Rules over the life of a task: what its events say that cannot have been, or that somebody forgot to log.

A rule looks at what was logged before an event, and at the event: in the order in which the events are logged, not in
that of their causes, which `meaning/` tells. All of these are warnings: the journal is sound, a script is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lineage_core.meaning.attempts import attempt_end
from lineage_core.meaning.happens_before import handoff_id
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT, worker_of
from lineage_core.model.event_types import EVENTS
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import ENDED, Status

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
_SETS = {
    "task_created": Status.QUEUED,
    "task_assigned": Status.ASSIGNED,
    "task_reassigned": Status.ASSIGNED,
    "task_started": Status.RUNNING,
}
_ALL = tuple(EVENTS)
_RUN_ENDS = ("worker_completed", "worker_failed")
_WORKER_LIFECYCLE = ("worker_started", "worker_progress", "worker_completed", "worker_failed")


@dataclass(slots=True)
class _Before:
    """What was logged of a task so far. workers, handoffs: the types of event that were logged of each."""

    events: int = 0
    status: Status = Status.UNKNOWN
    before_block: Status = Status.UNKNOWN
    creator: str | None = None
    started: bool = False
    workers: dict[str, set[str]] = field(default_factory=dict)
    handoffs: dict[str, set[str]] = field(default_factory=dict)

    def take(self, fact: Fact) -> None:
        """Take one more event."""
        kind = fact.event_type
        self.events += 1
        if kind.startswith("worker_"):
            before_it = self.workers.setdefault(worker_of(fact), set())
            if kind in ("worker_spawned", "worker_started"):
                before_it.difference_update(_RUN_ENDS)  # a further run
            before_it.add(kind)
            if kind == "worker_started" and self.status in (Status.QUEUED, Status.ASSIGNED, Status.UNKNOWN):
                self.status, self.started = Status.RUNNING, True
        elif kind.startswith("handoff_"):
            self.handoffs.setdefault(handoff_id(fact), set()).add(kind)
        elif kind in _ENDS:
            self.status = attempt_end(fact)
        elif kind == "task_blocked":
            self.before_block = self.before_block if self.status is Status.BLOCKED else self.status
            self.status = Status.BLOCKED
        elif kind == "task_unblocked":
            self.status = self.before_block if self.status is Status.BLOCKED else self.status
        elif kind in _SETS:
            self.status = _SETS[kind]
            self.started = self.started or kind == "task_started"
            if kind == "task_created" and self.creator is None:
                self.creator = fact.actor_id


class LifecycleRule(NamedTuple):
    """One rule. category: a sentence on every event that it finds. events: the types it looks at.

    check: from what was logged before the event, and the event, the sentence on this one, or None if all is well.
    """

    name: str
    category: str
    events: Sequence[str]
    check: Callable[[_Before, Fact], str | None]


class Flaw(NamedTuple):
    """What a rule found. fact: the event that is wrong."""

    rule: LifecycleRule
    fact: Fact
    text: str


def _first_is_not_created(before: _Before, fact: Fact) -> str | None:
    return None if before.events else f"{fact.event_type} begins the task; it was never created"


def _created_late(before: _Before, fact: Fact) -> str | None:
    if before.creator is None and before.events:
        return f"it comes after {before.events} other events of the task"
    return None


def _created_twice(before: _Before, fact: Fact) -> str | None:
    return f"{before.creator} has created it before" if before.creator is not None else None


def _impossible(before: _Before, fact: Fact) -> str | None:
    if before.status in _NEVER[fact.event_type]:
        return f"{fact.event_type} while the task is {before.status.value}"
    if fact.event_type == "task_completed" and before.status is Status.ASSIGNED and not before.started:
        return "task_completed while the task is assigned and was never started"
    return None


def _ended_again(before: _Before, fact: Fact) -> str | None:
    return f"the task is {before.status.value} already" if before.status is _ENDS[fact.event_type] else None


def _worker(before: _Before, fact: Fact) -> tuple[str, set[str]]:
    name = worker_of(fact)
    return name, before.workers.get(name, set())


def _not_spawned(before: _Before, fact: Fact) -> str | None:
    name, before_it = _worker(before, fact)
    return None if before_it else f"{name} starts and was never spawned"


def _not_started(before: _Before, fact: Fact) -> str | None:
    name, before_it = _worker(before, fact)
    if not before_it:
        return f"{fact.event_type} of {name}, which was neither spawned nor started"
    if before_it != {"worker_spawned"}:
        return None  # it started, or that it did not was told before
    if fact.event_type == "worker_failed" and ZOMBIE_TIMEOUT in (fact.data.get("reason"), _message(fact)):
        return None  # the cleanup ends workers that never came up
    return f"{fact.event_type} of {name}, which was never started"


def _message(fact: Fact) -> object:
    details = fact.data.get("error_details")
    return details.get("error_message") if isinstance(details, dict) else details


def _worker_ended(before: _Before, fact: Fact) -> str | None:
    name, before_it = _worker(before, fact)
    return None if before_it.isdisjoint(_RUN_ENDS) else f"{fact.event_type} of {name}, which has ended already"


def _handoff_order(before: _Before, fact: Fact) -> str | None:
    name = handoff_id(fact)
    before_it = before.handoffs.get(name, set())
    if fact.event_type in before_it:
        return f"{name} was {fact.event_type.removeprefix('handoff_')} before"
    if fact.event_type == "handoff_created":
        return None
    if "handoff_created" not in before_it:
        return f"{fact.event_type} of {name}, which was never created"
    if fact.event_type == "handoff_completed" and "handoff_accepted" not in before_it:
        return f"{name} is completed and was never accepted"
    return None


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
    logged = list(facts)
    created = any(fact.event_type == "task_created" for fact in logged)
    if not whole and (not logged or logged[0].event_type != "task_created"):
        return
    before = _Before()
    for fact in logged:
        for rule in _BY_EVENT.get(fact.event_type, ()):
            if rule is NOT_CREATED and created:
                continue
            text = rule.check(before, fact)
            if text is not None:
                yield Flaw(rule, fact, text)
        before.take(fact)

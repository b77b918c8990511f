"""Which fact of a task must have come before which (meaning.md: O2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from lineage_core.meaning import waits
from lineage_core.meaning.order import APART, ENDS, Edge, near
from lineage_core.meaning.runs import Span
from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact

_BY_MASTERS = (*ENDS, "task_started", "task_reassigned", "task_blocked")
_HANDOFF = ("handoff_created", "handoff_accepted", "handoff_completed")


def handoff_id(fact: Fact) -> str:
    """The id of the handoff that a handoff event is about."""
    return text_of(fact.data.get("handoff_id")) or "unnamed handoff"


def handoff_firsts(facts: list[Fact]) -> dict[str, dict[str, int]]:
    """By handoff: the first fact of each of its three types, in their order."""
    found: dict[str, dict[str, int]] = {}
    for kind in _HANDOFF:
        for i, fact in enumerate(facts):
            if fact.event_type == kind:
                found.setdefault(handoff_id(fact), {}).setdefault(kind, i)
    return found


class Known(NamedTuple):
    """What is known of a task before its order is: its facts in raw order, and what is told by that alone.

    order: as `around_reassignments` gives it. attempts, runs: as `structure_of` has them.
    """

    task_id: str
    facts: list[Fact]
    order: list[int]
    attempts: list[Span]
    runs: list[Span]


def certain(known: Known) -> set[Edge]:
    """Edges that never close a cycle among themselves."""
    return {edge for rule in CERTAIN for edge in rule(known)}


def likely(known: Known) -> set[Edge]:
    """Edges that hold unless others contradict them."""
    return {edge for rule in LIKELY for edge in rule(known)}


def _assigned_before_started(known: Known) -> Iterator[Edge]:
    assigned = _first(known.facts, "task_assigned")
    begun = next((attempt.starts[0] for attempt in known.attempts if attempt.starts), None)
    if assigned is not None and begun is not None:
        yield assigned, begun


def _started_before_ended(known: Known) -> Iterator[Edge]:
    for attempt in known.attempts:
        yield from ((attempt.starts[0], end) for end in attempt.ends if attempt.starts)


def _runs(known: Known) -> Iterator[Edge]:
    """Spawned, started, first end."""
    for run in known.runs:
        spawned, started = _start_of(known.facts, run, "worker_spawned"), _start_of(known.facts, run, "worker_started")
        yield from pairwise(i for i in (spawned, started, run.ends[0] if run.ends else None) if i is not None)


def _started_before_progress(known: Known) -> Iterator[Edge]:
    for run in known.runs:
        started = _start_of(known.facts, run, "worker_started")
        if started is not None:
            yield from ((started, i) for i in run.progress)


def _handoffs(known: Known) -> Iterator[Edge]:
    """Created, accepted, completed: the first of each."""
    for firsts in handoff_firsts(known.facts).values():
        yield from pairwise(firsts.values())


def _waits(known: Known) -> Iterator[Edge]:
    """Blocked before the unblock that ends it."""
    yield from waits.causes(known.task_id, known.facts, APART)


def _ended_before_started_again(known: Known) -> Iterator[Edge]:
    whole = [attempt for attempt in known.attempts if attempt.starts]
    yield from ((a.end, b.starts[0]) for a, b in pairwise(whole) if a.end is not None)


def _assigned_before_handoffs(known: Known) -> Iterator[Edge]:
    assigned = _first(known.facts, "task_assigned")
    if assigned is not None:
        yield from ((assigned, i) for i, fact in enumerate(known.facts) if fact.event_type in _HANDOFF)


def _start_of(facts: list[Fact], run: Span, kind: str) -> int | None:
    return min((i for i in run.starts if facts[i].event_type == kind), default=None)


def _first(facts: list[Fact], kind: str) -> int | None:
    return next((i for i, fact in enumerate(facts) if fact.event_type == kind), None)


def _reassignments(known: Known) -> Iterator[Edge]:
    """Ends before the reassignment that follows them, and what the new master does after it."""
    facts, ends = known.facts, {attempt.end for attempt in known.attempts}
    times = [fact.at for fact in facts]
    place = {i: n for n, i in enumerate(known.order)}
    for cut, fact in enumerate(facts):
        if fact.event_type == "task_reassigned":
            taker = fact.data.get("to_master")
            for i in near(times, cut):
                if place[i] < place[cut] and i in ends:
                    yield i, cut
                elif place[i] > place[cut] and facts[i].actor_id == taker and facts[i].event_type in _BY_MASTERS:
                    yield cut, i


def _parents(known: Known) -> Iterator[Edge]:
    """The event that an event names as its parent, if exactly one of the task has this id."""
    facts = known.facts
    named = {fact.parent for fact in facts if fact.parent}
    places: dict[str, list[int]] = {}
    for i, fact in enumerate(facts) if named else ():
        if fact.lineage_id in named:
            places.setdefault(fact.lineage_id, []).append(i)
    for i, fact in enumerate(facts) if places else ():
        parents = places.get(fact.parent or "", ())
        if len(parents) == 1 and parents[0] != i:
            yield parents[0], i


def _escalations(known: Known) -> Iterator[Edge]:
    """What the same actor logged before its escalation: whatever caused that is no answer to it."""
    last: dict[str, int] = {}
    for i, fact in enumerate(known.facts):
        if fact.event_type == "task_escalated" and (before := last.get(fact.actor_id)) is not None:
            yield before, i
        last[fact.actor_id] = i


def _owners(known: Known) -> Iterator[Edge]:
    """The only change of owner that gave the task to the master that a later change takes it from."""
    facts = known.facts
    changes: list[tuple[str | None, str | None, int, int | None]] = []  # from, to, said by, moved by
    assigned = _first(facts, "task_assigned")
    if assigned is not None:
        changes.append((None, text_of(facts[assigned].data.get("master_id")), assigned, assigned))
    moved = {
        name: firsts.get("handoff_accepted", firsts.get("handoff_completed"))
        for name, firsts in handoff_firsts(facts).items()
    }
    for i, fact in enumerate(facts):
        if fact.event_type in ("task_reassigned", "handoff_created"):
            mover = i if fact.event_type == "task_reassigned" else moved[handoff_id(fact)]
            changes.append((text_of(fact.data.get("from_master")), text_of(fact.data.get("to_master")), i, mover))
    given: dict[str, list[int]] = {}
    for _, to, _, mover in changes:
        if to is not None and mover is not None:
            given.setdefault(to, []).append(mover)
    for giver, _, said, _ in changes:
        gave = given.get(giver, ()) if giver is not None else ()
        if len(gave) == 1 and gave[0] != said:
            yield gave[0], said


Rule = Callable[[Known], Iterator[Edge]]

CERTAIN: tuple[Rule, ...] = (
    _assigned_before_started,
    _started_before_ended,
    _runs,
    _started_before_progress,
    _handoffs,
    _waits,
)
LIKELY: tuple[Rule, ...] = (
    _ended_before_started_again,
    _assigned_before_handoffs,
    _reassignments,
    _parents,
    _owners,
    _escalations,
)
"""The rules of O2. A test takes each away in turn and sees a case fail."""

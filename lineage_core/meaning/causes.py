"""Which fact of a task must have come before which (meaning.md: O2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

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


def certain(task_id: str, facts: list[Fact], attempts: list[Span], runs: list[Span]) -> set[Edge]:
    """Edges that never close a cycle among themselves: of attempts, runs, handoffs and waits."""
    edges: set[Edge] = set()
    assigned = _first(facts, "task_assigned")
    begun = next((attempt.starts[0] for attempt in attempts if attempt.starts), None)
    if assigned is not None and begun is not None:
        edges.add((assigned, begun))
    for attempt in attempts:
        edges.update((attempt.starts[0], end) for end in attempt.ends if attempt.starts)
    for run in runs:
        spawned = min((i for i in run.starts if facts[i].event_type == "worker_spawned"), default=None)
        started = min((i for i in run.starts if facts[i].event_type == "worker_started"), default=None)
        chain = [i for i in (spawned, started, run.ends[0] if run.ends else None) if i is not None]
        edges.update(pairwise(chain))
        if started is not None:
            edges.update((started, i) for i in run.progress)
    for firsts in handoff_firsts(facts).values():
        edges.update(pairwise(firsts.values()))
    edges.update(waits.causes(task_id, facts, APART))
    return edges


def likely(facts: list[Fact], order: list[int], attempts: list[Span]) -> set[Edge]:
    """Edges that hold unless others contradict them.

    order: as `around_reassignments` gives it.
    """
    edges: set[Edge] = set()
    whole = [attempt for attempt in attempts if attempt.starts]
    edges.update((a.end, b.starts[0]) for a, b in pairwise(whole) if a.end is not None)
    assigned = _first(facts, "task_assigned")
    if assigned is not None:
        edges.update((assigned, i) for i, fact in enumerate(facts) if fact.event_type in _HANDOFF)
    edges.update(_reassignments(facts, order, {attempt.end for attempt in attempts}))
    edges.update(_parents(facts))
    edges.update(_owners(facts))
    edges.update(_escalations(facts))
    return edges


def _first(facts: list[Fact], kind: str) -> int | None:
    return next((i for i, fact in enumerate(facts) if fact.event_type == kind), None)


def _reassignments(facts: list[Fact], order: list[int], ends: set[int | None]) -> Iterator[Edge]:
    """Ends before the reassignment that follows them, and what the new master does after it."""
    times = [fact.at for fact in facts]
    place = {i: n for n, i in enumerate(order)}
    for cut, fact in enumerate(facts):
        if fact.event_type == "task_reassigned":
            taker = fact.data.get("to_master")
            for i in near(times, cut):
                if place[i] < place[cut] and i in ends:
                    yield i, cut
                elif place[i] > place[cut] and facts[i].actor_id == taker and facts[i].event_type in _BY_MASTERS:
                    yield cut, i


def _parents(facts: list[Fact]) -> Iterator[Edge]:
    """The event that an event names as its parent, if exactly one of the task has this id."""
    named = {fact.parent for fact in facts if fact.parent}
    places: dict[str, list[int]] = {}
    for i, fact in enumerate(facts) if named else ():
        if fact.lineage_id in named:
            places.setdefault(fact.lineage_id, []).append(i)
    for i, fact in enumerate(facts) if places else ():
        parents = places.get(fact.parent or "", ())
        if len(parents) == 1 and parents[0] != i:
            yield parents[0], i


def _escalations(facts: list[Fact]) -> Iterator[Edge]:
    """What the same actor logged before its escalation: whatever caused that is no answer to it."""
    last: dict[str, int] = {}
    for i, fact in enumerate(facts):
        if fact.event_type == "task_escalated" and (before := last.get(fact.actor_id)) is not None:
            yield before, i
        last[fact.actor_id] = i


def _owners(facts: list[Fact]) -> Iterator[Edge]:
    """The only change of owner that gave the task to the master that a later change takes it from."""
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

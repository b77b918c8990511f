"""What caused what: the events of a task and of its subtasks as a tree, below the events that led to it.

Most call sites are separate scripts and log no parent. Where an event has none, it is inferred from task, worker and
handoff ids, and marked so. Pure: from the facts of tasks to links.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import accumulate
from typing import Any, NamedTuple

from lineage_core.model.facts import Fact

_WORKER_CAUSE = {
    "worker_started": ("worker_spawned",),
    "worker_progress": ("worker_started", "worker_spawned"),
    "worker_completed": ("worker_started", "worker_spawned"),
    "worker_failed": ("worker_started", "worker_spawned"),
}
_HANDOFF_CAUSE = {
    "handoff_accepted": ("handoff_created",),
    "handoff_completed": ("handoff_accepted", "handoff_created"),
}
_TASK_CAUSE = {
    "task_assigned": ("task_created",),
    "task_started": ("task_assigned", "task_reassigned", "task_created"),
    "task_blocked": ("task_started", "task_assigned", "task_created"),
    "task_unblocked": ("task_blocked", "task_started"),
    "task_reassigned": ("task_escalated", "task_blocked", "task_started", "task_assigned", "task_created"),
    "task_escalated": ("worker_failed", "task_blocked", "task_started", "task_assigned", "task_created"),
    "task_completed": ("task_started", "task_assigned", "task_created"),
    "task_failed": ("task_started", "task_assigned", "task_created"),
    "task_cancelled": ("task_started", "task_assigned", "task_created"),
    "handoff_created": ("task_started", "task_assigned", "task_created"),
    "worker_spawned": ("task_started", "task_assigned", "task_created"),
}


class Link(NamedTuple):
    """One event in the tree, which is listed from the roots down, children after their parent.

    depth: 0 for a root. cause: the event it hangs from, or None. inferred: no parent was logged; ids tell it.
    """

    depth: int
    task_id: str
    fact: Fact
    cause: Fact | None
    inferred: bool


def chain(facts: Mapping[str, Sequence[Fact]], parents: Mapping[str, str], task_id: str) -> list[Link]:
    """The tree of a task.

    facts: the events of the task, of the tasks above it and of those below it, each in order. parents: the task
    above, for each that has one. Of the tasks above, only the events that lead to the task are kept.
    """
    nodes = [(name, fact) for name, some in facts.items() for fact in some]
    named = _Named(nodes)
    causes: list[int | None] = []
    inferred = [False] * len(nodes)
    minima: dict[str, list[int]] = {}
    earlier = _Earlier()
    starts = {name: at for at, (name, _) in reversed([*enumerate(nodes)])}
    for at, (name, fact) in enumerate(nodes):
        if starts[name] == at:
            earlier = _Earlier()
        cause = named.by(at)
        if cause is None:
            cause = earlier.cause(fact)
            if cause is None and (parent := parents.get(name, "")) in starts:
                if parent not in minima:
                    minima[parent] = _minima(facts[parent])
                before = bisect_right(minima[parent], fact.at)
                cause = starts[parent] + before - 1 if before else None
            inferred[at] = cause is not None
        causes.append(cause)
        earlier.add(at, fact)
    _cut_cycles(causes)
    above = _above(parents, task_id)
    wanted = {at for at, (name, _) in enumerate(nodes) if name not in above}
    for start in list(wanted):
        cause = causes[start]
        while cause is not None and cause not in wanted:
            wanted.add(cause)
            cause = causes[cause]
    return _tree(nodes, causes, inferred, wanted)


def _above(parents: Mapping[str, str], task_id: str) -> set[str]:
    above: set[str] = set()
    at = parents.get(task_id)
    while at is not None and at not in above:
        above.add(at)
        at = parents.get(at)
    return above


class _Named:
    """Which event another one names as its parent. Legacy ids repeat: the latest before it counts, of its own task if
    there is one. _positions: by id and task (None: any), the (time, -index) of its events."""

    def __init__(self, nodes: list[tuple[str, Fact]]) -> None:
        self._nodes = nodes
        self._positions: dict[tuple[str, str | None], list[tuple[int, int]]] = {}
        for at, (name, fact) in enumerate(nodes):
            for task in (name, None):
                self._positions.setdefault((fact.lineage_id, task), []).append((fact.at, -at))
        for positions in self._positions.values():
            positions.sort()

    def by(self, at: int) -> int | None:
        """The event that this one names."""
        name, fact = self._nodes[at]
        if not fact.parent:
            return None
        some = [self._positions.get((fact.parent, task), []) for task in (name, None)]
        for moment in (fact.at, None):
            for positions in some:
                found = len(positions) if moment is None else bisect_left(positions, (moment + 1,))
                for _, negated in reversed(positions[max(0, found - 2) : found]):
                    if -negated != at:
                        return -negated
        return None


class _Earlier:
    """The events of a task before one of them, by what an inference asks for. Events are given by their numbers."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._last: dict[Hashable, int] = {}  # (event type), (type, worker or handoff) … -> the last such event
        self._types: dict[str | None, Hashable] = {}  # worker -> its type, as last said
        self._failures: dict[Hashable, list[tuple[int, str | None]]] = {}  # worker type -> heap of (-event, worker)

    def add(self, at: int, fact: Fact) -> None:
        """Take the next fact of the task. at: its position, which later facts name as their cause."""
        if self._first is None:
            self._first = at
        kind, worker, data = fact.event_type, _worker(fact), fact.data
        for key in (kind, (kind, "worker", worker), (kind, "handoff", _plain(data.get("handoff_id")))):
            self._last[key] = at
        self._last[kind, "actor", fact.actor_id] = at
        if data.get("worker_type"):
            self._types[worker] = _plain(data["worker_type"])
        if kind == "worker_failed" or data.get("worker_type"):  # as one of its present type
            failed = self._last.get(("worker_failed", "worker", worker))
            if failed is not None:
                heappush(self._failures.setdefault(self._types.get(worker), []), (-failed, worker))

    def cause(self, fact: Fact) -> int | None:
        """The event that must have led to one, by the ids they share; else the first one, if a creation did not."""
        kind = fact.event_type
        found = None
        if kind in _WORKER_CAUSE:
            found = self._newest((one, "worker", _worker(fact)) for one in _WORKER_CAUSE[kind])
            found = self._newest(("task_started", "task_created")) if found is None else found
        elif kind in _HANDOFF_CAUSE:
            handoff = _plain(fact.data.get("handoff_id"))
            found = self._newest((one, "handoff", handoff) for one in _HANDOFF_CAUSE[kind])
            found = self._newest(("task_started", "task_created")) if found is None else found
        elif kind == "worker_spawned":
            found = self._failed(_plain(fact.data.get("worker_type")))
            found = self._last.get(("handoff_accepted", "actor", fact.actor_id)) if found is None else found
        if found is None and kind in _TASK_CAUSE:
            found = self._newest(_TASK_CAUSE[kind])
        if found is None and kind != "task_created":
            found = self._first
        return found

    def _newest(self, keys: Iterable[Hashable]) -> int | None:
        return max((at for key in keys if (at := self._last.get(key)) is not None), default=None)

    def _failed(self, worker_type: Hashable) -> int | None:
        """The last failure of a worker of this type."""
        heap = self._failures.get(worker_type, [])
        while heap:
            failed, worker = heap[0]
            last = self._last["worker_failed", "worker", worker]
            if last == -failed and self._types.get(worker) == worker_type:
                return last
            heappop(heap)
        return None


def _plain(value: Any) -> Hashable:
    """A value of the data, by which events are found: lists and objects as their text."""
    return value if isinstance(value, Hashable) else (type(value).__name__, repr(value))


def _minima(facts: Sequence[Fact]) -> list[int]:
    """For each event the earliest time from it on, to find the last event up to a time by bisection."""
    return [*accumulate((fact.at for fact in reversed(facts)), min)][::-1]


def _worker(fact: Fact) -> str | None:
    worker = fact.data.get("worker_id")
    return worker if isinstance(worker, str) else fact.actor_id if fact.actor_type == "worker" else None


def _cut_cycles(causes: list[int | None]) -> None:
    """Events that name each other as their parents: the first of them becomes a root."""
    state = [0] * len(causes)  # 1: on the path that is followed now, 2: done
    for start in range(len(causes)):
        path = []
        at: int | None = start
        while at is not None and not state[at]:
            state[at] = 1
            path.append(at)
            at = causes[at]
        if at is not None and state[at] == 1:
            causes[min(path[path.index(at) :])] = None
        for done in path:
            state[done] = 2


def _tree(
    nodes: list[tuple[str, Fact]], causes: list[int | None], inferred: list[bool], wanted: set[int]
) -> list[Link]:
    order = sorted(wanted, key=lambda at: nodes[at][1][:4], reverse=True)
    children: dict[int | None, list[int]] = {}
    for at in order:
        children.setdefault(causes[at] if causes[at] in wanted else None, []).append(at)
    links: list[Link] = []
    stack = [(at, 0) for at in children.get(None, ())]
    while stack:
        at, depth = stack.pop()
        name, fact = nodes[at]
        cause = causes[at]
        links.append(Link(depth, name, fact, None if cause is None else nodes[cause][1], inferred[at]))
        stack += [(child, depth + 1) for child in children.get(at, ())]
    return links

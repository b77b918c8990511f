"""What caused what: the events of a task and of its subtasks as a tree, below the events that led to it.

Most call sites are separate scripts and log no parent. Where an event has none, it is inferred from task, worker and
handoff ids, and marked so. Pure: from the facts of tasks to links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
    index = {_key(name, fact): at for at, (name, fact) in enumerate(nodes)}
    by_id: dict[str, list[int]] = {}
    for at, (_, fact) in enumerate(nodes):
        by_id.setdefault(fact.lineage_id, []).append(at)
    causes: list[int | None] = []
    inferred = [False] * len(nodes)
    for at, (name, fact) in enumerate(nodes):
        cause = _logged(at, nodes, by_id)
        if cause is None:
            found = _inferred(name, fact, facts, parents)
            cause = index[_key(*found)] if found else None
            inferred[at] = cause is not None
        causes.append(cause)
    _cut_cycles(causes)
    above = _above(parents, task_id)
    wanted = {at for at, (name, _) in enumerate(nodes) if name not in above}
    for start in list(wanted):
        cause = causes[start]
        while cause is not None and cause not in wanted:
            wanted.add(cause)
            cause = causes[cause]
    return _tree(nodes, causes, inferred, wanted)


def _key(name: str, fact: Fact) -> tuple[str, str, int, int]:
    return name, fact.file, fact.offset, fact.digest


def _above(parents: Mapping[str, str], task_id: str) -> set[str]:
    above: set[str] = set()
    at = parents.get(task_id)
    while at is not None and at not in above:
        above.add(at)
        at = parents.get(at)
    return above


def _logged(at: int, nodes: list[tuple[str, Fact]], by_id: dict[str, list[int]]) -> int | None:
    """The event that an event names as its parent. Legacy ids repeat: the latest before it counts, of its own task
    if there is one."""
    name, fact = nodes[at]
    same = [other for other in by_id.get(fact.parent or "", ()) if other != at]
    before = [other for other in same if nodes[other][1].at <= fact.at] or same
    return max(before, key=lambda other: (nodes[other][0] == name, nodes[other][1].at), default=None)


def _inferred(
    name: str, fact: Fact, facts: Mapping[str, Sequence[Fact]], parents: Mapping[str, str]
) -> tuple[str, Fact] | None:
    """The event that must have led to another, by the ids they share."""
    own = facts[name]
    earlier = own[: own.index(fact)]
    if fact.event_type in _WORKER_CAUSE:
        worker = _worker(fact)
        same = [one for one in earlier if _worker(one) == worker]
        found = _last(same, _WORKER_CAUSE[fact.event_type]) or _last(earlier, ("task_started", "task_created"))
    elif fact.event_type in _HANDOFF_CAUSE:
        same = [one for one in earlier if one.data.get("handoff_id") == fact.data.get("handoff_id")]
        found = _last(same, _HANDOFF_CAUSE[fact.event_type]) or _last(earlier, ("task_started", "task_created"))
    elif fact.event_type == "worker_spawned":
        kind = fact.data.get("worker_type")
        types = {_worker(one): one.data.get("worker_type") for one in earlier if one.data.get("worker_type")}
        failed = [one for one in earlier if one.event_type == "worker_failed" and types.get(_worker(one)) == kind]
        taken = [one for one in earlier if one.event_type == "handoff_accepted" and one.actor_id == fact.actor_id]
        found = _last(failed, ("worker_failed",)) or _last(taken, ("handoff_accepted",))
        found = found or _last(earlier, _TASK_CAUSE["worker_spawned"])
    elif fact.event_type in _TASK_CAUSE:
        found = _last(earlier, _TASK_CAUSE[fact.event_type])
    else:
        found = None
    if found is not None:
        return name, found
    if earlier and fact.event_type != "task_created":
        return name, earlier[0]
    parent = parents.get(name)
    before = [one for one in facts.get(parent or "", ()) if one.at <= fact.at]
    return (parent, before[-1]) if parent is not None and before else None


def _worker(fact: Fact) -> str | None:
    worker = fact.data.get("worker_id")
    return worker if isinstance(worker, str) else fact.actor_id if fact.actor_type == "worker" else None


def _last(facts: Sequence[Fact], types: tuple[str, ...]) -> Fact | None:
    """The last event that is of one of these types."""
    return next((one for one in reversed(facts) if one.event_type in types), None)


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

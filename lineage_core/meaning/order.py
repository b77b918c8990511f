"""The order of a task's facts: as they were logged, around reassignments, and by cause (meaning.md: O1, O3).

Facts are named by their place in the raw order, which is that of `facts.distinct`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from lineage_core.base.clock import MINUTE
from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact

APART = 100 * MINUTE
"""How far two logged times may be apart for their order to be the fault of clocks: two clocks, each 50 minutes off."""

ENDS = ("task_completed", "task_failed", "task_cancelled")
MOVED = frozenset((*ENDS, "task_started", "task_blocked", "task_unblocked", "worker_spawned"))
"""What the masters of a reassignment log that tells on which side of it that belongs."""

Edge = tuple[int, int]
"""A cause and its effect."""


MOST_NEAR = 200
"""Facts on either side of a reassignment that are looked at: more of them in so short a time are a loop."""


def near(times: list[int], place: int) -> range:
    """The places whose logged times are at most APART from that of a place, itself among them.

    times: ascending.
    """
    first, last = bisect_left(times, times[place] - APART), bisect_right(times, times[place] + APART)
    return range(max(first, place - MOST_NEAR), min(last, place + MOST_NEAR + 1))


def around_reassignments(facts: list[Fact]) -> list[int]:
    """The raw order, but close to a reassignment the facts of its `from_master` stand before and those of its
    `to_master` behind it, unless handoffs may have given that master the task twice (O1)."""
    cuts = [i for i, fact in enumerate(facts) if fact.event_type == "task_reassigned"]
    if not cuts:
        return list(range(len(facts)))
    times = [fact.at for fact in facts]
    handed = [_masters(fact) for fact in facts if fact.event_type == "handoff_created"]
    moves = [_masters(facts[cut]) for cut in cuts]
    first = next((text_of(fact.data.get("master_id")) for fact in facts if fact.event_type == "task_assigned"), None)
    gives = [first, *(to for _, to in moves), *(to for _, to in handed)]
    side = [0] * len(facts)  # how many reassignments a fact stands behind
    for cut in cuts:
        side[cut] = 1
    for i in range(1, len(side)):
        side[i] += side[i - 1]
    cut_times = [times[cut] for cut in cuts]
    for number, (cut, (giver, taker)) in enumerate(zip(cuts, moves, strict=True), 1):
        if giver is None or taker is None or giver == taker:
            continue
        close = [k for k in near(cut_times, number - 1) if cuts[k] != cut]
        returned = any(moves[k][1] == giver and cuts[k] > cut for k in close)
        returned = returned or (gives.count(giver) > 1 and any(to == giver for _, to in handed))
        left = any(moves[k][0] == taker and cuts[k] < cut for k in close)
        left = left or (gives.count(taker) > 1 and any(giver_ == taker for giver_, _ in handed))
        for i in near(times, cut):
            if facts[i].event_type in MOVED:
                actor = facts[i].actor_id
                if actor == giver and not returned and side[i] >= number:
                    side[i] = number - 1
                elif actor == taker and not left and side[i] < number:
                    side[i] = number
    is_cut = set(cuts)
    return sorted(range(len(facts)), key=lambda i: (side[i], i not in is_cut, i))


def _masters(fact: Fact) -> tuple[str | None, str | None]:
    return text_of(fact.data.get("from_master")), text_of(fact.data.get("to_master"))


def effective(facts: list[Fact], certain: set[Edge], likely: set[Edge]) -> tuple[list[int], list[int]]:
    """The effective time of each fact, and the facts in effective order (O3).

    certain: edges that close no cycle among themselves; likely: edges of which those in a cycle are ignored. The first
    creation is lowered to the earliest other fact and comes first, whatever the edges say.
    """
    at = [fact.at for fact in facts]
    created = next((i for i, fact in enumerate(facts) if fact.event_type == "task_created"), None)
    if created is not None:
        at[created] = min(at)
    edges = {(a, b) for a, b in certain | likely if b != created and a != created}
    if created in (None, 0) and all(a < b for a, b in edges):
        return at, list(range(len(facts)))
    if any(a > b for a, b in edges):
        circle = _circles(edges)
        edges = {(a, b) for a, b in edges if (a, b) in certain or circle.get(a, a) != circle.get(b, b)}
    after: dict[int, list[int]] = {}
    missing = [0] * len(facts)
    for a, b in edges:
        after.setdefault(a, []).append(b)
        missing[b] += 1
    order = [] if created is None else [created]
    ready = [(at[i], i) for i in range(len(facts)) if not missing[i] and i != created]
    heapify(ready)
    while ready:
        _, i = heappop(ready)
        order.append(i)
        for effect in after.get(i, ()):
            at[effect] = max(at[effect], at[i])
            missing[effect] -= 1
            if not missing[effect]:
                heappush(ready, (at[effect], effect))
    return at, order


def _circles(edges: Iterable[Edge]) -> dict[int, int]:
    """For each node that lies in a cycle, one node that names the set of all that reach each other (Tarjan)."""
    after: dict[int, list[int]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    held: list[int] = []
    holds: set[int] = set()
    found: dict[int, int] = {}
    for root in after:
        if root in number:
            continue
        path = [(root, iter(after[root]))]
        number[root] = low[root] = len(number)
        held.append(root)
        holds.add(root)
        while path:
            node, others = path[-1]
            for other in others:
                if other not in number:
                    number[other] = low[other] = len(number)
                    held.append(other)
                    holds.add(other)
                    path.append((other, iter(after.get(other, ()))))
                    break
                if other in holds:
                    low[node] = min(low[node], number[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    while (other := held.pop()) != node:
                        holds.discard(other)
                        found[other] = node
                    holds.discard(node)
                    found[node] = node
    return found

"""How the facts of one task hang together: its runs, attempts and reopenings, and the order by cause.

This is all of meaning.md that looks at several facts at once; `meaning/fold.py` then steps through the facts in
effective order. Pure: a function of the set of distinct facts, so that merging keeps its laws.
"""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.meaning.attempts import attempts_of
from lineage_core.meaning.causes import certain, handoff_firsts, likely
from lineage_core.meaning.order import around_reassignments, effective
from lineage_core.meaning.runs import Span, runs_of
from lineage_core.model.facts import Fact


class Structure(NamedTuple):
    """Facts are named by their place in `facts`, which are in raw order.

    at: the effective time of each fact, microseconds since the epoch. order: the facts in effective order.
    told: the raw order with reassignments between their masters, by which attempts are told.
    reopenings: for each attempt the fact that made the task assigned again after it. handoffs: by handoff, the first
    fact of each type.
    """

    facts: list[Fact]
    at: list[int]
    order: list[int]
    told: list[int]
    attempts: list[Span]
    reopenings: list[int | None]
    runs: list[Span]
    handoffs: dict[str, dict[str, int]]

    def skews(self) -> dict[str, int]:
        """By actor, how far its clock is behind: the difference of effective and logged time that is largest.

        Ends of runs are left out: an aggregator or a cleanup logs them under the worker's id.
        """
        found: dict[str, int] = {}
        for fact, at in zip(self.facts, self.at, strict=True):
            skew = at - fact.at
            actor = fact.actor_id
            if skew and not fact.event_type.startswith(("worker_completed", "worker_failed")):
                found[actor] = max(found.get(actor, 0), skew, key=abs)
        return found


def structure_of(task_id: str, facts: list[Fact]) -> Structure:
    """The structure of a task's facts, which are distinct and in raw order."""
    told = around_reassignments(facts)
    runs = runs_of(facts)
    attempts, reopenings = attempts_of(facts, told, runs)
    at, order = effective(facts, certain(task_id, facts, attempts, runs), likely(facts, told, attempts))
    return Structure(facts, at, order, told, attempts, reopenings, runs, handoff_firsts(facts))

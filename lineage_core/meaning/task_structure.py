"""How the facts of one task hang together: its runs, attempts and reopenings, and the order by cause.

This is all of meaning.md that looks at several facts at once; `meaning/fold.py` then steps through the facts in
effective order. Pure: a function of the set of distinct facts, so that merging keeps its laws.
"""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.meaning.attempts import attempts_of
from lineage_core.meaning.happens_before import Known, certain, handoff_firsts, likely
from lineage_core.meaning.order import around_reassignments, effective
from lineage_core.meaning.runs import Span, runs_of
from lineage_core.model.facts import Fact, clock_of


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
        """By clock (see `clock_of`), how far it is behind: the difference of effective and logged time that is largest.

        Ends of runs are left out: an aggregator or a cleanup logs them under the worker's id.
        """
        found: dict[str, int] = {}
        for fact, at in zip(self.facts, self.at, strict=True):
            skew = at - fact.at
            if skew and not fact.event_type.startswith(("worker_completed", "worker_failed")):
                clock = clock_of(fact)
                found[clock] = max(found.get(clock, 0), skew, key=abs)
        return found


def structure_of(task_id: str, facts: list[Fact]) -> Structure:
    """The structure of a task's facts, which are distinct and in raw order."""
    told = around_reassignments(facts)
    runs = runs_of(facts)
    attempts, reopenings = attempts_of(facts, told, runs)
    known = Known(task_id, facts, told, attempts, runs)
    at, order = effective(facts, certain(known), likely(known))
    return Structure(facts, at, order, told, attempts, reopenings, runs, handoff_firsts(facts))

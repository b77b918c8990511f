"""Single facts of a task, found by search in its packed facts: however many there are, only those that hit are read."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from lineage_core.facts import BEGIN, Fact, unpack
from lineage_core.merge import State


def last_fact(state: State, task_id: str, text: str, holds: Callable[[Fact], bool]) -> Fact | None:
    """The last fact of a task that has `text` as one of its strings and for which `holds` says so, if there is one."""
    needle = orjson.dumps(text)
    with state.lock:
        packed = state.packed(task_id)
        end = len(packed)
        while (at := packed.rfind(needle, 0, end)) >= 0:
            begin = at
            while (begin := packed.rfind(b"}],[", 0, begin)) >= 0 and BEGIN.match(packed, begin) is None:
                pass
            following = BEGIN.search(packed, at)
            start = begin + 3 if begin >= 0 else 0
            fact = unpack(packed[start : following.start() + 3 if following else len(packed)])[0]
            if holds(fact):
                return fact
            end = max(0, start)
    return None


def part_of(fact: Fact) -> str | None:
    """The id of the worker or handoff that an event is of."""
    named = fact.data.get("worker_id") or (fact.actor_id if fact.actor_type == "worker" else None)
    named = named or fact.data.get("handoff_id")
    return named if isinstance(named, str) else None

"""Single facts of a task, found by search in its packed facts: however many there are, only those that hit are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import orjson

from lineage_core.model.facts import BEGIN, Fact, unpack
from lineage_core.state.store import State


def last_fact(state: State, task_id: str, text: str, holds: Callable[[Fact], bool]) -> Fact | None:
    """The last fact of a task that has `text` as one of its strings and for which `holds` says so, if there is one."""
    return next(iter(last_facts(state, task_id, 1, text, holds)), None)


def last_facts(
    state: State,
    task_id: str,
    count: int,
    text: str | None = None,
    holds: Callable[[Fact], bool] = lambda fact: True,
    within: int | None = None,
) -> list[Fact]:
    """The last facts of a task, at most `count`, in order; with `text`, those that have it as one of their strings and
    for which `holds` says so. within: bytes of packed facts that are looked through, from the end (None: all)."""
    with state.lock:
        state.task(task_id)  # brings them in order
        packed = state.packed(task_id)
        floor = max(0, len(packed) - within) if within is not None else 0
        backwards = _backwards(packed, orjson.dumps(text) if text is not None else b"", floor)
        return [*islice(filter(holds, backwards), count)][::-1]


def _backwards(packed: bytes | bytearray, needle: bytes, floor: int) -> Iterator[Fact]:
    """The facts in which some bytes stand behind a place, the last one first."""
    end = len(packed)
    while (at := packed.rfind(needle, floor, end) if needle else end - 1) >= floor:
        begin = at
        while (begin := packed.rfind(b"}],[", 0, begin)) >= 0 and BEGIN.match(packed, begin) is None:
            pass
        start = begin + 3 if begin >= 0 else 0
        following = BEGIN.search(packed, at, end)
        yield unpack(packed[start : following.start() + 3 if following else end])[0]
        end = start


def part_of(fact: Fact) -> str | None:
    """The id of the worker or handoff that an event is of."""
    named = fact.data.get("worker_id") or (fact.actor_id if fact.actor_type == "worker" else None)
    named = named or fact.data.get("handoff_id")
    return named if isinstance(named, str) else None

"""Events of a task in few words, as the table of cases in meaning.md has them: P spawned, S started, G progress,
C completed, F failed, Z zombie report of a worker. Times are seconds by the logged clock.

Each event is made into a record as a writer has it, and from there into a fact.
"""

from __future__ import annotations

import random
from itertools import count
from typing import Any

from lineage_core.meaning.fold import derive
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact, fact_of

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400
DAILY, COMBINED = "lineage-2026-11-22.jsonl", "task-lineage.jsonl"
_numbers = count(1)

WORKER = {
    "P": "worker_spawned",
    "S": "worker_started",
    "G": "worker_progress",
    "C": "worker_completed",
    "F": "worker_failed",
    "Z": "worker_failed",
}

Event = tuple[float, dict[str, Any]]
"""A time in seconds and a record."""


def event(event_type: str, at: float, actor: str, actor_type: str, parent: str | None = None, **data: Any) -> Event:
    """An event; its id is one of ours, in the order in which events are made."""
    record = {
        "lineage_id": f"lineage-{1795334628000000 + next(_numbers):016d}0000001000",
        "event_type": event_type,
        "actor": {"type": actor_type, "id": actor},
        "event_data": data,
        "parent_lineage_id": parent,
    }
    return at, record


def created(at: float, actor: str = "kim", **data: Any) -> Event:
    return event("task_created", at, actor, "user", **data)


def assigned(at: float, master: str = "dev-master", **data: Any) -> Event:
    return event("task_assigned", at, "coordinator-master", "coordinator", master_id=master, **data)


def reassigned(at: float, giver: str | None = "dev-master", taker: str = "b-master", **data: Any) -> Event:
    masters = {"from_master": giver, "to_master": taker} if giver else {"to_master": taker}
    return event("task_reassigned", at, "coordinator-master", "coordinator", **masters, **data)


def task(kind: str, at: float, actor: str = "dev-master", **data: Any) -> Event:
    """started, completed, failed, cancelled, blocked, unblocked, escalated."""
    return event(f"task_{kind}", at, actor, "master", **data)


def started(at: float, actor: str = "dev-master", **data: Any) -> Event:
    return task("started", at, actor, **data)


def failed(at: float, actor: str = "dev-master", **data: Any) -> Event:
    return task("failed", at, actor, **data)


def completed(at: float, actor: str = "dev-master", **data: Any) -> Event:
    return task("completed", at, actor, **data)


def worker(kind: str, at: float, name: str = "w1", actor: str | None = None, **data: Any) -> Event:
    """P, S, G, C, F or Z of a worker; P is logged by a master and Z by the cleanup, unless another actor is named."""
    if kind == "Z":
        data["reason"] = "zombie_timeout"
    actor = actor or {"P": "dev-master", "Z": "cleanup"}.get(kind, name)
    actor_type = "master" if actor.endswith("-master") else "daemon" if actor == "cleanup" else "worker"
    return event(WORKER[kind], at, actor, actor_type, worker_id=name, **data)


def handoff(kind: str, at: float, actor: str, name: str = "handoff-1", **data: Any) -> Event:
    """created, accepted or completed."""
    return event(f"handoff_{kind}", at, actor, "master", handoff_id=name, **data)


def facts_of(events: list[Event], task_id: str = "t", file: str = DAILY) -> list[Fact]:
    """The facts of events as they stand below each other in a file."""
    return [
        fact_of(file, 100 * n, 100, round(at * 1_000_000), {"task_id": task_id, **record})
        for n, (at, record) in enumerate(events)
    ]


def shuffled(facts: list[Fact], rng: random.Random) -> list[Fact]:
    """The facts in another order, with copies of some, in their own file and in the combined one."""
    copies = [rng.choice(facts) for _ in range(rng.randrange(4))]
    moved = [one._replace(file=COMBINED, offset=100 * n) if rng.random() < 0.5 else one for n, one in enumerate(copies)]
    return rng.sample(facts + moved, len(facts) + len(moved))


def meaning(*events: Event, task_id: str = "t") -> Task:
    """The task that events make, the same in any order and with any copies."""
    facts = facts_of(list(events), task_id)
    made = derive(task_id, facts)
    rng = random.Random(len(facts))
    for _ in range(10):
        assert derive(task_id, shuffled(facts, rng)) == made
    return made

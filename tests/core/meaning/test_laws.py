"""What holds for any facts: any order and any copies give the same task, and so do the plain way and the other."""

from __future__ import annotations

import random

import pytest

from lineage_core.meaning.fold import apply, derive, play, walk
from lineage_core.meaning.task_structure import structure_of
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact, distinct
from tests.build import Event, assigned, created, facts_of, handoff, python_steps, reassigned, task, worker
from tests.core.meaning.any_order import shuffled
from tests.core.meaning.simulation import by_actor, life, skewed

MASTERS = ["dev-master", "b-master", "coordinator-master"]
REASONS = ["x", "y", "Waiting for dependency: task-d1", "needs d1", "Dependency completed: d1", "task-d1 done", "d9"]


def anything(rng: random.Random) -> list[Event]:
    """Events of one task without any sense, many at the same second."""
    events: list[Event] = []
    at, in_order = 0, rng.random() < 0.7
    for _ in range(rng.randrange(1, 15)):
        at = at + rng.choice([0, 1, 5, 60, 4000]) if in_order else rng.randrange(-5000, 9000)
        master, tokens = rng.choice(MASTERS), rng.choice([None, 5, 700])
        name = rng.choice(["handoff-1", "handoff-2"])
        priority = rng.choice(["high", "medium", None])
        made = [
            created(at, priority=priority),
            assigned(at, master, priority=priority),
            reassigned(at, *rng.sample(MASTERS, 2)),
            task("started", at, master),
            task(
                "completed", at, master, token_usage=tokens, completion_status=rng.choice([None, "failed", "partial"])
            ),
            task("failed", at, master, reason="boom"),
            task("cancelled", at, master),
            task("blocked", at, master, reason=rng.choice(REASONS)),
            task("blocked", at, master, blocked_by=[rng.choice(["d1", "d2"])]),
            task("unblocked", at, master, reason=rng.choice(REASONS)),
            task("escalated", at, master, reason="help"),
            handoff("created", at, master, name, from_master=master, to_master=rng.choice(MASTERS)),
            handoff(rng.choice(["accepted", "completed"]), at, master, name),
            *(
                worker(
                    rng.choice("PSGCFZ"),
                    at,
                    rng.choice(["w1", "w1", "w2"]),
                    worker_type=rng.choice([None, "scan", "fix"]),
                    token_usage=tokens,
                    progress_percentage=rng.choice([None, 10]),
                )
                for _ in range(4)
            ),
        ]
        one = rng.choice(made)
        if events and rng.random() < 0.1:
            one[1]["parent_lineage_id"] = rng.choice(events)[1]["lineage_id"]
        events.append(one)
    if rng.random() < 0.1:
        events[0][1]["parent_lineage_id"] = rng.choice(events)[1]["lineage_id"]
    return events


def given_on(rng: random.Random) -> list[Event]:
    """Events without sense behind an assignment, which mostly is passed on at once to another master."""
    giver, taker = rng.choice(MASTERS), rng.choice(MASTERS)
    before = [created(-9000), assigned(-8000, giver, priority=rng.choice(["low", None]))]
    moved = [reassigned(-rng.choice([7000, 6000, 60]), rng.choice([giver, giver, taker]), taker)]
    return [*before[rng.randrange(2) :], *moved[: rng.randrange(4)], *anything(rng)]


def some(rng: random.Random) -> list[Event]:
    """Events without sense, or a life by clocks that are off, or by right ones."""
    kind = rng.randrange(4)
    if kind == 0:
        return anything(rng)
    if kind == 3:
        return given_on(rng)
    made = life(rng, handoffs=rng.random() < 0.5).events
    return made if kind == 1 else skewed(rng, made, by_actor, 3000)


@pytest.mark.parametrize("seed", range(10))
def test_any_order_and_any_copies_give_the_same_task(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        facts = facts_of(some(rng))
        made = derive("t", facts)
        assert derive("t", shuffled(facts, rng)) == made


@pytest.mark.parametrize("seed", range(10))
def test_the_plain_way_gives_what_the_structure_tells(seed: int) -> None:
    rng = random.Random(seed)
    plain = 0
    for _ in range(300):
        facts = distinct(facts_of(some(rng)))
        made, told = play("t", facts), walk("t", structure_of("t", facts))
        plain += made.plain
        told.plain = made.plain
        assert made == told
    assert plain > 20


@pytest.mark.parametrize("seed", range(5))
def test_facts_that_come_one_by_one_give_the_same_as_all_at_once(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        facts = distinct(facts_of(some(rng)))
        moved = Task("t")
        for count, fact in enumerate(facts):
            if not apply(moved, fact):
                assert moved == play("t", facts[:count])  # as it was
                break
            assert moved == play("t", facts[: count + 1])


@pytest.mark.parametrize("seed", range(5))
def test_times_never_run_backwards(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        made = derive("t", facts_of(some(rng)))
        for phase in made.phases:
            assert phase.end is None or phase.start <= phase.end
        for attempt in made.attempts:
            assert attempt.length is None or attempt.length >= 0
            assert None in (attempt.started_at, attempt.ended_at) or attempt.started_at <= attempt.ended_at
        for run in made.runs:
            assert run.length is None or run.length >= 0
            assert run.first_at <= run.last_at <= made.last_at
        for one in made.handoffs.values():
            assert None in (one.created_at, one.accepted_at) or one.created_at <= one.accepted_at
        assert made.status.ended is (made.ended is not None)


def steps(facts: list[Fact]) -> int:
    """How many lines of Python a derivation takes."""
    return python_steps(lambda: derive("t", facts))


GROWING = {
    "failed again and again": lambda n: [task("failed", i) for i in range(n)],
    "retried again and again": lambda n: [e for i in range(n) for e in (task("started", i), task("failed", i))],
    "reassigned to and fro": lambda n: [
        e for i in range(n) for e in (reassigned(9000 * i), task("started", 9000 * i + 1, "b-master"))
    ],
    "blocked by very many": lambda n: [
        *(task("blocked", i, blocked_by=[f"d{i}"]) for i in range(n)),
        *(task("unblocked", n + i, reason=f"d{i}") for i in range(n)),
    ],
    "many runs of one worker": lambda n: [e for i in range(n) for e in (worker("S", i), worker("F", i))],
    "many workers after a reopening": lambda n: [
        task("started", 0),
        task("completed", 1),
        reassigned(2),
        *(worker("P", 3 + i, f"w{i}") for i in range(n)),
    ],
}


@pytest.mark.parametrize("made", GROWING.values(), ids=GROWING.keys())
def test_a_task_of_twice_the_size_takes_about_twice_as_long(made: object) -> None:
    assert callable(made)
    assert steps(facts_of(made(200))) < 2.6 * steps(facts_of(made(100)))

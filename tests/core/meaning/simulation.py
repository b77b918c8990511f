"""Random lives of tasks with known truth, logged by clocks that are off.

    python -m tests.core.meaning.simulation [lives]

prints how often status and owner differ from the truth: in `README.md` of lineage_core stands what it printed last.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from lineage_core.meaning.fold import derive
from lineage_core.model.entities import Task
from tests.build import Event, assigned, created, facts_of, handoff, reassigned, task, worker
from tests.core.meaning.any_order import shuffled

SPREAD = 3000
"""Seconds that a clock is off at most, either way: 50 minutes."""


class Life(NamedTuple):
    """The events of a task by the true clock, and what is so after the last of them."""

    events: list[Event]
    status: str
    owner: str | None


def life(rng: random.Random, handoffs: bool) -> Life:
    """A random life, with up to three attempts, retries, waits and doubled events; often cut off somewhere."""
    told: list[tuple[Event, str, str | None]] = []
    clock = 0.0
    master: str | None = None
    status = "queued"

    def pause(least: float = 1, most: float = 3000) -> None:
        nonlocal clock
        clock += max(1, least * (most / least) ** rng.random())

    def say(one: Event) -> None:
        told.append((one, status, master))

    def now() -> float:
        return round(clock)

    say(created(now(), "coord", priority="high"))
    pause(1, 600)
    status, master = "assigned", "m1-master"
    say(assigned(now(), master))
    pause(1, 600)
    for attempt in range(rng.choice([1, 1, 1, 2, 2, 3])):
        assert master is not None
        status = "running"
        say(task("started", now(), master))
        if rng.random() < 0.15:
            clock += 1
            say(task("started", now(), master, note="again"))
        for number in range(rng.choice([0, 1, 1, 2])):
            name = f"w{attempt}{number}" if rng.random() < 0.7 else "w00"
            pause()
            say(worker("P", now(), name, master))
            pause(1, 300)
            say(worker("S", now(), name))
            for _ in range(rng.choice([0, 0, 1, 2])):
                pause()
                say(worker("G", now(), name))
            pause()
            say(worker("F" if rng.random() < 0.3 else "C", now(), name))
        if handoffs and rng.random() < 0.3:
            name = f"handoff-{len(told)}"
            taker = rng.choice([one for one in ("m1-master", "m2-master", "m3-master") if one != master])
            pause(1, 600)
            say(handoff("created", now(), master, name, from_master=master, to_master=taker))
            pause(1, 300)
            master = taker
            say(handoff("accepted", now(), master, name))
        if rng.random() < 0.2:
            pause()
            status = "blocked"
            say(task("blocked", now(), master, blocked_by=["task-d1"]))
            if rng.random() > 0.7:
                break
            pause()
            status = "running"
            say(task("unblocked", now(), master, reason="Dependency completed: task-d1"))
        pause()
        status = "failed" if rng.random() < 0.6 else "completed"
        say(task(status, now(), master))
        if rng.random() < 0.2:
            clock += 1
            say(task(status, now(), master, note="again"))
        if status == "completed" and rng.random() < 0.8:
            break
        pause(1, 3000)
        if status == "completed" or rng.random() < 0.4:
            status = "assigned"
            giver, master = master, "m2-master" if master == "m1-master" else rng.choice(["m1-master", "m3-master"])
            say(reassigned(now(), giver, master))
            pause(1, 600)
    count = rng.randrange(1, len(told) + 1) if rng.random() < 0.4 else len(told)
    return Life([one for one, _, _ in told[:count]], *told[count - 1][1:])


def by_family(one: Event) -> str:
    """One clock for the events of the task, one for each worker and one for each handoff."""
    data, kind = one[1]["event_data"], one[1]["event_type"]
    return str(data.get("worker_id") or data.get("handoff_id") or kind.split("_")[0])


def by_actor(one: Event) -> str:
    """A clock of its own for each actor."""
    return str(one[1]["actor"]["id"])


def skewed(rng: random.Random, events: list[Event], clock_of: Callable[[Event], str], spread: float) -> list[Event]:
    """The events as clocks log them that are off by up to `spread` seconds."""
    off: dict[str, float] = {}
    return [
        (round(at + off.setdefault(clock_of((at, record)), rng.uniform(-spread, spread))), record)
        for at, record in events
    ]


def read(rng: random.Random, events: list[Event]) -> Task:
    """The task that these events make, read in any order and with copies."""
    return derive("t", shuffled(facts_of(events), rng))


class Rates(NamedTuple):
    """Of how many lives status and owner are wrong: by the true clock, and by skewed ones against the true one."""

    lives: int
    wrong: int
    status: int
    owner: int
    examples: Counter[tuple[str, str]]


def measure(
    lives: int, clock_of: Callable[[Event], str], handoffs: bool, spread: float = SPREAD, seed: int = 1
) -> Rates:
    """How often what is read differs from what is so."""
    rng = random.Random(seed)
    wrong = status = owner = 0
    examples: Counter[tuple[str, str]] = Counter()
    for _ in range(lives):
        truth = life(rng, handoffs)
        right = read(rng, truth.events)
        wrong += (right.status.value, right.master) != (truth.status, truth.owner)
        seen = read(rng, skewed(rng, truth.events, clock_of, spread))
        status += seen.status is not right.status
        owner += seen.master != right.master
        if seen.status is not right.status:
            examples[right.status.value, seen.status.value] += 1
    return Rates(lives, wrong, status, owner, examples)


def main() -> None:
    lives = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for clocks in (by_family, by_actor):
        for handoffs in (False, True):
            for minutes in (5, 50):
                found = measure(lives, clocks, handoffs, minutes * 60)
                print(
                    f"{clocks.__name__}, {'with' if handoffs else 'without'} handoffs, clocks off by {minutes} m: "
                    f"status {found.status / lives:.2%}, owner {found.owner / lives:.2%}, "
                    f"by the true clock {found.wrong / lives:.2%} {dict(found.examples.most_common(4))}"
                )


if __name__ == "__main__":
    main()

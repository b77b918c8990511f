"""What events mean, whatever order their facts arrive in."""

from __future__ import annotations

import random

from lineage_core.meaning.fold import derive
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact
from tests.build import COMBINED, Event, facts_of


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

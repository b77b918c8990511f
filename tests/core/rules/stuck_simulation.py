"""How often what is reported as late is not stuck, and what is stuck is not reported, in random cortexes.

    python -m tests.core.rules.stuck_simulation [cortexes]

prints the rates that stand in lineage_core/rules/README.md. Clocks of actors are off, events are lost, and some are
logged twice. A task counts as stuck once the time of something in it that will never happen is over by the true clock
and by every clock that may have logged it; as sound if everything open in it is on its way, or if it has ended.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from math import inf

from lineage_core.model.expectations import Finding
from lineage_core.model.facts import Fact
from lineage_core.rules import expectations
from lineage_core.rules.attention import attention
from lineage_core.state.store import State
from tests.build import COMBINED, DAILY, facts_of
from tests.core.rules import random_cortex
from tests.core.rules.random_cortex import MINUTE, Cortex, Life, Said

NOW = 1_795_334_628_000_000
NAMES = {random_cortex.COORDINATOR: expectations.COORDINATOR, random_cortex.PERSON: expectations.PERSON}

TWICE = 0.05
"""The share of events that two files hold."""


@dataclass(slots=True)
class Rates:
    """What was counted of tasks. missed: stuck and not reported. false: sound and reported. unknowable: both again, of
    tasks of which an event is lost that their present state cannot be known without. owners, causes: of stuck tasks
    that were reported, those with a wrong owner, and those that name another than the one whose turn it is.
    silent, alive: masters that were called silent, and those of them that live."""

    tasks: int = 0
    stuck: int = 0
    sound: int = 0
    missed: int = 0
    false: int = 0
    unknowable: int = 0
    owners: int = 0
    causes: int = 0
    silent: int = 0
    alive: int = 0
    examples: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.tasks:,} tasks, {self.stuck:,} stuck: {self.missed} not reported; {self.sound:,} sound: "
            f"{self.false} reported ({self.false / self.sound:.2%}); {self.unknowable} unknowable; of the reported "
            f"{self.owners} with a wrong owner, {self.causes} name another; {self.silent} masters silent, "
            f"{self.alive} of them alive {dict(self.examples.most_common(6))}"
        )


def logged(rng: random.Random, said: list[Said], spread: float, lost: float) -> tuple[State, set[str]]:
    """The state that is read of what was said, by clocks that are off by up to `spread` seconds and with a share of the
    events lost; and the tasks of which an event was lost that tells of their present state."""
    off: dict[str, float] = {}
    untold: set[str] = set()
    kept: dict[str, list[tuple[float, Said]]] = {}
    for one in said:
        skew = off.setdefault(one.actor, rng.uniform(-spread, spread) if rng.random() < 0.5 else 0.0)
        if rng.random() < lost:
            untold |= {one.task_id} if one.telling else set()
            continue
        kept.setdefault(one.task_id, []).append((NOW / 1e6 + one.at + skew, one))
    facts: list[tuple[str, Fact]] = []
    for number, (task_id, some) in enumerate(kept.items()):
        some.sort(key=lambda pair: pair[1].at)
        for fact in facts_of([(at, one.record[1]) for at, one in some], task_id, DAILY):
            moved = fact._replace(offset=fact.offset + 100_000 * number)
            facts.append((task_id, moved))
            if rng.random() < TWICE:
                facts.append((task_id, moved._replace(file=COMBINED)))
    rng.shuffle(facts)
    state = State()
    state.merge_facts(facts)
    return state, untold


def by_task(findings: list[Finding]) -> dict[str, list[Finding]]:
    """What is late, or a deadlock, by task; of a deadlock all members."""
    found: dict[str, list[Finding]] = {}
    for one in findings:
        for each in one.under or (one,):
            if each.rule == "deadlock":
                for name in each.sentence.partition(":")[0].split(" waits for "):
                    found.setdefault(name, []).append(each)
            elif each.late_since is not None and each.task_id:
                found.setdefault(each.task_id, []).append(each)
    return found


def stuck(life: Life, spread: float) -> bool:
    """Whether something in a life will never happen and is past its time by any clock."""
    return any(thing.stuck and -thing.since > thing.due + 2 * spread for thing in life.things)


def sound(life: Life) -> bool:
    """Whether all that is open in a life is on its way."""
    return not any(thing.stuck or thing.due == inf for thing in life.things)


def measure(cortexes: int, spread: float = 0, lost: float = 0, seed: int = 1) -> Rates:
    """The rates of some cortexes with clocks off by up to `spread` seconds and a share of the events lost."""
    rates = Rates()
    for number in range(cortexes):
        rng = random.Random(f"{seed} {number}")
        cortex = Cortex(rng)
        state, untold = logged(rng, list(cortex.said()), spread, lost)
        findings = attention(state, NOW)
        found = by_task(findings)
        masters = [one.subject for one in findings if one.rule == "master-silent"]
        rates.silent += len(masters)
        rates.alive += sum(cortex.died(master) == inf for master in masters)
        names = {one.task_id for one in cortex.said()}
        for life in (cortex.lives[name] for name in sorted(names)):
            told, rates.tasks = found.get(life.task_id, []), rates.tasks + 1
            is_stuck, is_sound = stuck(life, spread), sound(life)
            rates.stuck += is_stuck
            rates.sound += is_sound
            wrong = (is_stuck and not told) or (is_sound and bool(told))
            if wrong and life.task_id in untold:
                rates.unknowable += 1
            elif wrong:
                rates.missed += is_stuck
                rates.false += is_sound
                what = "/".join(thing.name for thing in life.things) or life.status
                rates.examples[f"{number}:{what} -> {'/'.join(one.rule for one in told)}"] += 1
            if is_stuck and told and life.task_id not in untold:
                row = state.rows[life.task_id]
                rates.owners += row.master != life.owner
                whose = {NAMES.get(thing.of, thing.of) for thing in life.things if thing.stuck}
                rates.causes += not any(one.of in whose or one.rule == "deadlock" for one in told)
    return rates


def main() -> None:
    cortexes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for minutes, lost in ((0, 0.0), (1, 0.0), (5, 0.0), (50, 0.0), (0, 0.02), (5, 0.02)):
        rates = measure(cortexes, minutes * MINUTE, lost)
        print(f"clocks off by {minutes} m, {lost:.0%} of the events lost: {rates}", flush=True)


if __name__ == "__main__":
    main()

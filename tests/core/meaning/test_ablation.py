"""Each rule by which the order of a task's facts is told is needed: without it a case is told wrong.

    python -m tests.core.meaning.test_ablation [lives]

prints which cases each rule decides, and how many statuses of simulated tasks with clocks up to 5 minutes off.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from lineage_core.meaning import attempts, happens_before, order, runs, task_structure
from lineage_core.meaning.fold import derive
from lineage_core.model.entities import Task
from tests.build import Event, assigned, created, facts_of, started, task, worker
from tests.core.meaning.simulation import by_actor, life, read, skewed
from tests.core.meaning.test_owner_cases import OWNERS, PRIORITY
from tests.core.meaning.test_run_cases import RUNS
from tests.core.meaning.test_status_cases import STATUS
from tests.meaning_cases import CASES

_BEGUN, _HELP, _ANSWER = started(10), task("escalated", 5, reason="help"), task("escalated", 50, reason="help")
_EACH_OTHER = [  # two events that name each other as their causes
    (at, {**record, "parent_lineage_id": other["lineage_id"]})
    for (at, record), (_, other) in ((_BEGUN, _HELP), (_HELP, _BEGUN))
]

EVENTS: dict[str, list[Event]] = {
    "order: progress by a clock behind that of the start": [
        worker("P", 0), worker("G", 5, progress_percentage=5), worker("S", 10, actor="launcher"),
    ],
    "order: an unblock logged before its block": [
        started(-20), task("blocked", 1, blocked_by=["d1"]), task("unblocked", -10, "o-master", reason="completed: d1"),
    ],
    "order: an event follows the one that it names": [
        started(0), _ANSWER, task("blocked", 20, "b-master", reason="x", parent=_ANSWER[1]["lineage_id"]),
    ],
    "order: what a start waited for answers no escalation": [
        started(-20), task("escalated", -10, reason="help"), created(0), assigned(1),
    ],
    "order: causes that name each other": _EACH_OTHER,
    **{f"status: {name}": case[0] for name, case in STATUS.items()},
    **{f"runs: {name}": case[0] for name, case in RUNS.items()},
    **{f"owner: {name}": case[0] for name, case in OWNERS.items()},
    **{f"priority: {name}": case[0] for name, case in PRIORITY.items()},
    **{f"case: {name}": case.events for name, case in CASES.items()},
}  # fmt: skip


@contextmanager
def _edges_without(rule: happens_before.Rule) -> Iterator[None]:
    with (
        mock.patch.object(happens_before, "CERTAIN", tuple(one for one in happens_before.CERTAIN if one is not rule)),
        mock.patch.object(happens_before, "LIKELY", tuple(one for one in happens_before.LIKELY if one is not rule)),
    ):
        yield


@contextmanager
def _without_pairs() -> Iterator[None]:
    """No leading end belongs to a start that was logged after it."""
    with mock.patch.object(runs, "APART", -1):
        yield


RULES = {
    "O1 around reassignments": lambda: mock.patch.object(
        task_structure, "around_reassignments", lambda facts: [*range(len(facts))]
    ),
    **{
        f"O2 {rule.__name__.strip('_').replace('_', ' ')}": lambda rule=rule: _edges_without(rule)
        for rule in (*happens_before.CERTAIN, *happens_before.LIKELY)
    },
    "O2 no edge in a circle": lambda: mock.patch.object(order, "_circles", lambda edges: {}),
    "A2, R2 pairs of ends and starts": _without_pairs,
    "A2 a reassignment between": lambda: mock.patch.object(attempts._Reassigned, "between", lambda *one: False),
    "A3 runs after a failure": lambda: mock.patch.object(attempts, "_follows_failure", lambda *one: False),
    "A3 runs after a reopening": lambda: mock.patch.object(attempts._Reopenings, "begins", lambda *one: False),
    "A3 reopenings": lambda: mock.patch.object(attempts, "_reopens", lambda *one: False),
    "R2 starts given back": lambda: mock.patch.object(runs, "_give_back", lambda *one: None),
}


def changed(rule: str) -> list[str]:
    """The cases that are told otherwise without a rule."""
    right = {name: told(derive("task-case", facts_of(events, "task-case"))) for name, events in EVENTS.items()}
    found = []
    with RULES[rule]():
        for name, events in EVENTS.items():
            try:
                wrong = told(derive("task-case", facts_of(events, "task-case"))) != right[name]
            except (IndexError, KeyError):
                wrong = True
            if wrong:
                found.append(name)
    return found


def told(task: Task) -> object:
    """What a task is said to be."""
    return (
        task.status, task.escalated, task.priority, task.remarks, [*task.waits.values()], task.waited, task.skews,
        task.attempts, task.runs, task.owners, task.handoffs, task.phases,
    )  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_without_the_rule_a_case_is_told_otherwise(rule: str) -> None:
    assert changed(rule)


def simulated(rule: str, lives: int) -> float:
    """The share of simulated tasks of which the status or the owner is another without a rule."""
    others = 0
    for seed in range(lives):
        rng = random.Random(seed)
        events = skewed(rng, life(rng, handoffs=True).events, by_actor, 300)
        with_it = read(random.Random(0), events)
        with RULES[rule]():
            without = read(random.Random(0), events)
        others += (with_it.status, with_it.master) != (without.status, without.master)
    return others / lives


if __name__ == "__main__":
    for name in RULES:
        cases = changed(name)
        print(f"{name:45} {len(cases):3} cases, {simulated(name, int(sys.argv[1])):.1%}; {', '.join(cases[:3])}")

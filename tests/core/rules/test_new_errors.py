"""A new error: a failure with words that no failure of the 7 days before had; kept up to date task by task."""

from __future__ import annotations

import random

from lineage_core.base.clock import DAY, HOUR
from lineage_core.model.expectations import Finding
from lineage_core.rules.attention import attention
from lineage_core.rules.new_errors import NewErrors
from lineage_core.state.store import State
from tests import build as e
from tests.build import DAILY, Event, facts_of

NOW = 1_795_334_628_000_000


def ago(days: float = 0, hours: float = 0) -> float:
    return (NOW - days * DAY - hours * HOUR) / 1_000_000


def state_of(**tasks: list[Event]) -> State:
    state = State()
    for number, (name, events) in enumerate(tasks.items()):
        moved = [fact._replace(offset=fact.offset + 10_000 * number) for fact in facts_of(events, name, DAILY)]
        state.merge_facts((name, fact) for fact in moved)
    return state


def new(state: State, now: int = NOW) -> list[Finding]:
    return [one for one in attention(state, now) if one.rule == "new-error"]


OLD = [e.created(ago(30)), e.started(ago(30)), e.completed(ago(29))]


def failing(days: float, hours: float, reason: str) -> list[Event]:
    return [e.created(ago(days, hours + 1)), e.started(ago(days, hours + 1)), e.failed(ago(days, hours), reason=reason)]


def test_an_error_that_the_last_7_days_had_not_is_one_finding_with_its_count() -> None:
    state = state_of(old=OLD, a=failing(0, 3, "no route to host-7"), b=failing(0, 2, "no route to host-9"))
    (found,) = new(state)
    assert (found.task_id, found.since, found.times) == ("a", NOW - 3 * HOUR, 2)
    assert found.sentence == "new error, 2 times, first 3h00m ago, not in the 7 days before: no route to host-7"


def test_it_is_not_new_if_it_was_there_within_7_days_or_happened_more_than_a_day_ago() -> None:
    for days, expected in ((5.0, 0), (6.8, 0), (7.3, 1)):
        state = state_of(old=OLD, before=failing(days, 0, "no route to host-1"), a=failing(0, 3, "no route to host-7"))
        assert len(new(state)) == expected
    state = state_of(old=OLD, a=failing(0, 3, "no route to host-7"))
    assert len(new(state)) == 1 and new(state, NOW + DAY) == []


def test_of_a_young_journal_nobody_can_tell_and_an_error_without_words_is_none() -> None:
    young = [e.created(ago(3)), e.started(ago(3)), e.completed(ago(2))]
    assert new(state_of(old=young, a=failing(0, 3, "no route"))) == []
    bare = [e.created(ago(0, 4)), e.started(ago(0, 4)), e.failed(ago(0, 3))]
    assert new(state_of(old=OLD, a=bare)) == []


def test_a_failed_worker_tells_as_well_as_a_failed_task() -> None:
    run = [e.started(ago(0, 5)), e.worker("S", ago(0, 5)), e.worker("F", ago(0, 4), error_details="disk on fire")]
    (found,) = new(state_of(old=OLD, a=run))
    assert found.sentence.endswith("disk on fire")


def test_what_is_kept_task_by_task_is_what_all_at_once_tell() -> None:
    rng = random.Random(5)
    for _ in range(60):
        tasks = {
            f"t{n}": failing(rng.choice([0, 0, 3, 9]), rng.uniform(0, 20), rng.choice(["boom", "bang", "no route"]))
            for n in range(rng.randint(1, 5))
        }
        state = state_of(old=OLD, **tasks)
        kept = NewErrors(state)
        names = [*state.rows]
        rng.shuffle(names)
        for name in [*names, *names[:2]]:
            kept.put(state.rows[name], NOW)
        each = [one for name in state.rows for one in kept.of_task(name, NOW)]
        assert (
            sorted(each)
            == sorted(NewErrors(state).all(state.rows.values(), NOW))
            == sorted(one._replace(waiting=0) for one in new(state))
        )

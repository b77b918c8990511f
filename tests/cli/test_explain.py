"""`lineage explain`: the events of a task in the order in which they count, and the rules that put them there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.meaning_cases import CASES, TASK, write

RULES = {
    "an end logged before its start": {"O2", "A1", "A2"},
    "two failures of one attempt, retried": {"A1"},
    "starts and ends by two scripts": {"A1"},
    "an aggregator reports a worker after the end": set(),
    "reassigned after a failure, by a clock that is behind": {"O1", "O2", "A2", "A3"},
    "created later than all else": {"O3"},
    "a handoff across clocks": {"O2"},
    "reassigned after a failure": {"A3"},
    "retried by workers alone": {"A3"},
    "spawned twice within minutes": {"A3"},
    "a worker that runs again under its id": {"R1", "A3"},
    "a zombie report after its success": {"R3", "A3"},
    "a worker by two clocks": {"R2", "O2", "A3"},
    "blocked after the end": {"A4"},
    "ends that disagree": {"A2", "A5"},
    "a wait that only the reason names": {"wait"},
    "a handoff accepted by another": {"handoff"},
    "a priority that a legacy writer invented": {"priority"},
    "two waits, one ended": set(),
}


@pytest.mark.parametrize("name", RULES)
def test_the_rules_that_spoke_are_named(name: str, tmp_path: Path, ask: Ask) -> None:
    write(tmp_path, CASES[name])
    told = ask("explain", TASK, "--json", tmp_path).json
    assert {note["rule"] for fact in told["facts"] for note in fact["rules"]} == RULES[name]
    text = ask("explain", TASK, tmp_path).out
    assert all(f"{rule}: " in text for rule in RULES[name])


@pytest.mark.parametrize("name", CASES)
def test_facts_are_in_the_order_and_at_the_times_that_made_the_task(name: str, tmp_path: Path, ask: Ask) -> None:
    write(tmp_path, CASES[name])
    told = ask("explain", TASK, "--json", tmp_path).json
    facts = told["facts"]
    assert [fact["order"] for fact in facts] == list(range(1, len(facts) + 1))
    assert [fact["counts_at"] for fact in facts] == sorted(fact["counts_at"] for fact in facts)
    assert len(facts) == told["task"]["events"]
    assert (facts[0]["counts_at"], facts[-1]["counts_at"]) == (told["task"]["first_at"], told["task"]["last_at"])
    effects = [effect for fact in facts for effect in (fact["effect"] or "").split(", ")]
    owners = [effect.removeprefix("owner ") for effect in effects if effect.startswith("owner ")]
    assert owners == [owner["master"] for owner in told["owners"]]
    if told["task"]["status"] != "unknown":
        statuses = [effect for effect in effects if effect and not effect.startswith(("owner", "run "))]
        assert statuses[-1] == told["task"]["status"]
    skews = {fact["actor_id"] for fact in facts if fact["skew_ms"]}
    assert {skew["actor"] for skew in told["skews"]} <= skews


def test_what_changed_nothing_is_counted_and_listed_on_request(tmp_path: Path, ask: Ask) -> None:
    write(tmp_path, CASES["a worker that runs again under its id"])
    assert "2 more followed plainly" in ask("explain", TASK, tmp_path).out
    every = ask("explain", TASK, "--all", tmp_path).out
    assert "more followed" not in every
    assert every.count("worker_started") == 2


def test_an_unknown_task_is_named_with_its_nearest(tmp_path: Path, ask: Ask) -> None:
    write(tmp_path, CASES["failed and retried"])
    told = ask("explain", "task-cass", tmp_path)
    assert told.code == 1
    assert TASK in told.err

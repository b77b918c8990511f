"""Each case of meaning.md about owners, handoffs, priority and escalation, in any order and with copies."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.meaning.task_row import row_of
from tests.build import Event, assigned, completed, created, event, failed, handoff, reassigned, started, task, worker
from tests.core.meaning.any_order import meaning

BLOCKED, UNBLOCKED = "blocked", "unblocked"


OWNERS: dict[str, tuple[list[Event], str | None]] = {
    "a handoff that was accepted": (
        [
            assigned(2400, "dev-master"),
            started(1),
            handoff("created", 11, "dev-master"),
            handoff("accepted", 12, "b-master"),
        ],
        "b-master",
    ),
    "a start by the coordinator": ([assigned(0), started(1), started(2, "coordinator-master")], "dev-master"),
    "a start by the master that began": ([started(1, "b-master")], "b-master"),
    "a start by another master": ([assigned(0, "dev-master"), started(1, "b-master")], "b-master"),
    "a start by the master that gave it away": (
        [assigned(0), started(1), reassigned(2, "dev-master", "b-master"), started(3, "dev-master")],
        "b-master",
    ),
    "a completion implies an acceptance": (
        [
            assigned(0),
            handoff("created", 1, "dev-master", to_master="b-master"),
            handoff("completed", 3, "dev-master"),
        ],
        "b-master",
    ),
    "a handoff that was only offered": (
        [assigned(0), handoff("created", 1, "dev-master", to_master="b-master")],
        "dev-master",
    ),
    "reopened without a name": ([assigned(0), started(1), failed(2), assigned(3, "")], "dev-master"),
    "to and fro, by clocks that differ": (
        [
            assigned(0, "a-master"),
            reassigned(100, "b-master", "c-master"),
            reassigned(200, "a-master", "b-master"),
        ],
        "c-master",
    ),
    "nobody": ([created(0)], None),
}


@pytest.mark.parametrize("case", OWNERS.values(), ids=OWNERS.keys())
def test_the_owner(case: Any) -> None:
    events, owner = case
    assert meaning(*events).master == owner


def test_owners_are_intervals() -> None:
    made = meaning(assigned(0), started(1), reassigned(10, "dev-master", "b-master"), started(11, "b-master"))
    assert made.owners == [("dev-master", 0, 10_000_000), ("b-master", 10_000_000, None)]
    assert [made.owner_at(at * 1_000_000) for at in (-5, 5, 10, 99)] == [
        "dev-master",
        "dev-master",
        "b-master",
        "b-master",
    ]
    assert row_of(made).masters == ("dev-master", "b-master")


def test_a_handoff_is_offered_and_accepted_once() -> None:
    made = meaning(
        handoff("created", 1, "a-master", to_master="b-master"),
        handoff("accepted", 2, "c-master"),
        handoff("created", 3, "a-master", to_master="b-master"),
    )
    given = made.handoffs["handoff-1"]
    assert (given.created_at, given.accepted_at, given.accepted_by) == (1_000_000, 2_000_000, "c-master")
    assert (made.master, [one.rule for one in made.remarks]) == ("c-master", ["accepted-by-other"])
    assert row_of(made).handoff_since is None


PRIORITY: dict[str, tuple[list[Event], str | None]] = {
    "said by the creator": ([created(0, priority="critical"), assigned(1)], "critical"),
    "a medium that a legacy writer invented": (
        [created(0, priority="critical"), assigned(1, priority="medium")],
        "critical",
    ),
    "a medium that was given": (
        [created(0, priority="critical"), assigned(1, priority="medium", priority_given=True)],
        "medium",
    ),
    "the only medium": ([created(0), assigned(1, priority="medium")], "medium"),
    "a change": ([created(0, priority="low"), assigned(1, priority="high")], "high"),
    "a medium after an assignment that said more": (
        [created(0), assigned(1, priority="high"), reassigned(2, priority="medium")],
        "high",
    ),
    "created again after the end": (
        [created(0, priority="high"), started(1), completed(2), created(3, priority="low")],
        "high",
    ),
}


@pytest.mark.parametrize("case", PRIORITY.values(), ids=PRIORITY.keys())
def test_the_priority(case: Any) -> None:
    events, priority = case
    assert meaning(*events).priority == priority


def test_an_escalation_holds_until_another_actor_does_something_to_the_task() -> None:
    help_ = [started(0), task("escalated", 5, reason="help")]
    assert meaning(*help_).escalation == "help"
    assert meaning(*help_, task("blocked", 6, reason="x")).escalated
    assert meaning(*help_, worker("G", 6)).escalated
    assert not meaning(*help_, reassigned(6)).escalated
    assert not meaning(*help_, completed(6)).escalated
    assert meaning(*help_, task("escalated", 6, "b-master", reason="more")).escalated_by == "b-master"


def test_what_a_start_waited_for_answers_no_escalation_by_the_same_clock() -> None:
    by_slow_clock = [started(-20), task("escalated", -10, reason="help")]
    assert meaning(*by_slow_clock, created(0), assigned(1)).escalated


def test_an_unblock_that_answers_an_escalation_ends_no_later_wait() -> None:
    asked = [started(0), task("escalated", 5, reason="help")]
    answer = event("task_unblocked", 10, "kim", "user", reason="use the new key")
    blocked = task("blocked", 20, reason="x", blocked_by=["d"])
    made = meaning(*asked, answer, blocked)
    assert (made.status.value, made.escalated, list(made.waits)) == ("blocked", False, ["d"])
    assert meaning(started(0), answer, blocked).status.value == "running", "else it is by a clock that is behind"


def test_phases_follow_each_other_without_a_gap() -> None:
    made = meaning(
        created(0), assigned(1), started(2), task(BLOCKED, 3, reason="x"), task(UNBLOCKED, 4), failed(5), started(7)
    )
    assert [(phase.status.value, phase.start, phase.end) for phase in made.phases] == [
        ("queued", 0, 1_000_000),
        ("assigned", 1_000_000, 2_000_000),
        ("running", 2_000_000, 3_000_000),
        ("blocked", 3_000_000, 4_000_000),
        ("running", 4_000_000, 5_000_000),
        ("running", 7_000_000, None),
    ]

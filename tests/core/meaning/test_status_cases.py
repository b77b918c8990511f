"""Each case of meaning.md about status, attempts, failures and order, in any order and with copies."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.meaning.task_row import row_of
from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status
from tests.build import Event, assigned, completed, created, event, failed, handoff, reassigned, started, task, worker
from tests.core.meaning.any_order import meaning

DAY, HOUR = 86_400, 3600

BLOCKED, UNBLOCKED = "blocked", "unblocked"


def failures(made: Task) -> list[tuple[str | None, int, bool]]:
    return [(one.worker_id, one.number, one.retried) for one in made.failures]


STATUS: dict[str, tuple[list[Event], str, int, list[Any]]] = {
    # events; status; attempts; failures as (worker, number, retried)
    "an end logged before its start": ([started(0), completed(-90), completed(-89, "agg")], "completed", 1, []),
    "two failures of one attempt, retried": (
        [started(0), failed(50), failed(51, "agg"), started(60)],
        "running",
        2,
        [(None, 1, True)],
    ),
    "starts and ends by two scripts": ([started(0), started(1), completed(100), completed(101)], "completed", 1, []),
    "a failure of last week": ([failed(-7 * DAY), started(0)], "running", 2, [(None, 1, True)]),
    "failed and retried": ([started(0), failed(50), started(60), completed(90)], "completed", 2, [(None, 1, True)]),
    "an aggregator reports a worker after the end": (
        [started(-237), failed(-147), worker("C", 916)],
        "failed",
        1,
        [(None, 1, False)],
    ),
    "reassigned after a failure, by a clock that is behind": (
        [failed(0), reassigned(-358, "dev-master", "b-master")],
        "assigned",
        1,
        [(None, 1, False)],
    ),
    "blocked long after a retry": (
        [assigned(818), started(124), failed(129), started(162), task(BLOCKED, 4763, reason="x")],
        "blocked",
        2,
        [(None, 1, True)],
    ),
    "blocked again": (
        [
            task(BLOCKED, 0, reason="x"),
            task(UNBLOCKED, 5, reason="y"),
            task(UNBLOCKED, 6, reason="y"),
            task(BLOCKED, 3600, reason="z"),
        ],
        "blocked",
        0,
        [],
    ),
    "a worker of the new master after a reassignment": (
        [
            started(0),
            completed(50),
            reassigned(60),
            worker("P", 70, actor="b-master"),
            worker("S", 71),
            worker("C", 90),
        ],
        "running",
        2,
        [],
    ),
    "the same, hours later, by whomever": (
        [started(0), completed(50), reassigned(60), worker("P", 3 * HOUR), worker("S", 3 * HOUR + 1)],
        "running",
        2,
        [],
    ),
    "a worker of the old master close to a reassignment": (
        [started(0), completed(50), reassigned(60), worker("P", 70), worker("S", 71), worker("C", 90)],
        "assigned",
        1,
        [],
    ),
    "started by the new master, by a clock behind that of the reassignment": (
        [started(0), started(40, "b-master"), completed(50), reassigned(100)],
        "running",
        2,
        [],
    ),
    "failed by one master, started by the next, by clocks that differ": (
        [
            assigned(-264 * 60),
            started(-202 * 60),
            handoff("created", -194 * 60, "dev-master", to_master="cicd-master"),
            handoff("accepted", -205 * 60, "cicd-master"),
            failed(-203 * 60, "cicd-master"),
            reassigned(-248 * 60, "cicd-master", "b-master"),
            started(-197 * 60, "b-master"),
        ],
        "running",
        2,
        [(None, 1, True)],
    ),
    "a worker that never ends": (
        [started(0), worker("P", 1), worker("S", 2), completed(100)],
        "completed",
        1,
        [],
    ),
    "created later than started": ([created(4 * HOUR, "coord"), started(-2400)], "running", 1, []),
    "reassigned after a failure": (
        [started(1), failed(50), reassigned(60)],
        "assigned",
        1,
        [(None, 1, False)],
    ),
    "assigned again after a failure": (
        [assigned(0), started(1), failed(50), assigned(60, "b-master")],
        "assigned",
        1,
        [(None, 1, False)],
    ),
    "assigned again after a success": ([assigned(0), started(1), completed(50), assigned(60)], "completed", 1, []),
    "retried by workers alone": (
        [
            worker("P", 0, "w1"),
            worker("F", 10, "w1"),
            failed(11),
            worker("P", 20, "w2"),
            worker("S", 21, "w2"),
        ],
        "running",
        2,
        [("w1", 1, False), (None, 1, True)],
    ),
    "blocked after the end": ([started(1), completed(5), task(BLOCKED, 6, reason="x")], "completed", 1, []),
    "ends that disagree": ([failed(50), completed(51)], "completed", 1, [(None, 1, False)]),
    "a failure hours before the only start": ([failed(-2 * HOUR), started(0)], "running", 2, [(None, 1, True)]),
    "a failure shortly before the only start": ([failed(-1 * HOUR), started(0)], "failed", 1, [(None, 1, False)]),
    "failed, reassigned, failed again by the cleanup": (
        [started(0), failed(50), reassigned(60), failed(61, "cleanup")],
        "assigned",
        1,
        [(None, 1, False)],
    ),
    "completed that says failed": (
        [started(0), completed(5, completion_status="failed")],
        "failed",
        1,
        [(None, 1, False)],
    ),
    "reassigned while it runs": ([assigned(-1), started(0), reassigned(10)], "running", 1, []),
    "failed while it waits, and retried": (
        [started(0), task(BLOCKED, 1, reason="x"), failed(50), started(60)],
        "running",
        2,
        [(None, 1, True)],
    ),
    "only a worker is heard of": ([created(0), worker("P", 1), worker("S", 2)], "running", 1, []),
    "nothing but progress": ([worker("G", 5)], "running", 1, []),
    "an unknown event": ([event("task_painted", 0, "x", "user")], "unknown", 0, []),
    "created": ([created(0)], "queued", 0, []),
    "assigned before it was created": ([created(9), assigned(2)], "assigned", 0, []),
}


@pytest.mark.parametrize("case", STATUS.values(), ids=STATUS.keys())
def test_status_attempts_and_failures(case: Any) -> None:
    events, status, attempts, failed_ones = case
    made = meaning(*events)
    assert (made.status.value, len(made.attempts), failures(made)) == (status, attempts, failed_ones)
    assert row_of(made).status is made.status
    assert row_of(made).failed_attempts + row_of(made).failed_workers == len(failed_ones)


def test_an_end_before_its_start_is_a_skew_of_its_clock() -> None:
    made = meaning(started(0), completed(-90), completed(-89, "agg"))
    assert (made.skew, made.skews) == (90_000_000, {"dev-master": 90_000_000, "agg": 89_000_000})
    assert made.ended_at == made.started_at == 0


def test_a_creation_later_than_all_else_is_a_clock_that_is_ahead() -> None:
    made = meaning(created(4 * HOUR, "coord"), started(-2400))
    assert made.skews == {"coord": -(4 * HOUR + 2400) * 1_000_000}
    assert made.created_at == made.started_at == made.last_at == -2400_000_000


def test_an_end_that_an_aggregator_logged_late_is_no_skew_of_the_worker() -> None:
    made = meaning(worker("S", 0), worker("C", -100), worker("P", 50))
    assert made.skews == {"w1": 50_000_000}


def test_a_handoff_across_clocks_is_accepted_after_it_was_offered() -> None:
    made = meaning(
        handoff("created", 0, "a-master", to_master="b-master"),
        handoff("accepted", -10, "b-master"),
        handoff("completed", -5, "a-master"),
    )
    given = made.handoffs["handoff-1"]
    assert (given.created_at, given.accepted_at, given.completed_at) == (0, 0, 0)
    assert (made.master, made.remarks) == ("b-master", [])


def test_a_creation_that_names_its_own_start_as_its_cause_comes_first_all_the_same() -> None:
    begun = started(10)
    made = meaning(created(20, parent=begun[1]["lineage_id"]), begun)
    assert (made.status, made.created_at, made.skew) == (Status.RUNNING, 10_000_000, -10_000_000)


def test_causes_that_name_each_other_are_ignored() -> None:
    one, other = started(10), task("escalated", 5, reason="help")
    one[1]["parent_lineage_id"], other[1]["parent_lineage_id"] = other[1]["lineage_id"], one[1]["lineage_id"]
    assert meaning(one, other).skew == 0


def test_an_event_follows_the_event_of_its_task_that_it_names() -> None:
    one = task("escalated", 50, reason="help")
    made = meaning(started(0), one, task("blocked", 20, "b-master", reason="x", parent=one[1]["lineage_id"]))
    assert made.since == 50_000_000
    assert made.skews == {"b-master": 30_000_000}

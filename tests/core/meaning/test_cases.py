"""Each case of meaning.md that one task shows, in any order and with copies (`events.meaning` shuffles them)."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.model.entities import Status, Task
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
    assert made.row().status is made.status
    assert made.row().failed_attempts + made.row().failed_workers == len(failed_ones)


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


def runs(made: Task) -> list[tuple[str, int, str | None]]:
    return [(run.worker_id, run.number, run.end.value if run.end else None) for run in made.runs]


RUNS: dict[str, tuple[list[Event], list[tuple[str, int, str | None]]]] = {
    "spawned twice within minutes": (
        [worker("P", 0), worker("S", 1), worker("P", 2), worker("C", 100)],
        [("w1", 1, "success")],
    ),
    "spawned again under its id": (
        [
            worker("P", 0),
            worker("S", 1),
            worker("F", 50),
            worker("F", 51, actor="agg-master"),
            worker("P", 60),
            worker("S", 61),
        ],
        [("w1", 1, "failed"), ("w1", 2, None)],
    ),
    "a zombie report after its success": (
        [worker("P", 0), worker("S", 1), worker("C", 50), worker("Z", 4000)],
        [("w1", 1, "success")],
    ),
    "reported dead and alive after all": (
        [worker("S", 0), worker("Z", 4000), worker("G", 4100)],
        [("w1", 1, None)],
    ),
    "progress after its end": ([worker("S", 0), worker("C", 50), worker("G", 60)], [("w1", 1, "success")]),
    "started and ended by a clock behind that of the spawn": (
        [worker("P", -20), worker("S", -275), worker("C", -200)],
        [("w1", 1, "success")],
    ),
    "partial is stronger than success": (
        [worker("S", 0), worker("C", 5), worker("C", 6, completion_status="partial")],
        [("w1", 1, "partial")],
    ),
    "ended only": ([worker("C", 5)], [("w1", 1, "success")]),
}


@pytest.mark.parametrize("case", RUNS.values(), ids=RUNS.keys())
def test_runs(case: Any) -> None:
    events, expected = case
    made = meaning(*events)
    assert (runs(made), made.remarks) == (expected, [])
    assert made.row().open_workers == sum(end is None for _, _, end in expected)


def test_a_length_is_told_by_the_clock_that_logged_both_ends() -> None:
    run = meaning(worker("P", -20), worker("S", -275), worker("C", -200)).runs[0]
    assert (run.started_at, run.ended_at, run.length) == (-20_000_000, -20_000_000, 75_000_000)
    run = meaning(worker("S", 0), worker("F", -200, actor="agg-master")).runs[0]
    assert run.length == 0
    attempt = meaning(started(0), completed(-90)).attempts[0]
    assert (attempt.started_at, attempt.ended_at, attempt.length) == (0, 0, 0)


def test_spawned_twice_is_said_with_more_than_five_minutes_between() -> None:
    made = meaning(worker("P", 0), worker("S", 1), worker("P", 400))
    assert [one.rule for one in made.remarks] == ["spawned-twice"]


@pytest.mark.parametrize("said", [700, 1200])
def test_tokens_belong_to_runs(said: int) -> None:
    made = meaning(
        worker("P", 0),
        worker("F", 10, token_usage=500),
        worker("P", 20),
        worker("C", 30, token_usage={"total_tokens": 700}),
        completed(40, token_usage=said),
    )
    assert (len(made.runs), made.tokens, failures(made)) == (2, 1200, [("w1", 1, True)])
    assert (made.runs[1].retry_of, made.row().retries) == ("w1", 1)
    assert (made.runs[0].error, made.runs[1].error) == (None, None)


def test_tokens_of_attempts_add_up_unless_the_last_end_says_more() -> None:
    first = [started(0), failed(5, token_usage=500), started(6)]
    assert meaning(*first, completed(9, token_usage=700)).tokens == 1200
    assert meaning(started(0), failed(5), started(6), completed(9, token_usage=700)).tokens == 700
    assert meaning(started(0)).tokens is None


def test_the_parts_of_tokens_are_those_of_the_largest_total() -> None:
    usage = [{"input_tokens": 5, "output_tokens": 6}, {"input_tokens": 70, "output_tokens": 20}, {"input_tokens": 3}]
    said = [worker("G", at, token_usage=one) for at, one in enumerate(usage, 2)]
    (run,) = meaning(started(0), worker("P", 1), *said, worker("C", 9)).runs
    assert (run.tokens, run.input_tokens, run.output_tokens) == (90, 70, 20)


def test_a_worker_that_ends_well_after_a_failure_shows_no_error() -> None:
    made = meaning(
        worker("S", 0), worker("F", 5, error_details="boom"), worker("P", 9), worker("S", 10), worker("C", 20)
    )
    assert [(run.end, run.error) for run in made.runs] == [("failed", "boom"), ("success", None)]
    assert made.workers["w1"] is made.runs[1]


def test_ends_that_disagree_are_a_remark_and_name_both() -> None:
    made = meaning(failed(50, reason="boom"), completed(51))
    assert [one.rule for one in made.remarks] == ["ends-disagree"]
    assert [(one.error, one.at) for one in made.failures] == [("boom", 50_000_000)]
    assert meaning(completed(50), failed(50)).status is Status.FAILED


def waits(made: Task) -> list[tuple[str | None, bool]]:
    return [(wait.name, wait.inferred) for wait in made.waits.values()]


def test_waits_are_a_set_of_which_an_unblock_ends_what_it_names() -> None:
    both = [started(0), task(BLOCKED, 1, blocked_by=["d1"]), task(BLOCKED, 2, blocked_by=["d2"])]
    made = meaning(*both, task(UNBLOCKED, 3, reason="Dependency completed: d1"))
    assert (made.status, made.blocked_by) == (Status.BLOCKED, ("d2",))
    assert meaning(*both, task(UNBLOCKED, 3, reason="go on")).status is Status.RUNNING
    assert meaning(*both, task(UNBLOCKED, 3, blocked_by="d2")).blocked_by == ("d1",)


@pytest.mark.parametrize("word", ["d9", "task-9"])
def test_an_unblock_for_another_task_ends_nothing_and_is_a_remark(word: str) -> None:
    made = meaning(
        started(0), task(BLOCKED, 1, blocked_by=["d1"]), task(UNBLOCKED, 3, reason=f"Dependency completed: {word}")
    )
    assert (made.status, [one.rule for one in made.remarks]) == (Status.BLOCKED, ["unblocked-by-other"])


def test_waits_that_are_over_are_kept_with_their_ends() -> None:
    both = [started(0), task(BLOCKED, 1, blocked_by=["d1"]), task(BLOCKED, 2, reason="disk"), task(UNBLOCKED, 5)]
    made = meaning(*both, task(BLOCKED, 6, blocked_by=["d1"]), completed(9))
    told = [(wait.name, wait.reason, wait.since, until) for wait, until in made.waited]
    second = 1_000_000
    assert told == [
        ("d1", None, 1 * second, 5 * second),
        (None, "disk", 2 * second, 5 * second),
        ("d1", None, 6 * second, 9 * second),
    ]
    assert not made.waits


def test_a_reason_names_the_task_that_is_waited_for() -> None:
    made = meaning(started(0), task(BLOCKED, 1, reason="Waiting for dependency: task-dep."))
    assert (waits(made), made.blocked_by) == ([("task-dep", True)], ())
    made = meaning(started(0), task(BLOCKED, 1, reason="needs task-a and task-b"), task(UNBLOCKED, 2, reason="task-a"))
    assert waits(made) == [("task-b", True)]
    made = meaning(started(0), task(BLOCKED, 1, reason="needs fix-login"), task(UNBLOCKED, 2, reason="fix-login done"))
    assert made.status is Status.RUNNING


def test_an_unblock_logged_before_its_block_ends_it() -> None:
    events = [started(-20), task(BLOCKED, 1, blocked_by=["d1"])]
    assert meaning(*events, task(UNBLOCKED, -10, "o-master", reason="Dependency completed: d1")).waits == {}
    two = [*events, task(BLOCKED, 0, blocked_by=["d2"])]
    assert meaning(*two, task(UNBLOCKED, -10, "o-master", reason="completed: d1")).blocked_by == ("d2",)
    far = [started(-3 * HOUR), task(BLOCKED, 1, reason="x"), task(UNBLOCKED, -2 * HOUR, reason="y")]
    assert meaning(*far).status is Status.BLOCKED


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
    assert made.row().masters == ("dev-master", "b-master")


def test_a_handoff_is_offered_and_accepted_once() -> None:
    made = meaning(
        handoff("created", 1, "a-master", to_master="b-master"),
        handoff("accepted", 2, "c-master"),
        handoff("created", 3, "a-master", to_master="b-master"),
    )
    given = made.handoffs["handoff-1"]
    assert (given.created_at, given.accepted_at, given.accepted_by) == (1_000_000, 2_000_000, "c-master")
    assert (made.master, [one.rule for one in made.remarks]) == ("c-master", ["accepted-by-other"])
    assert made.row().handoff_since is None


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

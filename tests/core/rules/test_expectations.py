"""What is expected of every open thing: each row of the table of `meaning.md`, and how what is late folds and ranks."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from lineage_core.base import due_times
from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.base.due_times import DueTimes
from lineage_core.meaning.task_row import task_of
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.attention import attention, others_of
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.expectations import PERSON, expectations
from lineage_core.rules.stuck_work import RULES, check
from lineage_core.rules.task_for_rules import row_suffices
from lineage_core.rules.thresholds import DEFAULTS, Thresholds
from lineage_core.settings.threshold_defaults import LATE as NAMES
from tests import build as e
from tests.build import DAILY, Event, facts_of
from tests.core.rules.late_tasks import NOW, at, busy, expected, going, kid, late, setting, state_of
from tests.late_cases import LATE, Late, late_case
from tests.meaning_cases import TASK


@pytest.mark.parametrize("one", LATE.values(), ids=LATE.keys())
def test_each_row_of_the_table_is_silent_before_and_fires_when_late(one: Late) -> None:
    def found(seconds: float) -> list[Finding]:
        case = late_case(one, seconds)
        state = state_of(**{TASK: shifted(case.events), **{k: shifted(v) for k, v in case.others.items()}})
        now = NOW + round(seconds * 1_000_000)
        return [
            found
            for found in attention(state, now)
            if (found.rule, found.subject) == (one.rule, one.subject) and found.late_since is not None
        ]

    assert found(-1) == []
    (late,) = found(0)
    assert (late.late_since, late.of) == (NOW, one.of)
    assert found(60)[0].late_since == NOW


def test_each_name_of_the_table_has_a_row() -> None:
    assert {one.rule for one in LATE.values()} == set(DEFAULTS) - {"warned"} | {"master-silent"}


def shifted(events: list[Event]) -> list[Event]:
    """Events of which the second 0 is now."""
    return [(NOW / 1_000_000 + seconds, record) for seconds, record in events]


@pytest.mark.parametrize("end", [e.failed, lambda at_: e.task("cancelled", at_)])
def test_a_wait_for_what_failed_is_late_at_once(end: Any) -> None:
    state = state_of(t=[*going(60), e.task("blocked", at(20), blocked_by="d")], d=[*going(60), end(at(2))])
    (one,) = (one for one in expected(state) if one.name == "blocked")
    assert one.due == one.since == NOW - 2 * MINUTE


def test_a_wait_that_a_reason_names_is_late_with_the_error_of_what_failed() -> None:
    wait = e.task("blocked", at(1), reason="Waiting for dependency: task-dep")
    state = state_of(t=[*going(60), wait], task_dep=[*going(60), e.failed(at(0.5), reason="no disk")])
    (found,) = (one for one in attention(state, NOW) if one.task_id == "t")
    assert (found.rule, found.of, found.severity) == ("blocked", "task-dep", Severity.BAD)
    assert found.sentence == "blocked by task-dep, which failed 30s ago: no disk"
    assert ("blocked", "t") not in late(state_of(t=[*going(60), wait], task_dep=[*going(60), *busy()]))


def test_a_reason_names_any_task_that_is_known() -> None:
    wait = e.task("blocked", at(1), reason="Waiting for build_42, then v1.2.")
    tasks = {"t": [*going(60), wait], "x": [*going(60), *busy()]}
    state = state_of(**tasks)
    state.merge_facts([("build_42", fact) for fact in facts_of([*going(60), e.failed(at(3))], "build_42", DAILY)])
    (found,) = (one for one in attention(state, NOW) if one.rule == "blocked")
    assert (found.of, found.sentence) == ("build_42", "blocked by build_42, which failed 1m00s ago")
    assert found.waiting == 0 and late(state_of(**tasks)) == []


def test_a_wait_for_what_never_existed_is_late_at_once_unless_it_may_be_elsewhere() -> None:
    state = state_of(t=[*going(60), e.task("blocked", at(1), blocked_by="gone")])
    assert late(state) == [("blocked", "t")]
    assert attention(state, NOW)[0].sentence == "blocked by gone, which never existed"
    assert attention(state, NOW, Thresholds(), lambda task_id: task_id == "gone") == []


def test_a_chain_names_its_end_and_a_circle_all_its_members_once() -> None:
    state = state_of(
        t=[*going(90), e.task("blocked", at(80), blocked_by="u")],
        u=[*going(90), e.task("blocked", at(80), blocked_by="v")],
        v=[*going(90), e.task("failed", at(70), reason="no key")],
    )
    told = {one.task_id: one.sentence for one in attention(state, NOW) if one.rule == "blocked"}
    assert told["t"].endswith("; root cause: v (failed: no key)") and "v, which failed" in told["u"]
    circle = {"e": "f", "f": "g", "g": "e"}
    state = state_of(**{a: [*going(90), e.task("blocked", at(20), blocked_by=b)] for a, b in circle.items()})
    (found,) = (one for one in attention(state, NOW) if one.rule == "deadlock")
    assert found.sentence == "e waits for f waits for g waits for e: none of them can go on"


@pytest.mark.parametrize(
    ("answer", "stands"),
    [
        (e.worker("G", at(1), "w-busy", progress_percentage=9), True),
        (e.task("escalated", at(1)), True),
        (e.assigned(at(1)), False),
        (e.completed(at(1)), False),
    ],
)
def test_an_escalation_waits_until_another_does_something_or_the_task_ends(answer: Event, stands: bool) -> None:
    state = state_of(t=[*going(60), *busy(), e.task("escalated", at(2), reason="which key?"), answer])
    assert [one.of for one in expected(state) if one.name == "escalated"] == [PERSON] * stands
    assert (("escalated", "t") in late(state)) is stands


def test_a_subtask_at_work_or_a_run_in_time_is_waited_for_without_end() -> None:
    tasks = {"p": [e.started(at(600))], "kid": kid("p", e.started(at(90)), e.worker("S", at(1)))}
    state = state_of(**tasks)
    assert late(state) == []
    (one,) = expected(state, "p")
    assert (one.name, one.of, one.due) == ("idle", "kid", None)
    ended = kid("p", e.started(at(90)), e.completed(at(60)))
    assert late(state_of(p=[*going(600), *busy()], kid=ended)) == []
    assert late(state_of(p=[*going(600), *busy(), e.completed(at(1))], kid=ended)) == []


def test_a_task_that_ended_expects_nothing_and_its_open_run_is_a_pattern() -> None:
    state = state_of(t=[e.started(at(300)), e.worker("P", at(299)), e.worker("S", at(298)), e.completed(at(200))])
    assert expected(state) == []
    (found,) = attention(state, NOW)
    assert (found.rule, found.late_since) == ("orphaned", None)


def test_the_open_run_of_an_id_is_its_last_one_though_a_cause_moves_the_one_before_behind_it() -> None:
    state = state_of(
        t=[
            e.worker("S", at(160), "w2"), e.completed(at(155)), e.worker("Z", at(123), "w2"),
            e.worker("S", at(94), "w2"), e.assigned(at(56)), e.worker("G", at(41), "w2"), e.completed(at(10)),
        ]
    )  # fmt: skip
    task = state.task("t")
    assert task is not None and task.workers["w2"] is task.runs[-1] and task.runs[-1].open
    assert ("orphaned", "w2") in late(state)


def test_a_clock_that_is_ahead_hides_nothing() -> None:
    state = state_of(t=[e.created(at(-240)), e.started(at(40))])
    (found,) = (one for one in attention(state, NOW) if one.rule == "idle")
    assert "clock of kim: 4h40m ahead" in found.sentence
    state = state_of(t=[*going(40), e.worker("S", at(39)), e.worker("G", at(-600), progress_percentage=3)])
    (one,) = (one for one in expected(state) if one.name == "silent")
    assert one.since == NOW - 39 * MINUTE, "the newest time of the task that is not after now"


def test_every_name_of_the_settings_has_a_default_and_a_rule() -> None:
    assert set(DEFAULTS) | {"master-silent"} == set(NAMES) and set(NAMES) - {"warned"} <= set(RULES)


def test_every_open_task_expects_something_whatever_was_logged() -> None:
    rng = random.Random(7)
    for _ in range(400):
        kinds = [
            lambda t: e.created(t, priority=rng.choice(["critical", "low"])), e.assigned, e.started, e.failed,
            e.completed, e.reassigned, lambda t: e.task("blocked", t, blocked_by=rng.choice(["t", "kid", "no"])),
            lambda t: e.task("unblocked", t), lambda t: e.task("escalated", t), lambda t: e.worker("P", t),
            lambda t: e.worker("S", t), lambda t: e.worker("C", t), lambda t: e.worker("Z", t),
            lambda t: e.handoff("created", t, "dev-master", to_master="b-master"),
        ]  # fmt: skip
        some = [rng.choice(kinds)(at(rng.uniform(-20, 300))) for _ in range(rng.randint(1, 8))]
        state = state_of(t=some, kid=kid("t", *([e.completed(at(3))] if rng.random() < 0.5 else [])))
        for row in state.rows.values():
            found = expected(state, row.task_id)
            assert bool(found) is not row.status.ended
            assert all(one.since <= NOW and (one.due is None or one.due >= one.since) for one in found)
            bounds, others = RowBounds(Thresholds(), others_of(state)), others_of(state)
            task = state.task(row.task_id)
            for now in (NOW - 30 * MINUTE, NOW, NOW + 7 * MINUTE, NOW + 40 * MINUTE):
                speaks = bounds.speaks_from(row, now)
                assert task is None or not check(task, others, now) or (speaks is not None and speaks <= now)
            later = NOW + 365 * 24 * HOUR
            if not row.status.ended and row.task_id == "kid":
                assert any(one.late(later) for one in expected(state, row.task_id, later)), "in the end it is late"


def test_the_row_of_a_task_tells_the_rules_the_same_as_its_facts() -> None:
    rng = random.Random(11)
    from_rows: Counter[str] = Counter()
    for _ in range(600):
        kinds = [
            lambda t: e.created(t, priority=rng.choice(["critical", "low"]), type="build"),
            e.assigned, e.started, e.failed, e.completed,
            lambda t: e.task("blocked", t, reason=rng.choice(["waits for kid", "no key"])),
            lambda t: e.task("escalated", t, reason="who?"),
            lambda t: e.worker("P", t, rng.choice(("w1", "w2")), worker_type="scan"),
            lambda t: e.worker("S", t, rng.choice(("w1", "w2"))), lambda t: e.worker("Z", t, rng.choice(("w1", "w2"))),
            *[lambda t: e.worker("G", t, rng.choice(("w1", "w2")), progress_percentage=40)] * 5,
            lambda t: e.handoff("created", t, "dev-master", to_master="b-master"),
        ]  # fmt: skip
        some = [rng.choice(kinds)(at(rng.uniform(0, 300))) for _ in range(rng.randint(1, 9))]
        some = some if rng.random() < 0.8 else [e.started(at(250))]
        state = state_of(t=some, kid=kid(rng.choice("tu"), *([e.completed(at(3))] if rng.random() < 0.5 else [])))
        others = others_of(state)
        for limits in (Thresholds(), setting(silent=20, idle=7)):
            for now in (NOW, NOW + 7 * MINUTE, NOW + 400 * MINUTE):
                for row in (row for row in state.rows.values() if row_suffices(row, now, limits)):
                    task = state.task(row.task_id)
                    assert task is not None
                    found = check(task_of(row), others, now, limits)
                    assert found == check(task, others, now, limits)
                    assert expectations(task_of(row), others, now, limits) == expectations(task, others, now, limits)
                    from_rows.update(one.rule for one in found)
    missing = {"handoff-unaccepted", "handoff-uncompleted", "master-silent", "feed-silent", "warned"}
    assert from_rows.keys() >= {*DEFAULTS, "escalated", "orphaned", "found-dead"} - missing


def test_what_becomes_late_of_100000_open_things_costs_no_look_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    def counted(operation: Any) -> Any:
        def run(*args: Any) -> Any:
            nonlocal steps
            steps += 1
            return operation(*args)

        return run

    for name in ("heappush", "heappop", "heapify"):
        monkeypatch.setattr(due_times, name, counted(getattr(due_times, name)))
    due: DueTimes[int] = DueTimes()
    for n in range(100_000):
        due.put(n, NOW + n)
    steps = 0
    assert list(due.due(NOW - 1)) == [] and steps == 0
    assert list(due.due(NOW + 4)) == [0, 1, 2, 3, 4] and steps <= 10
    for n in range(100):
        due.put(50_000 + n, NOW + 10 + n)
    due.put(5, None)
    assert list(due.due(NOW + 10)) == [6, 7, 8, 9, 10, 50_000] and steps < 150 and len(due) == 99_988

"""What is expected of every open thing: each row of the table of `meaning.md`, and how what is late folds and ranks."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.model.expectations import Expectation, Finding, Severity
from lineage_core.rules import due_times
from lineage_core.rules.attention import attention, others_of
from lineage_core.rules.due_times import DueTimes
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.expectations import PERSON, expectations
from lineage_core.rules.feed_silence import feed_finding
from lineage_core.rules.stuck_work import RULES, check
from lineage_core.rules.thresholds import DEFAULTS, Thresholds
from lineage_core.rules.usual import UsualTimes
from lineage_core.settings.late_settings import LATE as NAMES
from lineage_core.settings.late_settings import LateSettings
from lineage_core.state.store import State
from tests import build as e
from tests.build import DAILY, Event, facts_of
from tests.meaning_cases import LATE, TASK, Late, late_case

NOW = 1_795_334_628_000_000
M = 60.0


def at(minutes_ago: float) -> float:
    """The time, in seconds, so many minutes before now."""
    return NOW / 1_000_000 - minutes_ago * M


def state_of(**tasks: list[Event]) -> State:
    """A state of these tasks; `_` in a name stands for `-`."""
    state = State()
    for number, (name, events) in enumerate(tasks.items()):
        task_id = name.replace("_", "-")
        facts = facts_of(events, task_id, DAILY)
        moved = [fact._replace(offset=fact.offset + 100_000 * number) for fact in facts]
        state.merge_facts((task_id, fact) for fact in moved)
    return state


def expected(state: State, task_id: str = "t", now: int = NOW, limits: Thresholds | None = None) -> list[Expectation]:
    task = state.task(task_id)
    assert task is not None
    return expectations(task, others_of(state), now, limits or Thresholds())


def late(state: State, now: int = NOW, limits: Thresholds | None = None) -> list[tuple[str, str]]:
    """Rules and subjects of what is late or warned of, the most urgent first."""
    return [
        (one.rule, one.subject) for one in attention(state, now, limits or Thresholds()) if one.rule != "feed-silent"
    ]


def setting(**minutes: int) -> Thresholds:
    return Thresholds(LateSettings({name.replace("_", "-"): n * MINUTE for name, n in minutes.items()}))


def going(minutes_ago: float, master: str = "dev-master") -> list[Event]:
    return [e.created(at(minutes_ago)), e.assigned(at(minutes_ago), master), e.started(at(minutes_ago), master)]


def busy(minutes_ago: float = 1) -> list[Event]:
    """A worker that spoke so long ago."""
    return [e.worker("S", at(200), "w-busy"), e.worker("G", at(minutes_ago), "w-busy", progress_percentage=5)]


def kid(parent: str, *more: Event) -> list[Event]:
    return [e.created(at(100), parent_task_id=parent), *more]


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


def test_a_clock_that_is_ahead_hides_nothing() -> None:
    state = state_of(t=[e.created(at(-240)), e.started(at(40))])
    (found,) = (one for one in attention(state, NOW) if one.rule == "idle")
    assert "clock of kim: 4h40m ahead" in found.sentence
    state = state_of(t=[*going(40), e.worker("S", at(39)), e.worker("G", at(-600), progress_percentage=3)])
    (one,) = (one for one in expected(state) if one.name == "silent")
    assert one.since == NOW - 39 * MINUTE, "the newest time of the task that is not after now"


# When something is late.


def spoken(hours: list[float], last: float) -> list[Event]:
    ago = [last + 60 * sum(hours[n:]) for n in range(len(hours) + 1)]
    return [e.worker("S" if not n else "G", at(one), progress_percentage=n / 10) for n, one in enumerate(ago)]


@pytest.mark.parametrize(("hours", "is_late"), [([1.0] * 72, False), ([1.0] * 3, False), ([1.0] * 2, True), ([], True)])
def test_who_speaks_hourly_is_at_work_from_the_third_pause_on(hours: list[float], is_late: bool) -> None:
    state = state_of(t=[*going(80 * 60), *spoken(hours, 59)])
    assert (late(state) == [("silent", "w1")]) is is_late
    assert late(state, NOW + 2 * MINUTE) == [("silent", "w1")], "longer than it ever was silent"
    assert late(state, limits=setting(silent=30)) == [("silent", "w1")], "what is set is absolute"


def test_a_pause_that_it_has_had_once_does_not_excuse_the_next() -> None:
    words = [(200, "S"), (199, "G"), (198, "G"), (197, "G"), (41, "G")]  # one pause of 156 m
    spoke = [e.worker(kind, at(ago), progress_percentage=n) for n, (ago, kind) in enumerate(words)]
    assert late(state_of(t=[*going(210), *spoke])) == [("silent", "w1")]


def test_a_wait_for_a_person_or_a_taker_is_not_asked_of_the_owner_and_tells_nothing_of_its_pauses() -> None:
    escalated = [*going(300), e.task("escalated", at(290), reason="which key?")]
    assert late(state_of(t=escalated)) == [("escalated", "t")]
    offered = [*going(300), e.handoff("created", at(290), "dev-master", to_master="b-master")]
    assert late(state_of(t=offered)) == [("handoff-unaccepted", "handoff-1")]
    answered = [*escalated, e.event("task_unblocked", at(31), "kim", "user", reason="the new one")]
    assert late(state_of(t=answered)) == [("idle", "t")]


def test_what_is_usual_for_its_own_kind_counts_up_to_ten_times_the_default() -> None:
    def ended(minutes: float, n: int, master: str = "dev-master") -> list[Event]:
        return [
            e.created(at(3000 + n)),
            e.assigned(at(3000 + n), master),
            e.started(at(3000 + n - minutes), master),
            e.completed(at(10), master),
        ]

    def limits(count: int, minutes: float) -> Thresholds:
        state = state_of(**{f"d{n}": ended(minutes, n) for n in range(count)})
        usual = UsualTimes(state)
        usual.heard(state.rows)
        for _ in usual.learn():
            pass
        return Thresholds(usual=usual.late)

    assert limits(30, 45).after("unstarted", None, "dev-master") == 45 * MINUTE
    assert limits(29, 45).after("unstarted", None, "dev-master") == 10 * MINUTE, "too few"
    assert limits(30, 45).after("unstarted", None, "b-master") == 10 * MINUTE, "of another owner"
    assert limits(30, 2).after("unstarted", None, "dev-master") == 10 * MINUTE, "never less than the default"
    assert limits(30, 400).after("unstarted", None, "dev-master") == 100 * MINUTE, "ten times"


def test_every_name_of_the_settings_has_a_default_and_a_rule() -> None:
    assert set(DEFAULTS) | {"master-silent"} == set(NAMES) and set(NAMES) - {"warned"} <= set(RULES)


# What folds, and what comes first.


def test_things_of_a_silent_master_are_one_finding() -> None:
    tasks = {f"t{n}": going(40 + 2.5 * n, "security-master") for n in range(12)}
    for n in range(7):  # those under 57 minutes were last touched by others
        tasks[f"t{n}"] = [
            *going(90, "security-master")[:2],
            e.started(at(80), "security-master"),
            e.event("task_started", at(40 + 2.5 * n), "kim", "user"),
        ]
    tasks["own"] = [*going(70, "security-master"), e.completed(at(57), "security-master")]
    found = [one for one in attention(state_of(**tasks), NOW) if one.rule != "feed-silent"]
    assert [one.rule for one in found] == ["master-silent"]
    assert found[0].sentence == "security-master: silent for 57m00s, 12 tasks wait for it" and len(found[0].under) == 12
    tasks["own"] = [*going(70, "security-master"), e.completed(at(1), "security-master")]
    assert {one.rule for one in attention(state_of(**tasks), NOW)} == {"idle"}, "it spoke a minute ago"
    alone = {"t": going(90, "security-master")}
    assert [one.rule for one in attention(state_of(**alone), NOW) if one.rule != "feed-silent"] == ["idle"]


def test_the_feed_is_silent_when_no_event_comes_though_work_is_open() -> None:
    rows = state_of(t=going(31)).rows
    last = rows["t"].last_at
    assert feed_finding(rows, last, 1, NOW, Thresholds()) is not None
    assert feed_finding(rows, last, 0, NOW, Thresholds()) is None, "nothing is open"
    assert feed_finding(rows, last, 1, NOW - 2 * MINUTE, Thresholds()) is None
    assert feed_finding(rows, last, 1, NOW, setting(feed_silent=60)) is None
    rare = state_of(**{f"t{n}": going(31 + 20 * n) for n in range(1000)}).rows  # an event each 20 m
    assert feed_finding(rare, last, 9, NOW, Thresholds()) is None and feed_finding(
        rare, last, 9, NOW + HOUR, Thresholds()
    )


def test_a_critical_task_that_nobody_has_comes_first_then_what_many_wait_for() -> None:
    waiting = {f"w{n}": [*going(20), e.task("blocked", at(20), blocked_by="many")] for n in range(3)}
    state = state_of(
        low=[e.created(at(600), priority="low")],
        many=[e.created(at(200))],
        some=[e.created(at(600))],
        first=[e.created(at(300), priority="critical")],
        **waiting,
    )
    found = [one for one in attention(state, NOW) if one.rule == "unassigned"]
    assert [one.task_id for one in found] == ["first", "many", "some", "low"]
    assert [one.waiting for one in found] == [0, 3, 0, 0] and all(one.late_since for one in found)


def test_a_worker_id_that_is_open_in_two_tasks_is_a_finding() -> None:
    def found(*kinds: str) -> list[Finding]:
        two = {
            f"t{n}": [*going(20), e.worker("S", at(1)), *([e.worker(k, at(0.5))] if k else [])]
            for n, k in enumerate(kinds)
        }
        return [one for one in attention(state_of(**two), NOW) if one.rule == "same-worker"]

    assert [one.sentence for one in found("", "")] == ["w1 is open in 2 tasks at once: t0, t1"]
    assert found("", "C") == []


# Over all.


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

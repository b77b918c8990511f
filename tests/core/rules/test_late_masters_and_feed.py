"""What folds into one finding, and which finding comes first."""

from __future__ import annotations

from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.model.expectations import Finding
from lineage_core.rules.attention import attention
from lineage_core.rules.feed_silence import feed_finding
from lineage_core.rules.thresholds import Thresholds
from tests import build as e
from tests.core.rules.late_tasks import NOW, at, going, setting, state_of


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

"""When something is late: the pauses that a task, a master or its kind has had."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import MINUTE
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import UsualTimes
from tests import build as e
from tests.build import Event
from tests.core.rules.late_tasks import NOW, at, going, late, setting, state_of


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

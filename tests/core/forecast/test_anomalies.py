"""Anomalies: rarely a false one where nothing changes; what is planted is found, and named."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import DAY, HOUR, MINUTE
from lineage_core.forecast.anomalies import Histories, _without_echoes
from lineage_core.forecast.anomaly_tests import believed, count_tails, longer, more_failures, usual_length
from lineage_core.forecast.live_anomalies import Watchman
from tests.build import NOW, Log
from tests.core.forecast.simulated_host import START, WARM, Planted, watched

PLANTED = Planted("", START + int((WARM + 2) * DAY) + 10 * HOUR)


def test_there_is_at_most_one_false_alarm_a_day() -> None:
    assert len(watched(1, 20)) <= 20


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_there_is_at_most_one_false_alarm_a_day_over_200_days(seed: int) -> None:
    told = watched(seed, 200)
    print(f"{len(told)} false alarms in 200 days")
    assert len(told) <= 200


@pytest.mark.parametrize(
    ("what", "rule", "subject", "hours", "words"),
    [
        ("fails", "fails-more", "worker type scan-worker", 24, "times as often as before"),
        ("slow", "takes-longer", "worker type scan-worker", 4, "times as long as before"),
        ("error", "unseen-error", "scan-worker: segfault in #", 12, "not seen in four weeks"),
        ("silent", "gone-quiet", "master security-master", 3, "says nothing for"),
    ],
)
def test_what_is_planted_is_found_in_time_and_named(
    what: str, rule: str, subject: str, hours: float, words: str
) -> None:
    """On a host with 300 scans a day; with fewer it takes as much longer."""
    planted = PLANTED._replace(what=what)
    told = watched(5, 3.5, busy=8, planted=planted)
    mine = [one for one in told if one.anomaly.rule == rule and one.anomaly.subject == subject]
    assert mine, [one.anomaly.sentence for one in told]
    assert mine[0].at - planted.at <= hours * HOUR
    found = mine[0].anomaly
    assert subject.removeprefix("scan-worker: ") in found.sentence and words in found.sentence
    if what != "silent":
        assert found.tasks and all(task.startswith("scan-worker") for task in found.tasks)
    else:
        assert found.since <= planted.at + HOUR


def test_the_tests_are_what_they_are_called() -> None:
    assert more_failures(0, 10, 5, 100) == pytest.approx(1.0)
    assert more_failures(5, 10, 5, 100) < 1e-3 < more_failures(2, 10, 5, 100)
    assert more_failures(3, 10, 0, 0) > 0.5, "of nothing before nothing follows"
    fewer, more = count_tails(3, 400, 100)
    assert fewer == pytest.approx(0.433, abs=0.02) and more == pytest.approx(0.762, abs=0.02), "Poisson of mean 4"
    usual = usual_length([*range(100, 201)])
    assert usual[0] == pytest.approx(5.01, abs=0.01)
    assert longer([150] * 20, *usual)[0] == pytest.approx(0.5)
    chance, times = longer([300] * 20, *usual)
    assert chance < 1e-9 and times == pytest.approx(2)
    assert believed([0.01, 0.02, 0.03, 0.5], 0.05) == 0.03
    assert believed([0.2, 0.9], 0.05) == 0.0
    assert believed([], 0.05) == 0.0


def test_a_state_tells_what_is_not_normal() -> None:
    log = Log()
    for number in range(240):  # one in two hours, of which one in 20 fails; at last nearly all
        ago = (240 - number) * 7200
        failed = number % 20 == 0 or (number >= 230 and number % 5 != 0)
        log.worker(
            f"task-{number}", f"w-{number}", "scan-worker", (ago, ago, ago - 600), "failed" if failed else "success"
        )
    watchman = Watchman(log.state)
    watchman.heard(log.state.rows)
    assert [one.rule for one in watchman.anomalies(NOW - DAY)] == []
    (found,) = (one for one in watchman.anomalies(NOW) if one.rule == "fails-more")
    assert found.subject == "worker type scan-worker" and "8 of 12 runs in 1d00h" in found.sentence
    assert "task-239" in found.tasks and "task-235" not in found.tasks
    # Told again once its task was heard of again, nothing counts twice; what was reopened counts as it is now.
    watchman.heard(log.state.rows)
    assert next(one for one in watchman.anomalies(NOW) if one.rule == "fails-more") == found
    assert watchman.look(NOW)[0].severity == "bad"


def test_nothing_is_told_where_little_is_known() -> None:
    histories = Histories()
    for number in range(20):
        histories.put(histories.ended, ("worker type", "w"), START + number * MINUTE, "t")
        histories.put(histories.failed, ("worker type", "w"), START + number * MINUTE, "t")
    assert histories.look(START + HOUR) == []
    assert _without_echoes([]) == []


def test_of_very_many_tasks_those_that_were_last_heard_of_are_taken_in() -> None:
    log = Log()
    for number in range(1200):
        log.add("task_created", f"task-{number}", 5000 - number)
    watchman = Watchman(log.state)
    watchman.heard(log.state.rows)
    steps = list(watchman.learn(7))
    assert len(steps) == 3 + 7, "chosen in three slices"
    assert len(watchman.histories.created["all", ""]) == 7
    assert watchman.histories.created["all", ""].first == log.state.rows["task-1193"].first_at

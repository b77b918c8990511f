"""The workers of all tasks as a model: order, what is usual, what is stuck."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.base.clock import SECOND
from lineage_core.meaning.durations import BIG
from lineage_core.model.expectations import Severity
from lineage_core.model.task_parts import Worker, WorkerEnd
from lineage_core.rules import usual_durations as models_usual
from lineage_core.rules.attention import others_of
from lineage_core.rules.silence import STUCK, over, worker_look
from lineage_core.rules.stuck_work import check
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usual, UsualTimes, gaps_of
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.models.workers import WorkerIndex
from tests.build import NOW, Log
from tests.tui.alone import alone, usual_of
from tests.tui.views.worker_tables import table, workers


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_column_sorts_as_sorted_does_after_any_changes(data: Any) -> None:
    log = Log()
    roster = WorkerIndex(log.state)
    column = "silent"
    steps = ("worker_spawned", "worker_started", "worker_progress", "worker_completed", "worker_failed")
    for _ in range(data.draw(st.integers(1, 30))):
        match data.draw(st.sampled_from(["event", "event", "event", "resort", "filter"])):
            case "event":
                number = data.draw(st.integers(0, 7))
                roster.update(
                    log.add(
                        data.draw(st.sampled_from(steps)),
                        f"task-{number % 3}",
                        data.draw(st.integers(0, 300)),
                        worker_id=f"worker-{number}",
                        worker_type=f"type-{number % 2}",
                        progress_percentage=data.draw(st.integers(0, 100)),
                        token_usage=data.draw(st.integers(0, 9)),
                        current_step=data.draw(st.sampled_from(["", "reading", "writing"])),
                    )
                )
            case "resort":
                column = data.draw(st.sampled_from(sorted(roster.keys)))
                for _done in roster.resort(column, roster.matches):
                    roster.update(log.add("worker_progress", "task-0", 5, worker_id="worker-0"))
            case "filter":
                wanted = data.draw(st.none() | st.sampled_from(["task-0", "task-1"]))
                chosen = (lambda row, seat, w=wanted: row.task_id == w) if wanted else None
                for _done in roster.resort(column, chosen):
                    pass
    slots = [
        slot
        for slot in range(1, len(roster) + 1)
        if roster.matches is None or roster.matches(log.state.rows[roster.seat(slot).task_id], roster.seat(slot))
    ]
    assert list(roster.order) == sorted(slots, key=roster.keys[column])
    plain = {w.worker_id: w for t in log.state.rows for w in log.state.task(t).workers.values()}  # type: ignore[union-attr]
    seats = {seat.worker_id: seat for seat in map(roster.seat, range(1, len(roster) + 1))}
    assert {(w.worker_id, w.last_at, w.ended_at, w.percent, w.tokens) for w in plain.values()} == {
        (s.worker_id, s.last, s.ended, s.percent, s.tokens) for s in seats.values()
    }
    assert roster.open == sum(w.open for w in plain.values())
    assert roster.open_lines == sum(roster.seat(slot).open for slot in slots)
    now = NOW + 240 * SECOND
    words = Counter(worker_look(w, now, Thresholds(), None) for w in plain.values())
    assert roster.stuck(now) == Counter({word: words[word] for word in STUCK if words[word]})


def test_the_longest_silent_worker_stands_first_and_ended_ones_follow_newest_first() -> None:
    log = Log()
    log.worker("task-1", "worker-old", "scan-worker", [900, 890, 880], "success")
    log.worker("task-1", "worker-busy", "scan-worker", [100, 90, 5])
    log.worker("task-2", "worker-silent", "scan-worker", [2000, 1990, 700])
    log.worker("task-2", "worker-new", "scan-worker", [50, 40, 30], "failed")
    view = table(log.state)
    view.model.update(log.state.rows)
    assert workers(view) == ["worker-silent", "worker-busy", "worker-new", "worker-old"]


def test_silence_is_compared_with_the_silences_of_workers_of_the_type_that_ended_by_themselves() -> None:
    log = Log()
    assert usual_of(log.state).of("scan") is None
    for n in range(10):
        log.worker(f"task-{n}", f"worker-{n}", "scan", [100, 90, 80, 60, 30], "success")
    log.worker("task-open", "worker-open", "scan", [900, 890, 100])
    log.worker("task-zombie", "worker-zombie", "scan", [900, 890, 100], "zombie")
    log.worker("task-other", "worker-other", "fix", [900, 890, 100], "success")
    usual = usual_of(log.state)
    assert usual.of("scan") == Usual(20 * SECOND, 30 * SECOND)
    assert usual.of("fix") is None, "two gaps tell nothing"
    usual.heard(log.worker("task-more", "worker-more", "scan", [9000, *range(8000, 1000, -600), 0], "success"))
    assert usual.of("scan") == Usual(20 * SECOND, 30 * SECOND) and usual.behind
    assert list(usual.learn()) == [0] and not usual.behind
    assert usual.of("scan") == Usual(30 * SECOND, 600 * SECOND)


@given(order=st.permutations(range(60)), cuts=st.sets(st.integers(1, 59), max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_is_usual_does_not_depend_on_the_order_of_reading(order: list[int], cuts: set[int]) -> None:
    """The newest tasks tell, and of their workers those that ended last, however many are read before or after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models_usual, "LEARNED", 20)
        patch.setattr(models_usual, "RUNS_HELD", 30)
        log = Log()
        usual = UsualTimes(log.state)
        last = 0
        for n, number in enumerate(order):
            for worker, kind, end in (("w", f"type-{number % 2}", 9), ("x", "type-0", number % 7)):
                words = [90 * number + ago for ago in (80, 70, 30, end)]
                log.worker(f"task-{number}", worker, kind, words, "success")
            if n + 1 in cuts:
                usual.heard(f"task-{one}" for one in order[last : n + 1])
                last = n + 1
                assert list(usual.learn()) is not None
        usual.heard(f"task-{one}" for one in order[last:])
        for _ in usual.learn():
            pass
        once = usual_of(log.state)
        assert [usual.of(f"type-{n}") for n in range(3)] == [once.of(f"type-{n}") for n in range(3)]
        assert once.of("type-0") is not None and len(usual._learned) == 20


def test_what_is_usual_is_forgotten_with_what_tells_no_more_and_learned_though_a_lesson_was_given_up() -> None:
    log = Log()
    for n in range(12):
        log.worker(f"task-{n}", "w", f"type-{n % 2}", [100, 90, 80, 60, 30 - n], "success")
    usual = UsualTimes(log.state)
    usual.heard(log.state.rows)
    lesson = usual.learn()
    assert [next(lesson) for _ in range(3)] == [0, 1, 2]
    lesson.close()
    assert usual.behind and not usual.learning
    for _ in usual.learn():
        pass
    kinds = ("type-0", "type-1")
    assert [usual.of(kind) for kind in kinds] == [usual_of(log.state).of(kind) for kind in kinds] != [None, None]
    again = log.add("worker_spawned", "task-1", 5, worker_id="w", worker_type="type-1")
    many = [("task-2", log.fact("worker_progress", "task-2", 4, worker_id="w")) for _ in range(BIG)]
    usual.heard(again | log.state.merge_facts(many))
    for _ in usual.learn():
        pass
    assert [usual.of(kind) for kind in kinds] == [usual_of(log.state).of(kind) for kind in kinds]
    # The first run of task-1 has ended, and tells; task-2 has become too large to be learned from.
    assert set(usual._learned) == {f"task-{n}" for n in range(12)} - {"task-2"}


def test_the_cleanups_word_is_none_of_the_workers() -> None:
    worker = Worker("w", spawned_at=0, started_at=10, ended_at=100, progress=[(30, 1.0), (60, 2.0)])
    worker.end = WorkerEnd.FAILED
    assert gaps_of(worker) == (20, 30, 40)
    worker.end = WorkerEnd.ZOMBIE
    assert gaps_of(worker) == ()


async def test_every_count_of_stuck_workers_is_the_same() -> None:
    log = Log()
    log.worker("task-1", "worker-silent", "scan-worker", [900, 800, 400])
    log.worker("task-1", "worker-zombie", "scan-worker", [9000, 8000, 1800])
    log.worker("task-2", "worker-unstarted", "scan-worker", [300])
    log.worker("task-2", "worker-never", "scan-worker", [1800])
    log.worker("task-3", "worker-orphaned", "scan-worker", [9000, 8000, 7000])
    log.add("task_completed", "task-3", 4000, completion_status="success")
    log.worker("task-4", "worker-fine", "scan-worker", [100, 90, 60])
    expected = Counter(zombie=2, silent=1, orphaned=1) + Counter({"never-started": 1})
    status_counts, view = StatusCounts(Thresholds()), table(log.state)
    for row in log.state.rows.values():
        status_counts.take(None, row)
    assert status_counts.stuck(NOW) == expected
    async with alone(view):
        view.arrived(set(log.state.rows))
        assert view.model.stuck(NOW) == expected
        assert Counter(filter(STUCK.__contains__, map(view.look_at, range(view.count())))) == expected
    tasks = [task for name in log.state.rows if (task := log.state.task(name)) is not None]
    looks = (worker_look(w, NOW, Thresholds(), over(task)) for task in tasks for w in task.workers.values())
    assert Counter(filter(STUCK.__contains__, looks)) == expected
    found = (one for task in tasks for one in check(task, others_of(log.state), NOW))
    assert Counter("zombie" if one.severity is Severity.BAD else one.rule for one in found) == expected

    row = log.state.rows["task-1"]
    log.add("worker_completed", "task-1", 0, worker_id="worker-zombie", completion_status="success")
    status_counts.take(row, log.state.rows["task-1"])
    assert status_counts.stuck(NOW) == expected - Counter(zombie=1)

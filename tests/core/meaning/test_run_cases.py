"""Each case of meaning.md about the runs of workers, in any order and with copies."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.meaning.task_row import row_of
from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status
from tests.build import Event, completed, failed, started, worker
from tests.core.meaning.any_order import meaning


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
    assert row_of(made).open_workers == sum(end is None for _, _, end in expected)


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
    assert (len(made.runs), made.tokens, [(one.worker_id, one.number, one.retried) for one in made.failures]) == (
        2,
        1200,
        [("w1", 1, True)],
    )
    assert (made.runs[1].retry_of, row_of(made).retries) == ("w1", 1)
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

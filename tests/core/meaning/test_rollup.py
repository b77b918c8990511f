"""The figures of parents and sessions, of what the rows of their tasks say."""

from __future__ import annotations

import random

from lineage_core.meaning.rollup import below, by_session, parent, phases, rollup
from lineage_core.meaning.task_row import row_of
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.task_parts import Status
from lineage_core.state.store import State
from tests.build import Event, completed, created, facts_of, failed, started, task, worker
from tests.core.meaning.any_order import meaning
from tests.core.meaning.simulation import life

SECOND = 1_000_000


def state_of(tasks: dict[str, list[Event]]) -> State:
    state = State()
    for number, (task_id, events) in enumerate(tasks.items()):
        state.merge_facts((task_id, fact) for fact in facts_of(events, task_id, f"lineage-2026-11-{number + 10}.jsonl"))
    return state


def eight() -> dict[str, list[Event]]:
    """A parent with eight subtasks: five done, one failed, two at work; each used ten tokens."""
    tasks = {"p": [created(0), started(1)]}
    for n in range(8):
        end = (
            [completed(30 + n, completion_status="partial" if n == 4 else "success")]
            if n < 5
            else [failed(30)]
            if n == 5
            else []
        )
        tasks[f"k{n}"] = [
            created(n, parent_task_id="p"),
            started(10 + n),
            worker("P", 12 + n, f"w{n}"),
            worker("S", 13 + n, f"w{n}"),
            worker("C", 20 + n, f"w{n}", token_usage=10),
            *end,
        ]
    return tasks


def test_a_parent_knows_how_many_of_its_subtasks_are_done_and_the_worst() -> None:
    state = state_of(eight())
    found = parent("p", state.rows, state.subtasks.children, 60 * SECOND)
    assert (found.subtasks.done, found.subtasks.tasks, found.worst) == (5, 8, Status.FAILED)
    assert (found.own.tokens, found.below.tokens, found.together.tokens) == (None, 80, 80)
    assert (found.own.elapsed, found.together.elapsed) == (60 * SECOND, 60 * SECOND)
    assert (found.subtasks.open, found.subtasks.failures, found.subtasks.partial) == (2, 1, 1)
    assert found.subtasks.by_status == {Status.COMPLETED: 5, Status.FAILED: 1, Status.RUNNING: 2}


def test_what_is_below_a_subtask_counts_for_the_subtree_and_not_for_n_of_m() -> None:
    tasks = eight() | {"g": [created(40, parent_task_id="k0"), started(41), completed(90, token_usage=7)]}
    state = state_of(tasks)
    found = parent("p", state.rows, state.subtasks.children, 99 * SECOND)
    assert (found.subtasks.done, found.subtasks.tasks) == (5, 8)
    assert (found.below.done, found.below.tasks, found.below.tokens) == (6, 9, 87)
    done = parent("k0", state.rows, state.subtasks.children, 99 * SECOND)
    assert (done.own.elapsed, done.together.elapsed) == (30 * SECOND, 90 * SECOND)
    assert done.together.open == 0


def test_a_task_without_subtasks_has_nothing_below_it() -> None:
    state = state_of({"t": [created(0)]})
    found = parent("t", state.rows, state.subtasks.children, SECOND)
    assert (found.below.tasks, found.worst, found.own) == (0, None, found.together)


def test_subtasks_that_go_round_in_a_circle_are_counted_once() -> None:
    rows = state_of({name: [created(0)] for name in "abc"}).rows
    around = {"a": ["b"], "b": ["c"], "c": ["a", "b", "gone"]}
    assert [row.task_id for row in below("a", rows, around.__getitem__)] == ["b", "c"]


def test_figures_of_sessions_add_up_to_those_of_all_tasks() -> None:
    rng = random.Random(1)
    rows = [meaning_row(rng, f"task-{n}") for n in range(60)]
    named = [row._replace(session=rng.choice(["a", "b", None])) for row in rows]
    whole, parts = rollup(named, 10**9), by_session(named, 10**9)
    assert set(parts) == {"a", "b", "no session"}
    for figure in ("tasks", "done", "open", "workers", "failures", "retries", "escalated", "events"):
        assert getattr(whole, figure) == sum(getattr(part, figure) for part in parts.values())
    assert whole.failures == sum(row.failed_attempts + row.failed_workers for row in rows) > 0


def meaning_row(rng: random.Random, task_id: str) -> TaskRow:
    return row_of(made(rng, task_id))


def made(rng: random.Random, task_id: str) -> Task:
    return meaning(*life(rng, handoffs=True).events, task_id=task_id)


def test_a_parent_runs_while_anything_below_it_runs() -> None:
    waits = meaning(created(0), started(10), task("blocked", 20, reason="x"))
    works = meaning(created(5), started(30), completed(50))
    found = [(phase.status.value, phase.start, phase.end) for phase in phases([waits, works], 90 * SECOND)]
    assert found == [
        ("queued", 0, 10 * SECOND),
        ("running", 10 * SECOND, 20 * SECOND),
        ("blocked", 20 * SECOND, 30 * SECOND),
        ("running", 30 * SECOND, 50 * SECOND),
        ("blocked", 50 * SECOND, None),
    ]


def test_between_tasks_there_is_no_phase() -> None:
    first, last = meaning(started(0), completed(10)), meaning(started(60), completed(70))
    found = [(phase.start, phase.end) for phase in phases([last, first], 90 * SECOND)]
    assert found == [(0, 10 * SECOND), (60 * SECOND, 70 * SECOND)]
    assert phases([], 0) == []


def test_phases_of_many_are_those_of_any_moment() -> None:
    rng = random.Random(2)
    tasks = [made(rng, f"task-{n}") for n in range(8)]
    now = max(one.last_at for one in tasks) + SECOND
    found = phases(tasks, now)
    for at in range(0, now, 61 * SECOND):
        here = {phase.status for one in tasks for phase in one.phases if phase.start <= at < (phase.end or now)}
        order = (Status.RUNNING, Status.BLOCKED, Status.ASSIGNED, Status.QUEUED)
        expected = next((status for status in order if status in here), None)
        said = next((phase.status for phase in found if phase.start <= at < (phase.end or now)), None)
        assert said is expected

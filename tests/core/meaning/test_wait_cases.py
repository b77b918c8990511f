"""Each case of meaning.md about what is waited for, in any order and with copies."""

from __future__ import annotations

import pytest

from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status
from tests.build import completed, started, task
from tests.core.meaning.any_order import meaning

HOUR = 3600

BLOCKED, UNBLOCKED = "blocked", "unblocked"


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

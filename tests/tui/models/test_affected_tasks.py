"""Which tasks are looked at again when another one changes."""

from __future__ import annotations

from typing import Any

from lineage_core.rules.attention import others_of
from lineage_core.state.store import State
from lineage_tui.models.affected_tasks import AffectedTasks
from tests.build import placed


class Cortex:
    """Tasks of a state, and which of them a change affects."""

    def __init__(self) -> None:
        self.state = State()
        self.affected = AffectedTasks(self.state.subtasks.parent)
        self.at = 0

    def log(self, kind: str, task: str, **data: Any) -> set[str]:
        self.at += 1
        self.state.merge_facts([placed(kind, task, self.at, **data)])
        return set(self.affected.put(self.state.rows[task]))


def waiting_for(blocker: str) -> Cortex:
    cortex = Cortex()
    cortex.log("task_created", "waits")
    cortex.log("task_created", blocker)
    cortex.log("task_blocked", "waits", reason="the other", blocked_by=blocker)
    return cortex


def test_what_waits_for_a_task_is_affected_when_it_begins_and_when_it_ends() -> None:
    cortex = waiting_for("first")
    assert cortex.log("task_started", "first") == {"waits"}
    assert cortex.log("task_completed", "first") == {"waits"}


def test_an_event_that_changes_nothing_affects_nothing() -> None:
    cortex = waiting_for("first")
    cortex.log("task_started", "first")
    assert cortex.log("worker_progress", "first", worker_id="w", progress_percentage=5) == set()


def test_what_a_task_waited_for_is_affected_when_it_waits_no_more() -> None:
    cortex = waiting_for("first")
    assert cortex.log("task_completed", "waits") == {"first"}


def test_all_of_a_circle_is_affected_when_one_of_it_waits_no_more() -> None:
    """They wait for each other no more, so each is late by itself again."""
    cortex = waiting_for("second")
    cortex.log("task_blocked", "second", reason="the other", blocked_by="third")
    cortex.log("task_blocked", "third", reason="the other", blocked_by="fourth")
    cortex.log("task_blocked", "fourth", reason="the other", blocked_by="waits")
    assert cortex.log("task_unblocked", "waits") == {"second", "third", "fourth"}


def test_all_above_and_below_in_the_chains_of_waiting_is_affected() -> None:
    cortex = waiting_for("middle")
    cortex.log("task_created", "parent")
    cortex.log("task_created", "last", parent_task_id="parent")
    assert cortex.log("task_blocked", "middle", reason="the other", blocked_by="last") == {"waits", "last", "parent"}


def test_what_has_to_do_with_a_task_that_is_forgotten_is_affected_once() -> None:
    cortex = waiting_for("first")
    others = others_of(cortex.state)
    assert cortex.affected.waiting("first", others) == 1
    assert cortex.affected.drop("waits") == {"first"}
    assert cortex.affected.drop("waits") == set()
    assert cortex.affected.waiting("first", others) == 0

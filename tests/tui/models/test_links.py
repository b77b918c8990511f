"""What a line names, and single facts found in a task of any length."""

from __future__ import annotations

import pytest

from lineage_tui.models.fact_lookup import last_fact, last_facts, part_of
from lineage_tui.models.links import Subject, links
from tests.build import Log

HOSTILE = ("worker-1", 'w"}],[1,"x', "}],[-5,", "wörker\\", "w\x00\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_the_last_event_of_a_worker_is_found_whatever_its_name(name: str) -> None:
    log = Log()
    log.worker("task-1", name, "scan-worker", [100, 90, 80, 70])
    log.worker("task-1", "worker-other", "scan-worker", [60, 50, 40])
    log.add("task_escalated", "task-1", 30, reason=f"{name} hangs")
    log.add("task_blocked", "task-1", 20, reason=name)
    found = last_fact(log.state, "task-1", name, lambda fact: part_of(fact) == name)
    wanted = [fact for fact in log.state.facts("task-1") if part_of(fact) == name][-1]
    assert found == wanted
    assert last_fact(log.state, "task-1", name, lambda fact: False) is None
    assert last_fact(log.state, "task-9", name, lambda fact: True) is None
    every = log.state.facts("task-1")
    for count in range(len(every) + 2):
        assert last_facts(log.state, "task-1", count) == every[max(0, len(every) - count) :]
    of_worker = [fact for fact in every if part_of(fact) == name]
    assert last_facts(log.state, "task-1", 3, name, lambda fact: part_of(fact) == name) == of_worker[-3:]
    assert last_facts(log.state, "task-9", 3) == []


def test_the_last_events_are_the_last_ones_also_when_some_came_late_or_twice() -> None:
    log = Log()
    facts = [log.fact("worker_progress", "task-1", 100 - n, worker_id="worker-1") for n in range(20)]
    log.state.merge_facts((("task-1", fact) for fact in facts), settle=False)
    log.state.merge_facts([("task-1", log.fact("worker_progress", "task-1", 95, worker_id="worker-1"))], settle=False)
    copy = facts[3]._replace(file="lineage-2026-03-15.jsonl")
    log.state.merge_facts([("task-1", copy)], settle=False)
    assert last_facts(log.state, "task-1", 4) == facts[-4:]
    for within in (0, 1, 150, 2000, 1 << 20):
        some = last_facts(log.state, "task-1", 50, within=within)
        assert some == log.state.facts("task-1")[len(log.state.facts("task-1")) - len(some) :]
    assert len(some) == 21


def names(log: Log, at: Subject) -> list[tuple[str, str]]:
    return [(link.what, link.text) for link in links(log.state, at)]


def test_a_task_names_blockers_parent_related_and_subtasks_that_were_seen() -> None:
    log = Log()
    for name in ("task-up", "task-b", "task-sub"):
        log.add("task_created", name, 90, parent_task_id="task-1" if name == "task-sub" else None)
    log.add("task_created", "task-1", 80, parent_task_id="task-up")
    log.add("task_blocked", "task-1", 70, blocked_by=["task-b", "task-never-seen", "task-1"])
    assert names(log, Subject("task-1")) == [("blocked by", "task-b"), ("part of", "task-up"), ("subtask", "task-sub")]


def test_a_worker_names_what_it_retries_and_what_retries_it() -> None:
    log = Log()
    for n, end in enumerate(("failed", "failed", "success")):
        log.worker("task-1", f"worker-{n}", "scan-worker", [100 - 20 * n, 95 - 20 * n, 90 - 20 * n], end)
    assert names(log, Subject("task-1", "worker-1")) == [
        ("retry of", "worker-0"), ("retried by", "worker-2"), ("of task", "task-1")
    ]  # fmt: skip


def test_an_event_names_its_worker_and_its_task_each_once() -> None:
    log = Log()
    log.worker("task-1", "worker-0", "scan-worker", [100, 90])
    fact = log.state.facts("task-1")[-1]
    assert names(log, Subject("task-1", None, fact)) == [("worker", "worker-0"), ("of task", "task-1")]
    assert links(log.state, Subject("task-never-seen")) == []

"""Each expectation and each finding of the table in lineage_core/rules: silent before its time, late from it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.build import Event, assigned, completed, created, failed, handoff, reassigned, started, task, worker
from tests.meaning_cases import HOUR, MINUTE, TASK, Case


class Late(NamedTuple):
    """Something that is late from second 0 on, and not before (`late_case`).

    rule: the name of the expectation; subject, of: what it is about, and of whom something is expected. tasks: the
    events of each.
    """

    rule: str
    subject: str
    of: str | None
    tasks: Mapping[str, list[Event]]


WORKER = f"worker-of-{TASK}"


HANDOFF = f"handoff-of-{TASK}"


KID = f"kid-of-{TASK}"


def _going(minutes_ago: float) -> list[Event]:
    at = -minutes_ago * MINUTE
    return [created(at), assigned(at), started(at)]


def _busy() -> list[Event]:
    """A worker that has just spoken."""
    return [worker("S", -200 * MINUTE, "w-busy"), worker("G", -1, "w-busy", progress_percentage=5)]


def _subtask(*more: Event) -> list[Event]:
    return [created(-100 * MINUTE, parent_task_id=TASK), started(-90 * MINUTE), *more]


def _waiting(minutes_ago: float, **data: Any) -> list[Event]:
    return [*_going(60), task("blocked", -minutes_ago * MINUTE, **data)]


LATE: dict[str, Late] = {
    "unassigned": Late("unassigned", TASK, "the coordinator", {TASK: [created(-30 * MINUTE)]}),
    "unassigned, critical": Late(
        "unassigned", TASK, "the coordinator", {TASK: [created(-5 * MINUTE, priority="critical")]}
    ),
    "unassigned, high": Late("unassigned", TASK, "the coordinator", {TASK: [created(-5 * MINUTE, priority="high")]}),
    "unstarted": Late("unstarted", TASK, "dev-master", {TASK: [created(-HOUR), assigned(-10 * MINUTE)]}),
    "unstarted, reopened": Late(
        "unstarted", TASK, "b-master", {TASK: [*_going(60), failed(-50 * MINUTE), reassigned(-10 * MINUTE)]}
    ),
    "idle": Late("idle", TASK, "dev-master", {TASK: _going(30)}),
    "never-started": Late(
        "never-started", WORKER, WORKER, {TASK: [*_going(60), worker("P", -5 * MINUTE, WORKER, worker_type="scan")]}
    ),
    "silent": Late(
        "silent", WORKER, WORKER, {TASK: [*_going(60), worker("S", -30 * MINUTE, WORKER, worker_type="scan")]}
    ),
    "handoff-unaccepted": Late(
        "handoff-unaccepted",
        HANDOFF,
        "b-master",
        {TASK: [*_going(60), *_busy(), handoff("created", -5 * MINUTE, "dev-master", HANDOFF, to_master="b-master")]},
    ),
    "handoff-uncompleted": Late(
        "handoff-uncompleted",
        HANDOFF,
        "b-master",
        {
            TASK: [
                *_going(60),
                *_busy(),
                handoff("created", -40 * MINUTE, "dev-master", HANDOFF, to_master="b-master"),
                handoff("accepted", -30 * MINUTE, "b-master", HANDOFF),
            ]
        },
    ),
    "blocked, by nothing known": Late("blocked", TASK, "dev-master", {TASK: _waiting(30, reason="a licence")}),
    "blocked, by open work": Late(
        "blocked", TASK, "d", {TASK: _waiting(30, blocked_by="d"), "d": [*_going(60), *_busy()]}
    ),
    "blocked, by what completed": Late(
        "blocked",
        TASK,
        "dev-master",
        {TASK: _waiting(30, blocked_by="d"), "d": [*_going(60), completed(-10 * MINUTE)]},
    ),
    "blocked, by what failed": Late(
        "blocked", TASK, "d", {TASK: _waiting(20, blocked_by="d"), "d": [*_going(60), failed(0)]}
    ),
    "escalated": Late("escalated", TASK, "a person", {TASK: [*_going(60), *_busy(), task("escalated", 0)]}),
    "parent-waiting": Late(
        "parent-waiting", TASK, "dev-master", {TASK: _going(100), KID: _subtask(completed(-10 * MINUTE))}
    ),
    "parent-waiting, after a failure": Late(
        "parent-waiting", TASK, "dev-master", {TASK: _going(100), KID: _subtask(failed(-10 * MINUTE))}
    ),
    "master-silent": Late("master-silent", "dev-master", "dev-master", {TASK: _going(40), "two": _going(30)}),
    "feed-silent": Late("feed-silent", "", None, {TASK: _going(30)}),
}
"""Each row of the table of expectations (`lineage_core/rules/README.md`)."""


def late_case(late: Late, seconds: float) -> Case:
    """The events of something late, so many seconds after it is (before, if negative). What is logged later than that
    is left out."""
    tasks = {name: [one for one in events if one[0] <= seconds] for name, events in late.tasks.items()}
    return Case(tasks.pop(TASK), {}, others=tasks, now=seconds)


ALONE = frozenset(("unassigned, critical", "unassigned, high", "escalated", "feed-silent"))
"""The rows of LATE that never fold: each wants somebody of its own, or there is only one."""

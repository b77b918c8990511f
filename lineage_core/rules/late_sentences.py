"""One sentence for each expectation that is late. Pure."""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.base.clock import MINUTE, ago, format_duration
from lineage_core.model.entities import Task
from lineage_core.model.expectations import Expectation, LateName
from lineage_core.model.task_parts import Status
from lineage_core.present.sentences import waiting_for
from lineage_core.rules.blocking_chains import root_blocker
from lineage_core.rules.expectations import Others

SKEW_SAID = MINUTE
"""A clock that is off by less is not worth a word."""


def clock_off(skew: int) -> str:
    """That a clock is off, if it is worth a word: `clock 4m35s behind`. skew: in microseconds."""
    if abs(skew) < SKEW_SAID:
        return ""
    return f"clock {format_duration(abs(skew))} {'behind' if skew > 0 else 'ahead'}"


def _say_silent(task: Task, one: Expectation, others: Others, now: int) -> str:
    run = task.workers[one.subject]
    said = f" after {run.percent:g}%" if run.percent is not None else ""
    return f"{one.subject} has been silent for {ago(one.since, now)}{said}"


def _say_blocked(task: Task, one: Expectation, others: Others, now: int) -> str:
    if not one.why:
        return waiting_for(task, others.rows, now) + _root(one.of, others)
    blocker, _, word = one.why.partition(" ")
    if one.of == task.master or word == Status.COMPLETED.value:
        blocker, _, word = one.why.rpartition(" ")
        return f"blocked by {blocker}, which {word} {ago(one.since, now)} ago"
    row = others.rows.get(blocker)
    if row is None:
        return f"blocked by {blocker}, which {word}"
    reason = f": {row.reason}" if row.reason else ""
    return f"blocked by {blocker}, which {word} {ago(one.since, now)} ago{reason}"


def _root(blocker: str | None, others: Others) -> str:
    """What stands at the end of the chain of a blocker that is itself blocked."""
    if blocker is None or others.status(blocker) is not Status.BLOCKED:
        return ""
    root = root_blocker(blocker, others)
    row = others.rows.get(root)
    if root == blocker or row is None:
        return ""
    reason = f": {row.reason}" if row.reason else ""
    return f"; root cause: {root} ({row.status.value}{reason})"


def _say_idle(task: Task, one: Expectation, others: Others, now: int) -> str:
    under = f" under {task.master}" if task.master else ""
    skew = max(task.skews.items(), key=lambda each: abs(each[1]), default=("", 0))
    clock = ""
    if abs(skew[1]) >= SKEW_SAID:
        clock = f" (clock of {skew[0]}: {format_duration(abs(skew[1]))} {'behind' if skew[1] > 0 else 'ahead'})"
    status = "open" if task.status is Status.UNKNOWN else "running"
    return f"{status}{under}, nobody at work, no event for {ago(one.since, now)}{clock}"


def _say_parent(task: Task, one: Expectation, others: Others, now: int) -> str:
    count = len(others.children(task.task_id))
    all_of = "its subtask has" if count == 1 else f"all {count} subtasks have"
    return f"{all_of} ended, and for {ago(one.since, now)} {task.master or 'nobody'} has not gone on"


LATE_SENTENCES: dict[LateName, Callable[[Task, Expectation, Others, int], str]] = {
    "silent": _say_silent,
    "never-started": lambda task, one, others, now: (
        f"{one.subject} was spawned {ago(one.since, now)} ago and has not started"
    ),
    "unassigned": lambda task, one, others, now: f"queued for {ago(one.since, now)} and not assigned",
    "unstarted": lambda task, one, others, now: (
        f"assigned to {one.of or 'nobody'} {ago(one.since, now)} ago and not started"
    ),
    "idle": _say_idle,
    "handoff-unaccepted": lambda task, one, others, now: (
        f"{one.subject} was offered to {one.of or 'nobody'} {ago(one.since, now)} ago and not accepted"
    ),
    "handoff-uncompleted": lambda task, one, others, now: (
        f"{one.subject} was accepted by {one.of or 'somebody'} {ago(one.since, now)} ago and not completed"
    ),
    "blocked": _say_blocked,
    "escalated": lambda task, one, others, now: task.escalation or "no reason was given",
    "parent-waiting": _say_parent,
}
"""By the name of the expectation; each is given the task, the expectation, what is known of other tasks, and now."""

"""The rules of stuck work: what is wrong with a task at this moment, and which rule says so.

Each rule is a small object with one sentence for the category and a `check` that gives findings, each with one
sentence for the instance. Pure: a task, the rows of all tasks, the time and the thresholds go in. Used by
`lineage zombies` and `lineage failed`, and by the screen's Attention view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from lineage_core.base.clock import ago, format_duration
from lineage_core.model.entities import Status, Task, TaskRow, Worker, WorkerEnd
from lineage_core.present.sentences import waiting_for
from lineage_core.rules.silence import ZOMBIE, over, watch
from lineage_core.rules.thresholds import Thresholds


class Severity(StrEnum):
    """How urgent a finding is. PAST: it happened, and its task is over."""

    BAD = "bad"
    WARNING = "warning"
    PAST = "past"


class Finding(NamedTuple):
    """One thing that is stuck. subject: the worker, handoff or task it is about; since: when that began;
    sentence: what is the matter, for people."""

    rule: str
    severity: Severity
    task_id: str
    subject: str
    since: int
    sentence: str


Rows = Mapping[str, TaskRow]
Check = Callable[[Task, Rows, int, Thresholds], Iterator[Finding]]


AT_ONCE = frozenset(("silent", "never started"))
"""The rules whose bad findings are zombies: workers that are open and given up for dead."""


class Rule(NamedTuple):
    """name: for programs. category: what it finds, in a sentence. zombie: whether it finds workers that are none any
    more. concerns: whether a task can have such a finding, told by its row alone, so that others are not looked at.
    check: the findings."""

    name: str
    category: str
    zombie: bool
    concerns: Callable[[TaskRow], bool]
    check: Check


def check(task: Task, rows: Rows, now: int, thresholds: Thresholds = Thresholds()) -> list[Finding]:  # noqa: B008
    """All findings of one task, the most urgent first."""
    row = rows[task.task_id]
    found = [one for rule in RULES.values() if rule.concerns(row) for one in rule.check(task, rows, now, thresholds)]
    return ranked(found)


def concerned(row: TaskRow) -> bool:
    """Whether a task can have any finding at all, told by its row alone."""
    return any(rule.concerns(row) for rule in RULES.values())


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, the most urgent first: bad ones, then warnings, then past ones; of these what came last first."""
    order = list(Severity)
    return sorted(findings, key=lambda one: (order.index(one.severity), -one.since, one.task_id, one.subject))


def crowd(findings: Iterable[Finding], thresholds: Thresholds = Thresholds()) -> Finding | None:  # noqa: B008
    """The finding that there are many zombies at once, open ones, or None."""
    zombies = [one for one in findings if one.severity is Severity.BAD and one.rule in AT_ONCE]
    if len(zombies) < thresholds.crowd:
        return None
    tasks = len({one.task_id for one in zombies})
    text = f"{len(zombies)} zombie workers at once, in {tasks} task{'s' if tasks > 1 else ''}: look at the host first"
    return Finding("crowd", Severity.BAD, "", "", min(one.since for one in zombies), text)


def _watched(rule: str, say: Callable[[Task, Worker, int, int], str]) -> Check:
    """The check of a rule that watches open workers. say: the sentence, of (task, worker, age, now)."""

    def check(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
        ended = over(task)
        for worker in task.workers.values():
            seen = watch(worker, ended)
            if seen is not None and seen.rule == rule and (word := seen.word(now, thresholds)):
                severity = Severity.BAD if word == ZOMBIE else Severity.WARNING
                text = say(task, worker, now - seen.since, now)
                yield Finding(rule, severity, task.task_id, worker.worker_id, seen.since, text)

    return check


def _say_silent(task: Task, worker: Worker, age: int, now: int) -> str:
    said = f" after {worker.percent:g}%" if worker.percent is not None else ""
    return f"{worker.worker_id} has been silent for {format_duration(age)}{said}"


def _say_unstarted(task: Task, worker: Worker, age: int, now: int) -> str:
    return f"{worker.worker_id} was spawned {format_duration(age)} ago and has not started"


def _say_orphaned(task: Task, worker: Worker, age: int, now: int) -> str:
    return f"{worker.worker_id} is still open, but its task {task.status.value} {ago(over(task) or now, now)} ago"


def _confirmed(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
    for worker in task.workers.values():
        if worker.end is WorkerEnd.ZOMBIE and worker.ended_at is not None:
            severity = Severity.PAST if task.status.ended else Severity.BAD
            text = f"{worker.worker_id} was found dead by the cleanup {ago(worker.ended_at, now)} ago (zombie_timeout)"
            yield Finding("confirmed", severity, task.task_id, worker.worker_id, worker.ended_at, text)


def _blocked_by_ended(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
    if task.status is not Status.BLOCKED:
        return
    for name in task.blocked_by:
        row = rows.get(name)
        if row is not None and row.status.ended:
            at = max(task.since, row.ended_at if row.ended_at is not None else row.last_at)
            severity = Severity.BAD if row.status is not Status.COMPLETED else Severity.WARNING
            text = f"blocked by {name}, which {row.status.value} {ago(at, now)} ago"
            yield Finding("blocked by ended", severity, task.task_id, task.task_id, at, text)


def _blocked(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
    if task.status is not Status.BLOCKED or now - task.since < thresholds.blocked:
        return
    if not any(_blocked_by_ended(task, rows, now, thresholds)):  # which says more
        text = waiting_for(task, rows, now)
        yield Finding("blocked", Severity.WARNING, task.task_id, task.task_id, task.since, text)


def _unaccepted(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
    if task.status.ended:
        return
    for handoff in task.handoffs.values():
        at = handoff.created_at
        if handoff.waiting and at is not None and now - at >= thresholds.handoff:
            severity = Severity.BAD if now - at >= thresholds.silent else Severity.WARNING
            to = handoff.to_master or "nobody"
            text = f"{handoff.handoff_id} to {to} was offered {ago(at, now)} ago and not accepted"
            yield Finding("not accepted", severity, task.task_id, handoff.handoff_id, at, text)


def _ping_pong(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
    moves: dict[frozenset[str], list[int]] = {}
    for handoff in task.handoffs.values():
        if handoff.from_master and handoff.to_master and handoff.created_at is not None:
            moves.setdefault(frozenset((handoff.from_master, handoff.to_master)), []).append(handoff.created_at)
    for mark in task.marks:
        if mark.kind == "reassigned":
            moves.setdefault(frozenset(mark.text.split(" → ")), []).append(mark.at)
    for pair, times in moves.items():
        if len(times) >= thresholds.bounces and not task.status.ended:
            text = f"went {len(times)} times between {' and '.join(sorted(pair))}"
            yield Finding("ping-pong", Severity.WARNING, task.task_id, task.task_id, min(times), text)


def _vain_retries(task: Task, rows: Rows, now: int, thresholds: Thresholds) -> Iterator[Finding]:
    by_type: dict[str, list[Worker]] = {}
    for worker in task.workers.values():
        by_type.setdefault(worker.worker_type or "worker", []).append(worker)
    for kind, workers in by_type.items():
        retries = sum(worker.retry_of is not None for worker in workers)
        done = any(worker.end in (WorkerEnd.SUCCESS, WorkerEnd.PARTIAL) for worker in workers)
        if retries >= thresholds.retries and not done and not task.status.ended:
            failed = [worker.ended_at for worker in workers if worker.failed and worker.ended_at is not None]
            text = f"{retries} retries of {kind} and none has succeeded"
            yield Finding("retries", Severity.WARNING, task.task_id, task.task_id, min(failed, default=now), text)


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "silent",
            "a worker that runs has not been heard of for longer than the threshold",
            True,
            lambda row: row.open_workers > 0 and not row.status.ended,
            _watched("silent", _say_silent),
        ),
        Rule(
            "never started",
            "a worker was spawned and has not started",
            True,
            lambda row: row.open_workers > 0 and not row.status.ended,
            _watched("never started", _say_unstarted),
        ),
        Rule(
            "orphaned",
            "a task has ended and a worker of it has not",
            True,
            lambda row: row.open_workers > 0 and row.status.ended,
            _watched("orphaned", _say_orphaned),
        ),
        Rule(
            "confirmed",
            "the cleanup found a worker dead and logged zombie_timeout",
            True,
            lambda row: row.failed_workers > 0,
            _confirmed,
        ),
        Rule(
            "blocked by ended",
            "a task is blocked by a task that has ended",
            False,
            lambda row: row.status is Status.BLOCKED and bool(row.blocked_by),
            _blocked_by_ended,
        ),
        Rule(
            "blocked",
            "a task has been blocked for longer than the threshold",
            False,
            lambda row: row.status is Status.BLOCKED,
            _blocked,
        ),
        Rule(
            "not accepted",
            "a handoff was offered and nobody has accepted it, though the task goes on",
            False,
            lambda row: row.handoff_since is not None and not row.status.ended,
            _unaccepted,
        ),
        Rule(
            "ping-pong",
            "a task goes to and fro between two masters",
            False,
            lambda row: not row.status.ended,
            _ping_pong,
        ),
        Rule(
            "retries",
            "workers are retried and none succeeds",
            False,
            lambda row: row.retries > 0 and not row.status.ended,
            _vain_retries,
        ),
    )
}

"""A task as a flat row with documented keys, and what else is told of it: owners, cost, attempts, failures, waits.

Pure: from states to plain data. Times are ISO-8601 in UTC, durations whole milliseconds; what is not known is None.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.meaning.cost import Cost, cost_by_owner, payer
from lineage_core.meaning.money import Money
from lineage_core.meaning.rollup import Rollup
from lineage_core.meaning.waits import names_of_wait
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.expectations import Expectation
from lineage_core.model.task_parts import Status
from lineage_core.present.expectation_rows import expectation_row
from lineage_core.present.rows import elapsed, iso, milliseconds, worker_status

if TYPE_CHECKING:
    from lineage_core.model.answer_types import CostJson, TaskDetailsJson
    from lineage_core.model.row_types import FailureJson, TaskJson

TASK_KEYS = {
    "task_id": "the task",
    "status": "unknown, queued, assigned, running, blocked, completed, failed or cancelled",
    "since": "when that status began",
    "first_at": "its first event",
    "last_at": "its last event",
    "started_at": "when it was first started",
    "ended_at": "when it ended",
    "elapsed_ms": "from its first event to its end, or to now",
    "attempts": "how often it was started",
    "failed_attempts": "how many of these failed, retried or not",
    "partial": "whether it completed with only a part done",
    "escalated": "whether a person was called and nobody has answered since",
    "type": "its type, as its creator gave it",
    "priority": "critical, high, medium or low",
    "master": "the master that has it now",
    "masters": "all masters that had it, the first one first",
    "session_id": "its session",
    "trace_id": "its trace",
    "parent_task_id": "the task that it is a subtask of",
    "subtasks": "how many subtasks it has",
    "subtasks_done": "how many of these completed",
    "subtasks_worst": "the worst status of these",
    "tokens_with_subtasks": "tokens used by it and its subtasks",
    "reason": "why it is blocked, failed, cancelled or escalated",
    "blocked_by": "the tasks that it waits for, those that only its reason names included",
    "progress_percentage": "how far it is: 100 when it completed, else the mean over its open workers, else over all",
    "workers": "how many workers it has had",
    "runs": "how many runs these had",
    "open_workers": "how many runs have not ended",
    "failed_workers": "how many runs failed, zombies included, retried or not",
    "retries": "how many runs took the place of a failed one",
    "handoffs": "how many handoffs were offered",
    "tokens": "tokens used, as its ends or its runs said",
    "skew_ms": "how far the clock of its events is behind that is off most; negative: ahead",
    "expects": "what must happen next in it: name, of (by whom), subject, what, since, due, late, and why then: the "
    "default, what is usual of how many alike, its own pauses, or which setting",
    "late_since": "from when on the first of these was late",
    "urgency": "bad or warning: how urgent what is late of it is",
    "inferred": "the keys of this row that no event states and that are concluded from others",
    "events": "how many events it has",
}


class Family(NamedTuple):
    """parent: the task that a task is shown under. below: what its own subtasks come to; together: with the task; both
    None where it has none. money: what the tokens of `together` cost, if that is known."""

    parent: str | None = None
    below: Rollup | None = None
    together: Rollup | None = None
    money: Money | None = None

    @property
    def subtasks(self) -> int:
        """How many subtasks it has itself."""
        return self.below.tasks if self.below is not None else 0

    @property
    def done(self) -> int:
        """How many of them completed."""
        return self.below.done if self.below is not None else 0


def blockers(task: Task | TaskRow, known: Container[str]) -> list[str]:
    """The tasks that a task waits for: those that `blocked_by` named, and those of the reason that are known."""
    waits = task.waits.values() if isinstance(task, Task) else task.waits
    return list(dict.fromkeys(name for wait in waits for name in names_of_wait(wait, task.task_id, known, task.hosts)))


def task_row(
    row: TaskRow,
    family: Family,
    known: Container[str],
    now: int,
    expected: Sequence[Expectation] = (),
    urgency: str | None = None,
) -> TaskJson:
    """A task, by TASK_KEYS.

    family: its place among subtasks. known: the ids of all tasks. now: microseconds since the epoch. expected: what
    must happen next in it; urgency: of what is late of that.
    """
    inferred: list[str] = []
    stated = {wait.name for wait in row.waits if not wait.inferred}
    if any(name not in stated for name in blockers(row, known)):
        inferred.append("blocked_by")
    if family.parent is not None and row.parent_id is None:
        inferred.append("parent_task_id")
    answer: TaskJson = {
        "task_id": row.task_id,
        "status": row.status.value,
        "since": iso(row.since),
        "first_at": iso(row.first_at),
        "last_at": iso(row.last_at),
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "elapsed_ms": milliseconds(elapsed(row, now)),
        "attempts": row.attempts,
        "failed_attempts": row.failed_attempts,
        "partial": row.partial,
        "escalated": row.escalated,
        "type": row.task_type,
        "priority": row.priority,
        "master": row.master,
        "masters": list(row.masters),
        "session_id": row.session,
        "trace_id": row.trace,
        "parent_task_id": family.parent,
        "subtasks": family.subtasks,
        "subtasks_done": family.done,
        "subtasks_worst": family.below.worst.value if family.below and family.below.worst else None,
        "tokens_with_subtasks": family.together.tokens if family.together else row.tokens,
        "reason": row.reason,
        "blocked_by": blockers(row, known),
        "progress_percentage": row.percent,
        "workers": row.workers,
        "runs": row.runs,
        "open_workers": row.open_workers,
        "failed_workers": row.failed_workers,
        "retries": row.retries,
        "handoffs": row.handoffs,
        "tokens": row.tokens,
        "skew_ms": milliseconds(row.skew),
        "expects": [expectation_row(one, now) for one in expected],
        "late_since": iso(min((one.due for one in expected if one.due is not None and one.late(now)), default=None)),
        "urgency": urgency,
        "inferred": inferred,
        "events": row.events,
    }
    if row.hosts:
        answer["hosts"] = list(row.hosts)
    return answer


DETAIL_KEYS = {
    "owners": "the masters that had it, one after the other: master, start, end (null: has it now), duration_ms",
    "cost": "what it cost each of them: master, duration_ms, tokens, runs, failures",
    "attempts": "its attempts: attempt, started_at, ended_at, outcome, other_outcomes, partial, duration_ms, tokens",
    "failures": "every failed attempt and run: at, what (task or worker), worker_id, number, status, master, reason, "
    "retried",
    "waits": "what it waits for: task_id (null: not named), since, reason, inferred, known",
    "waited": "what it waited for before: task_id (null: not named), since, until, reason, inferred",
    "skews": "clocks that are off: actor (of several hosts: the host), behind_ms (negative: ahead)",
    "remarks": "what no correct run shows: rule, at, text",
}


def task_details(task: Task, known: Container[str], now: int) -> TaskDetailsJson:
    """What a task's row only counts, by DETAIL_KEYS."""
    over = task.ended_at if task.ended is not None else None
    return {
        "owners": [
            {
                "master": owner.master,
                "start": iso(owner.start),
                "end": iso(owner.end),
                "duration_ms": milliseconds(max(0, (owner.end or over or now) - owner.start)),
            }
            for owner in task.owners
        ],
        "cost": [_cost_row(cost) for cost in cost_by_owner(task, now)],
        "attempts": [
            {
                "attempt": number,
                "started_at": iso(attempt.started_at),
                "ended_at": iso(attempt.ended_at),
                "outcome": attempt.outcome.value if attempt.outcome else None,
                "other_outcomes": [one.value for one in attempt.others],
                "partial": attempt.partial,
                "duration_ms": milliseconds(attempt.length),
                "tokens": attempt.tokens_said,
            }
            for number, attempt in enumerate(task.attempts, 1)
        ],
        "failures": failure_rows(task),
        "waits": [
            {
                "task_id": wait.name,
                "since": iso(wait.since),
                "reason": wait.reason,
                "inferred": wait.inferred,
                "known": wait.name in known if wait.name is not None else None,
            }
            for wait in task.waits.values()
        ],
        "waited": [
            {
                "task_id": wait.name,
                "since": iso(wait.since),
                "until": iso(until),
                "reason": wait.reason,
                "inferred": wait.inferred,
            }
            for wait, until in task.waited
        ],
        "skews": [{"actor": actor, "behind_ms": milliseconds(skew)} for actor, skew in task.skews.items()],
        "remarks": [{"rule": one.rule, "at": iso(one.at), "text": one.text} for one in task.remarks],
    }


def _cost_row(cost: Cost) -> CostJson:
    return {
        "master": cost.master,
        "duration_ms": milliseconds(cost.micros),
        "tokens": cost.tokens,
        "runs": cost.runs,
        "failures": cost.failures,
    }


FAILURE_KEYS = {
    "at": "when it failed",
    "what": "task (an attempt of it) or worker (a run of it)",
    "task_id": "the task",
    "worker_id": "the worker, if it is one",
    "worker_type": "its type",
    "number": "which attempt of the task, or which run of the worker in it, from 1",
    "status": "failed; for a worker that the cleanup found dead, zombie",
    "master": "the master that had the task then; for a worker, the one that spawned it",
    "reason": "why",
    "retried": "whether another attempt, or another run of the worker or its type, followed",
}


def failure_rows(task: Task) -> list[FailureJson]:
    """Every failed attempt and run of a task in the order of time, by FAILURE_KEYS."""
    return [row for _, row in timed_failures(task)]


def timed_failures(task: Task) -> list[tuple[int, FailureJson]]:
    """As `failure_rows`, each with its time in microseconds since the epoch."""
    runs = {(run.worker_id, run.number): run for run in task.runs}
    found = []
    for failure in task.failures:
        run = runs[failure.worker_id, failure.number] if failure.worker_id is not None else None
        row: FailureJson = {
            "at": iso(failure.at),
            "what": "worker" if run else "task",
            "task_id": task.task_id,
            "worker_id": failure.worker_id,
            "worker_type": run.worker_type if run else None,
            "number": failure.number,
            "status": worker_status(run) if run else Status.FAILED.value,
            "master": payer(task, run) if run else task.owner_at(failure.at),
            "reason": failure.error,
            "retried": failure.retried,
        }
        if task.hosts:
            row["host"] = run.host if run else failure.host
        found.append((failure.at, row))
    return found

"""What is wrong with a task at this moment: its late expectations, and patterns that no correct run shows.

Pure: a task, what is known of the others, the time and the thresholds go in, findings with one sentence each come
out. `rules/attention.py` does it for a whole state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from lineage_core.base.clock import ago
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.error_fingerprint import LENGTH, NO_REASON, fingerprint
from lineage_core.model.expectations import Expectation, Finding, RuleName, Severity
from lineage_core.model.task_parts import REASSIGNED, Status, Worker, WorkerEnd
from lineage_core.rules.blocking_chains import deadlock, root_blocker
from lineage_core.rules.expectations import COORDINATOR, URGENT, Others, expectations
from lineage_core.rules.late_sentences import LATE_SENTENCES
from lineage_core.rules.silence import over, watch
from lineage_core.rules.thresholds import Thresholds
from lineage_core.settings.threshold_defaults import LATE

AT_ONCE = frozenset(("silent", "never-started"))
"""The rules whose bad findings are zombies: runs that are open and given up for dead."""

OLD_RULES = {
    "never started": "never-started",
    "not accepted": "handoff-unaccepted",
    "blocked by ended": "blocked",
    "confirmed": "found-dead",
    "retries": "retries-in-vain",
}
"""Names that rules had before, and the name that each has now."""

FAILED: Final = "failed"
NEW_ERROR: Final = "new-error"

UNTYPED = "untyped"
"""What workers of no type are called."""

CROWD: Final = "crowd"
"""The rule that finds many zombies at once."""

_SEVERITIES = {severity: number for number, severity in enumerate(Severity)}


Check = Callable[[Task, Others, int, Thresholds], Iterator[Finding]]


class Rule(NamedTuple):
    """name: for programs, as in `late_settings.LATE` where it is an expectation that is late. category: what it finds,
    in a sentence. zombie: whether it finds workers that are none any more."""

    name: RuleName
    category: str
    zombie: bool = False


def check(task: Task, others: Others, now: int, limits: Thresholds = Thresholds()) -> list[Finding]:  # noqa: B008
    """All findings of one task, the most urgent first."""
    found = [*_late(task, others, now, limits)]
    for pattern in _PATTERNS:
        found += pattern(task, others, now, limits)
    return ranked(found)


def failure(row: TaskRow) -> Finding | None:
    """That a task failed and nobody went on with it."""
    if row.status is not Status.FAILED:
        return None
    since = row.ended_at if row.ended_at is not None else row.last_at
    reason = row.reason or NO_REASON
    text = reason + (f" (attempt {row.attempts})" if row.attempts > 1 else "")
    cause = fingerprint(reason) or reason[:LENGTH]
    return Finding(FAILED, Severity.BAD, row.task_id, row.task_id, since, text, cause=cause, times=row.attempts)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, the most urgent first: bad ones, then warnings, then past ones; of these what came last first."""
    return sorted(findings, key=lambda one: (_SEVERITIES[one.severity], -one.since, one.task_id, one.subject))


def crowd(findings: Iterable[Finding], limits: Thresholds = Thresholds()) -> Finding | None:  # noqa: B008
    """The finding that there are many zombies at once, open ones, or None."""
    zombies = [one for one in findings if one.severity is Severity.BAD and one.rule in AT_ONCE]
    if len(zombies) < limits.crowd:
        return None
    tasks = len({one.task_id for one in zombies})
    text = f"{len(zombies)} zombie workers at once, in {tasks} task{'s' if tasks > 1 else ''}: look at the host first"
    return Finding(CROWD, Severity.BAD, "", "", min(one.since for one in zombies), text)


# Late expectations


def _late(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    blocked: list[Expectation] = []
    ended = over(task)
    runs = {run.worker_id: run for run in task.runs if run.open}
    for one in expectations(task, others, now, limits):
        if one.name in AT_ONCE:
            run = runs[one.subject]
            seen = watch(run, ended, limits)
            if one.late(now) or (seen is not None and seen.word(now)):
                yield _finding(task, one, others, now, limits)
        elif one.late(now) and one.name == "blocked":
            blocked.append(one)
        elif one.late(now):
            yield _finding(task, one, others, now, limits)
    if blocked and not deadlock(task.task_id, others):  # of several waits the one that says most
        first = min(blocked, key=lambda one: (not one.why, one.due or 0, one.of or ""))
        yield _finding(task, first, others, now, limits)


def _finding(task: Task, one: Expectation, others: Others, now: int, limits: Thresholds) -> Finding:
    text = LATE_SENTENCES[one.name](task, one, others, now)
    late_since = one.due if one.late(now) else None
    severity = Severity.BAD if is_bad(task, one, now, limits) else Severity.WARNING
    cause = _cause(task, one, others)
    return Finding(one.name, severity, one.task_id, one.subject, one.since, text, late_since, one.of, cause=cause)


def _cause(task: Task, one: Expectation, others: Others) -> str:
    """What it has in common with others that are late."""
    if one.name in AT_ONCE:
        return task.workers[one.subject].worker_type or UNTYPED
    if one.name == "unassigned":
        return "" if task.priority in URGENT else COORDINATOR
    if one.name == "escalated":  # each wants an answer of its own
        return ""
    if one.name == "blocked":
        if one.of is None or one.of == task.master:
            return fingerprint(task.reason or "")
        return root_blocker(one.of, others)
    return one.of or ""


def is_bad(task: Task, one: Expectation, now: int, limits: Thresholds) -> bool:
    """Whether a late expectation is more than a warning: what hangs for half an hour, or what cannot come right."""
    at = bad_at(task, one, limits)
    return one.late(now) and at is not None and at <= now


def bad_at(task: Task, one: Expectation, limits: Thresholds) -> int | None:
    """From when on it is; None for never."""
    if one.due is None:
        return None
    if one.name == "blocked":  # work that waits for work is in order, unless that will never end
        return one.due if one.why and not one.why.endswith(Status.COMPLETED.value) else None
    if one.name in ("silent", "escalated") or (one.name == "unassigned" and task.priority in URGENT):
        return one.due
    return max(one.due, one.since + limits.silent)


# Patterns


def _orphaned(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    ended = over(task)
    if ended is None:
        return
    for run in task.workers.values():
        seen = watch(run, ended, limits)
        if seen is not None and seen.word(now):
            how = "was cancelled" if task.status is Status.CANCELLED else task.status.value
            text = f"{run.worker_id} is still open, but its task {how} {ago(ended, now)} ago"
            kind = run.worker_type or UNTYPED
            yield Finding("orphaned", Severity.WARNING, task.task_id, run.worker_id, seen.since, text, cause=kind)


def _found_dead(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    for run in task.workers.values():
        if run.end is WorkerEnd.ZOMBIE and run.ended_at is not None:
            severity = Severity.PAST if task.status.ended else Severity.BAD
            text = f"{run.worker_id} was found dead by the cleanup {ago(run.ended_at, now)} ago (zombie_timeout)"
            kind = run.worker_type or UNTYPED
            yield Finding("found-dead", severity, task.task_id, run.worker_id, run.ended_at, text, cause=kind)


def _ping_pong(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    moves: dict[frozenset[str], list[int]] = {}
    for handoff in task.handoffs.values():
        if handoff.from_master and handoff.to_master and handoff.created_at is not None:
            moves.setdefault(frozenset((handoff.from_master, handoff.to_master)), []).append(handoff.created_at)
    for mark in task.marks:
        if mark.kind == REASSIGNED:
            moves.setdefault(frozenset(mark.text.split(" → ")), []).append(mark.at)
    for pair, at in moves.items():
        if len(at) >= limits.bounces and not task.status.ended:
            text = f"went {len(at)} times between {' and '.join(sorted(pair))}"
            times = sum(map(len, moves.values()))
            yield Finding("ping-pong", Severity.WARNING, task.task_id, task.task_id, min(at), text, times=times)


def _vain_retries(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    by_type: dict[str, list[Worker]] = {}
    for run in task.runs:
        by_type.setdefault(run.worker_type or "worker", []).append(run)
    for kind, runs in by_type.items():
        retries = sum(run.retry_of is not None for run in runs)
        done = any(run.end in (WorkerEnd.SUCCESS, WorkerEnd.PARTIAL) for run in runs)
        if retries >= limits.retries and not done and not task.status.ended:
            failed = [run.ended_at for run in runs if run.failed and run.ended_at is not None]
            text = f"{retries} retries of {kind} and none has succeeded"
            since, name = min(failed, default=now), task.task_id
            yield Finding("retries-in-vain", Severity.WARNING, name, name, since, text, times=retries)


def _deadlock(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    circle = deadlock(task.task_id, others) if task.status is Status.BLOCKED else ()
    if circle and min(circle) == task.task_id:  # told once, of the first of them
        since = max(row.since for name in circle if (row := others.rows.get(name)) is not None)
        text = f"{' waits for '.join((*circle, circle[0]))}: none of them can go on"
        yield Finding("deadlock", Severity.BAD, task.task_id, task.task_id, since, text, since)


def _remarks(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Finding]:
    severity = Severity.PAST if task.status.ended else Severity.WARNING
    for remark in task.remarks:
        yield Finding(remark.rule, severity, task.task_id, task.task_id, remark.at, remark.text)


_PATTERNS: tuple[Check, ...] = (_orphaned, _found_dead, _ping_pong, _vain_retries, _deadlock, _remarks)

RULES: dict[RuleName, Rule] = {
    **{name: Rule(name, text, name in AT_ONCE) for name, text in LATE.items() if name != "warned"},
    **{
        rule.name: rule
        for rule in (
            Rule(FAILED, "a task failed, and nobody went on with it"),
            Rule(NEW_ERROR, "an error that the 7 days before it had not"),
            Rule("orphaned", "a task has ended and a worker of it has not", zombie=True),
            Rule("found-dead", "the cleanup found a worker dead and logged zombie_timeout", zombie=True),
            Rule("ping-pong", "a task goes to and fro between two masters"),
            Rule("retries-in-vain", "workers are retried and none succeeds"),
            Rule("deadlock", "tasks wait for each other in a circle"),
            Rule("same-worker", "a worker id is open in two tasks at once"),
            Rule("ends-disagree", "ends of one attempt name different outcomes"),
            Rule("spawned-twice", "a run of a worker was spawned twice"),
            Rule("accepted-by-other", "a handoff was accepted by another master than the one it was offered to"),
            Rule("unblocked-by-other", "a task was unblocked by something that it does not wait for"),
        )
    },
}

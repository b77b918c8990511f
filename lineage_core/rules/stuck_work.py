"""What is wrong with a task at this moment: its late expectations, and patterns that no correct run shows.

Pure: a task, what is known of the others, the time and the thresholds go in, findings with one sentence each come
out. `rules/attention.py` does it for a whole state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lineage_core.base.clock import MINUTE, ago, format_duration
from lineage_core.model.entities import REASSIGNED, Status, Task, TaskRow, Worker, WorkerEnd
from lineage_core.model.error_fingerprint import LENGTH, NO_REASON, fingerprint
from lineage_core.model.expectations import Expectation, Finding, Severity
from lineage_core.present.sentences import waiting_for
from lineage_core.rules.dependencies import deadlock, root_blocker
from lineage_core.rules.expectations import COORDINATOR, URGENT, Others, expectations
from lineage_core.rules.silence import over, watch
from lineage_core.rules.thresholds import Thresholds
from lineage_core.settings.late_settings import LATE

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

FAILED, NEW_ERROR = "failed", "new-error"

UNTYPED = "untyped"
"""What workers of no type are called."""

CROWD = "crowd"
"""The rule that finds many zombies at once."""

SKEW_SAID = MINUTE
"""A clock that is off by less is not worth a word."""


def clock_off(skew: int) -> str:
    """That a clock is off, if it is worth a word: `clock 4m35s behind`. skew: in microseconds."""
    if abs(skew) < SKEW_SAID:
        return ""
    return f"clock {format_duration(abs(skew))} {'behind' if skew > 0 else 'ahead'}"


Check = Callable[[Task, Others, int, Thresholds], Iterator[Finding]]


class Rule(NamedTuple):
    """name: for programs, as in `late_settings.LATE` where it is an expectation that is late. category: what it finds,
    in a sentence. zombie: whether it finds workers that are none any more."""

    name: str
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
    order = list(Severity)
    return sorted(findings, key=lambda one: (order.index(one.severity), -one.since, one.task_id, one.subject))


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
    text = _SENTENCES[one.name](task, one, others, now)
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


_SENTENCES: dict[str, Callable[[Task, Expectation, Others, int], str]] = {
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
        f"{one.subject} to {one.of or 'nobody'} was offered {ago(one.since, now)} ago and not accepted"
    ),
    "handoff-uncompleted": lambda task, one, others, now: (
        f"{one.subject} was accepted by {one.of or 'somebody'} {ago(one.since, now)} ago and not completed"
    ),
    "blocked": _say_blocked,
    "escalated": lambda task, one, others, now: task.escalation or "no reason was given",
    "parent-waiting": _say_parent,
}


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

RULES: dict[str, Rule] = {
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

"""What is expected of every open thing, of whom, since when and by when (the table is in `rules/README.md`).

Pure: from a task, what is known of the others, the time and the thresholds. Every open task has at least one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lineage_core.meaning.pauses import idle_pauses, own_pause, usual_pause
from lineage_core.meaning.waits import names_of_wait
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.expectations import Expectation, LateName, Limit
from lineage_core.model.task_parts import Status, Wait, Worker
from lineage_core.rules.thresholds import UNASSIGNED_URGENT, UNBLOCK, Thresholds

COORDINATOR = "the coordinator"
PERSON = "a person"
URGENT = ("critical", "high")

GONE = "never existed"
"""The word for a blocker that nobody has ever heard of."""


class Others(NamedTuple):
    """What is known of the other tasks. rows: of all. children: the subtasks of one. known: whether there ever was a
    task of this id, also one that is archived or older than what was read."""

    rows: Mapping[str, TaskRow]
    children: Callable[[str], Sequence[str]] = lambda task_id: ()
    known: Callable[[str], bool] = lambda task_id: False

    def status(self, task_id: str) -> Status | None:
        """The status of a task; UNKNOWN of one that is not at hand; None of one that never existed."""
        row = self.rows.get(task_id)
        if row is not None:
            return row.status
        return Status.UNKNOWN if self.known(task_id) else None


class Seen:
    """Times as of now: what is logged for later counts as the newest time of the task that is not after now."""

    def __init__(self, task: Task, now: int) -> None:
        self._task, self._now = task, now
        self._newest: int | None = None

    def __call__(self, at: int) -> int:
        if at <= self._now:
            return at
        if self._newest is None:
            self._newest = max((one for one in self._task.times if one <= self._now), default=self._now)
        return self._newest


def expectations(task: Task, others: Others, now: int, limits: Thresholds) -> list[Expectation]:
    """What is expected in a task, late or not; nothing once it has ended."""
    return [] if task.status.ended else list(_expectations(task, others, now, limits))


def of_run(run: Worker, task_id: str, seen: Callable[[int], int], now: int, limits: Thresholds) -> Expectation:
    """What is expected of an open run: a start, else a word."""
    since = seen(run.last_at)
    if not run.heard:
        limit = limits.limit("never-started", run.worker_type, run.master)
        return _within(limit, "never-started", task_id, run.worker_id, run.worker_id, "a start", since)
    limit = limits.limit("silent", run.worker_type, run.master, own=own_pause(run, now))
    return _within(limit, "silent", task_id, run.worker_id, run.worker_id, "a report", since)


def _within(
    limit: Limit, name: LateName, task_id: str, subject: str, of: str | None, what: str, since: int, why: str = ""
) -> Expectation:
    """What is expected within a time."""
    return Expectation(name, task_id, subject, of, what, since, since + limit.after, why, limit)


def _expectations(task: Task, others: Others, now: int, limits: Thresholds) -> Iterator[Expectation]:
    seen = Seen(task, now)
    name, kind, owner = task.task_id, task.task_type, task.master

    def own(rule: LateName, of: str | None, what: str, since: int, pause: int = 0) -> Expectation:
        return _within(limits.limit(rule, kind, of, own=pause), rule, name, name, of, what, since)

    runs = [of_run(run, name, seen, now, limits) for run in task.runs if run.open]
    yield from runs
    if task.status is Status.QUEUED:
        urgent = UNASSIGNED_URGENT if task.priority in URGENT else None
        limit = limits.limit("unassigned", kind, default=urgent)
        yield _within(limit, "unassigned", name, name, COORDINATOR, "an assignment", seen(task.since))
    elif task.status is Status.ASSIGNED:
        yield own("unstarted", owner, "a start", seen(task.since))
    elif task.status is Status.BLOCKED:
        yield from _waits(task, others, seen, limits)
    yield from _handoffs(task, seen, limits)
    if task.escalated:
        yield own("escalated", PERSON, "an answer", seen(task.escalated_at))
    children = others.children(name)
    going = [child for child in children if (row := others.rows.get(child)) is not None and not row.status.ended]
    newest = seen(task.last_at)
    in_time = any(not one.late(now) for one in runs)
    waiting = bool(children) and not going and not in_time and task.status is not Status.BLOCKED
    if waiting:
        ends = [row.ended_at or row.last_at for child in children if (row := others.rows.get(child)) is not None]
        since = min(now, max([newest, *ends]))
        yield own("parent-waiting", owner, "an end, or more work", since)
    if task.status in (Status.RUNNING, Status.UNKNOWN) and not runs and not waiting:
        if going:
            yield Expectation("idle", name, name, min(going), "the end of its subtasks", newest, None)
        elif not task.escalated and not any(handoff.waiting for handoff in task.handoffs.values()):
            pause = usual_pause(idle_pauses(task, now))
            yield own("idle", owner, "a worker, an event or an end", newest, pause)


def _handoffs(task: Task, seen: Seen, limits: Thresholds) -> Iterator[Expectation]:
    rule: LateName
    for handoff in task.handoffs.values():
        if handoff.waiting and handoff.created_at is not None:
            rule, of, what, at = "handoff-unaccepted", handoff.to_master, "the acceptance", handoff.created_at
        elif handoff.accepted_at is not None and handoff.completed_at is None:
            of = handoff.accepted_by
            if task.master != of:  # who has it now owes nothing to this handoff
                continue
            rule, what, at = "handoff-uncompleted", "the completion", handoff.accepted_at
        else:
            continue
        limit = limits.limit(rule, task.task_type, of)
        yield _within(limit, rule, task.task_id, handoff.handoff_id, of, what, seen(at))


def blockers_of(task: Task | TaskRow, others: Others) -> list[tuple[Wait, str | None]]:
    """The waits of a task, each with a task that blocks it: as named, else as the reason seems to name one."""
    waits = task.waits.values() if isinstance(task, Task) else task.waits
    named: list[tuple[Wait, str | None]] = []
    for wait in waits:
        names = names_of_wait(wait, task.task_id, others.rows, task.hosts)
        named += [(wait, name) for name in names] or [(wait, None)]
    return named


def _waits(task: Task, others: Others, seen: Seen, limits: Thresholds) -> Iterator[Expectation]:
    waits = blockers_of(task, others)
    name, kind, owner = task.task_id, task.task_type, task.master
    named = [(wait, blocker) for wait, blocker in waits if blocker is not None]
    if named and all(others.status(blocker) is Status.COMPLETED for _, blocker in named):
        ends = [(done := others.rows[blocker]).ended_at or done.last_at for _, blocker in named]
        since = max(seen(wait.since) for wait, _ in named)
        since = max([since, *(min(end, seen(end)) for end in ends)])
        limit = limits.limit("blocked", kind, owner, default=UNBLOCK)
        blockers = ", ".join(blocker for _, blocker in named)
        yield _within(limit, "blocked", name, name, owner, "its unblocking", since, f"{blockers} completed")
    for wait, blocker in waits:
        since = seen(wait.since)
        if blocker is None:
            yield _within(limits.limit("blocked", kind, owner), "blocked", name, name, owner, "its unblocking", since)
            continue
        status = others.status(blocker)
        if status is Status.COMPLETED:
            continue
        if status is None or status.ended:
            row = others.rows.get(blocker)
            if row is not None:
                since = max(since, seen(row.ended_at or row.last_at))
            why = f"{blocker} {GONE}" if status is None else f"{blocker} {status.value}"
            yield Expectation("blocked", name, name, blocker, "an end", since, since, why)
        else:
            yield _within(limits.limit("blocked", kind, owner), "blocked", name, name, blocker, "an end", since)

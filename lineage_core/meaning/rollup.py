"""What several tasks come to together: the subtasks of a parent, the tasks of a session (meaning.md: "Ownership and
cost").

Pure: from the rows of tasks. A parent is shown with these figures beside its own, never mixed into them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.task_parts import Phase, Status

WORST_FIRST = (
    Status.FAILED,
    Status.CANCELLED,
    Status.BLOCKED,
    Status.UNKNOWN,
    Status.QUEUED,
    Status.ASSIGNED,
    Status.RUNNING,
    Status.COMPLETED,
)
"""The states of tasks, the worst first."""

MOST_ACTIVE_FIRST = (Status.RUNNING, Status.BLOCKED, Status.ASSIGNED, Status.QUEUED, Status.UNKNOWN)
"""In which phase several open tasks are together: in the first of these in which one of them is."""


class Rollup(NamedTuple):
    """Figures of several tasks.

    tasks: how many; done: how many completed; partial: how many of these only in part. open: how many have not ended.
    worst: the worst state of them, None of no task. first_at, last_at: from the first event to the last end (to the
    last event if it is later), microseconds since the epoch; elapsed: between them, up to now while one is open.
    tokens: None if nobody said. failures: failed attempts and runs, retried ones too. by_status: tasks by status.
    """

    tasks: int
    done: int
    partial: int
    open: int
    worst: Status | None
    first_at: int | None
    last_at: int | None
    elapsed: int
    tokens: int | None
    workers: int
    failures: int
    retries: int
    escalated: int
    events: int
    by_status: Mapping[Status, int]


class Parent(NamedTuple):
    """A task with what is below it. own: the task alone; subtasks: its own subtasks; below: all below it, subtasks of
    subtasks too; together: the task and all below it."""

    own: Rollup
    subtasks: Rollup
    below: Rollup
    together: Rollup

    @property
    def worst(self) -> Status | None:
        """The worst state below it; None if nothing is."""
        return self.below.worst


def rollup(rows: Iterable[TaskRow], now: int) -> Rollup:
    """The figures of some tasks, each given once. now: microseconds since the epoch."""
    by_status: Counter[Status] = Counter()
    partial = workers = failures = retries = escalated = events = 0
    tokens: int | None = None
    first_at = last_at = None
    for row in rows:
        by_status[row.status] += 1
        partial += row.partial
        workers += row.workers
        failures += row.failed_attempts + row.failed_workers
        retries += row.retries
        escalated += row.escalated
        events += row.events
        if row.tokens is not None:
            tokens = (tokens or 0) + row.tokens
        first_at = row.first_at if first_at is None else min(first_at, row.first_at)
        last_at = row.last_at if last_at is None else max(last_at, row.last_at)
    still = sum(count for status, count in by_status.items() if not status.ended)
    end = now if still else last_at
    return Rollup(
        tasks=by_status.total(),
        done=by_status[Status.COMPLETED],
        partial=partial,
        open=still,
        worst=next((status for status in WORST_FIRST if by_status[status]), None),
        first_at=first_at,
        last_at=last_at,
        elapsed=max(0, end - first_at) if first_at is not None and end is not None else 0,
        tokens=tokens,
        workers=workers,
        failures=failures,
        retries=retries,
        escalated=escalated,
        events=events,
        by_status=+by_status,
    )


def below(task_id: str, rows: Mapping[str, TaskRow], children: Callable[[str], Sequence[str]]) -> Iterator[TaskRow]:
    """All tasks below one, each once. children: the subtasks of a task (`Subtasks.children`)."""
    seen, stack = {task_id}, [task_id]
    while stack:
        for child in children(stack.pop()):
            row = rows.get(child)
            if child not in seen and row is not None:
                seen.add(child)
                stack.append(child)
                yield row


def parent(task_id: str, rows: Mapping[str, TaskRow], children: Callable[[str], Sequence[str]], now: int) -> Parent:
    """A task with and without what is below it. Raises KeyError if the task is not among the rows."""
    own = rows[task_id]
    under = list(below(task_id, rows, children))
    direct = [row for child in dict.fromkeys(children(task_id)) if (row := rows.get(child)) is not None]
    return Parent(rollup([own], now), rollup(direct, now), rollup(under, now), rollup([own, *under], now))


def by_session(rows: Iterable[TaskRow], now: int) -> dict[str, Rollup]:
    """The figures of each session (else trace), by its name as `TaskRow.group` has it; `no session` for the others."""
    groups: dict[str, list[TaskRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return {name: rollup(some, now) for name, some in groups.items()}


def phases(tasks: Iterable[Task], now: int) -> list[Phase]:
    """In which phases several tasks are together, in order; where all have ended or none has begun, there is none.

    Each moment counts for the most active state that one of them is in, so that a parent or a session runs while
    anything of it runs. The last phase has no end while one of them is open.
    """
    moves: list[tuple[int, int, Status]] = []
    lasts = False
    for task in tasks:
        for phase in task.phases:
            lasts = lasts or phase.end is None
            end = phase.end if phase.end is not None else max(now, phase.start)
            moves += [(phase.start, 1, phase.status), (end, -1, phase.status)]
    moves.sort(key=lambda move: move[0])
    current: Counter[Status] = Counter()
    found: list[Phase] = []
    since, status = 0, None
    for n, (at, step, changed) in enumerate(moves):
        current[changed] += step
        if n + 1 < len(moves) and moves[n + 1][0] == at:
            continue
        active = next((one for one in MOST_ACTIVE_FIRST if current[one]), None)
        if active is not status:
            if status is not None:
                found.append(Phase(status, since, at))
            since, status = at, active
    if lasts and found:
        found[-1] = found[-1]._replace(end=None)
    return found

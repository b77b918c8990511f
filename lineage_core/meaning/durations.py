"""How long what is expected of things took, of those that ended well: from this follows what is usual. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lineage_core.meaning.pauses import idle_pauses, pauses_of
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.task_parts import Status, WorkerEnd

BIG = 1000
"""Events from which on a task is left out: it would take long to derive."""

Kind = tuple[str, str | None, str | None]
"""What is alike: the name of an expectation (`late_settings.LATE`), the type of task or worker, and of whom it was
expected."""

_PHASES = {Status.QUEUED: "unassigned", Status.ASSIGNED: "unstarted", Status.BLOCKED: "blocked"}


def tells(row: TaskRow) -> bool:
    """Whether there is something to learn from a task."""
    return (row.runs > row.open_workers or row.status is Status.COMPLETED) and row.events < BIG


def lengths_of(task: Task) -> Iterator[tuple[Kind, int, int]]:
    """How long each expectation of a task stood that was met, of what ended well: (kind, when it was met, length); of
    a run and of an idle task the longest pause."""
    for run in task.runs:
        if run.ended_at is None or run.end not in (WorkerEnd.SUCCESS, WorkerEnd.PARTIAL):
            continue
        if run.spawned_at is not None and run.started_at is not None:
            yield ("never-started", run.worker_type, run.master), run.started_at, run.started_at - run.spawned_at
        if pauses := pauses_of(run, run.ended_at):
            yield ("silent", run.worker_type, run.master), run.ended_at, max(pauses)
    for handoff in task.handoffs.values():
        created, accepted, completed = handoff.created_at, handoff.accepted_at, handoff.completed_at
        if created is not None and accepted is not None:
            yield ("handoff-unaccepted", task.task_type, handoff.to_master), accepted, accepted - created
        if accepted is not None and completed is not None:
            yield ("handoff-uncompleted", task.task_type, handoff.accepted_by), completed, completed - accepted
    if task.status is not Status.COMPLETED or task.ended_at is None:
        return
    for phase in task.phases:
        if phase.end is not None and (name := _PHASES.get(phase.status)) is not None:
            owner = None if phase.status is Status.QUEUED else task.owner_at(phase.start)
            yield (name, task.task_type, owner), phase.end, phase.end - phase.start
    if pauses := idle_pauses(task, task.ended_at):
        yield ("idle", task.task_type, task.master), task.ended_at, max(pauses)

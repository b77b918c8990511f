"""A task as a row: what lists, filters, counts and most rules need, without its facts. Pure."""

from __future__ import annotations

from array import array

from lineage_core.meaning.pauses import pauses_of, usual_pause
from lineage_core.model.entities import RunRow, Task, TaskRow
from lineage_core.model.task_parts import REASSIGNED, Owner, Worker, WorkerEnd


def row_of(task: Task) -> TaskRow:
    """The row of a task."""
    watched: list[RunRow] = []
    failed = retries = 0
    for run in task.runs:
        if run.ended_at is None or (run.end is WorkerEnd.ZOMBIE and run is task.workers[run.worker_id]):
            watched.append(_run_row(run))
        if run.failed:
            failed += 1
        if run.retry_of is not None:
            retries += 1
    lost = 0
    for attempt in task.attempts:
        if attempt.failed_at is not None:
            lost += 1
    moves = 0
    for mark in task.marks:
        moves += mark.kind == REASSIGNED
    owners = task.owners
    offered = taken = None
    for handoff in task.handoffs.values():
        if handoff.waiting and handoff.created_at is not None:
            offered = handoff.created_at if offered is None else min(offered, handoff.created_at)
        elif handoff.accepted_at is not None and handoff.completed_at is None:
            taken = handoff.accepted_at if taken is None else min(taken, handoff.accepted_at)
    return TaskRow(
        task.task_id,
        task.status,
        task.since,
        task.first_at,
        task.last_at,
        task.started_at,
        task.ended_at,
        len(task.attempts),
        lost,
        task.partial,
        task.escalated,
        task.escalated_at if task.escalated else None,
        task.task_type,
        task.priority,
        owners[-1].master if owners else None,
        (owners[0].master,) if len(owners) == 1 else tuple(dict.fromkeys([owner.master for owner in owners])),
        task.session,
        task.trace,
        task.parent_id,
        task.parent_event,
        task.reason,
        task.escalation,
        task.blocked_by,
        tuple(task.waits.values()) if task.waits else (),
        task.percent,
        len(task.workers),
        len(task.runs),
        tuple(watched) if watched else (),
        failed,
        retries,
        len(task.handoffs),
        moves,
        offered,
        taken,
        task.tokens,
        task.skew,
        len(task.remarks),
        task.events,
        task.logged,
        tuple(task.hosts) if task.hosts else (),
    )


def _run_row(run: Worker) -> RunRow:
    pause = usual_pause(pauses_of(run, run.last_at)) if run.ended_at is None else 0
    return RunRow(run.worker_id, run.worker_type, run.master, run.last_at, run.heard, run.percent, pause, run.ended_at)


def task_of(row: TaskRow) -> Task:
    """A task that has what its row tells, for rules that ask no more: no events, no ended runs but those that were
    found dead, no handoffs."""
    owners = [Owner(row.master, row.first_at, None)] if row.master is not None else []
    runs = [
        Worker(
            run.worker_id,
            worker_type=run.worker_type,
            master=run.master,
            last_at=run.last_at,
            heard=run.heard,
            percent=run.percent,
            pause=run.pause,
            ended_at=run.ended_at,
            end=WorkerEnd.ZOMBIE if run.ended_at is not None else None,
        )
        for run in row.watched
    ]
    return Task(
        row.task_id,
        status=row.status,
        since=row.since,
        first_at=row.first_at,
        last_at=row.last_at,
        ended_at=row.ended_at,
        escalated=row.escalated,
        escalated_at=row.escalated_at or 0,
        escalation=row.escalation,
        task_type=row.task_type,
        priority=row.priority,
        reason=row.reason,
        events=row.events,
        owners=owners,
        waits={str(number): wait for number, wait in enumerate(row.waits)},
        runs=runs,
        workers={run.worker_id: run for run in runs},
        hosts=dict.fromkeys(row.hosts),
        times=array("q", (row.first_at, row.last_at)),
    )

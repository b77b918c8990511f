"""`lineage duration`: how long a task took, and where the time went."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.cli import one_task_queries, output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.model.entities import Task
from lineage_core.present.rows import elapsed, iso, milliseconds, moment, run_time, span, worker_status
from lineage_core.present.timeline import time_by_phase

if TYPE_CHECKING:
    from lineage_core.model.answer_types import DurationPartJson

EXAMPLES = (
    "lineage duration task-1",
    "lineage duration task-1 --json | jq .elapsed_ms",
)

KEYS = {
    "part": "phase, worker or handoff",
    "name": "the status, or the worker or handoff",
    "duration_ms": "how long: of a status all phases together; of a worker its run; of a handoff its waiting",
    "spawn_ms": "of a worker: from its spawning to its start",
    "share": "of the elapsed time, from 0 to 1",
    "status": "of a worker: running or how it ended; of a handoff: waiting or accepted",
    "open": "whether it still goes on",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage duration`."""
    one_task_queries.add_arguments(parser)
    output.describe(
        parser,
        KEYS,
        "keys of a part; as JSON, one object: task_id, status, running, start, end, elapsed_ms, said_ms, parts",
    )


def answer(args: argparse.Namespace) -> Answer:
    """Where the time of a task went. Raises UnknownNameError, with the nearest ids."""
    found = one_task_queries.find(args, links=False)
    task, now = found.task, clock.now()
    total = elapsed(task, now)
    rows = parts_of(task, now)
    return one_task_queries.answer_of(
        found,
        f"Duration of {args.task}",
        text=lambda paper: _text(task, rows, total, paper),
        columns=tuple(KEYS),
        rows=rows,
        document={
            "task_id": task.task_id,
            "status": task.status.value,
            "running": not task.status.ended,
            "start": iso(task.first_at),
            "end": iso(task.ended_at),
            "elapsed_ms": milliseconds(total),
            "said_ms": task.duration_ms,
            "parts": rows,
        },
    )


def parts_of(task: Task, now: int) -> list[DurationPartJson]:
    """The parts that the time of a task went to, by KEYS: phases, workers, waiting handoffs."""
    total = elapsed(task, now)
    rows = [
        _row("phase", status.value, micros, total, None, still_open=not task.status.ended and task.status is status)
        for status, micros in time_by_phase(task, now).items()
    ]
    for worker in task.workers.values():
        spawn = None
        if worker.spawned_at is not None:
            until = worker.started_at if worker.started_at is not None else worker.ended_at
            spawn = max(0, (now if until is None else until) - worker.spawned_at)
        row = _row("worker", worker.worker_id, run_time(worker, now), total, worker_status(worker), worker.open)
        row["spawn_ms"] = milliseconds(spawn)
        rows.append(row)
    for handoff in task.handoffs.values():
        if handoff.created_at is not None:
            until = handoff.accepted_at if handoff.accepted_at is not None else handoff.completed_at
            waited = max(0, (now if until is None else until) - handoff.created_at)
            status_text = "waiting" if handoff.waiting else "accepted"
            rows.append(_row("handoff", handoff.handoff_id, waited, total, status_text, handoff.waiting))
    return rows


def _row(
    part: str, name: str, micros: int | None, total: int, status: str | None, still_open: bool
) -> DurationPartJson:
    return {
        "part": part,
        "name": name,
        "duration_ms": milliseconds(micros),
        "spawn_ms": None,
        "share": round(micros / total, 4) if micros is not None and total else None,
        "status": status,
        "open": still_open,
    }


def _text(task: Task, rows: list[DurationPartJson], total: int, paper: Paper) -> Iterator[Line]:
    running = "" if task.status.ended else ", still running" if task.status.value == "running" else ", not ended"
    end = f"{moment(task.ended_at)}Z" if task.ended_at is not None else "now"
    yield [(task.task_id, "head"), "  ", (task.status.value, task.status.value), f"  {span(total)}{running}"]
    yield f"from {moment(task.first_at)}Z to {end}"
    if task.duration_ms is not None:
        yield f"its end says {span(round(task.duration_ms * 1000))}"
    if not rows:
        return
    yield ""
    cells: list[list[Piece]] = []
    for row in rows:
        micros = None if row["duration_ms"] is None else row["duration_ms"] * 1000
        detail = row["status"] or ""
        if row["spawn_ms"]:
            detail = f"{detail}, {span(row['spawn_ms'] * 1000)} to start"
        cells.append(
            [
                row["part"],
                (row["name"], row["name"] if row["part"] == "phase" else ""),
                span(micros) + ("…" if row["open"] and not paper.ascii else "+" if row["open"] else ""),
                f"{row['share']:.0%}" if row["share"] is not None else "-",
                detail,
            ]
        )
    yield from text_output.table(("PART", "NAME", "TIME", "SHARE", ""), cells, right=(2, 3))

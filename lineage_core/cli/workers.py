"""`lineage workers`: the workers of a task, or all."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from lineage_core import clock
from lineage_core.cli import export, output, period
from lineage_core.cli.output import Answer, Line, Paper, Piece
from lineage_core.cli.progress import ProgressBar, load_all
from lineage_core.paths import lineage_dir
from lineage_core.report import WORKER_KEYS, run_time, span, worker_age, worker_row, worker_status
from lineage_core.state import Worker

EXAMPLES = (
    "lineage workers task-1",
    "lineage workers --open",
    "lineage workers --since 1d --format csv",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage workers`."""
    parser.add_argument("task", nargs="?", metavar="TASK", help="the task (default: all tasks)")
    parser.add_argument("--open", action="store_true", help="only those that have not ended")
    period.add_arguments(parser, "workers at work")
    output.add_arguments(parser, "workers")
    output.describe(parser, WORKER_KEYS, "keys of a row")


def run(args: argparse.Namespace) -> int:
    """Print the workers."""
    return output.show(answer(args), args)


def answer(args: argparse.Namespace) -> Answer:
    """The workers of one task in the order in which they came, or of all tasks, last heard of first."""
    directory, when, now = lineage_dir(args.dir), period.period_of(args), clock.now()
    if args.task:
        from lineage_core.lookup import look_up

        with ProgressBar("searching") as progress:
            found = look_up(directory, args.task, links=False, progress=progress)
        problems, state = found.problems, found.state
        pairs = [(args.task, worker) for worker in found.task.workers.values()]
    else:

        loaded = load_all(directory)
        problems, state = loaded.problems, loaded.state
        pairs = []
        for row in loaded.state.rows.values():
            if row.workers and (row.open_workers or not args.open) and when.touches(row.first_at, row.last_at):
                task = loaded.state.task(row.task_id)
                pairs += [(row.task_id, worker) for worker in task.workers.values()] if task else []
        pairs.sort(key=lambda pair: (-pair[1].last_at, pair[0], pair[1].worker_id))
    chosen = [
        (task_id, worker)
        for task_id, worker in pairs
        if (worker.open or not args.open) and when.touches(worker.first_at, worker.last_at)
    ][: args.limit]
    return Answer(
        text=lambda paper: text_lines(chosen, now, paper, with_task=not args.task),
        columns=tuple(WORKER_KEYS),
        rows=rows_of(chosen, now),
        empty=not chosen,
        problems=problems,
        timelines=lambda: export.timelines_of(state, [task_id for task_id, _ in chosen]),
        title=f"Workers of {args.task}" if args.task else "Workers",
    )


def rows_of(pairs: list[tuple[str, Worker]], now: int) -> list[dict[str, Any]]:
    """The rows of workers with their tasks."""
    return [worker_row(task_id, worker, now) for task_id, worker in pairs]


def text_lines(pairs: list[tuple[str, Worker]], now: int, paper: Paper, *, with_task: bool) -> Iterator[Line]:
    """A table of workers."""
    if not pairs:
        yield ("no workers", "muted")
        return
    headers = ["WORKER", "TYPE", "STATUS", "AGE", "RAN", "DONE", "TOKENS", "HEARD", "LAST WORD"]
    cells: list[list[Piece]] = []
    for task_id, worker in pairs:
        status = worker_status(worker)
        percent = f"{worker.percent:.0f}%" if worker.percent is not None else "-"
        detail = worker.step or "" if worker.end is None else worker.error or ""
        if worker.retry_of:
            detail = f"{detail} (retry of {worker.retry_of})".strip()
        line: list[Piece] = [
            worker.worker_id,
            worker.worker_type or "-",
            (status, status),
            span(worker_age(worker, now)),
            span(run_time(worker, now)),
            percent,
            str(worker.tokens) if worker.tokens is not None else "-",
            f"{span(max(0, now - worker.last_at))} ago",
            detail,
        ]
        cells.append([task_id, *line] if with_task else line)
    shift = 1 if with_task else 0
    yield from output.table(
        ["TASK", *headers] if with_task else headers, cells, right=[at + shift for at in (3, 4, 5, 6, 7)]
    )

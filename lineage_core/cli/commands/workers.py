"""`lineage workers`: the workers of a task, or all."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.cli import output, period, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar, load_all
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.model.entities import Task
from lineage_core.present.host_columns import HOST, columns
from lineage_core.present.rows import WORKER_KEYS, span, worker_row
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.model.row_types import WorkerJson

EXAMPLES = (
    "lineage workers task-1",
    "lineage workers --open",
    "lineage workers --since 1d --format csv",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage workers`."""
    parser.add_argument("task", nargs="?", metavar="TASK", type=output.name, help="the task (default: all tasks)")
    parser.add_argument("--open", action="store_true", help="only those that have not ended")
    period.add_arguments(parser, "workers at work")
    output.add_arguments(parser, "workers")
    output.describe(parser, WORKER_KEYS | HOST, "keys of a row")


def answer(args: argparse.Namespace) -> Answer:
    """The runs of workers of one task in the order in which they began, or of all tasks, last heard of first."""
    directory, when, now = lineage_dir(args.dir), period.period_of(args), clock.now()

    def chosen(task: Task) -> list[tuple[int, WorkerJson]]:
        return [
            (worker.last_at, worker_row(task.task_id, worker, now))
            for worker in task.runs
            if (worker.open or not args.open) and when.touches(worker.first_at, worker.last_at)
        ]

    if args.task is not None:
        from lineage_core.query.task_lookup import look_up

        with ProgressBar("searching") as progress:
            found = look_up(directory, args.task, links=False, progress=progress)
        problems, state = found.problems, found.state
        items = chosen(found.task)[: args.limit]
    else:
        from lineage_core.state.top_n import top_n

        loaded = load_all(directory)
        problems, state = loaded.problems, loaded.state
        rows = [
            row
            for row in state.rows.values()
            if row.runs and (row.open_workers or not args.open) and when.touches(row.first_at, row.last_at)
        ]
        items = top_n(state, rows, chosen, args.limit)
    return Answer(
        text=lambda paper: text_lines(items, now, paper, with_task=args.task is None, with_host=len(state.hosts) > 1),
        columns=columns(WORKER_KEYS, HOST, several=len(state.hosts) > 1),
        rows=[row for _, row in items],
        empty=not items,
        problems=problems,
        timelines=lambda: output.timelines_of(state, [row["task_id"] for _, row in items]),
        title=f"Workers of {args.task}" if args.task is not None else "Workers",
    )


def text_lines(
    items: list[tuple[int, WorkerJson]], now: int, paper: Paper, *, with_task: bool, with_host: bool = False
) -> Iterator[Line]:
    """A table of workers, each with when it was last heard of."""
    if not items:
        yield ("no workers", "muted")
        return
    headers = ["WORKER", "TYPE", "STATUS", "AGE", "RAN", "DONE", "TOKENS", "HEARD", "LAST WORD"]
    cells: list[list[Piece]] = []
    for last_at, row in items:
        detail = row["current_step"] if row["ended_at"] is None else row["error"]
        if row["retry_of"]:
            detail = f"{detail or ''} (retry of {row['retry_of']})".strip()
        again = f" (run {row['run']})" if row["run"] > 1 else ""
        line: list[Piece] = [
            row["worker_id"] + again,
            row["worker_type"] or "-",
            (row["status"], row["status"]),
            _span(row["age_ms"]),
            _span(row["duration_ms"]),
            f"{row['progress_percentage']:.0f}%" if row["progress_percentage"] is not None else "-",
            str(row["tokens"]) if row["tokens"] is not None else "-",
            f"{span(max(0, now - last_at))} ago",
            detail or "",
        ]
        before = [row["task_id"]] if with_task else []
        cells.append([*before, *([row["host"]] if with_host else []), *line])
    first = [*(["TASK"] if with_task else []), *(["HOST"] if with_host else [])]
    yield from text_output.table([*first, *headers], cells, right=[at + len(first) for at in (3, 4, 5, 6, 7)])


def _span(milliseconds: int | None) -> str:
    return span(None if milliseconds is None else milliseconds * 1000)

"""`lineage failed`: every failed attempt and run with its reason, newest first."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.cli import lake_option, output, period, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import load_all
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status
from lineage_core.present.host_columns import HOST, columns
from lineage_core.present.rows import moment, span
from lineage_core.present.sentences import counted
from lineage_core.present.task_rows import FAILURE_KEYS, timed_failures
from lineage_core.state.top_n import top_n
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.model.row_types import FailureJson

EXAMPLES = (
    "lineage failed --since 1d",
    "lineage failed --tasks --limit 10",
    "lineage failed --master security --fail-empty",
    "lineage failed --json | jq -r '.failures[].reason' | sort | uniq -c",
)

KEYS = FAILURE_KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage failed`."""
    parser.add_argument(
        "--task", metavar="TASK", type=output.name, action="append", default=[], help="failures of a task"
    )
    parser.add_argument("--master", metavar="ID", help="failures under a master; its `-master` may be left out")
    parser.add_argument("--tasks", action="store_true", help="only tasks")
    parser.add_argument("--workers", action="store_true", help="only workers")
    lake_option.add_arguments(parser)
    period.add_arguments(parser, "failures")
    output.add_arguments(parser, "failures")
    output.describe(
        parser,
        KEYS | HOST,
        "keys of a failure; as JSON, one object: tasks, workers (failed attempts and runs, those beyond "
        "--limit too), retried (how many of these), failed_tasks (that are failed now, as the status line of the "
        "screen counts), failures",
    )


def answer(args: argparse.Namespace) -> Answer:
    """The failed attempts and runs, newest first. Raises UnknownNameError for an unknown task."""
    when, now = period.period_of(args), clock.now()
    if lake := lake_option.lake_of(args):
        loaded, directory = lake_option.load(lake, when), Path(lake)
    else:
        directory = lineage_dir(args.dir)
        loaded = load_all(directory)
    if unknown := [name for name in args.task if name not in loaded.state.rows]:
        from lineage_core.query.task_lookup import unknown as error

        raise error(directory, unknown[0])

    masters = (args.master, f"{args.master}-master")

    def chosen(task: Task) -> list[tuple[int, FailureJson]]:
        return [
            (at, row)
            for at, row in timed_failures(task)
            if when.holds(at)
            and (not args.master or row["master"] in masters)
            and (args.tasks or not args.workers or row["what"] == "worker")
            and (args.workers or not args.tasks or row["what"] == "task")
        ]

    candidates = [
        row
        for row in loaded.state.rows.values()
        if (row.failed_attempts or row.failed_workers)
        and when.touches(row.first_at, row.last_at)
        and (not args.task or row.task_id in args.task)
    ]
    every = top_n(loaded.state, candidates, chosen, None)
    pairs = every[: args.limit]
    rows = [row for _, row in pairs]
    counts = {f"{what}s": sum(row["what"] == what for _, row in every) for what in ("task", "worker")}
    counts["retried"] = sum(row["retried"] for _, row in every)
    counts["failed_tasks"] = sum(row.status is Status.FAILED for row in candidates)
    return Answer(
        text=lambda paper: _text(pairs, counts, now, paper, several=len(loaded.state.hosts) > 1),
        columns=columns(FAILURE_KEYS, HOST, several=len(loaded.state.hosts) > 1),
        rows=rows,
        document={**counts, "failures": rows},
        empty=not rows,
        problems=loaded.problems,
        timelines=lambda: output.timelines_of(loaded.state, [row["task_id"] for row in rows]),
        title="Failures",
    )


def _text(
    pairs: list[tuple[int, FailureJson]], counts: Mapping[str, int], now: int, paper: Paper, *, several: bool
) -> Iterator[Line]:
    if not counts["tasks"] + counts["workers"]:
        yield ("no failures", "muted")
        return
    listed = f"{counted(counts['tasks'], 'failed attempt')} and {counted(counts['workers'], 'failed run')} of workers"
    stand = counts["failed_tasks"]
    cut = f"; newest {len(pairs):,} shown" if len(pairs) < counts["tasks"] + counts["workers"] else ""
    retried = f"{counts['retried']:,} of them retried"
    yield (f"{listed}, {retried}; {counted(stand, 'task')} failed and not retried{cut}", "muted")
    cells: list[list[Piece]] = [
        [
            f"{moment(at)}Z",
            f"{span(max(0, now - at))} ago",
            (row["status"], row["status"]),
            row["task_id"],
            row["worker_id"] or "-",
            row["master"] or "-",
            (row["reason"] or "") + (" (retried)" if row["retried"] else ""),
        ]
        for at, row in pairs
    ]
    headers = ["WHEN", "", "STATUS", "TASK", "WORKER", "MASTER", "REASON"]
    if several:
        headers.insert(3, "HOST")
        for line, (_, row) in zip(cells, pairs, strict=True):
            line.insert(3, row["host"])
    yield from text_output.table(headers, cells, right=(1,))

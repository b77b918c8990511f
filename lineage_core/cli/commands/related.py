"""`lineage related`: which tasks have to do with one, and the critical path of its subtasks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lineage_core.base import clock
from lineage_core.cli import one_task_queries, output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Piece
from lineage_core.forecast.related_tasks import Link, Related, critical_path, related
from lineage_core.present.rows import iso, milliseconds, span
from lineage_core.state.store import State

EXAMPLES = (
    "lineage related task-1",
    "lineage related task-1 --json | jq -r '.related[].task_id'",
    "lineage related task-1 --json | jq '.critical_path[] | select(.critical)'",
)

KEYS = {
    "task_id": "the other task",
    "score": "how much it has to do with it, from 0 to 1",
    "status": "its status",
    "master": "its owner",
    "last_at": "when it was last heard of",
    "reasons": "why, each in words",
}

PATH_KEYS = {
    "task_id": "the task itself, and all below it",
    "depth": "how far below",
    "started_at": "its first event",
    "ended_at": "its end; none while it is open",
    "duration_ms": "between these, or up to now",
    "critical": "whether it is on the chain that sets the end of all",
    "slack_ms": "how much later it could have ended without moving that",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage related`."""
    parser.add_argument("task", metavar="TASK", type=output.name, help="the task")
    output.add_arguments(parser, "tasks")
    output.describe(parser, KEYS, "keys of a task; as JSON, one object: task_id, related, critical_path")
    output.describe(parser, PATH_KEYS, "keys of the critical path")


def answer(args: argparse.Namespace) -> Answer:
    """What has to do with a task. Raises UnknownNameError, with the nearest ids."""
    loaded = one_task_queries.with_all_others(args)
    state = loaded.state
    found = related(state, args.task, 50 if args.limit is None else args.limit)
    path = critical_path(state, args.task, clock.now())
    rows = [_row(one, state) for one in found]
    return Answer(
        text=lambda paper: _text(found, path, state),
        columns=tuple(KEYS),
        rows=rows,
        document={"task_id": args.task, "related": rows, "critical_path": [_link(one) for one in path]},
        empty=not rows,
        problems=loaded.problems,
        title=f"What has to do with {args.task}",
    )


def _row(one: Related, state: State) -> dict[str, object]:
    row = state.rows[one.task_id]
    return {
        "task_id": one.task_id,
        "score": round(one.score, 3),
        "status": row.status.value,
        "master": row.master,
        "last_at": iso(row.last_at),
        "reasons": [reason.text for reason in one.reasons],
    }


def _link(one: Link) -> dict[str, object]:
    return {
        "task_id": one.task_id,
        "depth": one.depth,
        "started_at": iso(one.start),
        "ended_at": None if one.open else iso(one.end),
        "duration_ms": milliseconds(one.end - one.start),
        "critical": one.critical,
        "slack_ms": milliseconds(one.slack),
    }


def _text(found: list[Related], path: list[Link], state: State) -> Iterator[Line]:
    if not found:
        yield ("no other task has to do with it", "muted")
    cells: list[list[Piece]] = []
    for one in found:
        row = state.rows[one.task_id]
        reasons = ", ".join(reason.text for reason in one.reasons)
        cells.append(
            [one.task_id, (row.status.value, row.status.value), row.master or "-", f"{one.score:.2f}", reasons]
        )
    if cells:
        yield from text_output.table(("TASK", "STATUS", "MASTER", "SCORE", "WHY"), cells, right=(3,))
    if not path:
        return
    yield ""
    lines: list[list[Piece]] = []
    for link in path:
        name = "  " * link.depth + link.task_id
        slack: Piece = ("sets the end", "bad") if link.critical else f"{span(link.slack)} to spare"
        lines.append([(name, "head") if link.critical else name, span(link.end - link.start), slack])
    yield from text_output.table(("CRITICAL PATH", "TOOK", ""), lines, right=(1,))

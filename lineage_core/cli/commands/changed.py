"""`lineage changed`: what is another now than it was at a time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_when
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import load_all
from lineage_core.cli.text_output import Line, Piece
from lineage_core.present.rows import iso
from lineage_core.query.changed import Change, changes
from lineage_core.state.state_as_of import Past
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage changed --since 1h",
    "lineage changed --since 2026-11-22T03:00 --at 2026-11-22T03:12",
)

KEYS = {
    "task_id": "the task",
    "status": "its status now",
    "status_then": "its status then; null if it was not known",
    "master": "its owner now",
    "master_then": "its owner then",
    "events": "how many events it has now",
    "events_then": "how many it had then",
    "last_at": "when it was last heard of",
    "changes": "what changed, each in a few words",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage changed`."""
    parser.add_argument("--since", metavar="WHEN", required=True, help="since when: 2h, yesterday, or ISO-8601")
    output.add_arguments(parser, "tasks")
    output.describe(parser, KEYS, "keys of a task")


def answer(args: argparse.Namespace) -> Answer:
    """The tasks that changed. Raises BadInputError for what is no time."""
    try:
        at = parse_when(args.since, clock.now())
    except BadInputError as error:
        raise BadInputError(f"--since: {error}") from None
    loaded = load_all(lineage_dir(args.dir))
    past = Past(loaded.state)
    for _ in past.index():
        pass
    past.go(at)
    found = changes(past, loaded.state)
    shown = found[: args.limit]
    return Answer(
        text=lambda paper: _text(shown, len(found)),
        columns=tuple(KEYS),
        rows=map(_row, shown),
        empty=not found,
        problems=loaded.problems,
        timelines=lambda: output.timelines_of(loaded.state, [one.row.task_id for one in shown]),
        title=f"What changed since {iso(at)}",
    )


def _row(change: Change) -> dict[str, object]:
    row, before = change.row, change.before
    return {
        "task_id": row.task_id,
        "status": row.status.value,
        "status_then": before.status.value if before is not None else None,
        "master": row.master,
        "master_then": before.master if before is not None else None,
        "events": row.events,
        "events_then": before.events if before is not None else 0,
        "last_at": iso(row.last_at),
        "changes": list(change.words),
    }


def _text(shown: list[Change], count: int) -> Iterator[Line]:
    if not count:
        yield ("nothing changed", "muted")
        return
    cells: list[list[Piece]] = [
        [one.row.task_id, (one.row.status.value, one.row.status.value), one.row.master or "-", ", ".join(one.words)]
        for one in shown
    ]
    yield from text_output.table(("TASK", "STATUS", "MASTER", "CHANGED"), cells)
    if len(shown) < count:
        yield (f"{count - len(shown):,} more", "muted")

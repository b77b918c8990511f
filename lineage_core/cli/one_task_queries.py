"""What the queries about one task share: its argument, the search for it, and what every such answer has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lineage_core.cli import output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar, load_all
from lineage_core.query.task_lookup import Lookup, look_up, unknown
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.state.load import Loaded


def add_arguments(parser: argparse.ArgumentParser, limit: str | None = None) -> None:
    """The task, and what all queries take. limit: see `output.add_arguments`."""
    parser.add_argument("task", metavar="TASK", type=output.name, help="the task")
    output.add_arguments(parser, limit)


def find(args: argparse.Namespace, *, links: bool = True) -> Lookup:
    """The task of the command line. links: with the tasks that it is linked to.

    Raises UnknownNameError, with the nearest ids.
    """
    with ProgressBar("searching") as progress:
        return look_up(lineage_dir(args.dir), args.task, links=links, progress=progress)


def with_all_others(args: argparse.Namespace) -> Loaded:
    """All tasks, for a query about one of them. Raises UnknownNameError, with the nearest ids."""
    directory = lineage_dir(args.dir)
    loaded = load_all(directory)
    if args.task not in loaded.state.rows:
        raise unknown(directory, args.task)
    return loaded


def answer_of(found: Lookup, title: str, **fields: Any) -> Answer:
    """An answer about the task that was found. fields: those of Answer that the query gives itself."""
    task_id = found.task.task_id
    return Answer(
        **fields,
        problems=found.problems,
        timelines=lambda: output.timelines_of(found.state, [task_id]),
        title=title,
    )

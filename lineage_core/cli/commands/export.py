"""`lineage export`: the answer of any query as a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, ExitCode, JournalError
from lineage_core.cli import output
from lineage_core.cli.output import Answer, Paper
from lineage_core.model.event_types import nearest

EXAMPLES = (
    "lineage export events --since 7d --format csv -o week.csv",
    "lineage export timeline task-1 --format html -o task-1.html",
    "lineage export tasks status:failed --format parquet -o failed.parquet",
    "lineage export --format json > events.json",
)

if TYPE_CHECKING:
    from lineage_core.present.timeline import Timeline
    from lineage_core.state.store import State

FORMATS = ("csv", "json", "jsonl", "html", "parquet")
QUERIES = (
    *("events", "recent", "tasks", "task", "timeline", "workers", "duration", "summary", "chain", "failed", "zombies"),
    "stats",
)

MAX_HTML_ROWS = 10_000
"""Rows of an HTML page, which says so when there were more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage export` itself; the others are those of the query."""
    parser.usage = "lineage export [QUERY ...] --format FORMAT [-o FILE] [--dir DIR]"
    parser.description = (
        f"{parser.description}\n\nQUERY is {', '.join(QUERIES)} (default events), with its own words after it: "
        f"`lineage QUERY --help` tells them. A page of HTML holds at most {MAX_HTML_ROWS} rows."
    )
    parser.add_argument("--format", choices=FORMATS, required=True, help="what to write")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: stdout)")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words for export itself, and as `args` the query's own."""
    from lineage_core.cli import parser_of

    own = parser_of("export")
    own.allow_abbrev = False
    args, rest = own.parse_known_args(list(words))
    query = rest.pop(0) if rest and not rest[0].startswith("-") else "events"
    if query not in QUERIES:
        raise BadInputError(f"no query {query!r}{nearest(query, QUERIES)} (there are: {', '.join(QUERIES)})")
    args.query, args.args = query, parser_of(query).parse_intermixed_args(rest)
    args.args.dir = args.dir
    return args


def run(args: argparse.Namespace) -> int:
    """Write the answer; the exit code is the query's."""
    if args.format == "parquet" and not args.output and sys.stdout.isatty():
        raise BadInputError("Parquet is not for a terminal: give -o FILE")
    answer: Answer = import_module(f"lineage_core.cli.commands.{args.query}").answer(args.args)
    if args.output:
        _replace(Path(args.output), answer, args.format)
    elif args.format == "parquet":
        _parquet(answer, sys.stdout.buffer)
    else:
        for piece in _pieces(answer, args.format):
            sys.stdout.buffer.write(piece.encode())
        sys.stdout.buffer.flush()
    if output.report(answer.problems, sys.stderr):
        return ExitCode.JOURNAL
    return ExitCode.CHECK_FAILED if answer.empty and args.args.fail_empty else ExitCode.OK


def timelines_of(state: State, task_ids: Iterable[str]) -> Iterator[Timeline]:
    """The timelines of some tasks, each once, as many as a page holds."""
    from lineage_core.present.html import MAX_TIMELINES
    from lineage_core.present.timeline import timeline

    for task_id in list(dict.fromkeys(task_ids))[:MAX_TIMELINES]:
        task = state.task(task_id)
        if task is not None:
            yield timeline(task)


def _replace(path: Path, answer: Answer, form: str) -> None:
    """Write a file that is whole or not there. Raises JournalError when it cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            if form == "parquet":
                _parquet(answer, file)
            else:
                for piece in _pieces(answer, form):
                    file.write(piece.encode())
        part.replace(path)
    except OSError as error:
        raise JournalError(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _pieces(answer: Answer, form: str) -> Iterator[str]:
    if form != "html":
        yield from output.lines(answer, form, Paper())
        return
    from itertools import islice

    from lineage_core.present.html import page

    rows = list(islice(answer.rows, MAX_HTML_ROWS + 1))
    told = answer.told
    if len(rows) > MAX_HTML_ROWS:
        told = f"{told} Only the first {MAX_HTML_ROWS} rows are shown.".strip()
    drawn = answer.timelines() if answer.timelines else ()
    yield from page(answer.title, told, drawn, answer.columns, rows[:MAX_HTML_ROWS], clock.now())


def _parquet(answer: Answer, file: Any) -> None:
    """The rows as Parquet: times as times, lists as lists, objects as JSON text."""
    from lineage_core.present.parquet import write  # imports polars

    write(answer.columns, answer.rows, file)

"""`lineage export`: the answer of any query as a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import BinaryIO

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, ExitCode
from lineage_core.cli import output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Paper
from lineage_core.model.event_types import nearest

EXAMPLES = (
    "lineage export events --since 7d -o week.csv",
    "lineage export timeline task-1 -o task-1.html",
    "lineage export tasks status:failed -o failed.parquet",
    "lineage export --format json > events.json",
)

FORMATS = ("csv", "json", "jsonl", "html", "parquet")
QUERIES = (
    *("events", "recent", "tasks", "task", "timeline", "workers", "duration", "summary", "chain", "failed", "zombies"),
    *("explain", "attention", "stats", "diff", "changed", "forecast", "anomalies", "related"),
)

MAX_HTML_ROWS = 10_000
"""Rows of an HTML page, which says so when there were more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage export` itself; the others are those of the query."""
    parser.usage = "lineage export [QUERY ...] [--format FORMAT] [-o FILE] [--dir DIR]"
    parser.description = (
        f"{parser.description}\n\nQUERY is {', '.join(QUERIES)} (default events), with its own words after it: "
        f"`lineage QUERY --help` tells them. A page of HTML holds at most {MAX_HTML_ROWS} rows."
    )
    about = "what to write (default: what FILE ends in)"
    parser.add_argument("--format", choices=FORMATS, help=about)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: stdout)")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words for export itself, and as `args` the query's own.

    Raises BadInputError for an unknown query or no format.
    """
    from lineage_core.cli import parser_of
    from lineage_core.cli.argparser import MARK

    own = parser_of("export")
    own.allow_abbrev = False
    args, rest = own.parse_known_args(own.plain(words))
    query = rest.pop(0).removeprefix(MARK) if rest and not rest[0].startswith("-") else "events"
    if query not in QUERIES:
        raise BadInputError(f"no query {query!r}{nearest(query, QUERIES)} (there are: {', '.join(QUERIES)})")
    args.format = args.format or format_of(args.output)
    args.query, args.args = query, parser_of(query).parse_words(rest)
    args.at = getattr(args.args, "at", None)
    return args


def format_of(name: str | None) -> str:
    """The format that the name of a file ends in. Raises BadInputError if it does not tell."""
    ending = (name or "").rpartition(".")[2].lower()
    if (form := {"ndjson": "jsonl", "htm": "html"}.get(ending, ending)) in FORMATS:
        return form
    endings = ", ".join(FORMATS)
    raise BadInputError(f"in which format? Give --format ({endings}), or -o FILE with such an ending")


def run(args: argparse.Namespace) -> int:
    """Write the answer; the exit code is the query's. Raises BadInputError for Parquet to a terminal."""
    if args.format == "parquet" and not args.output and sys.stdout.isatty():
        raise BadInputError("Parquet is not for a terminal: give -o FILE")
    args.args.dir = args.dir
    answer: Answer = import_module(f"lineage_core.cli.commands.{args.query}").answer(args.args)
    if args.output:
        from lineage_core.base.output_file import output_file  # which imports what makes temporary files

        with output_file(args.output) as file:
            _write(answer, args.query, args.format, file)
    else:
        _write(answer, args.query, args.format, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    if output.report(answer.problems, sys.stderr):
        return ExitCode.JOURNAL
    return ExitCode.CHECK_FAILED if answer.empty and args.args.fail_empty else ExitCode.OK


def _write(answer: Answer, query: str, form: str, file: BinaryIO) -> None:
    if form == "parquet":
        from lineage_core.present.parquet import write  # imports polars

        write(answer.columns, answer.rows, file)
    else:
        for piece in _pieces(answer, query, form):
            file.write(piece.encode())


def _pieces(answer: Answer, query: str, form: str) -> Iterator[str]:
    if form != "html":
        yield from output.lines(answer, form, Paper())
        return
    from itertools import islice

    from lineage_core.cli.commands.export_page import export_page
    from lineage_core.web.offline_page import page

    rows = list(islice(answer.rows, MAX_HTML_ROWS + 1))
    paragraph = answer.paragraph
    if len(rows) > MAX_HTML_ROWS:
        paragraph = f"{paragraph} Only the first {MAX_HTML_ROWS} rows are shown.".strip()
    drawn = answer.timelines() if answer.timelines else None
    data = export_page(answer, query, drawn, clock.now())
    yield from page(answer.title, paragraph, data, answer.columns, rows[:MAX_HTML_ROWS])

"""`lineage recent`: the newest events, read from the ends of the files."""

from __future__ import annotations

import argparse

from lineage_core.cli import output
from lineage_core.cli.commands import events
from lineage_core.cli.output import Answer
from lineage_core.present.host_columns import HOST
from lineage_core.present.rows import EVENT_KEYS
from lineage_core.query.event_query import EventQuery
from lineage_core.query.newest_events import newest_events
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage recent",
    "lineage recent 50 --type worker_failed",
    "lineage recent 1 --json | jq -r '.[].timestamp'",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage recent`."""
    parser.add_argument("count", nargs="?", type=output.count, metavar="N", help="how many (default 20)")
    events.add_filters(parser)
    output.add_arguments(parser, "events")
    output.describe(parser, EVENT_KEYS | HOST, "columns of csv; as JSON, the records are given as they were written")


def answer(args: argparse.Namespace) -> Answer:
    """The newest events."""
    given = [number for number in (args.count, args.limit) if number is not None]
    args.limit = min(given, default=20)
    if events.query_of(args) != EventQuery():
        return events.answer(args)
    newest = newest_events(lineage_dir(args.dir), args.limit)
    raws, hosts = newest.raws, newest.hosts
    return events.answer_of(lambda: iter(raws), not raws, newest.problems, several=len(hosts) > 1)

"""`lineage doctor`: whether all is in order here, and what to do if not."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar
from lineage_core.cli.service_options import add_broker_files, broker_files
from lineage_core.cli.text_output import Line, Piece
from lineage_core.hosts.missing_extra import needed
from lineage_core.hosts.subjects import host_name
from lineage_core.maintenance.doctor import CHECKS, CheckResult, Surroundings, Word, examine
from lineage_core.maintenance.doctor.check import MEGABYTE, NEWEST_BYTES, NEWEST_DAYS, SIZE_LIMIT
from lineage_core.write import locations as paths

EXAMPLES = (
    "lineage doctor",
    "lineage doctor --check size --size-limit 100",
    "lineage doctor --cortex-home /srv/cortex --json",
    "lineage doctor --to nats://broker:4222",
    "lineage doctor --dir /srv/lineage --from nats://broker:4222",
)


_OF_BROKER = ("broker", "behind", "gaps", "hosts", "clocks")
"""The checks that are made where a broker is named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage doctor`."""
    output.add_arguments(parser)
    parser.add_argument("--cortex-home", metavar="DIR", help="the checkout that writes here (default: CORTEX_HOME)")
    parser.add_argument(
        "--check",
        choices=(*CHECKS, *_OF_BROKER),
        action="append",
        default=[],
        metavar="NAME",
        help="make only this check (again for more): %(choices)s",
    )
    parser.add_argument(
        "--days",
        type=output.count,
        default=NEWEST_DAYS,
        metavar="N",
        help=f"read the records of the newest N daily files (default {NEWEST_DAYS})",
    )
    parser.add_argument("--all", action="store_true", help=f"read all records, also over {NEWEST_BYTES // MEGABYTE} MB")
    parser.add_argument(
        "--size-limit",
        type=output.count,
        default=SIZE_LIMIT // MEGABYTE,
        metavar="MB",
        help=f"warn of files over so many megabytes (default {SIZE_LIMIT // MEGABYTE})",
    )
    broker = parser.add_mutually_exclusive_group()
    broker.add_argument("--to", metavar="URL", help="ask the broker that `lineage ship` sends to: behind by, clock")
    broker.add_argument(
        "--from", dest="from_", metavar="URL", help="ask that of `lineage mirror` into --dir: behind by, gaps, hosts"
    )
    parser.add_argument("--host", metavar="NAME", help="with --to: the name of this host (default: its own)")
    parser.add_argument("--cursor", metavar="FILE", help="with --to: the --cursor of lineage ship")
    add_broker_files(parser)


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing that was looked at; 1 if there is a problem."""
    home = args.cortex_home or os.environ.get("CORTEX_HOME")
    with ProgressBar("reading") as bar:
        surroundings = Surroundings(
            Path(paths.lineage_dir(args.dir)),
            Path(home) if home else None,
            clock.now(),
            days=None if args.all else args.days,
            budget=None if args.all else NEWEST_BYTES,
            size_limit=args.size_limit * MEGABYTE,
            progress=bar,
        )
        results = list(examine(surroundings, args.check))
    results += [result for result in _of_broker(args, surroundings) if not args.check or result.check in args.check]
    problems = sum(result.word is Word.PROBLEM for result in results)
    rows = [result._asdict() for result in results]
    document = {
        "directory": str(surroundings.directory),
        "checked_at": clock.format_timestamp(surroundings.now),
        "ok": not problems,
        "problems": problems,
        "checks": rows,
    }
    output.show(Answer(lambda paper: _text(results, surroundings.directory), CheckResult._fields, rows, document), args)
    return ExitCode.CHECK_FAILED if problems else ExitCode.OK


def _of_broker(args: argparse.Namespace, surroundings: Surroundings) -> Iterator[CheckResult]:
    """What is asked of the broker that is named, if one is."""
    if not args.to and not args.from_:
        return
    with needed():
        from lineage_core.hosts import doctor
        from lineage_core.hosts.broker_access import access_of
        from lineage_core.hosts.ship import Cursor
    from lineage_core.maintenance.service_cursor import default_path

    access = access_of(args.to or args.from_, **broker_files(args))
    if args.to:
        host = host_name(args.host)
        path = Path(args.cursor) if args.cursor else default_path("ship", surroundings.directory, host, access.shown)
        yield from doctor.of_host(surroundings.directory, host, access, Cursor(path), surroundings.now)
    else:
        yield from doctor.of_mirror(surroundings.directory, access, surroundings.now)


_ROLES = {Word.OK: "success", Word.NOTE: "muted", Word.PROBLEM: "bad"}


def _text(results: Sequence[CheckResult], directory: Path) -> Iterator[Line]:
    for result in results:
        advice = f" → {result.advice}" if result.advice else ""
        before, name, after = f"{result.check:12} {result.text}{advice}".partition(str(directory))
        named: list[Piece] = [text_output.FileLink(name, directory)] if name else []
        yield [(f"{result.word.value:8}", _ROLES[result.word]), before, *named, after]

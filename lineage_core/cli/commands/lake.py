"""`lineage lake`: history as a Delta table on any object store."""

from __future__ import annotations

import argparse
import sys

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import visible
from lineage_core.cli.progress import ProgressBar
from lineage_core.lake.missing_extra import needed
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage lake sync /srv/lake",
    "lineage lake sync s3://bucket/lineage --dir /srv/mirror",
    "lineage failed --lake s3://bucket/lineage --since 90d",
)

_NOTES = (
    "sync adds the closed days of one host or many, each event once, whenever it is run and however it ends. A day is "
    "closed when it is over in every time zone. tasks, events, stats and failed answer from the table with --lake URL. "
    "Object stores take their keys from the environment (AWS_…, AZURE_…, GOOGLE_…), as delta-rs has it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage lake`."""
    parser.description = f"{parser.description}\n\n{_NOTES}"
    parser.add_argument("action", choices=("sync",), metavar="ACTION", help="sync: add what the table does not have")
    parser.add_argument("url", metavar="URL", help="the table: a directory, or a URL such as s3://bucket/lineage")


def run(args: argparse.Namespace) -> int:
    """Add closed days; 1 if a file could not be read."""
    with needed():
        from lineage_core.lake.sync import sync

    with ProgressBar("adding") as bar:
        done = sync(lineage_dir(args.dir), args.url, clock.now(), bar)
    for name, why in done.problems.items():
        print(visible(f"lineage lake: cannot read {name}: {why}"), file=sys.stderr)
    left = f"; {done.quarantined:,} pieces that are no events are left out" if done.quarantined else ""
    print(visible(f"{done.events:,} events of {done.files:,} closed files added to {args.url}{left}"), file=sys.stderr)
    return ExitCode.CHECK_FAILED if done.problems else ExitCode.OK

"""`lineage metrics`: the journal as metrics in Prometheus' text format."""

from __future__ import annotations

import argparse
import sys

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode
from lineage_core.cli import output
from lineage_core.cli.commands.serve import need_extra
from lineage_core.cli.progress import load_all
from lineage_core.rules.thresholds import thresholds
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_late
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage metrics",
    "lineage metrics --textfile /var/lib/node_exporter/lineage.prom",
    "lineage metrics | grep lineage_findings",
)

ABOUT = """\
For the textfile collector of node_exporter, run by cron or a timer; `lineage serve`
answers the same at /metrics. The file is replaced when the new one is whole."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage metrics`."""
    parser.description = f"{parser.description}\n\n{ABOUT}"
    parser.add_argument("--textfile", metavar="FILE", help="write to FILE, whole or not at all (default: stdout)")
    late.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the metrics."""
    need_extra()
    from lineage_core.web.metrics import Measured, text

    directory = lineage_dir(args.dir)
    loaded = load_all(directory)
    body = text(Measured(loaded, directory, thresholds(read_late(vars(args))), clock.now()))
    if args.textfile:
        from lineage_core.base.output_file import output_file

        with output_file(args.textfile) as file:
            file.write(body)
    else:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    return ExitCode.JOURNAL if output.report(loaded.problems, sys.stderr) else ExitCode.OK

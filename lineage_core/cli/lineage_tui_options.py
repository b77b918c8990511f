"""The options of `lineage-tui`. They stand here for the completion scripts, which `lineage` makes of them too."""

from __future__ import annotations

import argparse

from lineage_core.cli.dir_option import AppendDirectory
from lineage_core.settings.threshold_defaults import add_arguments


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"lineage-tui {version('lineage-tui')}")
        parser.exit(0)


def parser() -> argparse.ArgumentParser:
    """The options of `lineage-tui`."""
    p = argparse.ArgumentParser(
        prog="lineage-tui", description="See, live, what every task and worker of a cortex is doing."
    )
    p.add_argument("-V", "--version", action=_Version, nargs=0, help="print the version")
    p.add_argument(
        "--dir",
        metavar="DIR",
        action=AppendDirectory,
        help="the lineage directory (default: as for lineage), or that of several hosts; given again, one a host",
    )
    p.add_argument("--since", metavar="WHEN", help="leave out older events: 2h, 7d, yesterday, or ISO-8601")
    p.add_argument("--at", metavar="WHEN", help="begin as of then, in place of now: 2h, yesterday, or ISO-8601")
    p.add_argument("--bundle", metavar="FILE", help="look at what `lineage bundle` made, as of when it was made")
    p.add_argument("--demo", action="store_true", help="watch a simulated cortex in a temporary directory")
    p.add_argument("--hosts", type=int, default=1, metavar="N", help="hosts of the demo (default 1)")
    p.add_argument("--seed", type=int, default=7, metavar="N", help="which demo (default 7)")
    p.add_argument("--rate", type=float, default=8.0, metavar="N", help="events per second of the demo (default 8)")
    add_arguments(p)
    p.add_argument("--theme", metavar="NAME", help="colours: dark, light, clear (for the colour-blind) or ansi")
    p.add_argument("--ascii", action="store_true", help="plain ASCII glyphs")
    p.add_argument("--plain", action="store_true", help="questions and answers in plain lines, for screen readers")
    p.add_argument("--fresh", action="store_true", help="ignore what the last run left (view, filter, folds …)")
    p.add_argument("--poll", action="store_true", help="poll instead of waiting for notifications")
    return p

"""`lineage help`: the manual page of a command, in a pager; away from a terminal the text of `--help`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lineage_core.base.errors import BadInputError, ExitCode
from lineage_core.model.event_types import nearest

EXAMPLES = (
    "lineage help tasks",
    "lineage help lineage-tui",
    "lineage help tasks | head",
)

FOLDER = Path(__file__).parents[2] / "man"
"""Where the manual pages lie."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage help`."""
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="a command, or lineage-tui (default: lineage)")


def run(args: argparse.Namespace) -> int:
    """Show the page. Raises BadInputError for an unknown command."""
    from lineage_core.cli import COMMANDS, overview, parser_of

    name = args.command or "lineage"
    known = (*COMMANDS, "lineage", "lineage-tui")
    if name not in known:
        raise BadInputError(f"no command {name!r}{nearest(name, known)} (see lineage --help)")
    page = FOLDER / (f"{name}.1" if name.startswith("lineage") else f"lineage-{name}.1")
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and page.is_file():
        manual = shutil.which("man")
        environ = os.environ | ({"MANPAGER": pager} if (pager := os.environ.get("LINEAGE_PAGER")) else {})
        if manual and subprocess.run([manual, "-l", page], env=environ, check=False).returncode == 0:  # noqa: S603
            return ExitCode.OK
    if name == "lineage-tui":
        sys.stdout.write("lineage-tui --help tells its options\n")
    else:
        sys.stdout.write(parser_of(name).format_help() if name in COMMANDS else overview())
    return ExitCode.OK

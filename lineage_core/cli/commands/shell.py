"""`lineage shell`: the bash library of the scripts, and its place in a cortex checkout."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from lineage_core.base.errors import BadInputError, ExitCode
from lineage_core.base.escaping import visible
from lineage_core.integration import install as shell_install

EXAMPLES = (
    'source "$(lineage shell path)"',
    "lineage shell install --cortex-home /srv/cortex",
    "lineage shell status --cortex-home /srv/cortex",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage shell`."""
    parser.add_argument(
        "action",
        choices=("path", "install", "uninstall", "status"),
        metavar="ACTION",
        help="path: print where the library is; install, uninstall: put it into the checkout, take it out; status: say"
        " whether what is there is current",
    )
    parser.add_argument("--cortex-home", metavar="DIR", help="the checkout (default: CORTEX_HOME)")
    parser.add_argument("--json", action="store_true", help="status as JSON")


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done; `status` ends with 1 unless everything is current.

    Raises BadInputError if no checkout is named.
    """
    if args.action == "path":
        print(shell_install.LIBRARY)
        return ExitCode.OK
    home = args.cortex_home or os.environ.get("CORTEX_HOME")
    if not home:
        raise BadInputError(f"where to {args.action}? Give --cortex-home DIR or set CORTEX_HOME")
    if args.action == "status":
        states = shell_install.status(Path(home))
        if args.json:
            print(json.dumps([state._asdict() for state in states], indent=2, ensure_ascii=False))
        else:
            for state in states:
                version = f" ({state.version})" if state.version else ""
                print(visible(f"{state.target}: {state.word}{version}" + (f"; {state.advice}" if state.advice else "")))
        return ExitCode.OK if all(state.word == "current" for state in states) else ExitCode.CHECK_FAILED
    for line in (shell_install.install if args.action == "install" else shell_install.uninstall)(Path(home)):
        print(visible(line))
    return ExitCode.OK

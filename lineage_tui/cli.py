"""`lineage-tui`: reads the command line, then loads the app."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from lineage_core.base.errors import BadInputError, ExitCode, LineageError
from lineage_core.settings.late import add_arguments

SEARCH_LIMIT = 0.25
"""Seconds for which an expression that the operator typed may stop the screen, once."""


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        parser.exit(0, f"lineage-tui {version('lineage-tui')}\n")


def parser() -> argparse.ArgumentParser:
    """The options of `lineage-tui`."""
    p = argparse.ArgumentParser(
        prog="lineage-tui", description="See, live, what every task and worker of a cortex is doing."
    )
    p.add_argument("-V", "--version", action=_Version, nargs=0, help="print the version")
    p.add_argument("--dir", metavar="DIR", help="the lineage directory (default: as for lineage)")
    p.add_argument("--since", metavar="WHEN", help="leave out older events: 2h, 7d, yesterday, or ISO-8601")
    p.add_argument("--demo", action="store_true", help="watch a simulated cortex in a temporary directory")
    p.add_argument("--seed", type=int, default=7, metavar="N", help="which demo (default 7)")
    p.add_argument("--rate", type=float, default=8.0, metavar="N", help="events per second of the demo (default 8)")
    add_arguments(p)
    p.add_argument("--theme", metavar="NAME", help="colours: dark, light, clear (for the colour-blind) or ansi")
    p.add_argument("--ascii", action="store_true", help="plain ASCII glyphs")
    p.add_argument("--fresh", action="store_true", help="ignore what the last run left (view, filter, folds …)")
    p.add_argument("--poll", action="store_true", help="poll instead of waiting for notifications")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the app; returns the exit code."""
    args = parser().parse_args(argv)
    try:
        return run(args)
    except LineageError as error:
        from lineage_core.base.escaping import visible

        print(visible(f"lineage-tui: {error}"), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it is reported)
        from lineage_core.base import crash_report as crash

        return crash.report("lineage-tui", error)


def run(args: argparse.Namespace) -> int:
    """Run the app with parsed options."""
    from contextlib import ExitStack

    from lineage_core.base import clock, user_files
    from lineage_core.base import regex as patterns
    from lineage_core.base.time_input import parse_when
    from lineage_core.write import locations as paths
    from lineage_tui.settings.config import SavedState, load_kept, read_config, settings
    from lineage_tui.shutdown import ending
    from lineage_tui.terminal import TerminalState, missing

    chosen = settings(vars(args), os.environ, read_config())
    if trouble := missing():
        raise BadInputError(f"{trouble}; `lineage tasks` prints the tasks, `lineage follow` events as they come")
    for name in ("COLUMNS", "LINES"):  # they would stand for the size of the terminal, also when it has changed
        os.environ.pop(name, None)
    with ending() as end, ExitStack() as stack:
        end.clean = stack.close
        if args.demo:
            from lineage_tui.demo_directory import demo_directory

            directory = stack.enter_context(demo_directory(rate=args.rate, seed=args.seed))
        else:
            directory = paths.lineage_dir(args.dir)
        stack.callback(TerminalState().restore)
        since = parse_when(args.since, clock.now()) if args.since else None
        from lineage_tui.app import LineageApp

        app = LineageApp(
            directory,
            since=since,
            thresholds=chosen.thresholds,
            theme=chosen.theme,
            ascii_only=chosen.ascii_only,
            force_polling=args.poll,
            keys=chosen.keys,
            kept=None if args.demo else SavedState() if args.fresh else load_kept(directory),
        )
        user_files.folder("cache")
        user_files.folder("state")  # so that the screen says at once what it goes without
        patterns.limit(SEARCH_LIMIT, on_screen=True)
        end.app = app
        app.look = end.look
        app.run()
        if app.defect is not None:
            raise app.defect
        if not app._exit:
            raise RuntimeError("the screen was closed, and nobody had asked for that")
        return app.return_code or ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())

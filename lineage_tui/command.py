"""`lineage-tui`: reads the command line, then loads the app."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lineage_core.errors import ExitCode, LineageError


def parser() -> argparse.ArgumentParser:
    """The options of `lineage-tui`."""
    p = argparse.ArgumentParser(
        prog="lineage-tui", description="See, live, what every task and worker of a cortex is doing."
    )
    p.add_argument("--dir", metavar="DIR", help="the lineage directory (default: as for lineage)")
    p.add_argument("--since", metavar="WHEN", help="leave out older events: 2h, 7d, yesterday, or ISO-8601")
    p.add_argument("--demo", action="store_true", help="watch a simulated cortex in a temporary directory")
    p.add_argument("--seed", type=int, default=7, metavar="N", help="which demo (default 7)")
    p.add_argument("--rate", type=float, default=8.0, metavar="N", help="events per second of the demo (default 8)")
    p.add_argument(
        "--zombie-after", metavar="TIME", default="30m", help="silence that makes a worker a zombie (default 30m)"
    )
    p.add_argument("--theme", choices=("dark", "light", "clear", "ansi"), default="dark", help="colours")
    p.add_argument("--ascii", action="store_true", help="plain ASCII glyphs")
    p.add_argument("--poll", action="store_true", help="poll instead of waiting for notifications")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the app; returns the exit code."""
    args = parser().parse_args(argv)
    try:
        return run(args)
    except LineageError as error:
        print(f"lineage-tui: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def run(args: argparse.Namespace) -> int:
    """Run the app with parsed options."""
    from contextlib import ExitStack

    from lineage_core import clock, paths
    from lineage_core.when import parse_duration, parse_when

    with ExitStack() as stack:
        if args.demo:
            from lineage_tui.demo import demo_directory

            directory = stack.enter_context(demo_directory(rate=args.rate, seed=args.seed))
        else:
            directory = paths.lineage_dir(args.dir)
        since = parse_when(args.since, clock.now()) if args.since else None
        silent_after = parse_duration(args.zombie_after)
        from lineage_core.zombies import Thresholds
        from lineage_tui.app import LineageApp

        app = LineageApp(
            directory,
            since=since,
            thresholds=Thresholds(silent=silent_after, warned=min(silent_after, Thresholds().warned)),
            theme=args.theme,
            ascii_only=args.ascii,
            force_polling=args.poll,
        )
        app.run()
        return app.return_code or ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())

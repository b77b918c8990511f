"""`lineage-tui`: reads the command line, then loads the app."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from lineage_core.base.errors import BadInputError, ExitCode, LineageError
from lineage_core.cli import standard_streams
from lineage_core.cli.lineage_tui_options import parser

SEARCH_LIMIT = 0.25
"""Seconds for which an expression that the operator typed may stop the screen, once."""

FRAMES = ("TEXTUAL_FPS", "240")
"""The setting of Textual for frames a second, at most, and ours. A frame waits until as long after the one before as
that says, with the 60 of Textual 17 ms: a key would wait for the frame of what just came. How many are drawn is for who
changes what the screen shows to say; see `screens/feed_intake.py`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the app; returns the exit code."""
    args = parser().parse_args(argv)
    try:
        return run(args)
    except LineageError as error:
        from lineage_core.base.escaping import visible

        print(visible(f"lineage-tui: {error}"), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # of --plain: nobody reads on
        standard_streams.silence()
        return ExitCode.OK
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it is reported)
        from lineage_core.base import crash_report as crash

        return crash.report("lineage-tui", error)


def run(args: argparse.Namespace) -> int:
    """Run the app with parsed options."""
    if args.plain:
        return _run_plain(args)
    os.environ.setdefault(*FRAMES)  # before Textual is loaded
    from contextlib import ExitStack
    from functools import partial

    from lineage_core.base import clock, user_files
    from lineage_core.base import regex as patterns
    from lineage_core.base.time_input import parse_when
    from lineage_core.cli.at_option import moment_of
    from lineage_core.write import locations as paths
    from lineage_tui.screens.hints import wanted
    from lineage_tui.settings.config import SavedState, load_state, read_config, settings
    from lineage_tui.shutdown import ending
    from lineage_tui.terminal import TerminalState, missing

    chosen = settings(vars(args), os.environ, read_config())
    if trouble := missing():
        instead = (
            "`lineage-tui --plain` answers in plain lines, `lineage tasks` prints the tasks, `lineage follow` events"
        )
        raise BadInputError(f"{trouble}; {instead}")
    for name in ("COLUMNS", "LINES"):  # they would stand for the size of the terminal, also when it has changed
        os.environ.pop(name, None)
    with ending() as end, ExitStack() as stack:
        end.clean = stack.close
        now = clock.now
        if args.bundle:
            from lineage_core.maintenance.bundle import opened_bundle

            directory, as_of = stack.enter_context(opened_bundle(args.bundle))
            now = partial(int, as_of)
        elif args.demo:
            from lineage_core.demo.directory import demo_directory

            directory = stack.enter_context(demo_directory(rate=args.rate, seed=args.seed, hosts=max(1, args.hosts)))
        else:
            directory = paths.lineage_dir(args.dir)
        stack.callback(TerminalState().restore)
        since = parse_when(args.since, clock.now()) if args.since is not None else None
        from lineage_tui.app import LineageApp

        app = LineageApp(
            directory,
            since=since,
            thresholds=chosen.thresholds,
            theme=chosen.theme,
            ascii_only=chosen.ascii_only,
            force_polling=args.poll,
            keys=chosen.keys,
            saved=None if args.demo or args.bundle else SavedState() if args.fresh else load_state(directory),
            trace_url=chosen.trace_url,
            notify=chosen.notify,
            hints=wanted(os.environ),
            own_themes=chosen.themes,
            at=moment_of(args.at) if args.at is not None else None,
            own=chosen.own._replace(refusal="a bundle is what was: nothing is logged into it")
            if args.bundle
            else chosen.own,
            clock=now,
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


def _run_plain(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from lineage_core.demo.directory import demo_directory
    from lineage_core.write.locations import lineage_dir
    from lineage_tui import plain_menu

    with ExitStack() as stack:
        demo = demo_directory(rate=args.rate, seed=args.seed, hosts=max(1, args.hosts)) if args.demo else None
        return plain_menu.run(stack.enter_context(demo) if demo is not None else lineage_dir(args.dir))


if __name__ == "__main__":
    sys.exit(main())

"""`lineage demo`: a simulated cortex, live or in the past."""

from __future__ import annotations

import argparse
import sys

from lineage_core.base.errors import BadInputError, ExitCode
from lineage_core.write.locations import resolve

EXAMPLES = (
    "lineage demo --dir /tmp/demo",
    "lineage demo --dir /tmp/demo --rate 200 --duration 60",
    "lineage demo --dir /tmp/demo --backfill 1000000 --days 30",
    "lineage demo --dir /tmp/mirror --hosts 5",
)


MOST_HOSTS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage demo`."""
    parser.add_argument(
        "--hosts", type=int, default=1, metavar="N", help="hosts: DIR/cortex-1 and so on, one clock behind, one cut off"
    )
    parser.add_argument("--rate", type=float, default=5.0, metavar="N", help="events per second (default 5)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed tells the same story")
    parser.add_argument("--backfill", type=int, metavar="N", help="write N past events at once")
    parser.add_argument("--days", type=float, default=7.0, metavar="D", help="the span of --backfill (default 7)")
    parser.add_argument("--duration", type=float, metavar="S", help="end after S seconds (default: never)")
    parser.add_argument("--speed", type=float, metavar="X", help="tasks run X times faster than 20 to 90 seconds")
    parser.add_argument(
        "--shell-share",
        type=float,
        default=0.1,
        metavar="F",
        help="part logged by bash scripts (default 0.1)",
    )


def run(args: argparse.Namespace) -> int:
    """Write until interrupted, or as long as the words say.

    Raises BadInputError for words out of their range.
    """
    if not args.dir:
        raise BadInputError("--dir is needed: a demo is not written into a real journal by accident")
    args.dir = resolve(args.dir)
    if not 1 <= args.hosts <= MOST_HOSTS:
        raise BadInputError(f"--hosts must be from 1 to {MOST_HOSTS}, not {args.hosts}")
    for name in ("rate", "days", "duration", "speed", "backfill"):
        value = getattr(args, name)
        if value is not None and not value > 0:
            raise BadInputError(f"--{name} must be more than 0, not {value}")
    if not 0 <= args.shell_share <= 1:
        raise BadInputError(f"--shell-share must be from 0 to 1, not {args.shell_share}")
    from lineage_core import demo

    if args.hosts > 1:
        return _on_hosts(args)
    if args.backfill:
        count = demo.backfill(args.dir, args.backfill, days=args.days, seed=args.seed)
        print(f"{count} events written to {args.dir}", file=sys.stderr)
        return ExitCode.OK
    print(f"a simulated cortex writes to {args.dir}; Ctrl+C ends it", file=sys.stderr)
    demo.run(
        args.dir,
        rate=args.rate,
        seed=args.seed,
        speed=args.speed,
        duration=args.duration,
        shell_share=args.shell_share,
    )
    return ExitCode.OK


def _on_hosts(args: argparse.Namespace) -> int:
    from lineage_core.demo.hosts import backfill_hosts, run_hosts

    if args.backfill:
        count = backfill_hosts(args.dir, args.hosts, args.backfill, days=args.days, seed=args.seed)
        print(f"{count} events of {args.hosts} hosts written to {args.dir}", file=sys.stderr)
        return ExitCode.OK
    print(f"a simulated cortex of {args.hosts} hosts writes to {args.dir}; Ctrl+C ends it", file=sys.stderr)
    run_hosts(args.dir, args.hosts, rate=args.rate, seed=args.seed, speed=args.speed, duration=args.duration)
    return ExitCode.OK

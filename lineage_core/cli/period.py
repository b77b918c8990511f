"""The options that say which time a query is about: `--since`, `--until`, `--date`."""

from __future__ import annotations

import argparse
import re
from typing import NamedTuple

from lineage_core.base import clock
from lineage_core.base.clock import DAY
from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_when


class Period(NamedTuple):
    """From since (included) to until (not included), in microseconds since the epoch; None: no bound."""

    since: int | None = None
    until: int | None = None

    def holds(self, at: int) -> bool:
        """Whether a moment lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def touches(self, first: int, last: int) -> bool:
        """Whether a stretch of time has a part in it."""
        return (self.since is None or last >= self.since) and (self.until is None or first < self.until)


def add_arguments(parser: argparse.ArgumentParser, what: str) -> None:
    """The three options. what: what is chosen by them, for the help."""
    parser.add_argument("--since", metavar="WHEN", help=f"{what} from then on: ISO-8601, 2h, 7d, yesterday, today")
    parser.add_argument("--until", metavar="WHEN", help=f"{what} before then")
    parser.add_argument("--date", metavar="DATE", help=f"{what} on that day, YYYY-MM-DD (UTC), today or yesterday")


def period_of(args: argparse.Namespace) -> Period:
    """The period that the options mean. Raises BadInputError for what is no time."""
    now = clock.now()
    since = parse_when(args.since, now) if args.since is not None else None
    until = parse_when(args.until, now) if args.until is not None else None
    if args.date is not None:
        if args.date not in ("today", "yesterday") and not re.fullmatch(r"\d{4}-\d\d-\d\d", args.date):
            raise BadInputError(f"{args.date!r} is no date: write it like 2026-11-22, or today, or yesterday")
        start = parse_when(args.date, now)
        since = max(start, since if since is not None else start)
        until = min(start + DAY, until if until is not None else start + DAY)
    return Period(since, until)

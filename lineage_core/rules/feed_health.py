"""Whether what is read can be trusted: a directory that is missing, unreadable or quarantining is a finding itself.

As long as there is one, nobody is told that nothing needs them: what was not read may be what does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.model.expectations import Finding, Severity

FEED: Final = "feed"
"""The rule that finds it."""

LATE_BACKLOG = 1 << 20
"""Bytes that are known and not read, from which on the state is behind what happened."""


class FeedHealth(NamedTuple):
    """What is known of the reading of a lineage directory.

    missing: why there is nothing to read; empty if there is. problems: files that cannot be read, and why.
    quarantined: how many pieces of which files (by canonical name) are no whole records. backlog: bytes that are known
    and not read yet.
    """

    directory: Path
    missing: str = ""
    problems: Mapping[str, str] = {}
    quarantined: Mapping[str, int] = {}
    backlog: int = 0


def feed_findings(feed: FeedHealth, now: int) -> list[Finding]:
    """What is wrong with the feed, the worst first; pieces of files older than a day are `past`."""
    return list(_findings(feed, now))


def _findings(feed: FeedHealth, now: int) -> Iterator[Finding]:
    if feed.missing:
        yield Finding(FEED, Severity.BAD, "", str(feed.directory), now, feed.missing)
    for name, why in sorted(feed.problems.items()):
        yield Finding(FEED, Severity.BAD, "", name, now, f"{name} cannot be read: {why}")
    if feed.backlog > LATE_BACKLOG:
        megabytes = feed.backlog / 1_000_000
        text = f"{megabytes:,.0f} MB of events are not read yet: what is shown is behind"
        yield Finding(FEED, Severity.BAD, "", str(feed.directory), now, text)
    for name, count in sorted(feed.quarantined.items(), reverse=True):
        day = parse_timestamp(name.removeprefix("lineage-").removesuffix(".jsonl") + "T00:00:00Z")
        past = day is not None and now - day >= 2 * DAY
        what = "1 piece is no whole record" if count == 1 else f"{count:,} pieces are no whole records"
        text = f"{name}: {what} and left out (lineage validate tells which)"
        yield Finding(FEED, Severity.PAST if past else Severity.BAD, "", name, now if day is None else day, text)

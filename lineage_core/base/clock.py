"""Now, timestamps and durations: the only module that asks the system for the time.

Times are integers in microseconds since the epoch, UTC. `LINEAGE_NOW` (ISO-8601) freezes the clock, for tests and
for screenshots.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

FIRST = -62_135_596_800 * SECOND
LAST = 253_402_300_800 * SECOND - 1
"""The first and the last moment of the years 1 to 9999 in UTC. What is told as earlier or later counts as these."""

Clock = Callable[[], int]
"""A function that gives the present time in microseconds since the epoch."""


def now() -> int:
    """The present time; `LINEAGE_NOW` overrides it."""
    frozen = os.environ.get("LINEAGE_NOW")
    if frozen:
        at = parse_timestamp(frozen)
        if at is not None:
            return at
    return time.time_ns() // 1000


def format_timestamp(at: int) -> str:
    """ISO-8601 in UTC with microseconds and `Z`, as we write it; of years 1 to 9999 (`clamped`)."""
    second, micros = divmod(clamped(at), SECOND)
    t = time.gmtime(second)
    return f"{t.tm_year:04d}-{t.tm_mon:02d}-{t.tm_mday:02d}T{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}.{micros:06d}Z"


def format_local(at: int) -> str:
    """ISO-8601 in the time zone of the user, with microseconds and the offset; within a day of years 1 to 9999."""
    second, micros = divmod(min(max(at, FIRST + DAY), LAST - DAY), SECOND)
    t = time.localtime(second)
    return f"{t.tm_year:04d}{time.strftime('-%m-%dT%H:%M:%S', t)}.{micros:06d}{time.strftime('%z', t)}"


def local_offset(at: int) -> int:
    """How far the time zone of the user is ahead of UTC at a moment, in microseconds."""
    return time.localtime(min(max(at, FIRST + DAY), LAST - DAY) // SECOND).tm_gmtoff * SECOND


def ago(at: int, now: int) -> str:
    """How long ago something was, as `format_duration` has it; nothing is in the future."""
    return format_duration(max(0, now - at))


def utc_date(at: int) -> str:
    """The UTC date `YYYY-MM-DD` of a time: the name of its daily file."""
    return format_timestamp(at)[:10]


def clamped(at: int) -> int:
    """A time within the years 1 to 9999 in UTC, which is all that dates can name."""
    return min(max(at, FIRST), LAST)


def parse_timestamp(text: str) -> int | None:
    """Microseconds since the epoch of an ISO-8601 date and time, or None if it is none.

    Without an offset it is UTC. Offsets with and without a colon are understood; a leap second counts as the
    second after it, and 24:00 as the next midnight. Fractions beyond the microsecond are cut. A time that its offset
    moves out of the years 1 to 9999 counts as their first or last moment (`out_of_years` tells).
    """
    at = _parsed(text)
    return None if at is None else clamped(at)


def out_of_years(text: str) -> bool:
    """Whether a timestamp lies outside the years 1 to 9999 in UTC, so that another time stands for it."""
    at = _parsed(text)
    return at is not None and at != clamped(at)


def _parsed(text: str) -> int | None:
    from datetime import UTC, datetime  # imported late: `lineage log` needs it only with --timestamp

    if len(text) < 11 or text[4] != "-":
        return None
    later = 0
    if text[16:19] == ":60":
        text, later = f"{text[:16]}:59{text[19:]}", SECOND
    elif text[11:16] == "24:00" and not text[16:].lstrip(":")[:2].strip("0Zz+-"):
        text, later = f"{text[:11]}00:00{text[16:]}", DAY
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * SECOND + since.microseconds + later


def format_duration(micros: int) -> str:
    """A duration for people, at most six characters: `850ms`, `12s`, `4m05s`, `3h07m`, `12d04h`, `340d`."""
    if micros < 0:
        return "-" + format_duration(-micros)
    if micros < SECOND:
        return f"{micros // 1000}ms"
    seconds = micros // SECOND
    if seconds < 60:
        return f"{seconds}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}m{seconds:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}h" if days < 100 else f"{days}d"

"""Times and durations as people type them: `2h`, `yesterday`, `2026-11-22T08:00`, `30m`."""

from __future__ import annotations

import re

from lineage_core.base.clock import DAY, HOUR, MINUTE, SECOND, parse_timestamp, utc_date
from lineage_core.base.errors import BadInputError

UNITS = {"ms": SECOND // 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
MOST = 9999 * 365 * DAY
"""The longest duration: from any time to any other."""

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")


def parse_duration(text: str) -> int:
    """Microseconds of `90s`, `30m`, `1h30m`, `7d`. Raises BadInputError for anything else, and beyond MOST."""
    compact = text.strip().replace(" ", "")
    if not compact or _PART.sub("", compact):
        raise BadInputError(f"{text!r} is no duration: write it like 90s, 30m, 1h30m or 7d")
    micros = sum(float(number) * UNITS[unit] for number, unit in _PART.findall(compact))
    if micros > MOST:
        raise BadInputError(f"{text[:40]!r} is longer than {MOST // DAY:,} days")
    return round(micros)


def parse_when(text: str, now: int) -> int:
    """The moment that a text means, in microseconds since the epoch.

    ISO-8601 (a date means its UTC midnight; without an offset it is UTC), `today`, `yesterday`, `now`, or a
    duration, which means that long before `now`. Raises BadInputError for anything else.
    """
    word = text.strip().lower()
    midnight = parse_timestamp(utc_date(now) + "T00:00:00Z")
    assert midnight is not None
    named = {"now": now, "today": midnight, "yesterday": midnight - DAY}
    if word in named:
        return named[word]
    if re.fullmatch(r"\d{4}-\d\d-\d\d", word):
        word += "T00:00:00Z"
    at = parse_timestamp(word.upper())
    if at is not None:
        return at
    try:
        return now - parse_duration(word)
    except BadInputError:
        raise BadInputError(
            f"{text!r} is no time: write it like 2h, 7d, yesterday, 2026-11-22 or 2026-11-22T08:00:00Z"
        ) from None

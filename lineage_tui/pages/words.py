"""Words of the stats pages: filters for the tasks behind a figure, durations and times."""

from __future__ import annotations

import re
import shlex
from datetime import datetime

from lineage_core.clock import SECOND, format_duration, format_timestamp

NONE = "(none)"
MANY = 15
"""Rows of a table that can have very many."""

KEYS = {"master": "master", "task_type": "kind", "session": "session", "worker_type": "worker"}
TITLES = {"master": "by master", "task_type": "by task type", "session": "by session", "worker_type": "by worker type"}


def chosen_by(key: str, value: str, *more: str) -> str | None:
    """A filter for the tasks that a figure is about; None where no filter can say it."""
    if key == "worker":
        words = [] if value == NONE else [f"worker:{pattern(value)}"]
    else:
        words = [f"!{key}:." if value == NONE else f"{key}:^{pattern(value)}$"]
    return " ".join(map(quoted, (*words, *more))) or None


def pattern(value: str) -> str:
    """A regular expression for a text, as filters take it: there a comma means `or`."""
    return re.escape(value).replace(",", ".").replace(r"\-", "-")


def quoted(word: str) -> str:
    """A word of a filter, in quotes if it needs them."""
    return word if re.fullmatch(r"""[^\s'"\\]+""", word) else shlex.quote(word)


def duration(milliseconds: float | None) -> str:
    """A duration for people, of microseconds up."""
    if milliseconds is None:
        return ""
    if 0 < milliseconds < 1:
        return f"{milliseconds:.1g}ms"
    return format_duration(round(milliseconds * 1000))


def moment(at: datetime | None, now: int) -> str:
    """A time for people: of today, or of another day."""
    if at is None:
        return ""
    text = format_timestamp(round(at.timestamp() * SECOND))
    return text[11:19] if text[:10] == format_timestamp(now)[:10] else text[5:16].replace("T", " ")

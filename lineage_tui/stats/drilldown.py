"""Words of the stats pages: filters for the tasks behind a figure, durations and times."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from lineage_core.base.clock import HOUR, MINUTE, SECOND, format_duration, format_local, format_timestamp
from lineage_core.query.filter_parser import joined

if TYPE_CHECKING:
    from lineage_core.stats import Window

NONE = "(none)"
MANY = 15
"""Rows of a table that can have very many."""

KEYS = {"master": "owner", "task_type": "kind", "session": "session"}
TITLES = {"master": "by master", "task_type": "by task type", "session": "by session", "worker_type": "by worker type"}


def chosen_by(key: str, value: str, *more: str) -> str:
    """A filter for the tasks that a figure is about: those with this value, and what else has to hold."""
    word = f"!{key}:." if value == NONE else f"{key}:^{pattern(value)}$"
    return joined([word, *filter(None, more)])


def of_workers(worker_type: str, state: str, cut: Window) -> str:
    """A filter for the tasks with a worker of this type in a state, in the window."""
    name = "" if worker_type == NONE else pattern(worker_type)
    return joined([f"worker:^{name}$/{state}{window(cut, '/')}"])


def window(cut: Window, before: str) -> str:
    """The window as filters write it, with what stands before it: `/24h`; empty if everything is in it."""
    if cut.since is None:
        return ""
    width = cut.now - cut.since
    unit, size = next((unit, size) for unit, size in (("h", HOUR), ("m", MINUTE), ("s", SECOND)) if width % size == 0)
    return f"{before}{width // size}{unit}"


def pattern(value: str) -> str:
    """A regular expression for a text, as filters take it: there a comma means `or`, and a slash begins a state."""
    plain = re.sub(r"\\([-# ])", r"\1", re.escape(value))
    return plain.replace(",", ".").replace("/", "[/]")


def duration(milliseconds: float | None) -> str:
    """A duration for people, of microseconds up."""
    if milliseconds is None:
        return ""
    if 0 < milliseconds < 1:
        return f"{milliseconds:.1g}ms"
    return format_duration(round(milliseconds * 1000))


def moment(at: datetime | None, now: int, local: bool = False) -> str:
    """A time for people, in UTC or local: of today, of another day, or the date of one of another year."""
    if at is None:
        return ""
    written = format_local if local else format_timestamp
    text, present = written(round(at.timestamp() * SECOND)), written(now)
    if text[:10] == present[:10]:
        return text[11:19]
    return text[5:16].replace("T", " ") if text[:4] == present[:4] else text[:10]

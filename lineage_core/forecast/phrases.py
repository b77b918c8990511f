"""Forecasts in words: `about 2m left (30s to 6m)`. Pure."""

from __future__ import annotations

from lineage_core.base.clock import DAY, HOUR, MINUTE, SECOND
from lineage_core.forecast.forecaster import Forecast
from lineage_core.forecast.together import Together

TOO_FEW = "too few like it have ended to tell"
"""Where there is no forecast."""


def rough(micros: int) -> str:
    """A length as an estimate: `30s`, `6m`, `1h20m`, `5h`, `3d`."""
    if micros < 10 * SECOND:
        return f"{max(0, round(micros / SECOND))}s"
    if micros < 55 * SECOND:
        return f"{5 * round(micros / SECOND / 5)}s"
    minutes = max(1, round(micros / MINUTE))
    if minutes < 60:
        return f"{minutes}m"
    if micros < 5 * HOUR:
        hours, tens = divmod(round(micros / MINUTE / 10), 6)
        return f"{hours}h{tens}0m" if tens else f"{hours}h"
    return f"{round(micros / HOUR)}h" if micros < 2 * DAY else f"{round(micros / DAY)}d"


def between(low: int | None, high: int | None) -> str:
    """An interval: `30s to 6m`, `30s or more`."""
    least = rough(low or 0)
    if high is None:
        return f"{least} or more"
    most = rough(high)
    return least if least == most else f"{least} to {most}"


def says(told: Forecast | None) -> str:
    """A forecast in a few words."""
    if told is None:
        return TOO_FEW
    if told.low is None:
        return f"later than {min(99, told.rank)} of 100"
    what = "to its end" if told.waiting else "left"
    if told.middle is None:
        return f"{rough(told.low)} or more {what}"
    text = f"about {rough(told.middle)} {what} ({between(told.low, told.high)})"
    return f"{text}, later than {min(99, told.rank)} of 100" if told.slow or told.rank >= 90 else text


def short(told: Forecast | None) -> str:
    """The same for a column: `~2m (30s-6m)`; empty without one."""
    if told is None:
        return ""
    if told.low is None or told.middle is None:
        return f">{min(99, told.rank)} of 100"
    high = "" if told.high is None else rough(told.high)
    return f"{rough(told.middle)} ({rough(told.low)}-{high})"


def says_together(told: Together) -> str:
    """When several are over, in a few words."""
    unknown = told.open - told.known
    without = f"; of {unknown} nothing can be told" if unknown else ""
    if told.middle is None:
        return "nothing can be told" if not told.known else f"{between(told.low, None)}{without}"
    return f"over in about {rough(told.middle)} ({between(told.low, told.high)}){without}"

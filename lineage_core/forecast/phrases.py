"""Forecasts in words: `about 2m left (30s to 6m)`. Pure."""

from __future__ import annotations

from lineage_core.base.clock import DAY, HOUR, MINUTE, SECOND
from lineage_core.forecast.forecaster import Forecast
from lineage_core.forecast.joint_end import Together

TOO_FEW = "too few like it have ended to tell"
"""Where there is no forecast."""

NOTHING = "no forecast"
"""Where nothing that is forecast says anything."""


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


def says(forecast: Forecast | None) -> str:
    """A forecast in a few words."""
    if forecast is None:
        return TOO_FEW
    if forecast.low is None:
        return _longer(forecast) or NOTHING
    what = "to its end" if forecast.waiting else "left"
    no_bounds = forecast.high is None and rough(forecast.low) == "0s"  # that it takes no time or more says nothing
    if forecast.middle is None:
        return _longer(forecast) or NOTHING if no_bounds else f"{rough(forecast.low)} or more {what}"
    bounds = "" if no_bounds else f" ({between(forecast.low, forecast.high)})"
    text = f"about {rough(forecast.middle)} {what}{bounds}"
    longer = _longer(forecast) if forecast.slow or forecast.rank >= 90 else ""
    return f"{text}, {longer}" if longer else text


def _longer(forecast: Forecast) -> str:
    """How long it takes beside others; empty for what took longer than none of them, which says nothing."""
    return f"longer than {min(99, forecast.rank)} of 100 like it" if forecast.rank else ""


def short(forecast: Forecast | None) -> str:
    """The same for a column: `~2m (30s-6m)`; empty without one."""
    if forecast is None:
        return ""
    if forecast.low is None or forecast.middle is None:
        return f">{min(99, forecast.rank)} of 100" if forecast.rank else ""
    high = "" if forecast.high is None else rough(forecast.high)
    return f"{rough(forecast.middle)} ({rough(forecast.low)}-{high})"


def says_together(forecast: Together) -> str:
    """When several are over, in a few words."""
    unknown = forecast.open - forecast.known
    without = f"; no forecast for {unknown}" if unknown else ""
    if forecast.middle is None:
        return NOTHING if not forecast.known else f"{between(forecast.low, None)}{without}"
    return f"over in about {rough(forecast.middle)} ({between(forecast.low, forecast.high)}){without}"

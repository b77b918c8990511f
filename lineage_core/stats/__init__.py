"""Figures about a lineage: pure functions from frames to tables. Importing this imports polars.

A table is a polars frame of few rows with documented columns. Each function takes a Window: the frames, the window
(since, now) and, by `narrowed`, the tasks to look at. What counts for a window:

    events          those whose time is in it
    ends, rates     tasks and workers that ended in it
    waits           tasks that started, blocks that were over and handoffs that were accepted in it
    tokens, shares  tasks and workers that were last heard of in it

Percentiles are interpolated linearly between the two nearest values. Durations are milliseconds.
"""

from lineage_core.stats.breakdown import BY, groups
from lineage_core.stats.durations import durations, waits
from lineage_core.stats.failures import failures, pattern_of, reasons
from lineage_core.stats.health import actors, delays, event_types, silent_points, wrong_values
from lineage_core.stats.throughput import flow, heat
from lineage_core.stats.tokens import tokens
from lineage_core.stats.window import NOBODY, WINDOWS, Window, narrowed
from lineage_core.stats.workers import workers

__all__ = [
    "BY",
    "NOBODY",
    "WINDOWS",
    "Window",
    "actors",
    "delays",
    "durations",
    "event_types",
    "failures",
    "flow",
    "groups",
    "heat",
    "narrowed",
    "pattern_of",
    "reasons",
    "silent_points",
    "tokens",
    "waits",
    "workers",
    "wrong_values",
]

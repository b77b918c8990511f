"""The health of the lineage itself: what is logged, how fast, what could not be read, and who is silent."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.integration import coverage as integration
from lineage_core.integration.integration_points import POINTS, Point
from lineage_core.stats.distribution import spread
from lineage_core.stats.window import Window


def event_types(cut: Window) -> pl.DataFrame:
    """Events in the window by type: `key`, `events`, `last_at`."""
    return _counted(cut, "event_type")


def actors(cut: Window) -> pl.DataFrame:
    """Events in the window by the actor's id: `key`, `events`, `last_at`."""
    return _counted(cut, "actor_id")


def _counted(cut: Window, by: str) -> pl.DataFrame:
    table = cut.recent("events").group_by(by).agg(events=pl.len(), last_at=col("at").max())
    named = table.select("events", "last_at", key=col(by).cast(pl.String))
    return named.select("key", "events", "last_at").sort("events", "key", descending=[True, False]).collect()


def delays(cut: Window) -> pl.DataFrame:
    """In milliseconds: `write`: what writers took for an event, as far as they told (metadata.log_us); `lag`: from
    the time of an event to the time at which its id was made, for ids of ours."""
    lag = (col("written_at") - col("at")).dt.total_microseconds() / 1000
    values = {"write": col("log_us") / 1000, "lag": lag}
    events = cut.recent("events")
    tables = [spread(events.select(v=value).drop_nulls(), "v", lit(key)) for key, value in values.items()]
    return pl.concat(tables).sort("count", "key", descending=[True, False])


def wrong_values(cut: Window) -> pl.DataFrame:
    """Values of a wrong type in the window, left out everywhere: `key` of the record, `count`."""
    wrong = cut.recent("events").select(key="wrong").drop_nulls()
    keys = wrong.select(col("key").cast(pl.String).str.split(",")).explode("key")
    table = keys.group_by("key").agg(count=pl.len())
    return table.sort("count", "key", descending=[True, False]).collect()


def silent_points(cut: Window) -> list[Point]:
    """The integration points none of whose events is in the window."""
    marks: dict[str, list[str]] = {"actor": []}
    for name, value in (mark for point in POINTS for mark in point.marks):
        marks.setdefault(name, []).append(value)
    values = {name: col("actor_id" if name == "actor" else name) for name in marks}
    known = {name: when(values[name].is_in(marks[name])).then(values[name]) for name in marks}
    combinations = cut.recent("events").select("event_type", **known).unique().cast(pl.String)
    rows = combinations.collect().iter_rows(named=True)
    seen = integration.sightings((row["event_type"], row["actor"] or "", row) for row in rows)
    return [point for point in POINTS if not seen[point.id]]

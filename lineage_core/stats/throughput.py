"""Flow: how much happened when, and how much was under way."""

from __future__ import annotations

import polars as pl
from polars import col

from lineage_core.base.clock import DAY, FIRST, HOUR, LAST, MINUTE, SECOND, local_offset
from lineage_core.dataframes.schema import TIME
from lineage_core.stats.window import Window

BINS = 60
"""The most stretches into which a window is cut for a course over time."""

_FIRST = -62_135_596_800 * SECOND  # of the year 1: before it no calendar goes
_STEPS = [n * SECOND for n in (1, 2, 5, 10, 15, 30)] + [n * MINUTE for n in (1, 2, 5, 10, 15, 30)]
_STEPS += [n * HOUR for n in (1, 2, 3, 6, 12)] + [n * DAY for n in (1, 2, 7, 14, 28, 56, 364)]


def edges(cut: Window) -> tuple[int, int, int]:
    """Where the stretches of a course begin, how long each is, and how many there are."""
    events = cut.frames.events
    first = events["at"].min()
    begin = cut.since
    if begin is None:
        begin = cut.now if first is None else int(first.timestamp() * SECOND)  # type: ignore[union-attr]
    span = max(cut.now - begin, SECOND)
    step = next((s for s in _STEPS if s * BINS >= span), -(-span // (BINS * DAY)) * DAY)
    begin = max(begin - begin % step, _FIRST)
    return begin, step, -(-(cut.now - begin + 1) // step) if cut.now >= begin else 1


def flow(cut: Window) -> pl.DataFrame:
    """The course over time, a row a stretch: `start`; `events`, `created`, `completed`, `failed`, `cancelled`: how
    many in it and the window (the first may begin before that); `running`, `queued` (assigned ones too), `blocked`,
    `workers` (not ended): how many at its end."""
    begin, step, count = edges(cut)
    frames = cut.frames
    starts = pl.int_range(begin, begin + count * step, step, dtype=pl.Int64, eager=True)

    def per_stretch(times: pl.Series) -> pl.Series:
        moments = times.cast(pl.Int64)
        moments = moments.filter(moments >= (begin if cut.since is None else cut.since))
        bins = ((moments - begin) // step).alias("bin")
        counted = bins.filter((bins >= 0) & (bins < count)).value_counts()
        found = dict(zip(counted["bin"], counted["count"], strict=True))
        return pl.Series([found.get(n, 0) for n in range(count)], dtype=pl.Int64)

    def level(begun: pl.Series, over: pl.Series) -> pl.Series:
        moments = (starts + step - 1).clip(upper_bound=max(cut.now, begin))
        opened, closed = (s.drop_nulls().cast(pl.Int64).sort().search_sorted(moments, "right") for s in (begun, over))
        return opened.cast(pl.Int64) - closed.cast(pl.Int64)

    phases = frames.phases
    ends = {name: phases.filter(col("status") == name)["start"] for name in ("completed", "failed", "cancelled")}
    courses = {
        "events": per_stretch(frames.events["at"]),
        "created": per_stretch(frames.tasks["created_at"].drop_nulls()),
        **{name: per_stretch(times) for name, times in ends.items()},
    }
    for name, statuses in (("running", ["running"]), ("queued", ["queued", "assigned"]), ("blocked", ["blocked"])):
        lasting = phases.filter(col("status").is_in(statuses))
        courses[name] = level(lasting["start"], lasting["end"])
    courses["workers"] = level(frames.workers["first_at"], frames.workers["ended_at"])
    return pl.DataFrame({"start": starts.cast(TIME), **courses})


def _series(frame: pl.LazyFrame, name: str) -> pl.Series:
    return frame.select(name).collect().to_series()


def heat(cut: Window) -> pl.DataFrame:
    """Events, and tasks that failed, by `day` and `hour` (0-23), in UTC or in the zone of the user."""
    ends = cut.recent("phases", "start").filter(col("status") == "failed")
    stretch = 15 * MINUTE  # what all time zones are apart by a multiple of
    events, failed = (
        (times.cast(pl.Int64) // stretch).value_counts(name=name).rename({times.name: "at"})
        for name, times in (("events", _series(cut.recent("events"), "at")), ("failed", _series(ends, "start")))
    )
    table = events.join(failed, on="at", how="full", coalesce=True)
    began = table["at"] * stretch
    if cut.local:
        began += pl.Series([local_offset(at) for at in began], dtype=pl.Int64)
        began = began.clip(FIRST, LAST)  # dates have no year 0, and none after 9999
    moment = began.cast(TIME)
    table = table.with_columns(day=moment.dt.date(), hour=moment.dt.hour().cast(pl.Int64))
    counts = [col(name).fill_null(0).sum() for name in ("events", "failed")]
    return table.group_by("day", "hour").agg(counts).sort("day", "hour")

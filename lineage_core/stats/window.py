"""What figures are about: the frames, a window of time, and the tasks to look at."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import polars as pl
from polars import col, lit

from lineage_core.base.clock import DAY, HOUR, MINUTE
from lineage_core.dataframes.reader import Frames
from lineage_core.dataframes.schema import FRAMES, TIME
from lineage_core.meaning.money import Prices

WINDOWS = {"15m": 15 * MINUTE, "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "all": None}
"""The windows of the screen; None: everything."""

NOBODY = "(none)"
"""The key of tasks and workers that have none."""


class Window(NamedTuple):
    """What figures are about.

    since, now: microseconds since the epoch; since None: from the first event. local: whether hours and days are those
    of the user's time zone. prices: of tokens, if there are any.
    """

    frames: Frames
    since: int | None
    now: int
    local: bool = False
    prices: Prices | None = None

    def recent(self, what: str, time: str = "at") -> pl.LazyFrame:
        """The rows of a frame whose `time` is in the window."""
        frame = self.frames.of(what)
        if self.since is not None:
            return frame.lazy().filter(col(time) >= lit(self.since).cast(TIME))
        return frame.lazy().filter(col(time).is_not_null()) if frame[time].null_count() else frame.lazy()


def spent(cut: Window) -> pl.LazyFrame:
    """The tasks last heard of in the window, a row for each master that used tokens of one: `tokens` are its own. Tasks
    that are split so have no other row."""
    tasks, costs = cut.recent("tasks", "last_at"), cut.frames.costs.lazy()
    by_master = costs.group_by("task_id", "master").agg(col("tokens").sum())
    split = tasks.drop("master", "tokens").join(by_master, on="task_id")
    return pl.concat([tasks.join(costs, on="task_id", how="anti"), split], how="diagonal")


def narrowed(frames: Frames, tasks: Collection[str]) -> Frames:
    """The frames as if these tasks were all there are; what was quarantined belongs to no task."""
    chosen = col("task_id").is_in(pl.Series(list(tasks), dtype=pl.Categorical()).implode())
    parts = {what: frames.of(what).filter(chosen) for what in FRAMES}
    return Frames.made_of(parts, parts["events"].height, {})


def key_of(by: str) -> pl.Expr:
    """The key that a column gives, as text; NOBODY where there is none."""
    return col(by).cast(pl.String).fill_null(NOBODY)

"""Flow: events and tasks over time, and a heat map of hours by days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from lineage_core.base.clock import format_duration, format_timestamp
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.area_chart import Series, area_chart
from lineage_tui.stats.charts import Row, axis, blank, course, heading, heat_head, heat_row, heat_scale
from lineage_tui.stats.drilldown import moment, window

if TYPE_CHECKING:
    import polars as pl

    from lineage_core.stats import Window

_LOWEST, _HIGHEST = 3, 12
"""Lines of a chart; where there is not even room for the least, courses are one line each."""

_ABOUT = {
    "events": "events that were logged in each stretch of time",
    "created": "tasks that were created in each stretch of time",
    "completed": "tasks that completed; Enter: these tasks",
    "failed": "tasks that failed, each failure counted; Enter: these tasks",
    "cancelled": "tasks that were called off; Enter: these tasks",
    "running": "tasks that somebody worked on, at the end of each stretch; Enter: those of now",
    "to start": "tasks created or assigned and not started, at the end of each stretch; Enter: those of now",
    "blocked": "tasks that waited for something else, at the end of each stretch; Enter: those of now",
    "workers": "workers whose end was not seen, at the end of each stretch; Enter: the tasks of those of now",
}


def page(cut: Window, thresholds: Thresholds, height: int = 0) -> list[Row]:
    """Events and tasks over time, and a heat map of hours by days; charts are as high as `height` lines allow."""
    from lineage_core import stats
    from lineage_core.stats.throughput import edges

    flow = stats.flow(cut)
    _, step, _ = edges(cut)
    series = _series(cut, flow)
    heat = list(_heat(cut))
    first, last = (moment(flow["start"][n], cut.now, cut.local)[:11] for n in (0, -1))
    groups = (
        [("events",), ("created",), ("completed", "cancelled", "failed")],
        [("running", "to start", "blocked"), ("workers",)],
    )
    rest = 6 + min(len(heat), 11)
    each = min(_HIGHEST, (height - rest) // sum(map(len, groups)))
    read = _reader(cut, flow, series)
    legend = max(len(f"{one.name}  {one.figure}") for one in series.values())
    lines: list[Row] = []
    for title, words, charts in (
        ("Happened", f"in each {format_duration(step)}", groups[0]),
        ("Under way", "", groups[1]),
    ):
        lines += [blank(f"before {title}")] if lines else []
        lines.append(heading(title, title, words))
        if each >= _LOWEST:
            made = [area_chart("flow", [series[name] for name in names], each, read, legend) for names in charts]
            lines += [row for chart in made for row in chart]
            lines.append(axis((title, "axis"), len(flow), first, last, made[-1][0].columns))
        else:
            for name in (name for names in charts for name in names):
                one = series[name]
                lines.append(course(("flow", name), name, one.values, one.figure, one.role, one.filter, one.about))
            lines.append(axis((title, "axis"), len(flow), first, last))
    return [*lines, blank("before heat"), *heat]


def _series(cut: Window, flow: pl.DataFrame) -> dict[str, Series]:
    """The courses, by name."""
    happened = {"events": "text", "created": "accent", "completed": "done", "failed": "failed", "cancelled": "muted"}
    found = {}
    for name, role in happened.items():
        values = flow[name].to_list()
        words = f"ended:{name}{window(cut, '/')}" if name in ("completed", "failed", "cancelled") else None
        found[name] = Series(name, values, f"{sum(values):,}  most {max(values):,}", role, words, _ABOUT[name])
    under_way = {
        "running": ("running", "running", "status:running"),
        "to start": ("queued", "assigned", "status:queued,assigned"),
        "blocked": ("blocked", "blocked", "status:blocked"),
        "workers": ("workers", "assigned", "worker:./open"),
    }
    for name, (column, role, words) in under_way.items():
        values = flow[column].to_list()
        found[name] = Series(name, values, f"{values[-1]:,} now  most {max(values):,}", role, words, _ABOUT[name])
    return found


def _reader(cut: Window, flow: pl.DataFrame, series: dict[str, Series]) -> Callable[[int], str]:
    """What there is to say of a stretch of time."""
    starts = flow["start"].to_list()

    def read(stretch: int) -> str:
        counts = ", ".join(f"{one.values[stretch]:,} {name}" for name, one in series.items() if one.values[stretch])
        return f"{moment(starts[stretch], cut.now, cut.local)}: {counts or 'nothing'}"

    return read


def _heat(cut: Window) -> Iterator[Row]:
    from lineage_core import stats

    days: dict[date, list[int]] = {}
    for row in stats.heat(cut).iter_rows(named=True):
        days.setdefault(row["day"], [0] * 24)[row["hour"]] = row["events"]
    year = int(format_timestamp(cut.now)[:4])
    top = max((max(hours) for hours in days.values()), default=0)
    yield heading("heat", "Events by hour and day")
    yield heat_head("heat head", "local" if cut.local else "UTC")
    for day in sorted(days, reverse=True)[:62]:
        label = f"{day:%a %m-%d}" if day.year == year else f"{day.year:04d}-{day.month:02d}-{day.day:02d}"
        yield heat_row(("heat", day), label, days[day], top, "escalated")
    yield heat_scale("heat scale", top, "escalated")

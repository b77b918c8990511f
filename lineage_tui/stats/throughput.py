"""Flow: events and tasks over time, and a heat map of hours by days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from lineage_core.base.clock import format_duration, format_timestamp
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.charts import Row, axis, blank, course, heading, heat_head, heat_row
from lineage_tui.stats.drilldown import moment, window

if TYPE_CHECKING:
    from lineage_core.stats import Window


def page(cut: Window, thresholds: Thresholds) -> list[Row]:
    """Events and tasks over time, and a heat map of hours by days."""
    from lineage_core import stats
    from lineage_core.stats.throughput import edges

    told = stats.flow(cut)
    _, step, _ = edges(cut)
    lines = [heading("flow", "Happened", f"in each {format_duration(step)}")]
    happened = {"events": "text", "created": "accent", "completed": "done", "failed": "failed", "cancelled": "muted"}
    for name, role in happened.items():
        values = told[name].to_list()
        words = f"ended:{name}{window(cut, '/')}" if name in ("completed", "failed", "cancelled") else None
        lines.append(course(("flow", name), name, values, f"{sum(values):,}  most {max(values):,}", role, words))
    first, last = (moment(told["start"][n], cut.now, cut.local)[:11] for n in (0, -1))
    lines.append(axis(("flow", "axis"), len(told), first, last))
    lines += [blank("space"), heading("level", "Under way")]
    under_way = {
        "running": ("running", "status:running"),
        "queued": ("queued", "status:queued,assigned"),
        "blocked": ("blocked", "status:blocked"),
        "workers": ("assigned", "worker:./open"),
    }
    for name, (role, words) in under_way.items():
        values = told[name].to_list()
        label = "to start" if name == "queued" else name  # the assigned ones too
        lines.append(course(("flow", name), label, values, f"{values[-1]:,} now  most {max(values):,}", role, words))
    return [*lines, blank("more space"), *_heat(cut)]


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

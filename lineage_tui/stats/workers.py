"""Workers: in flight, how they ended, how long they took to start, which fell silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.area_chart import Series, area_chart
from lineage_tui.stats.charts import Cell, Column, Row, axis, blank, course, heading, table
from lineage_tui.stats.drilldown import TITLES, duration, moment, of_workers

if TYPE_CHECKING:
    from lineage_core.stats import Window

_WORKERS = (
    Column("workers", 8, 10),
    Column("open", 6, 9),
    Column("success", 8, 5),
    Column("partial", 7, 2),
    Column("failed", 7, 8),
    Column("zombies", 7, 7),
    Column("silent", 7, 7),
    Column("retries", 7, 6),
    Column("start p50", 9, 4),
    Column("start p95", 9, 3),
    Column("start p99", 9, 1),
    Column("start max", 9, 1),
)

_HIGHEST = 14  # lines of the chart
_ENDS = "workers that began or ended in the window, by how they ended; start: from spawned to started; Enter: the tasks"


def page(cut: Window, thresholds: Thresholds, height: int = 0) -> list[Row]:
    """How workers ended, how long they took to start, which fell silent."""
    from lineage_core import stats

    flow = stats.flow(cut)
    values = flow["workers"].to_list()
    first, last = (moment(flow["start"][n], cut.now, cut.local)[:11] for n in (0, -1))
    rows = []
    found = stats.workers(cut, thresholds.silent).to_dicts()
    lines = [heading("workers", "In flight", "workers whose end was not seen")]
    figure, about = f"{values[-1]:,} now  most {max(values):,}", "workers without an end, at the end of each stretch"
    room = min(_HIGHEST, height - len(found) - 5)
    if room >= 2:
        one = Series("workers", values, figure, "assigned", about=about)
        chart = area_chart("in flight", [one], room, lambda n: f"{moment(flow['start'][n], cut.now)}: {values[n]:,}")
        lines += [*chart, axis(("workers", "axis"), len(flow), first, last, chart[0].columns)]
    else:
        lines += [
            course(("workers", "workers"), "workers", values, figure, "assigned", about=about),
            axis(("workers", "axis"), len(flow), first, last),
        ]
    lines.append(blank("space"))
    for row in found:
        cells: dict[str, Cell] = {
            name: (f"{row[name]:,}" if row[name] else "", role)
            for name, role in (
                ("workers", "text"), ("open", "running"), ("success", "done"), ("partial", "blocked"),
                ("failed", "failed"), ("zombies", "zombie"), ("silent", "zombie"), ("retries", "escalated"),
            )
        }  # fmt: skip
        cells |= {f"start {name}": (duration(row[f"start_{name}"]), "text") for name in ("p50", "p95", "p99", "max")}
        rows.append((row["key"], cells, of_workers(row["key"], "any", cut)))
    return lines + table("workers by type", TITLES["worker_type"], _WORKERS, rows, about=_ENDS)

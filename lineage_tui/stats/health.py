"""The lineage itself: what is logged and what is not, how fast, what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.query.filter_parser import joined
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.charts import Cell, Column, Row, blank, heading, note, share, table
from lineage_tui.stats.distribution import SPREAD, spread_cells, spread_heads
from lineage_tui.stats.drilldown import moment, pattern, window

if TYPE_CHECKING:
    from lineage_core.stats import Window

_TYPES = (
    Column("events", 10, 10),
    Column("share", 12, 8, right=False, grows=30),
    Column("%", 6, 9),
    Column("last", 11, 7),
)

_DELAYS = "how long a writer took to log an event, and how long after its time it was logged"


def page(cut: Window, thresholds: Thresholds, height: int = 0) -> list[Row]:
    """The lineage itself: what is logged and what is not, how fast, what could not be read."""
    from lineage_core import stats

    frames = cut.frames
    copies = frames.records - frames.events.height
    by_now = " (as of now)" if frames.of_then else ""
    lines = [heading("records", "Records", f"{frames.records:,}, of which {copies:,} are copies{by_now}")]
    for reason, count in sorted(frames.rejected.items(), key=lambda item: -item[1]):
        lines.append(note(("rejected", reason), f"{count:,} quarantined{by_now}: {reason}", "failed"))
    lines += [
        note(("wrong", row["key"]), f"{row['count']:,} of a wrong type: {row['key']}", "escalated")
        for row in stats.wrong_values(cut).to_dicts()
    ]
    if len(lines) == 1:
        lines.append(note("all fine", "nothing quarantined, no value of a wrong type", "done"))
    silent = stats.silent_points(cut)
    lines += [blank("space"), heading("silent", "Silent integration points", f"{len(silent)} of 39 in this window")]
    for point in silent:
        text = f"{point.id:5} {point.priority:9} {' or '.join(point.events)}  {point.script or 'any script'}"
        lines.append(note(("silent", point.id), text))
    rows = {row["key"]: row for row in stats.delays(cut).to_dicts()}
    titles = {"write": "to write an event", "lag": "from event to record"}
    filled = [(title, spread_cells(rows[key]), None) for key, title in titles.items() if key in rows]
    lines += [
        blank("more space"),
        *table("delays", "delays", SPREAD, filled, about=_DELAYS, heads=spread_heads(list(rows.values()))),
        blank("still more space"),
    ]
    types = stats.event_types(cut).to_dicts()
    total = sum(row["events"] for row in types) or 1
    by_type = []
    for row in types:
        part = row["events"] / total
        cells: dict[str, Cell] = {
            "events": (f"{row['events']:,}", "text"),
            "share": share(part / (types[0]["events"] / total)),
            "%": (f"{part:.1%}", "muted"),
            "last": (moment(row["last_at"], cut.now, cut.local), "text"),
        }
        by_type.append((row["key"], cells, joined([f"type:^{pattern(row['key'])}$" + window(cut, "/")])))
    return lines + table("types", "events", _TYPES, by_type)

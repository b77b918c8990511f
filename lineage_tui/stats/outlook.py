"""The outlook: when queues and sessions are expected to be done, and what takes longer than it should."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineage_core.base.clock import format_duration
from lineage_core.forecast.joint_end import Together, together
from lineage_core.forecast.learning_samples import Sample, group_name
from lineage_core.forecast.live_forecasts import Foresight
from lineage_core.forecast.phrases import TOO_FEW, between, rough
from lineage_core.model.entities import TaskRow
from lineage_tui.stats.charts import Cell, Column, Row, blank, note, span, table
from lineage_tui.stats.drilldown import KEYS, MANY, chosen_by

_QUEUES = (
    Column("open", 6, 10),
    Column("foreseen", 8, 6),
    Column("left", 7, 9),
    Column("80 of 100", 12, 8),
    Column("from now", 14, 7, right=False, grows=200),
)

_SLOW = (
    Column("running", 8, 10),
    Column("later than", 10, 9),
    Column("owner", 22, 8, right=False),
    Column("like", 24, 7, right=False, grows=80),
)

_ABOUT = (
    "when the last open task ends if none is added: the middle, and where 80 of 100 such ends lie; Enter: the tasks"
)
_ABOUT_SLOW = "beyond its 95 % interval; later than so many of 100 tasks like it; Enter: the task"


def page(foresight: Foresight, rows: Iterable[TaskRow], now: int) -> list[Row]:
    """When the open ones of these tasks are expected to be done, by queue and by session, and which are slow.

    foresight: what was learned (`Foresight.learn`); now: microseconds since the epoch.
    """
    going = [row for row in rows if not row.status.ended]
    if not going:
        return [note("none", "nothing is open")]
    lines: list[Row] = []
    for by, title in (("master", "queue of"), ("session", "session")):
        groups: dict[str, list[Sample]] = {}
        for row in going:
            name = row.master if by == "master" else row.session
            if name and (sample := foresight.sample(row.task_id)) is not None:
                groups.setdefault(name, []).append(sample)
        chosen = sorted(groups, key=lambda name: (-len(groups[name]), name))[:MANY]
        ends = [(name, together(foresight.forecaster, groups[name], now)) for name in chosen]
        if ends:
            lines += [*_expected_ends(by, title, ends), blank(f"after {by}")]
    return lines + _slow(foresight, going, now)


def _expected_ends(by: str, title: str, ends: Sequence[tuple[str, Together]]) -> list[Row]:
    farthest = max(1, *(end.high or end.middle or 0 for _, end in ends))
    heads: dict[str, Cell] = {"from now": (f"now to {rough(farthest)}", "muted")}
    rows = []
    for name, end in ends:
        cells: dict[str, Cell] = {
            "open": (f"{end.open:,}", "text"),
            "foreseen": (f"{end.known:,}", "muted"),
            "left": (rough(end.middle) if end.middle is not None else "unknown", "text" if end.known else "muted"),
        }
        if end.low is not None:
            cells["80 of 100"] = (between(end.low, end.high), "text")
        if end.middle is not None:
            low, high = end.low or 0, end.high if end.high is not None else farthest
            cells["from now"] = span(low / farthest, end.middle / farthest, high / farthest, "running")
        rows.append((name, cells, chosen_by(KEYS[by], name, "is:open")))
    return table(f"ends {by}", title, _QUEUES, rows, about=_ABOUT, heads=heads)


def _slow(foresight: Foresight, going: Iterable[TaskRow], now: int) -> list[Row]:
    late: list[tuple[int, str, dict[str, Cell], str]] = []
    known = unknown = 0
    for row in going:
        forecast = foresight.of(row.task_id, now)
        unknown += forecast is None
        known += forecast is not None
        if forecast is None or not foresight.slow(row.task_id, now):
            continue
        cells: dict[str, Cell] = {
            "running": (format_duration(forecast.elapsed), "text"),
            "later than": (f"{min(99, forecast.rank)} of 100", "blocked"),
            "owner": (row.master or "-", "muted"),
            "like": (group_name(forecast.group), "muted"),
        }
        late.append((-forecast.elapsed, row.task_id, cells, chosen_by("task", row.task_id)))
    late.sort(key=lambda one: one[:2])
    found = table("slow", "slow", _SLOW, [one[1:] for one in late[:MANY]], about=_ABOUT_SLOW)
    if not late:
        found.append(note("not slow", "nothing takes longer than it should" if known else TOO_FEW))
    if more := len(late) - MANY:
        found += [note("more slow", f"and {more:,} more: is:slow")] if more > 0 else []
    if known and unknown:
        found.append(note("unknown", f"no forecast for {unknown:,} open tasks: {TOO_FEW}"))
    return found

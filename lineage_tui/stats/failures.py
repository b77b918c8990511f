"""Failures: why, how often, and how certain that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lineage_core.query.filter_parser import joined
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.charts import Cell, Column, Row, blank, span, table
from lineage_tui.stats.drilldown import KEYS, MANY, TITLES, chosen_by, moment, of_workers, pattern, window

if TYPE_CHECKING:
    from lineage_core.stats import Window

_RATES = (
    Column("ended", 8, 8),
    Column("failed", 8, 10),
    Column("rate", 7, 9),
    Column("95 % certain", 16, 7, right=False, grows=24),
    Column("from", 6, 5),
    Column("to", 6, 4),
)
_REASONS = (
    Column("count", 6, 10),
    Column("tasks", 6, 7),
    Column("new", 3, 9, right=False),
    Column("last", 11, 8),
    Column("first", 11, 6),
    Column("newest in full", 16, 5, right=False, grows=60),
)

_CERTAIN = (
    "failed of ended; with so few, the true rate lies between `from` and `to` (95 % certain, Wilson); Enter: the tasks"
)
_AS_THEY_ENDED = "tasks as they ended: a failed attempt that was retried is in `lineage failed`, not here"
_SAME_WORDS = "failures whose words differ only in numbers and ids (#); new: not in the window before; Enter: the tasks"


def page(cut: Window, thresholds: Thresholds, height: int = 0) -> list[Row]:
    """How often workers and tasks failed, and why."""
    from lineage_core import stats

    lines = list(_reasons(cut))
    for by in ("worker_type", "master", "task_type"):
        rows = stats.failures(cut, by).to_dicts()
        scale = max((row["rate_high"] for row in rows), default=0) or 1
        filled = [(row["key"], _rate(row, scale), _failed(cut, by, row)) for row in rows[:MANY]]
        kind = "workers " if by == "worker_type" else "tasks "
        about = _CERTAIN if by == "worker_type" else f"{_AS_THEY_ENDED}; {_CERTAIN}"
        lines += [blank(f"before {by}"), *table(f"rate {by}", kind + TITLES[by], _RATES, filled, about=about)]
    return lines


def _failed(cut: Window, by: str, row: Mapping[str, Any]) -> str | None:
    if not row["failed"]:
        return None
    key = row["key"]
    if by == "worker_type":
        return of_workers(key, "failed", cut)
    return chosen_by(KEYS[by], key, "status:failed", window(cut, "ended:"))


def _rate(row: Mapping[str, Any], scale: float) -> dict[str, Cell]:
    role = "failed" if row["failed"] else "muted"
    low, at, high = (row[name] / scale for name in ("rate_low", "rate", "rate_high"))
    return {
        "ended": (f"{row['ended']:,}", "muted"),
        "failed": (f"{row['failed']:,}", role),
        "rate": (f"{row['rate']:.1%}", role),
        "95 % certain": span(low, at, high, role),
        "from": (f"{row['rate_low']:.1%}", "muted"),
        "to": (f"{row['rate_high']:.1%}", "muted"),
    }


def _reasons(cut: Window) -> Iterator[Row]:
    from lineage_core import stats

    for kind, title in (("task", "why tasks failed"), ("worker", "why workers failed")):
        rows = [row for row in stats.reasons(cut).to_dicts() if row["kind"] == kind]
        if kind == "worker":
            yield blank("between reasons")
        filled = []
        for row in rows[:MANY]:
            cells: dict[str, Cell] = {
                "count": (f"{row['count']:,}", "failed"),
                "tasks": (f"{row['tasks']:,}", "text"),
                "new": ("new" if row["new"] else "", "escalated"),
                "first": (moment(row["first_at"], cut.now, cut.local), "muted"),
                "last": (moment(row["last_at"], cut.now, cut.local), "text"),
                "newest in full": (row["example"], "muted"),
            }
            filled.append((row["reason"], cells, _because(cut, kind, row["reason"])))
        yield from table(f"reasons {kind}", title, _REASONS, filled, 80, about=_SAME_WORDS)


def _because(cut: Window, kind: str, reason: str) -> str:
    """A filter for the tasks that failed, or a worker of which did, for this reason."""
    key = "why" if kind == "task" else "error"
    return joined([f"{key}:^{pattern(reason)}$" + window(cut, "/")])

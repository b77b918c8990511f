"""Tokens: what they went to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lineage_core.meaning.money import Money
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats.charts import Cell, Column, Row, blank, compact, note, share, table
from lineage_tui.stats.drilldown import KEYS, MANY, TITLES, chosen_by, of_workers, window

if TYPE_CHECKING:
    from lineage_core.stats import Window

_TOKENS = (
    Column("tokens", 14, 10),
    Column("share", 12, 7, right=False, grows=20),
    Column("%", 6, 8),
    Column("told by", 8, 4),
    Column("mean", 8, 6),
    Column("per completed", 13, 5),
    Column("budget", 8, 3),
    Column("used", 6, 9),
    Column("over", 5, 2),
)

_SPENT = "tokens that workers and tasks said they used; told by: how many said so; over: how many beyond their budget"
_BY_MASTER = "what each used while it had the task or by runs that it spawned; Enter: all that it has or had"


def page(cut: Window, thresholds: Thresholds, height: int = 0) -> list[Row]:
    """What the tokens went to."""
    from lineage_core import stats

    lines: list[Row] = []
    columns: tuple[Column, ...] = _TOKENS
    about = _SPENT
    if cut.prices is not None:
        name = f"cost {cut.prices.currency}"
        columns = (*_TOKENS[:1], Column(name, max(12, len(name)), 9), *_TOKENS[1:])
        about = f"{_SPENT}; cost: + where tokens have no price"
    for by in ("worker_type", "master", "task_type", "session"):
        rows = stats.tokens(cut, by).to_dicts()
        most = max((row["share"] or 0 for row in rows), default=0) or 1
        filled = [(row["key"], _spent(row, most), _note(cut, by, row["key"])) for row in rows[:MANY]]
        text = f"{_BY_MASTER}; {about}" if by == "master" else about
        lines += [*table(f"tokens {by}", TITLES[by], columns, filled, about=text), blank(f"after {by}")]
        if len(rows) > MANY:
            lines.insert(-1, note(f"more {by}", f"and {len(rows) - MANY:,} more: lineage stats --by {by}"))
    return lines


def _note(cut: Window, by: str, key: str) -> str:
    if by == "worker_type":
        return of_workers(key, "metered", cut)
    return chosen_by("master" if by == "master" else KEYS[by], key, "is:metered", window(cut, "since:"))


def _spent(row: Mapping[str, Any], most: float) -> dict[str, Cell]:
    used = row["used"] / row["budget"] if row["budget"] else None
    cost = row.get("cost")
    money = "" if cost is None else f"{Money(cost).text()}{'+' if row['unpriced'] else ''}"
    return {
        f"cost {row.get('currency')}": (money, "text"),
        "tokens": (f"{row['tokens']:,}", "text"),
        "share": share((row["share"] or 0) / most),
        "%": (f"{row['share'] or 0:.1%}", "text"),
        "told by": (f"{row['items']:,}", "muted"),
        "mean": (compact(row["mean"] or 0), "muted"),
        "per completed": (compact(row["per_completed"]) if row["per_completed"] is not None else "", "muted"),
        "budget": (compact(row["budget"]) if row["budget"] is not None else "", "muted"),
        "used": ("" if used is None else f"{used:.0%}", "failed" if used is not None and used > 1 else "text"),
        "over": (f"{row['over']:,}" if row["over"] else "", "failed"),
    }

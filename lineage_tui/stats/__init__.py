"""The pages of the stats view: figures (`lineage_core.stats`) -> lines. polars is imported when a page is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lineage_core.zombies import Thresholds
from lineage_tui.pages import crew, durations, failures, flow, health, tokens
from lineage_tui.widgets.charts import Row

if TYPE_CHECKING:
    from lineage_core.stats import Cut

Page = Callable[["Cut", Thresholds], list[Row]]

PAGES: dict[str, Page] = {
    "flow": flow.page,
    "durations": durations.page,
    "failures": failures.page,
    "tokens": tokens.page,
    "workers": crew.page,
    "health": health.page,
}
"""The panes, in their order."""

"""The pages of the stats view: figures (`lineage_core.stats`) -> lines. polars is imported when a page is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats import durations, failures, health, tokens, workers
from lineage_tui.stats import throughput as flow
from lineage_tui.stats.charts import Row

if TYPE_CHECKING:
    from lineage_core.stats import Window

Page = Callable[["Window", Thresholds, int], list[Row]]
"""Makes the lines of a page for a number of lines that it may take without scrolling."""

PAGES: dict[str, Page] = {
    "flow": flow.page,
    "durations": durations.page,
    "failures": failures.page,
    "tokens": tokens.page,
    "workers": workers.page,
    "health": health.page,
}
"""The panes, in their order."""

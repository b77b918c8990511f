"""What the keys for another time than now do."""

from __future__ import annotations

from lineage_tui.screens.app_context import Handlers, Travel
from lineage_tui.screens.panes import Panes
from lineage_tui.widgets.scrubber import Scrubber

_FORM = "2h, yesterday, 2026-11-22T03:12 (UTC)"


def time_handlers(travel: Travel, panes: Panes, scrubber: Scrubber) -> Handlers:
    """What to do for each command about time."""
    return {
        "at-time": lambda: panes.ask("time", "", f"as of when? {_FORM}; nothing: now"),
        "changed": lambda: panes.ask("since", "", f"what changed since when? {_FORM}"),
        "earlier": lambda: travel.step(-1, scrubber.of_cell),
        "later": lambda: travel.step(1, scrubber.of_cell),
        "event-before": lambda: travel.step_event(-1),
        "event-after": lambda: travel.step_event(1),
        "play": travel.play,
        "now": travel.live,
    }

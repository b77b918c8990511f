"""What a screen forgets when the state that it shows goes back in time: whatever was learned of later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_tui.widgets.background_work import in_slices

if TYPE_CHECKING:
    from lineage_tui.screens.main import MainScreen


def turn_back(screen: MainScreen, task_ids: set[str]) -> None:
    """The state of a screen is now as it was at an earlier time, and these tasks are others than they were; the screen
    takes them afterwards, as it takes all changes."""
    screen.learning.turn_back()
    screen.status_counts.turn_back(screen.context.state.newest())
    screen.views.turn_back(task_ids)
    screen.detail.turn_back()
    in_slices(screen, _learn_values(screen), "values", lambda _done: None)


def _learn_values(screen: MainScreen) -> Iterator[None]:
    """Learn anew which values can follow in a filter."""
    completion = screen.filtering.completion
    completion.forget()
    for row in list(screen.context.state.rows.values()):
        completion.take(row)
        yield

"""What the main screen asks of each of its list views, whichever is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import Fact
from lineage_tui.widgets.line_list import LineList

Operation = Callable[[int], str | None]
"""Something that only some views can do: called with a direction (1 or -1), gives words to tell the operator."""


class ListView(LineList):
    """A list of tasks, or of what belongs to them. A subclass says what of this it has.

    following: whether it stays with the newest, or the most urgent. fresh: lines that were new since it does not.
    """

    following = False
    fresh = 0

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        raise NotImplementedError

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show what belongs to the tasks that match (None: all); text: the filter as it was written."""
        raise NotImplementedError

    def follow(self) -> None:
        """Go to the newest, or the most urgent, and stay there until the operator moves."""
        raise NotImplementedError

    def tick(self) -> None:
        """Once a second while it is shown: ages grow."""

    def target(self) -> tuple[str, str | None] | None:
        """The task under the cursor, and the worker or handoff of it."""
        return None

    def fact(self) -> Fact | None:
        """The event under the cursor, in a list of events."""
        return None

    def group(self) -> str | None:
        """The session whose heading is under the cursor."""
        return None

    def count_line(self) -> str:
        """What is shown, in a few words."""
        return ""

    def operations(self) -> Mapping[str, Operation]:
        """What only some views can do, by name: `sort`, `invert`, `window`, `acknowledge`, `show-acknowledged`;
        `sideways` (open or go on; close or go back), `toggle` (open or close)."""
        return {}

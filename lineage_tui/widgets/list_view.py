"""What the main screen asks of each of its list views, whichever is shown."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import Fact
from lineage_tui.widgets.line_list import LineList

Operation = Callable[[int], str | None]
"""Something that only some views can do: called with a direction (1 or -1), gives words to tell the operator."""


class ListView(LineList):
    """A list of tasks, or of what belongs to them. A subclass says what of this it has.

    following: whether it stays with the newest, or the most urgent.
    """

    following = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._marked: dict[Hashable, str] = {}

    def mark(self) -> None:
        key, target = self.cursor_key, self.target()
        super().mark()
        self._marked.pop(key, None)
        if key in self.marks and target is not None:
            self._marked[key] = target[0]

    def marked_tasks(self) -> list[str]:
        """The tasks of the marked lines, in the order in which they were marked."""
        return list(dict.fromkeys(self._marked.values()))

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        raise NotImplementedError

    def turn_back(self, task_ids: set[str]) -> bool:
        """The state is now as it was at an earlier time, and these tasks are others than they were; they come by
        `arrived` afterwards. Whether all there is has to come once more."""
        return False

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show what belongs to the tasks that match (None: all); text: the filter as it was written."""
        raise NotImplementedError

    def follow(self) -> None:
        """Go to the newest, or the most urgent, and stay there until the operator moves."""
        raise NotImplementedError

    def hold(self) -> None:
        """All is there: stay with the line that is selected, unless the operator has asked for something else."""

    def let_go(self) -> None:
        """It is not seen any more: be at the newest, or the most urgent, when it is shown again, unless the operator
        has chosen a line."""

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

    def waiting(self) -> list[str]:
        """What following would bring: what came out of sight, and what is held where it is; in a few words each."""
        return []

    def operations(self) -> Mapping[str, Operation]:
        """What only some views can do, by name: `sort`, `invert`, `window`, `acknowledge`, `show-acknowledged`;
        `sideways` (open or go on; close or go back), `toggle` (open or close)."""
        return {}

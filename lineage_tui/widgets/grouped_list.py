"""The base of the lists that fold what has the same cause into one line, which opens into its items.

Of what is folded, one item is pinned: the one that the detail pane shows. It is the first when the cursor came, or the
one that was under the cursor when it was folded; so the pane does not change when more of it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from lineage_tui.models.attention_item import Cause
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.settings.acknowledgements import Key
from lineage_tui.widgets.following_list import FollowingList
from lineage_tui.widgets.list_view import Operation


class GroupedLines(FollowingList):
    """A list of items and of headings, each with its key: that of an item, or a cause."""

    _pinned: tuple[Cause, Key] | None = None

    @property
    def lines(self) -> GroupedList[Key, Cause | Key]:
        """The model: items in groups, of which some are open."""
        raise NotImplementedError

    def count(self) -> int:
        return len(self.lines)

    def key_at(self, line: int) -> Key | Cause:
        item, group = self.lines.at(line)
        return item if item is not None else group

    def line_of(self, key: Hashable) -> int | None:
        lines = self.lines
        if not isinstance(key, Cause):
            return lines.line_of(key)  # type: ignore[arg-type]
        if (line := lines.heading(key)) is None and self._pinned is not None and self._pinned[0] == key:
            return lines.line_of(self._pinned[1])  # it has another cause now
        return line

    def settle(self, touched: Callable[[Hashable], bool] | None = None) -> None:
        super().settle(touched)
        if self._pinned is not None and self.cursor_key == self._pinned[0] and self._member(self._pinned[0]) is None:
            self._pinned = None
            self.on_moved(self.cursor_key)

    def item(self) -> Key:
        """The item under the cursor; of what is folded there, the one that is pinned."""
        key = self.key_at(self.cursor)
        if not isinstance(key, Cause):
            return key
        member = self._member(key)
        if member is None:
            member = self.lines.items(key)[0]
            self._pinned = (key, member)
        return member

    def _member(self, cause: Cause) -> Key | None:
        """Which of a folded cause is shown, if one is that is still there."""
        pinned = self._pinned
        return pinned[1] if pinned and pinned[0] == cause == self.lines.group(pinned[1]) else None

    def _note_cursor(self) -> None:
        key = self.key_at(self.cursor) if self.count() else None
        if key != self.cursor_key:
            was: Any = self.cursor_key if self._pinned is None else self._pinned[1]
            # If that was folded into what is under the cursor now, it goes on being shown.
            stays = isinstance(key, Cause) and self.lines.group(was) == key
            self._pinned = (key, was) if stays else None  # type: ignore[assignment]
        super()._note_cursor()

    def enter(self) -> None:
        if isinstance(self.cursor_key, Cause):
            self.toggle_fold()
        else:
            super().enter()

    def operations(self) -> Mapping[str, Operation]:
        return {"sideways": lambda step: self.unfold() if step > 0 else self.fold()}

    def unfold(self) -> None:
        """Open the line under the cursor into its tasks, or go on to the first of them."""
        if (cause := self._cause()) is None or self.cursor_key != cause:
            return
        if cause in self.lines.opened:
            self.select(self.cursor + 1)
        else:
            self._fold(cause, True)

    def fold(self) -> None:
        """Close what the line under the cursor stands in, or under."""
        if (cause := self._cause()) is not None:
            self._fold(cause, False)

    def toggle_fold(self) -> None:
        """Open or close what the line under the cursor stands in."""
        if (cause := self._cause()) is not None:
            self._fold(cause, cause not in self.lines.opened)

    def _cause(self) -> Cause | None:
        """The folded cause that the line under the cursor belongs to."""
        key: Any = self.cursor_key
        cause = key if isinstance(key, Cause) else self.lines.group(key)
        return cause if isinstance(cause, Cause) and self.count() else None

    def _fold(self, cause: Cause, expanded: bool) -> None:
        self.following = False
        self.lines.open(cause, expanded)
        self.sync()

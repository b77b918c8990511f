"""The tree view `1`: where the cursor is among sessions, tasks, workers and handoffs, and what is folded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from lineage_core.base.clock import Clock
from lineage_core.model.entities import TaskRow
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.column_widths import column_at
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.tree_index import Node
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles
from lineage_tui.views.task_tree_row import SORTED, TreeRows
from lineage_tui.widgets.following_list import FollowingList
from lineage_tui.widgets.list_view import Operation


class TaskTreeView(FollowingList):
    """The tree view `1`.

    thresholds: when an open worker that says nothing is shown as silent, and as a zombie.
    """

    title_lines = 1

    def __init__(self, styles: Styles, state: State, clock: Clock, thresholds: Thresholds, **options: Any) -> None:
        super().__init__(styles, **options)
        self.state = state
        self.model = TaskTree(state)
        self.filter_text = ""
        self.on_filtered: Callable[[], None] = lambda: None
        self.rows = TreeRows(styles, self.model, state, clock, thresholds)

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        self.model.still = self.model.live and not self.following
        self.model.update(task_ids)
        self.settle(lambda key: _is_about(key, task_ids))

    def release(self) -> None:
        self.model.still = False
        self.model.settle()

    def held(self) -> int:
        return self.model.held

    def home(self) -> int:
        """The newest task: the first that is not a heading."""
        return next((n for n in range(min(self.count(), 3)) if self.model.line(n).kind == "task"), 0)

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show the tasks that match, and what they hang on."""
        self.filter_text = text
        self.in_slices(self._filtered(matches))

    def _filtered(self, matches: Callable[[TaskRow], bool] | None) -> Iterator[int]:
        yield from self.model.set_filter(matches)
        self.settle()
        self.on_filtered()

    def sort_by(self, step: int) -> None:
        """Sort by the next order (1) or the one before (-1)."""
        self.in_slices(self.model.set_sort(step=step))

    def invert(self) -> None:
        """Turn the order round."""
        self.in_slices(self.model.set_sort(invert=True))

    def operations(self) -> Mapping[str, Operation]:
        return {
            "sort": self.sort_by,
            "invert": lambda _: self.invert(),
            "sideways": lambda step: self.unfold() if step > 0 else self.fold(),
            "toggle": lambda _: self.toggle_fold(),
        }

    def target(self) -> tuple[str, str | None] | None:
        """The task under the cursor, and the worker or handoff of it."""
        node = self.node()
        if node is None or node.kind == "group":
            return None
        return (node.ident, None) if node.kind == "task" else (node.owner, node.ident)

    def group(self) -> str | None:
        """The session whose heading is under the cursor."""
        node = self.node()
        return node.ident if node is not None and node.kind == "group" else None

    def count_line(self) -> str:
        """The order of the tree, in a few words, if it is not the usual one."""
        order = f"by {self.model.orders.sorted_by}" if self.model.orders.sorted_by != "newest" else ""
        return f"{order}, inverted".removeprefix(", ") if self.model.orders.inverted else order

    def look_at(self, line: int) -> str:
        """The state that a line is shown in; nothing for a heading."""
        return self.rows.look_of_node(self.model.line(line))

    def walk(self, step: int, tell: Callable[[int], str] | None = None) -> Iterator[tuple[Hashable, str]]:
        """Keys and states of the lines after the cursor (before it, for -1), round and back to it: also of tasks
        that are folded away and have no line; None for what the filter hides, so that whoever walks can pause."""
        model, start = self.model, self.node()
        at = start
        turned = False
        while at is not None:
            at = model.beside(at, step)
            if at is None:
                if turned or start is None or start.parent is None:
                    return
                turned, at = True, model.end(step)
            if at is None:
                return
            if at.own and (at.kind in ("group", "task") or (at.parent is not None and at.parent.open)):
                yield at.key, self.rows.look_of_node(at)
            else:
                yield None, ""
            if at is start:
                return

    def reveal(self, key: Hashable) -> bool:
        node = self.model.find(key)  # type: ignore[arg-type]
        if node is not None and node.own:
            self.model.reveal(node)
        return self.select_key(key)

    def count(self) -> int:
        return len(self.model)

    def key_at(self, line: int) -> Hashable:
        return self.model.line(line).key

    def line_of(self, key: Hashable) -> int | None:
        node = self.model.find(key)  # type: ignore[arg-type]
        return None if node is None or not node.own else self.model.line_of(node)

    def node(self) -> Node | None:
        """The node under the cursor."""
        return self.model.line(self.cursor) if self.cursor < self.count() else None

    def unfold(self) -> None:
        node = self.node()
        if node is None:
            return
        if not node.open and self.rows.foldable(node):
            self._fold(node, True)
        elif node.kids.lines and self.cursor + 1 < self.count():
            self.select(self.cursor + 1)

    def fold(self) -> None:
        node = self.node()
        if node is None:
            return
        if node.open and self.rows.foldable(node):
            self._fold(node, False)
        elif node.parent is not None and node.parent.kind != "root":
            self.select(self.model.line_of(node.parent))

    def toggle_fold(self) -> None:
        node = self.node()
        if node is not None and self.rows.foldable(node):
            self._fold(node, not node.open)

    def _fold(self, node: Node, expanded: bool) -> None:
        self.following = False
        self.model.expand(node, expanded)
        self.sync()

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        return self.rows.columns(width)

    def draw_title(self, line: int, out: Line) -> None:
        self.rows.draw_title(out, self.model.orders.sorted_by)

    def click_title(self, x: int) -> None:
        """Sort by the column whose name was clicked; turn the order round if it is sorted by it."""
        chosen = SORTED.get(column_at(self.rows.columns(self.room), x) or "")
        if chosen == self.model.orders.sorted_by:
            self.invert()
        elif chosen is not None:
            self.in_slices(self.model.set_sort(chosen))

    def draw(self, line: int, out: Line) -> None:
        self.rows.draw(self.model.line(line), out)


def _is_about(key: Hashable, task_ids: set[str]) -> bool:
    """Whether the line of a key tells of one of these tasks; a heading tells of all below it."""
    match key:
        case ("group", _, _):
            return True
        case (_, ident, owner):
            return ident in task_ids or owner in task_ids
    return True

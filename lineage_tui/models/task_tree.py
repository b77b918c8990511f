"""The tree of tasks as a model: sessions, their tasks, and below each its workers, handoffs and subtasks.

No widget in here. Every change costs about the same however many tasks there are; nodes know their ids, so selection
and folds stay with what they belong to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from lineage_core.model.entities import TaskRow
from lineage_core.state.store import State
from lineage_tui.models.task_order import GroupOrders
from lineage_tui.models.tree_index import UNSYNCED, Node, NodeKind
from lineage_tui.models.tree_lines import TreeLines

OPEN_DEPTH = 8
"""Tasks at work are shown open down to this depth; deeper ones when asked for."""


class TaskTree(TreeLines):
    """The visible lines over a state; while they are `still`, nothing opens or closes by itself either.

    state: read under its lock where tasks are looked into. rows: the tasks as they were at the last `update`, which
    is what is shown (a paused screen stays as it is). tallies: tasks by status in each group, subtasks included.
    matches: the filter, by row; hits: how many tasks it takes, in each group and (`found`) in all. orders: in which
    the tasks of each group stand.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.rows: dict[str, TaskRow] = {}
        self.tallies: dict[str, Counter[str]] = {}
        self.hits: Counter[str] = Counter()
        self.found = 0
        self.live = True  # False while the past is read: tasks are open or closed by how they end up, not by the way
        self._closing: dict[Node, None] = {}  # tasks that are over, to be closed once lines may move again
        self.folds: dict[str, bool] = {}  # what the operator has opened or closed, by id
        self.orders = GroupOrders()
        self.matches: Callable[[TaskRow], bool] | None = None
        self._tasks: dict[str, Node] = {}
        self._groups: dict[str, Node] = {}

    def find(self, key: tuple[str, str, str]) -> Node | None:
        """The node of a key, if it is there; a worker or handoff only once its task has been opened."""
        kind, ident, owner = key
        if kind == "group":
            return self._groups.get(ident)
        if kind == "task":
            return self._tasks.get(ident)
        task = self._tasks.get(owner)
        return next((n for n in task.kids if n.key == key), None) if task else None

    def update(self, task_ids: Iterable[str]) -> None:
        """Take in what changed in these tasks."""
        changed: list[str] = []
        rows = self.state.rows
        aged: set[str] = set()
        for task_id in task_ids:
            row, old = rows.get(task_id) or rows.gone.get(task_id), self.rows.get(task_id)
            if row is None:
                if old is not None:
                    changed += [child for child in self._remove(old) if child in rows]
                    aged.add(old.group)
                continue
            if old is None and self._insert_alone(task_id, row):
                continue
            changed.append(task_id)
            if old is not None:
                if row.first_at > old.first_at or row.group != old.group:
                    aged.add(old.group)
                self.tallies[old.group][old.status] -= 1
                if old.group != row.group and task_id in self._tasks and self._tasks[task_id].matches:
                    self.hits[old.group] -= 1
                    self.hits[row.group] += 1
            else:  # its subtasks may have come before it
                changed += [child for child in self.state.subtasks.children(task_id) if child in self.rows]
            self.tallies.setdefault(row.group, Counter())[row.status] += 1
            self.rows[task_id] = row
        for task_id in changed:
            # What moves leaves its old place first, so that no node is ever below itself.
            node = self._tasks.get(task_id)
            if node is not None and node.parent is not None and node.parent is not self._home(self.rows[task_id])[0]:
                self._detach(node)
        for task_id in changed:
            missing = [task_id]
            while (parent := self._parent(missing[-1])) is not None and parent not in self._tasks:
                missing.append(parent)
            for ancestor in reversed(missing):
                self._insert(ancestor)
        for name in aged:
            self._age(name)
        self._measure()

    def _remove(self, row: TaskRow) -> list[str]:
        """Take out a task that is not known any more; returns the subtasks that stood below it."""
        node = self._tasks.pop(row.task_id)
        del self.rows[row.task_id]
        self.tallies[row.group][row.status] -= 1
        self.hits[row.group] -= node.matches
        self.found -= node.matches
        self._waiting.pop(node, None)
        self._closing.pop(node, None)
        self._detach(node)
        return [kid.ident for kid in node.kids if kid.kind == "task"]

    def _age(self, name: str) -> None:
        """Bring a group that may have lost its newest task to its place."""
        group = self._groups.get(name)
        if group is None or not group.kids.count:
            return
        kids: Iterable[Node] = group.kids
        if self.orders.is_newest_first(name):
            kids = islice(group.kids, 1)
        newest = max(self.rows[kid.ident].first_at for kid in kids)
        if group.sort != (sort := (-newest, name)):
            self._move(group, self.root, sort)

    def settle(self) -> None:
        """Bring what was held still to where it belongs."""
        self._move_held()
        closing, self._closing = self._closing, {}
        for node in closing:
            if self.rows[node.ident].status.ended and node.ident not in self.folds:
                self._close(node)
        self._measure()

    def _close(self, node: Node) -> None:
        """Close a task that is over, but not over subtasks that may go on."""
        if not self.live or node.kids.count <= sum(node.synced):
            node.expanded = False
            self._stale[node] = None

    def expand(self, node: Node, expanded: bool) -> None:
        """Open or close a node; its group or task stays so."""
        if node.matches:
            node.expanded = expanded
            self.folds[node.ident] = expanded
        else:
            node.shut = not expanded  # until the filter changes
        if expanded and node.kind == "task":
            self._sync(node)
        self._resize(node)
        self._measure()

    def reveal(self, node: Node) -> None:
        """Open what a node is folded into."""
        above = node.parent
        while above is not None and above.kind != "root":
            if not above.open:
                self.expand(above, True)
            above = above.parent

    def set_filter(self, matches: Callable[[TaskRow], bool] | None) -> Iterator[int]:
        """Filter the tasks; a generator that does it in slices, giving the count done, for the caller to pace."""
        self.matches = matches
        for group in self._groups.values():
            group.matches = matches is None
            group.shut = False
        for number, (task_id, node) in enumerate(list(self._tasks.items())):
            node.shut = False
            self._match(node, self.rows[task_id])
            for kid in node.kids:
                if kid.kind != "task":
                    kid.matches = node.matches
                    self._resize(kid)
            self._resize(node)
            if number % 50 == 49:
                yield number
        for group in self._groups.values():
            self._resize(group)

    def _match(self, node: Node, row: TaskRow) -> None:
        """Note whether a task matches, and count it."""
        before, node.matches = node.matches, self.matches is None or self.matches(row)
        change = node.matches - before
        self.hits[row.group] += change
        self.found += change

    def set_sort(self, name: str | None = None, *, step: int = 0, invert: bool = False) -> Iterator[int]:
        """Sort the tasks of each group by the one of SORTS that is named, or by the next, or turn the order round; a
        generator, in slices."""
        self.settle()
        self.orders.choose(name) if name is not None else self.orders.turn(step, invert=invert)
        for number, (name, group) in enumerate(list(self._groups.items())):
            self.orders.take_up(name)
            for node in group.kids:
                node.sort = self.orders.sort_key(name, self.rows[node.ident])
            group.kids.rebuild()
            yield number

    def tasks(self) -> Iterator[Node]:
        """All task nodes, in no order."""
        return iter(self._tasks.values())

    def _group(self, name: str, at: int) -> Node:
        node = self._groups.get(name)
        if node is None:
            node = self._groups[name] = Node("group", name)
            node.expanded = self.folds.get(name, True)
            node.matches = self.matches is None
            node.sort = (-at, name)
            self._attach(node, self.root)
        elif -at < (self._waiting.get(node) or node.sort)[0]:  # type: ignore[operator]
            self._move(node, self.root, (-at, name))
        return node

    def _parent(self, task_id: str) -> str | None:
        parent = self.state.subtasks.parent(task_id)
        return parent if parent in self.rows else None

    def _home(self, row: TaskRow) -> tuple[Node | None, tuple[object, ...]]:
        """Where a task belongs: below its parent task if that is known, else in its group, newest first."""
        parent = self._parent(row.task_id)
        if parent is not None:
            return self._tasks.get(parent), (1, row.first_at, row.task_id)
        return self._group(row.group, row.first_at), self.orders.sort_key(row.group, row)

    def _insert_alone(self, task_id: str, row: TaskRow) -> bool:
        """Place a task that is new, over and related to no other that is here, as most of history is; False for any
        other."""
        subtasks, rows = self.state.subtasks, self.rows
        if not row.status.ended or task_id in self.folds or subtasks.parent(task_id) in self.state.rows:
            return False
        if any(child in rows for child in subtasks.children(task_id)):
            return False
        rows[task_id] = row
        self.tallies.setdefault(row.group, Counter())[row.status] += 1
        node = self._tasks[task_id] = Node("task", task_id)
        node.matches = self.matches is None or self.matches(row)
        self.hits[row.group] += node.matches
        self.found += node.matches
        node.sort = self.orders.sort_key(row.group, row)
        self._attach(node, self._group(row.group, row.first_at))
        return True

    def _insert(self, task_id: str) -> None:
        row = self.rows[task_id]
        node = self._tasks.get(task_id)
        if node is None:
            node = self._tasks[task_id] = Node("task", task_id)
            self.hits[row.group] += 1
            self.found += 1
        home, sort = self._home(row)
        if task_id in self.folds:
            node.expanded = self.folds[task_id]
        elif not row.status.ended:
            node.expanded = home is None or home.depth < OPEN_DEPTH
        elif self.still:
            self._closing[node] = None
        else:
            self._close(node)
        self._match(node, row)
        if home is not None and (node.parent is not home or self._waiting.get(node, node.sort) != sort):
            self._move(node, home, sort)
        if node.expanded or sum(node.synced) > row.workers + row.handoffs:
            self._sync(node)
        self._stale[node] = None

    def _sync(self, node: Node) -> None:
        """Give an open task its workers and handoffs, in the order in which they began."""
        row = self.rows[node.ident]
        known, node.synced = node.synced, (row.workers, row.handoffs)
        if node.synced == known or (node.synced == (0, 0) and known == UNSYNCED):
            return
        with self.state.lock:
            task = self.state.task(node.ident)
            if task is None:
                return
            begun: list[tuple[NodeKind, str, int]] = [
                ("worker", w.worker_id, w.first_at) for w in task.workers.values()
            ]
            for h in task.handoffs.values():
                times = [t for t in (h.created_at, h.accepted_at, h.completed_at) if t is not None]
                begun.append(("handoff", h.handoff_id, min(times)))
        there = {kid.key for kid in node.kids if kid.kind != "task"}
        for key in there - {(kind, ident, node.ident) for kind, ident, _ in begun}:
            self._detach(next(kid for kid in node.kids if kid.key == key))
        for kind, ident, at in begun:
            if (kind, ident, node.ident) not in there:
                kid = Node(kind, ident, node.ident)
                kid.sort = (0, at, kind, ident)
                kid.matches = node.matches
                self._attach(kid, node)

    def _measure(self) -> None:
        """Bring the sizes of what is stale, and of what is above it, up to date; a group that is empty goes."""
        stale, self._stale = self._stale, {}
        for node in stale:
            if node.kind == "group" and not node.kids.count and node.parent is not None:
                self.root.kids.remove(node)
                node.parent = None
                del self._groups[node.ident]
                self._resize(self.root)
            else:
                self._resize(node)

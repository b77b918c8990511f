"""What a session is about: its tasks as bars on one time axis, and its sums; read in slices, it may have 100,000."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.meaning.money import Money, Prices, cost_of, together
from lineage_core.model.entities import TaskRow
from lineage_core.present.timeline import Lane, Timeline, task_lane
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.tree_index import Node

MOST = 1000
"""Tasks that get a bar: the first in the order of the tree."""

STEP = 100
"""Tasks that are looked at between two pauses."""


class Sums(NamedTuple):
    """Sums over the tasks of a session, subtasks included. first_at, last_at: of its first and its last event."""

    tasks: int = 0
    first_at: int = 0
    last_at: int = 0
    open: int = 0
    escalated: int = 0
    workers: int = 0
    failed_workers: int = 0
    retries: int = 0
    tokens: int = 0
    events: int = 0

    def plus(self, row: TaskRow) -> Sums:
        """The sums with one task more."""
        return Sums(
            self.tasks + 1,
            min(self.first_at or row.first_at, row.first_at),
            max(self.last_at, row.last_at),
            self.open + (not row.status.ended),
            self.escalated + row.escalated,
            self.workers + row.workers,
            self.failed_workers + row.failed_workers,
            self.retries + row.retries,
            self.tokens + (row.tokens or 0),
            self.events + row.events,
        )


class Session:
    """A session of a tree of tasks.

    sums, timeline: as of the last time that it was read to the end; None before. prices: of tokens, if there are any.
    money: what its tokens cost, as `sums`.
    """

    def __init__(self, tree: TaskTree, prices: Prices | None = None) -> None:
        self.tree = tree
        self.prices = prices
        self.money: Money | None = None
        self.name: str | None = None
        self.sums: Sums | None = None
        self.timeline: Timeline | None = None

    def open(self, name: str | None) -> None:
        """Tell of this session from now on."""
        self.name = name
        self.sums = self.timeline = self.money = None

    def by_status(self) -> list[tuple[str, int]]:
        """How many tasks are in each status, those that want a look first."""
        status_counts = self.tree.tallies.get(self.name or "") or Counter()
        order = ("running", "blocked", "failed", "assigned", "queued", "completed", "cancelled", "unknown")
        return [(status, status_counts[status]) for status in order if status_counts[status]]

    def read(self) -> Iterator[int]:
        """Add everything up; a generator that does it in slices, giving how many tasks were counted."""
        group = self.tree.find(("group", self.name or "", ""))
        if group is None:
            return
        sums = Sums()
        lanes: list[Lane] = []
        parts: list[Money] = []
        for node in _tasks(group):
            row = self.tree.rows[node.ident]
            sums = sums.plus(row)
            if self.prices is not None and row.tokens:
                with self.tree.state.lock:
                    task = self.tree.state.task(node.ident)
                    parts += [cost_of(task, self.prices)] if task is not None else []
            if len(lanes) < MOST:
                lanes.append(task_lane(row))
            if sums.tasks % STEP == 0:
                yield sums.tasks
        self.sums = sums
        self.money = together(parts)
        self.timeline = Timeline(sums.first_at, None if sums.open else sums.last_at, tuple(lanes))


def _tasks(group: Node) -> Iterator[Node]:
    """The tasks below a heading, in the order of the tree."""
    stack = [iter(list(group.kids))]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
        elif node.kind == "task":
            yield node
            if node.kids.count:
                stack.append(iter(list(node.kids)))

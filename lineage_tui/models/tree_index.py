"""An ordered list of tree nodes that knows how many lines each takes: the index from line to node and back.

Kept in blocks with their sums, so that finding, adding and growing cost the square root of the length: one branch may
have 100,000 children, and a tree may be 5,000 levels deep.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Literal

BLOCK = 256
UNSYNCED = (-1, -1)

NodeKind = Literal["root", "group", "task", "worker", "handoff"]

_sort = attrgetter("sort")


class Node:
    """A line of the tree, with what hangs below it.

    ident: the id it stands for; owner: the task of a worker or
    handoff. sort: its place among its siblings; unique there. size: lines it takes, its visible children included.
    matches: whether the filter takes it; a node that stands only for what matches below it is open unless `shut`.
    """

    __slots__ = ("depth", "expanded", "ident", "kids", "kind", "matches", "owner", "parent", "shut", "size",
                 "sort", "synced")  # fmt: skip

    def __init__(self, kind: NodeKind, ident: str, owner: str = "") -> None:
        self.kind = kind
        self.ident = ident
        self.owner = owner
        self.sort: tuple[Any, ...] = ()
        self.parent: Node | None = None
        self.depth = 0
        self.kids = NO_KIDS
        self.expanded = kind in ("root", "group")
        self.matches = True
        self.shut = False
        self.size = 0
        self.synced = UNSYNCED

    @property
    def key(self) -> tuple[str, str, str]:
        """What selection, folds and marks remember."""
        return (self.kind, self.ident, self.owner)

    @property
    def own(self) -> int:
        """1 if the node itself has a line: it matches the filter, or something below it does; the root has none."""
        return 0 if self.kind == "root" else int(self.matches or self.kids.lines > 0)

    @property
    def open(self) -> bool:
        """Whether what is below it is shown."""
        return self.expanded if self.matches else not self.shut

    def measure(self) -> int:
        """The lines it should take now."""
        return self.own + (self.kids.lines if self.open else 0)


class TreeIndex:
    """The children of a node, in order of `sort`. lines: how many lines they take together."""

    __slots__ = ("_blocks", "_sums", "count", "lines")

    def __init__(self) -> None:
        self._blocks: list[list[Node]] = []
        self._sums: list[int] = []
        self.lines = 0
        self.count = 0

    def __iter__(self) -> Iterator[Node]:
        for block in self._blocks:
            yield from block

    def _find(self, sort: tuple[Any, ...]) -> int:
        """The block that a node with this sort key is in, or belongs into."""
        low, high = 0, len(self._blocks) - 1
        while low < high:
            middle = (low + high) // 2
            if self._blocks[middle][-1].sort < sort:
                low = middle + 1
            else:
                high = middle
        return low

    def add(self, node: Node) -> None:
        """Put a node in its place."""
        self.count += 1
        self.lines += node.size
        if not self._blocks:
            self._blocks.append([node])
            self._sums.append(node.size)
            return
        at = self._find(node.sort)
        block = self._blocks[at]
        insort(block, node, key=_sort)
        self._sums[at] += node.size
        if len(block) > 2 * BLOCK:
            tail = block[BLOCK:]
            del block[BLOCK:]
            moved = sum(n.size for n in tail)
            self._blocks.insert(at + 1, tail)
            self._sums[at] -= moved
            self._sums.insert(at + 1, moved)

    def rebuild(self) -> None:
        """Put all nodes in their places again, after their sort keys were changed."""
        nodes = sorted(self, key=_sort)
        self._blocks = [nodes[n : n + BLOCK] for n in range(0, len(nodes), BLOCK)]
        self._sums = [sum(node.size for node in block) for block in self._blocks]

    def remove(self, node: Node) -> None:
        """Take a node out; it must be in."""
        at = self._find(node.sort)
        block = self._blocks[at]
        del block[bisect_left(block, node.sort, key=_sort)]
        self._sums[at] -= node.size
        self.lines -= node.size
        self.count -= 1
        if not block:
            del self._blocks[at], self._sums[at]

    def grow(self, node: Node, delta: int) -> None:
        """A node's size changed by `delta` lines."""
        self._sums[self._find(node.sort)] += delta
        self.lines += delta

    def before(self, node: Node) -> int:
        """Lines of the siblings above a node."""
        at = self._find(node.sort)
        block = self._blocks[at]
        index = bisect_left(block, node.sort, key=_sort)
        return sum(self._sums[:at]) + sum(n.size for n in block[:index])

    def beside(self, node: Node, step: int) -> Node | None:
        """The sibling after a node (before it, for -1), if there is one."""
        at = self._find(node.sort)
        index = bisect_left(self._blocks[at], node.sort, key=_sort) + step
        if index < 0:
            at, index = at - 1, -1
        elif index >= len(self._blocks[at]):
            at, index = at + 1, 0
        return self._blocks[at][index] if 0 <= at < len(self._blocks) else None

    def end(self, step: int) -> Node | None:
        """The first node (the last, for -1)."""
        return (self._blocks[0][0] if step > 0 else self._blocks[-1][-1]) if self._blocks else None

    def at(self, line: int) -> tuple[Node, int]:
        """The node that covers a line of this branch, and the line within that node."""
        for block, lines in zip(self._blocks, self._sums, strict=True):
            if line < lines:
                for node in block:
                    if line < node.size:
                        return node, line
                    line -= node.size
            line -= lines
        raise IndexError(line)


NO_KIDS = TreeIndex()
"""What a node has that never had children: one for all of them, since most tasks are never opened."""

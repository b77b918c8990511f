"""A tree as the lines that are visible of it: which node stands on which line, and where each belongs.

It knows nothing of tasks. Every change costs about the same however many nodes there are; while somebody reads, what
would move is held where it is.
"""

from __future__ import annotations

from lineage_core.base.terminal_cells import cell_width
from lineage_tui.models.tree_index import NO_KIDS, Node, TreeIndex

MOST_HELD = 100
"""Nodes that wait to move of which it is looked whether they would."""

MAX_INDENT = 12
"""Levels that are indented; deeper ones tell their depth in a number."""


def lead_of(node: Node) -> int:
    """Cells before the name of a node: its indentation, its fold mark, its glyph."""
    return 2 * min(node.depth - 1, MAX_INDENT) + 4


class TreeLines:
    """The visible lines of a tree.

    root: what all hangs below; it has no line. still: True while the operator reads: what is shown keeps its order.
    widest: cells of the widest name with what stands before it.
    """

    def __init__(self) -> None:
        self.root = Node("root", "")
        self.still = False
        self.widest = 0
        self._waiting: dict[Node, tuple[object, ...]] = {}  # where nodes are to stand once they may move again
        self._stale: dict[Node, None] = {}  # nodes whose children came or went, to be measured again

    def __len__(self) -> int:
        return self.root.size

    def line(self, number: int) -> Node:
        """The node on a line, counted from 0; raises IndexError past the end."""
        node, rest = self.root.kids.at(number)
        while rest > 0 or not node.own:
            node, rest = node.kids.at(rest - node.own)
        return node

    def line_of(self, node: Node) -> int:
        """The line of a node; that of the nearest visible ancestor if it is folded away."""
        line = 0
        while node.parent is not None:
            parent = node.parent
            if parent.kind != "root" and not parent.open:
                node, line = parent, 0
                continue
            line += parent.kids.before(node) + parent.own
            node = parent
        return line

    def beside(self, node: Node, step: int) -> Node | None:
        """The node after another (before it, for -1), folded ones too; None at the end, and if it is gone."""
        if node.parent is None:
            return None
        if step > 0 and (first := node.kids.end(1)) is not None:
            return first
        at: Node = node
        while at.parent is not None:
            sibling = at.parent.kids.beside(at, step)
            if sibling is not None:
                while step < 0 and (last := sibling.kids.end(-1)) is not None:
                    sibling = last
                return sibling
            at = at.parent
            if step < 0 and at is not self.root:
                return at
        return None

    def end(self, step: int) -> Node | None:
        """The first node (the last, for -1), folded ones too."""
        node = self.root.kids.end(step)
        while step < 0 and node is not None and (last := node.kids.end(-1)) is not None:
            node = last
        return node

    @property
    def held(self) -> int:
        """How many nodes would stand elsewhere if they might move; of very many, how many may."""
        if len(self._waiting) > MOST_HELD:
            return len(self._waiting)
        return sum(self._would_move(node) for node in self._waiting)

    def _would_move(self, node: Node) -> bool:
        """Whether a node that waits, and the one before it or after it, are to change their order."""
        if node.parent is None:
            return False
        before, after = (node.parent.kids.beside(node, step) for step in (-1, 1))
        wanted = [self._waiting.get(one, one.sort) for one in (before, node, after) if one is not None]
        return wanted != sorted(wanted)

    def _move(self, node: Node, home: Node, sort: tuple[object, ...]) -> None:
        """Bring a node to its place, or note it while all stands still. What comes to another parent moves."""
        if self.still and node.parent is home:
            if sort == node.sort:
                self._waiting.pop(node, None)
            else:
                self._waiting[node] = sort
            return
        self._waiting.pop(node, None)
        if node.parent is not None:
            self._detach(node)
        node.sort = sort
        self._attach(node, home)

    def _move_held(self) -> None:
        """Bring what was held to where it belongs."""
        waiting, self._waiting = self._waiting, {}
        for node, sort in waiting.items():
            if (parent := node.parent) is not None and node.sort != sort:
                self._detach(node)
                node.sort = sort
                self._attach(node, parent)

    def _attach(self, node: Node, parent: Node) -> None:
        node.parent = parent
        shift = parent.depth + 1 - node.depth
        node.depth += shift
        if shift and node.kids is not NO_KIDS:
            stack = list(node.kids)
            while stack:
                below = stack.pop()
                below.depth += shift
                stack.extend(below.kids)
        node.size = node.measure()
        self.widest = max(self.widest, lead_of(node) + cell_width(node.ident))
        if parent.kids is NO_KIDS:
            parent.kids = TreeIndex()
        parent.kids.add(node)
        self._stale[parent] = None

    def _detach(self, node: Node) -> None:
        parent = node.parent
        if parent is not None:
            parent.kids.remove(node)
            node.parent = None
            self._stale[parent] = None

    def _resize(self, node: Node) -> None:
        """Bring the sizes of a node and those above it up to date."""
        at: Node | None = node
        while at is not None:
            delta = at.measure() - at.size
            if delta == 0 and at is not node:
                return
            at.size += delta
            if delta and at.parent is not None:
                at.parent.kids.grow(at, delta)
            at = at.parent

"""A tree as its visible lines: which node stands where, and what is held where it is."""

from __future__ import annotations

import pytest

from lineage_tui.models.tree_index import Node, NodeKind
from lineage_tui.models.tree_lines import TreeLines


class Tree(TreeLines):
    """A tree that a test fills."""

    def put(self, ident: str, parent: Node | None = None, *, at: int = 0, kind: NodeKind = "task") -> Node:
        """A node that is open, in its place among its siblings."""
        node = Node(kind, ident)
        node.expanded = True
        node.sort = (at, ident)
        self._attach(node, parent or self.root)
        self._resize(parent or self.root)
        return node

    def move(self, node: Node, at: int) -> None:
        self._move(node, node.parent or self.root, (at, node.ident))

    def settle(self) -> None:
        self._move_held()

    def fold(self, node: Node) -> None:
        node.expanded = False
        self._resize(node)

    @property
    def shown(self) -> list[str]:
        return [self.line(number).ident for number in range(len(self))]


def test_lines_and_nodes_are_found_by_each_other_and_folded_ones_by_what_they_are_folded_into() -> None:
    tree = Tree()
    first, second = tree.put("first", at=1), tree.put("second", at=2)
    kid = tree.put("kid", first)
    assert tree.shown == ["first", "kid", "second"]
    assert [tree.line_of(node) for node in (first, kid, second)] == [0, 1, 2]
    tree.fold(first)
    assert tree.shown == ["first", "second"]
    assert [tree.line_of(node) for node in (first, kid, second)] == [0, 0, 1]
    with pytest.raises(IndexError):
        tree.line(2)


def test_one_goes_through_folded_nodes_too_from_the_first_to_the_last_and_back() -> None:
    tree = Tree()
    first, second = tree.put("first", at=1), tree.put("second", at=2)
    kid = tree.put("kid", first)
    tree.fold(first)
    assert (tree.end(1), tree.end(-1)) == (first, second)
    assert [tree.beside(node, 1) for node in (first, kid, second)] == [kid, second, None]
    assert [tree.beside(node, -1) for node in (first, kid, second)] == [None, first, kid]


def test_what_would_move_while_one_reads_is_held_counted_and_moved_in_the_end() -> None:
    tree = Tree()
    nodes = [tree.put(ident, at=at) for at, ident in enumerate("abc")]
    tree.still = True
    tree.move(nodes[0], 9)
    assert (tree.shown, tree.held) == (["a", "b", "c"], 1)
    tree.move(nodes[0], 0)
    assert tree.held == 0, "it belongs again where it stands"
    tree.move(nodes[0], 9)
    tree.settle()
    assert (tree.shown, tree.held) == (["b", "c", "a"], 0)
    tree.still = False
    tree.move(nodes[1], 10)
    assert tree.shown == ["c", "a", "b"]

"""A ranked list in which items of one group stand together under a heading, closed until somebody opens it.

A group of one item is that item's line. A group ranks as the first of its items. What an item costs that comes, goes
or moves does not grow with the list, only with the number of groups that are open.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from itertools import count
from typing import Any, Generic, TypeVar

from lineage_tui.models.sorted_list import SortedList

I = TypeVar("I", bound=Hashable)  # noqa: E741
B = TypeVar("B", bound=Hashable)


class GroupedList(Generic[I, B]):
    """The lines of a list: items, and the headings of groups of two and more.

    rank: the place of an item, another one for each. opened: the groups that are open; a group is remembered as open
    while it has too few items for a heading. still: tells whether groups have to stay where they are, whichever item
    becomes their first; `settle` brings them to their places.
    """

    def __init__(
        self, rank: Callable[[I], Any], opened: set[B] | None = None, still: Callable[[], bool] = lambda: False
    ) -> None:
        self.opened: set[B] = set() if opened is None else opened
        self._still = still
        self._positions: dict[B, Any] = {}
        self.held: dict[B, None] = {}  # groups that would stand elsewhere
        self._rank = rank
        self._members: dict[B, SortedList[I]] = {}
        self._group_of: dict[I, B] = {}
        self._order: SortedList[B] = SortedList(self._positions.__getitem__)
        self._numbers = count()  # two groups may have had the same item
        self._spread: list[tuple[int, int, B]] | None = None  # open groups: line of the heading, items, group

    def __contains__(self, item: I) -> bool:
        return item in self._group_of

    @property
    def total(self) -> int:
        """How many items there are, folded ones too."""
        return len(self._group_of)

    def __len__(self) -> int:
        return len(self._order) + sum(size for _, size, _ in self._open())

    def add(self, item: I, group: B) -> None:
        """Put an item in its place."""
        self._spread = None
        members = self._members.setdefault(group, SortedList(self._rank))
        members.add(item)
        self._group_of[item] = group
        if members[0] == item:
            self._position(group)

    def remove(self, item: I) -> None:
        """Take an item out; it must rank as it did when it was put in."""
        self._spread = None
        group = self._group_of.pop(item)
        members = self._members[group]
        first = members[0] == item
        members.remove(item)
        if not len(members):
            self._order.remove(group)
            self.held.pop(group, None)
            del self._members[group], self._positions[group]
        elif first:
            self._position(group)

    def settle(self) -> None:
        """Bring the groups that were held to where they belong."""
        self._spread = None
        held, self.held = self.held, {}
        for group in held:
            self._move(group)

    def _position(self, group: B) -> None:
        """Bring a group to its place, or note that it has another one while all stands still."""
        if group not in self._positions or not self._still():
            self._move(group)
        elif self._positions[group][0] == self._rank(self._members[group][0]):
            self.held.pop(group, None)
        else:
            self.held[group] = None

    def _move(self, group: B) -> None:
        if group in self._positions:
            self._order.remove(group)
        self._positions[group] = (self._rank(self._members[group][0]), next(self._numbers))
        self.held.pop(group, None)
        self._order.add(group)

    def items(self, group: B) -> SortedList[I]:
        """The items of a group, in order; none if there is no such group."""
        return self._members.get(group) or SortedList(self._rank)

    def group(self, item: I) -> B | None:
        """The group of an item, if it is in the list and not alone."""
        group = self._group_of.get(item)
        return group if group is not None and len(self._members[group]) > 1 else None

    def open(self, group: B, wanted: bool) -> None:
        """Show the items of a group, or only its heading."""
        self._spread = None
        (self.opened.add if wanted else self.opened.discard)(group)

    def at(self, line: int) -> tuple[I | None, B]:
        """The item at a line, and its group; no item at a heading."""
        shift = 0
        for heading, size, group in self._open():
            if line <= heading:
                break
            if line <= heading + size:
                return self._members[group][line - heading - 1], group
            shift += size
        group = self._order[line - shift]
        members = self._members[group]
        return (members[0] if len(members) == 1 else None), group

    def line_of(self, item: I) -> int | None:
        """The line of an item: that of the heading while its group is closed; None if it is not in the list."""
        group = self._group_of.get(item)
        if group is None:
            return None
        heading = self.heading(group)
        if heading is None or self.group(item) is None or group not in self.opened:
            return heading
        return heading + 1 + self._members[group].index_of(item)

    def heading(self, group: B) -> int | None:
        """The line at which a group begins; None if there is none."""
        if group not in self._members:
            return None
        line = self._order.index_of(group)
        for heading, size, _ in self._open():
            if heading >= line:
                break
            line += size
        return line

    def __iter__(self) -> Iterator[I]:
        for group in self._order:
            yield from self._members[group]

    def _open(self) -> list[tuple[int, int, B]]:
        if self._spread is None:
            spread = sorted(
                (self._order.index_of(group), len(members), group)
                for group in self.opened
                if (members := self._members.get(group)) is not None and len(members) > 1
            )
            self._spread = []
            shift = 0
            for index_of, size, group in spread:
                self._spread.append((index_of + shift, size, group))
                shift += size
        return self._spread

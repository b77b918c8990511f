"""A ranked list in which items of one bundle stand together under a heading, closed until somebody opens it.

A bundle of one item is that item's line. A bundle ranks as the first of its items. What an item costs that comes, goes
or moves does not grow with the list, only with the number of bundles that are open.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

from lineage_tui.models.sorted_list import SortedList

I = TypeVar("I", bound=Hashable)  # noqa: E741
B = TypeVar("B", bound=Hashable)


class GroupedList(Generic[I, B]):
    """The lines of a list: items, and the headings of bundles of two and more.

    rank: the place of an item, another one for each. opened: the bundles that are open; a bundle is remembered as open
    while it has too few items for a heading.
    """

    def __init__(self, rank: Callable[[I], Any], opened: set[B] | None = None) -> None:
        self.opened: set[B] = set() if opened is None else opened
        self._rank = rank
        self._members: dict[B, SortedList[I]] = {}
        self._bundle_of: dict[I, B] = {}
        self._order: SortedList[B] = SortedList(lambda bundle: self._rank(self._members[bundle][0]))
        self._spread: list[tuple[int, int, B]] | None = None  # open bundles: line of the heading, items, bundle

    def __contains__(self, item: I) -> bool:
        return item in self._bundle_of

    @property
    def total(self) -> int:
        """How many items there are, folded ones too."""
        return len(self._bundle_of)

    def __len__(self) -> int:
        return len(self._order) + sum(size for _, size, _ in self._open())

    def add(self, item: I, bundle: B) -> None:
        """Put an item in its place."""
        self._spread = None
        members = self._members.setdefault(bundle, SortedList(self._rank))
        alone = not len(members)
        first = alone or self._rank(item) < self._rank(members[0])
        if first and not alone:
            self._order.remove(bundle)
        members.add(item)
        self._bundle_of[item] = bundle
        if first:
            self._order.add(bundle)

    def remove(self, item: I) -> None:
        """Take an item out; it must rank as it did when it was put in."""
        self._spread = None
        bundle = self._bundle_of.pop(item)
        members = self._members[bundle]
        first = members[0] == item
        if first:
            self._order.remove(bundle)
        members.remove(item)
        if not len(members):
            del self._members[bundle]
        elif first:
            self._order.add(bundle)

    def items(self, bundle: B) -> SortedList[I]:
        """The items of a bundle, in order; none if there is no such bundle."""
        return self._members.get(bundle) or SortedList(self._rank)

    def bundle(self, item: I) -> B | None:
        """The bundle of an item, if it is in the list and not alone."""
        bundle = self._bundle_of.get(item)
        return bundle if bundle is not None and len(self._members[bundle]) > 1 else None

    def open(self, bundle: B, wanted: bool) -> None:
        """Show the items of a bundle, or only its heading."""
        self._spread = None
        (self.opened.add if wanted else self.opened.discard)(bundle)

    def at(self, line: int) -> tuple[I | None, B]:
        """The item at a line, and its bundle; no item at a heading."""
        shift = 0
        for heading, size, bundle in self._open():
            if line <= heading:
                break
            if line <= heading + size:
                return self._members[bundle][line - heading - 1], bundle
            shift += size
        bundle = self._order[line - shift]
        members = self._members[bundle]
        return (members[0] if len(members) == 1 else None), bundle

    def line_of(self, item: I) -> int | None:
        """The line of an item: that of the heading while its bundle is closed; None if it is not in the list."""
        bundle = self._bundle_of.get(item)
        if bundle is None:
            return None
        heading = self.heading(bundle)
        if heading is None or self.bundle(item) is None or bundle not in self.opened:
            return heading
        return heading + 1 + self._members[bundle].place(item)

    def heading(self, bundle: B) -> int | None:
        """The line at which a bundle begins; None if there is none."""
        if bundle not in self._members:
            return None
        line = self._order.place(bundle)
        for heading, size, _ in self._open():
            if heading >= line:
                break
            line += size
        return line

    def __iter__(self) -> Iterator[I]:
        for bundle in self._order:
            yield from self._members[bundle]

    def _open(self) -> list[tuple[int, int, B]]:
        if self._spread is None:
            spread = sorted(
                (self._order.place(bundle), len(members), bundle)
                for bundle in self.opened
                if (members := self._members.get(bundle)) is not None and len(members) > 1
            )
            self._spread = []
            shift = 0
            for place, size, bundle in spread:
                self._spread.append((place + shift, size, bundle))
                shift += size
        return self._spread

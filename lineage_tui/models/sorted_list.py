"""A list that stays sorted while its items come, go and change: each change costs the square root of its length.

Kept in blocks, as `lineage_tui.models.tree_index` keeps nodes; but the items may be anything,
numbers in an array included, and the whole list can be sorted anew in slices while the screen goes on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

T = TypeVar("T")

BLOCK = 512
"""Items of a block after it was split; it is split at twice as many."""

STEP = 250
"""Items that are sorted anew between two pauses."""


class SortedList(Generic[T]):
    """Items in ascending order of `sort`, which gives a different value for each.

    block: makes a block of items, for instance `lambda items: array("I", items)`.
    """

    def __init__(self, sort: Callable[[T], Any], block: Callable[[Iterable[T]], MutableSequence[T]] = list) -> None:
        self.sort = sort
        self._make = block
        self._blocks: list[MutableSequence[T]] = []
        self._ends: list[int] | None = []  # how many items there are up to the end of each block; None: to be counted

    def __len__(self) -> int:
        ends = self._counted()
        return ends[-1] if ends else 0

    def __iter__(self) -> Iterator[T]:
        for block in self._blocks:
            yield from block

    def __getitem__(self, line: int) -> T:
        """The item at a place, from 0; raises IndexError beyond the end."""
        if line < 0:
            raise IndexError(line)
        ends = self._counted()
        number = bisect_right(ends, line)
        block = self._blocks[number]
        return block[line - ends[number] + len(block)]

    def index_of(self, item: T) -> int:
        """How many items stand before this one, which need not be in."""
        return self.rank(self.sort(item))

    def rank(self, value: Any) -> int:
        """How many items have a smaller sort value than this one."""
        number = self._find(value)
        if number == len(self._blocks):
            return len(self)
        block = self._blocks[number]
        return self._counted()[number] - len(block) + bisect_left(block, value, key=self.sort)

    def add(self, item: T) -> None:
        """Put an item in its place."""
        self._ends = None
        if not self._blocks:
            self._blocks.append(self._make([item]))
            return
        value = self.sort(item)
        number = min(self._find(value), len(self._blocks) - 1)
        block = self._blocks[number]
        block.insert(bisect_left(block, value, key=self.sort), item)
        if len(block) > 2 * BLOCK:
            self._blocks.insert(number + 1, self._make(block[BLOCK:]))
            del block[BLOCK:]

    def remove(self, item: T) -> None:
        """Take an item out; it must be in, and sort as it did when it was put in."""
        self._ends = None
        value = self.sort(item)
        number = self._find(value)
        block = self._blocks[number]
        del block[bisect_left(block, value, key=self.sort)]
        if not block:
            del self._blocks[number]

    def refill(self, items: Sequence[T], sort: Callable[[T], Any]) -> Iterator[int]:
        """Hold these items in this order instead; a generator that does it in slices, for the caller to pace.

        The old content stays until the last slice, and must not be changed before it. Gives the count done.
        """
        pivots = sorted(sort(item) for item in items[:: max(1, len(items) // STEP)])
        parts: list[list[T]] = [[] for _ in range(len(pivots) + 1)]
        for number, item in enumerate(items):
            parts[bisect_right(pivots, sort(item))].append(item)
            if number % STEP == STEP - 1:
                yield number
        blocks: list[MutableSequence[T]] = []
        rest: list[T] = []
        for part in parts:
            rest += sorted(part, key=sort)
            while len(rest) >= BLOCK:
                blocks.append(self._make(rest[:BLOCK]))
                del rest[:BLOCK]
                yield len(items)
        if rest:
            blocks.append(self._make(rest))
        self.sort, self._blocks, self._ends = sort, blocks, None

    def _find(self, value: Any) -> int:
        """The block that an item with this sort value is in, or belongs into; past the last one if it follows all."""
        return bisect_left(self._blocks, value, key=self._last)

    def _last(self, block: MutableSequence[T]) -> Any:
        return self.sort(block[-1])

    def _counted(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(map(len, self._blocks)))
        return self._ends

"""Names in less room than they take: one part goes, and it is the one in which they differ least from one another.

Names are read as tokens (`task-`, `deps-`, `audit-`, `0007`). How much a token tells is counted over the names that
were learned: of all that begin as this one does, how many go on with the token; and the same from the end.
What all have in common tells nothing, a number that only one has tells everything.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from math import log2

from lineage_core.base.terminal_cells import cell_width

MOST = 2000
"""Names that are learned: so many tell what they have in common."""

_TOKEN = re.compile(r"[^-_./:@ ]*[-_./:@ ]|[^-_./:@ ]+")
_INSIDE = 0.75
"""Bits that it costs to cut inside a token: it is read less easily."""
_EACH = 0.1, 0.25
"""Bits that each character costs in the middle of a name, and how many more at its ends, which are read first."""


class Names:
    """The names of one kind. prefix: what most of them begin with, as long as none were learned."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self._known: set[str] = set()
        self._begins: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self._cuts: dict[tuple[str, int], tuple[int, int]] = {}
        self._cut_with = 0

    def learn(self, name: str) -> None:
        """Count what a name has in common with others. Names that were cut are cut otherwise only when twice as many
        are known."""
        if len(self._known) >= MOST or name in self._known:
            return
        self._known.add(name)
        tokens = _tokens(name)
        self._begins.update(accumulate(tokens))
        self._ends.update(accumulate(reversed(tokens), lambda end, token: token + end))
        if len(self._known) >= 2 * self._cut_with:
            self.renew()

    def renew(self) -> None:
        """Cut names by all that is known by now."""
        self._cuts.clear()
        self._cut_with = len(self._known)

    def cut(self, name: str, cells: int, mark: str) -> str:
        """A name (as it can be shown) in at most so many cells, with a mark (of one cell) in place of what went."""
        if cell_width(name) <= cells:
            return name
        if cells <= 1:
            return mark[: max(0, cells)]
        if (name, cells) not in self._cuts:
            if len(self._cuts) > 2 * MOST:
                self._cuts.clear()
            self._cuts[name, cells] = self._window(name, cell_width(name) - cells + 1)
        first, end = self._cuts[name, cells]
        return name[:first] + mark + name[end:]

    def _window(self, name: str, saves: int) -> tuple[int, int]:
        """Where the part begins and ends that tells least, of those that save so many cells."""
        widths = [cell_width(char) for char in name]
        at = [0, *accumulate(widths)]
        bits = [0.0, *accumulate(self._bits(name))]
        stops = sorted({0, *accumulate(map(len, _tokens(name)))})
        bounds = set(stops[:-1])  # a name without an end is not read easily either
        bounds = bounds if len(bounds) > 1 else set()  # one word: its middle goes, not its beginning
        best, found = float("inf"), (0, len(name))
        end, stop = 0, 0
        for first in range(len(name)):
            if not widths[first]:
                continue  # a mark stays with its character
            while end < len(name) and (at[end] - at[first] < saves or not widths[end]):
                end += 1
            if at[end] - at[first] < saves:
                break
            while stops[stop] < end:
                stop += 1
            for last in {end, stops[stop]}:
                cost = bits[last] - bits[first] + _INSIDE * ((first not in bounds) + (last not in bounds))
                if (cost, first, last) < (best, *found):
                    best, found = cost, (first, last)
        return found

    def _bits(self, name: str) -> list[float]:
        """How much each character tells, in bits."""
        tokens, known, size = _tokens(name), max(1, len(self._known)), len(name)
        forward = _gains(list(accumulate(tokens)), self._begins, known)
        ends = list(accumulate(reversed(tokens), lambda end, token: token + end))
        backward = _gains(ends, self._ends, known)[::-1]
        found: list[float] = []
        for token, one, other in zip(tokens, forward, backward, strict=True):
            found += [max(one, other) / len(token)] * len(token)
        if len(self._known) < 2 and name.startswith(self.prefix):
            found = [0.0 if n < len(self.prefix) else 0.2 for n in range(size)]
        middle, more = _EACH
        return [one + middle + more * abs(2 * n / size - 1) for n, one in enumerate(found)]


def _tokens(name: str) -> list[str]:
    return _TOKEN.findall(name)


def _gains(parts: list[str], counts: Counter[str], known: int) -> list[float]:
    """How much each part tells beyond the one before it."""
    before, bits = known, []
    for part in parts:
        here = max(1, counts.get(part, 1))
        bits.append(max(0.0, log2(before / here)))
        before = here
    return bits

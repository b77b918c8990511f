"""A stretch of time on so many cells, for every timeline that is drawn in cells. Pure."""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.base.clock import DAY, HOUR, MINUTE, SECOND, format_duration

_ROUND = (
    *(SECOND // 1000 * n for n in (1, 2, 5, 10, 20, 50, 100, 200)),
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 4, 6, 12)),
    *(DAY * n for n in (1, 2, 7, 14, 30, 90, 365)),
)


class Axis(NamedTuple):
    """What of the time is drawn, on how many cells. Times are microseconds since the epoch."""

    start: int
    end: int
    cells: int

    def cell(self, at: int) -> int:
        """The cell of a moment, the nearest one if it is not on the axis."""
        return min(self.cells - 1, max(0, (at - self.start) * self.cells // max(1, self.end - self.start)))

    def at(self, cell: int) -> int:
        """The moment at which a cell begins."""
        return self.start + -(-cell * (self.end - self.start) // self.cells)

    def step(self, width: int) -> int:
        """A round duration of which marks stand at least so many cells apart; the longest one, if none is that long."""
        length = self.end - self.start
        return next((step for step in _ROUND if length * width <= step * self.cells), _ROUND[-1])


def offset_text(offset: int, step: int) -> str:
    """What stands at a mark that is this far from the beginning, where marks stand a step apart: no two say the same.

    >>> offset_text(1_200_000, 200_000)
    '+1.2s'
    """
    if offset < SECOND or step >= SECOND:
        return f"+{format_duration(offset)}"
    digits = next(digits for digits in (1, 2, 3) if step * 10**digits >= SECOND)
    return f"+{offset / SECOND:.{digits}f}s"

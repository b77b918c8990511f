"""How long things take, also those that are not over: the product-limit estimate of Kaplan and Meier (1958), with late
entry, and its quantiles with the finite-sample correction of conformal prediction. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

_EPSILON = 1e-9


Span = tuple[int, int, bool]
"""The ages between which something was watched, and whether it ended well at the second one. What is open, failed or
was cancelled tells only that it takes longer than that (it is censored)."""


class Curve:
    """Which part of what is watched takes longer than an age, as a step function, and quantiles of it.

    A quantile is asked for those that took longer than `elapsed`. Of n such, one more counts as if it took for ever
    (as if it took no longer), so that an upper (a lower) quantile keeps its promise also where n is small; where n is
    too small for that, there is no upper one. Nothing takes less than a microsecond.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self._entries: list[int] = []
        self._exits: list[int] = []
        self.done: list[int] = []
        entries, exits, over = self._entries, self._exits, self.done
        for entry, exit, done in spans:
            if exit > entry or exit <= 0:
                entries.append(entry)
                exits.append(exit if exit > 0 else 1)
                if done:
                    over.append(exits[-1])
        entries.sort()
        exits.sort()
        over.sort()
        self.ages = [-1]
        self._plain = [-1.0]  # negative, and so ascending, for bisect
        self._upper = [-1.0]
        plain = upper = 1.0
        place, count = 0, len(over)
        while place < count:
            age = over[place]
            ended = 1
            while place + ended < count and over[place + ended] == age:
                ended += 1
            place += ended
            risk = bisect_left(entries, age) - bisect_left(exits, age)
            plain *= 1 - ended / risk
            upper *= 1 - ended / (risk + 1)
            self.ages.append(age)
            self._plain.append(-plain)
            self._upper.append(-upper)

    def at_risk(self, elapsed: int) -> int:
        """How many were watched that took longer than that."""
        return bisect_right(self._entries, elapsed) - bisect_right(self._exits, elapsed)

    def within(self, elapsed: int) -> float:
        """Which part is over within that."""
        return 1 + self._plain[bisect_right(self.ages, elapsed) - 1]

    def over_by(self, age: int, elapsed: int) -> float:
        """Which part of those that took longer than `elapsed` is over by an age."""
        before = -self._plain[bisect_right(self.ages, elapsed) - 1]
        return 1.0 if before <= 0 else 1 + self._plain[bisect_right(self.ages, age) - 1] / before

    def middle(self, level: float, elapsed: int = 0) -> int | None:
        """The age that `level` (0 to 1) of those do not exceed; None beyond what was seen."""
        return self._first(self._plain, level, elapsed)

    def high(self, level: float, elapsed: int = 0) -> int | None:
        """The same, with the correction upwards."""
        return None if level >= 1 else self._first(self._upper, level, elapsed)

    def low(self, level: float, elapsed: int = 0) -> int:
        """The same, with the correction downwards; `elapsed` (at least 0) where nothing longer is sure."""
        count = self.at_risk(elapsed)
        least = max(0, elapsed)
        if level <= 0 or count < 1:
            return least
        place = bisect_right(self.ages, elapsed) - 1
        target = (1 - level * (count + 1) / count) * -self._plain[place]
        found = bisect_right(self._plain, -target + _EPSILON) - 1
        return max(least, self.ages[found]) if found > place else least

    def _first(self, steps: list[float], level: float, elapsed: int) -> int | None:
        place = bisect_right(self.ages, elapsed) - 1
        target = (1 - level) * -steps[place]
        found = bisect_left(steps, -target - _EPSILON)
        if found >= len(steps):
            return None
        return max(0, elapsed, self.ages[found])

"""How long things take, also those that are not over: the product-limit estimate of Kaplan and Meier (1958), with late
entry, and its quantiles with the finite-sample correction of conformal prediction. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import mul
from typing import Any

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
        watched = [(entry, exit if exit > 0 else 1, done) for entry, exit, done in spans if exit > entry or exit <= 0]
        entries = sorted([entry for entry, _, _ in watched])
        exits = sorted([exit for _, exit, _ in watched])
        over = Counter([exit for _, exit, done in watched if done])
        ages = sorted(over)
        steps = [(over[age], bisect_left(entries, age) - bisect_left(exits, age)) for age in ages]
        self.asked: dict[Any, Any] = {}  # for whoever asks the same again
        self._entries, self._exits = array("q", entries), array("q", exits)
        self.ages = array("q", [-1, *ages])
        # negative, and so ascending, for bisect
        self._plain = array("d", accumulate([1 - ended / risk for ended, risk in steps], mul, initial=-1.0))
        self._upper = array("d", accumulate([1 - ended / (risk + 1) for ended, risk in steps], mul, initial=-1.0))

    def step(self, elapsed: int) -> int:
        """Which step of the curve it is at: answers are the same for ages of one step and number at risk."""
        return bisect_right(self.ages, elapsed)

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
        return self._first(self._plain, level, elapsed, self.step(elapsed) - 1)

    def high(self, level: float, elapsed: int = 0) -> int | None:
        """The same, with the correction upwards."""
        return None if level >= 1 else self._first(self._upper, level, elapsed, self.step(elapsed) - 1)

    def low(self, level: float, elapsed: int = 0) -> int:
        """The same, with the correction downwards; `elapsed` (at least 0) where nothing longer is sure."""
        return self._low(level, elapsed, self.step(elapsed) - 1, self.at_risk(elapsed))

    def five(self, levels: Sequence[float], elapsed: int) -> tuple[int, int, int | None, int | None, int | None]:
        """`low` at the first two levels, `middle` at the third, `high` at the last two."""
        least, less, mid, more, most = levels
        passed, count = self.step(elapsed) - 1, self.at_risk(elapsed)
        return (
            self._low(least, elapsed, passed, count),
            self._low(less, elapsed, passed, count),
            self._first(self._plain, mid, elapsed, passed) if mid < 1 else None,
            self._first(self._upper, more, elapsed, passed) if more < 1 else None,
            self._first(self._upper, most, elapsed, passed) if most < 1 else None,
        )

    def levels(self, age: int, elapsed: int) -> tuple[float, float, float]:
        """The levels from which on `low`, `middle` and `high` of those give that age or more."""
        count = self.at_risk(elapsed)
        plain = self._level(self._plain, age, elapsed)
        low = plain if age > self.ages[-1] else plain * count / (count + 1)
        first = bisect_right(self.ages, elapsed)
        if first < len(self.ages) and age <= self.ages[first]:  # all levels above 0 give that age or more
            return low, 0.0, 0.0
        return low, plain, self._level(self._upper, age, elapsed)

    def _level(self, steps: array[float], age: int, elapsed: int) -> float:
        first = bisect_right(self.ages, elapsed) - 1
        found = bisect_right(self.ages, age) - 1
        if steps[first] >= 0 or age > self.ages[-1]:
            return 1.0
        at = steps[found]
        if found > first and found + 1 < len(steps):
            start = max(0, elapsed, self.ages[found])
            at += (steps[found + 1] - at) * (age - start) / max(1, self.ages[found + 1] - start)
        return 1 - at / steps[first]

    def _first(self, steps: array[float], level: float, elapsed: int, passed: int) -> int | None:
        target = (1 - level) * -steps[passed]
        found = bisect_left(steps, -target - _EPSILON)
        if found >= len(steps):
            return None
        if found - 1 <= passed:  # nothing was seen in between
            return max(0, elapsed, self.ages[found])
        start = max(0, elapsed, self.ages[found - 1])
        return max(start, _between(start, self.ages[found], steps[found - 1], steps[found], -target))

    def _low(self, level: float, elapsed: int, passed: int, count: int) -> int:
        least = max(0, elapsed)
        if level <= 0 or count < 1:
            return least
        target = (1 - level * (count + 1) / count) * -self._plain[passed]
        found = bisect_right(self._plain, -target + _EPSILON) - 1
        if found + 1 >= len(self.ages):
            return max(least, self.ages[-1])
        if found == passed:
            return least
        start = max(least, self.ages[found])
        return max(least, _between(start, self.ages[found + 1], self._plain[found], self._plain[found + 1], -target))


def _between(start: int, end: int, before: float, after: float, at: float) -> int:
    """The age at which a step from one share to the next one has come so far: in proportion."""
    part = (at - before) / (after - before) if after > before else 1.0
    return start + int((end - start) * min(1.0, max(0.0, part)))

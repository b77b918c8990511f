"""Forecasts of how long tasks and runs take: empirical quantiles of the closest group of which enough ended.

Everything that happened is gone through in the order of time (`replay`): what was forecast at a moment used only what
was known then, and moves the levels of later forecasts when its end is known. Pure; no library.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from lineage_core.forecast.adaptive_quantiles import LEVELS, LevelsByGroup, Quantiles
from lineage_core.forecast.group_history import GroupHistory
from lineage_core.forecast.learning_samples import Group, Sample
from lineage_core.forecast.survival import Curve

ENOUGH = 30
"""So many of a group must have ended well; of fewer no number is told."""

ENOUGH_LONGER = 10
"""So many of a group must have taken longer than something has by now."""

MANY = 200
"""From so many on that took longer, one more or less makes no difference."""

SHARES = (0.0, 0.5, 1.0, 2.0)
"""Stages of what runs, by how long it has relative to the middle of its group; each has levels of its own."""

WAITING = -1
"""The stage of what does not run yet."""


class Forecast(NamedTuple):
    """What is told of something open, as of a time.

    group: from which it is told; known: how many of that ended well. elapsed: since it was started, or while it
    waits since it was created. rank: how many of 100 like it took less. low95, low, middle, high, high95: time that is
    left, in microseconds: the ends of the 95 % and 80 % intervals and the median; None beyond all that was seen, and
    all of them if too few took longer. waiting: whether it does not run yet. slow: it is beyond its 95 % interval.
    """

    group: Group
    known: int
    elapsed: int
    rank: int
    low95: int | None
    low: int | None
    middle: int | None
    high: int | None
    high95: int | None
    waiting: bool
    slow: bool


class Score(NamedTuple):
    """A forecast and what came: quantiles of the length as told when `elapsed` had passed, at a stage, and the length.

    plain: the quantiles of everything of its kind, for comparison. longest: the longest that was known then.
    """

    sample: Sample
    stage: int
    at: int
    elapsed: int
    quantiles: Quantiles
    plain: Quantiles
    longest: int
    length: int


class _Issued(NamedTuple):
    """A forecast whose end did not come yet. open_levels: the levels that it has not moved."""

    stage: int
    at: int
    origin: int
    quantiles: Quantiles
    plain: Quantiles
    curve: Curve
    open_levels: set[int]


class Forecaster:
    """Learns from samples and forecasts the end of others.

    compared: whether scores tell what the quantiles of everything would have been.
    """

    def __init__(self, *, compared: bool = False) -> None:
        self._compared = compared
        self.open: dict[str, Sample] = {}
        self._groups: dict[Group, GroupHistory] = {}
        self._levels = LevelsByGroup(ENOUGH)
        self._issued: dict[str, list[_Issued]] = {}
        self._near: dict[Group, Group] = {}  # by group: the closest of which enough ended

    def replay(
        self, samples: Iterable[Sample], now: int, scored: Callable[[Score], None] | None = None
    ) -> Iterator[int]:
        """Learn from what happened up to now; a generator that gives how many steps were taken, for the caller to pace.

        scored: called with each forecast whose end came.
        """
        every = {one.subject: one for one in samples}
        steps: list[tuple[int, int, str]] = []
        for one in every.values():
            steps.append((one.begun, 0, one.subject))
            if one.started is not None:
                steps.append((max(one.begun, one.started), 1, one.subject))
            if one.ended is not None:
                steps.append((max(one.begun, one.ended), 9, one.subject))
        heapify(steps)
        for number in range(1 << 62):
            if not steps or steps[0][0] > now:
                return
            at, step, subject = heappop(steps)
            one = every[subject]
            if step == 9:
                self.end(one, scored)
            elif step == 0:
                self.begin(one._replace(started=None, ended=None), at)
            elif step == 1:
                self.begin(one._replace(ended=None), at)
                if (median := self._median(one)) and one.started is not None:
                    for stage, share in enumerate(SHARES[1:], 1):
                        heappush(steps, (one.started + int(share * median), 1 + stage, subject))
            elif subject in self.open:
                self._pass(self.open[subject], at)
                self._issue(self.open[subject], step - 1, at)
            yield number

    def begin(self, sample: Sample, at: int) -> None:
        """Something is open, or has started now, or is of other groups than it was."""
        before = self.open.get(sample.subject)
        for key in before.groups if before is not None and before.groups != sample.groups else ():
            del self._groups[key].open[sample.subject]
        for key in sample.groups:
            if (group := self._groups.get(key)) is None:
                group = self._groups[key] = GroupHistory()
            group.open[sample.subject] = sample
        self.open[sample.subject] = sample
        if before is None or before.started != sample.started:
            self._issue(sample, WAITING if sample.started is None else 0, at)

    def end(self, sample: Sample, scored: Callable[[Score], None] | None = None) -> None:
        """Something is over: its forecasts are judged, and it is learned from."""
        before = self.open.pop(sample.subject, None)
        for key in before.groups if before is not None else ():
            del self._groups[key].open[sample.subject]
        for issued in self._issued.pop(sample.subject, ()):
            if sample.done and sample.ended is not None:
                length = sample.ended - issued.origin
                reached = issued.curve.levels(length, issued.at - issued.origin)
                self._levels.learn(sample.groups, issued.stage, reached, issued.open_levels)
                if scored is not None:
                    stage, at, origin, quantiles, plain, curve, _ = issued
                    scored(Score(sample, stage, at, at - origin, quantiles, plain, curve.ages[-1], length))
        for key in sample.groups:
            if (group := self._groups.get(key)) is None:
                group = self._groups[key] = GroupHistory()
            few = group.done < ENOUGH
            group.put(sample)
            if few != (group.done < ENOUGH):
                self._near.clear()

    def drop(self, subject: str) -> None:
        """Something is no longer open, and nothing is to be learned from it."""
        sample = self.open.pop(subject, None)
        for key in sample.groups if sample is not None else ():
            del self._groups[key].open[subject]
        self._issued.pop(subject, None)

    def refresh(self, now: int) -> None:
        """Take in what has changed and how old what is open is: before forecasts as of now are asked for."""
        for group in {key for one in self.open.values() if (key := self._closest(one)) is not None}:
            self._groups[group].refresh(now, fully=True)

    def forecast(self, sample: Sample, now: int) -> Forecast | None:
        """What is told of something open; None if too few like it have ended."""
        key = self._closest(sample)
        if key is None:
            return None
        group = self._groups[key]
        group.refresh(now, fully=False)
        started = sample.started
        waiting = started is None
        elapsed = now - (sample.begun if started is None else started)
        elapsed = elapsed if elapsed > 0 else 0
        curve = group.waiting(elapsed, now) if waiting else group.running(now)
        stage = WAITING if waiting else _stage(elapsed, group.median)
        step, longer = curve.step(elapsed), curve.at_risk(elapsed)
        leaf = sample.groups[0]
        known = (leaf, stage, step, longer if longer < MANY else MANY, self._levels.changes)
        if (found := curve.asked.get(known)) is None:
            found = curve.asked[known] = self._ask(curve, sample.groups, stage, elapsed)
        quantiles, rank, slow_from = found
        slow = not waiting and slow_from is not None and elapsed > slow_from
        if longer < ENOUGH_LONGER:
            return Forecast(key, group.done, elapsed, rank, None, None, None, None, None, waiting, slow)
        least, less, mid, more, most = quantiles
        return Forecast(
            key,
            group.done,
            elapsed,
            rank,
            least - elapsed if least > elapsed else 0,
            less - elapsed if less > elapsed else 0,
            None if mid is None else mid - elapsed,
            None if more is None else more - elapsed,
            None if most is None else most - elapsed,
            waiting,
            slow,
        )

    def _ask(
        self, curve: Curve, groups: tuple[Group, ...], stage: int, elapsed: int
    ) -> tuple[Quantiles, int, int | None]:
        """Of what has taken so long: the quantiles, how many of 100 took less, and from which age on it is slow."""
        quantiles = _quantiles(curve, self._levels.of(groups, stage).at, elapsed)
        level = self._levels.of(groups, 0).at[-1]
        if (slow_from := curve.asked.get(level, -1)) == -1:
            slow_from = curve.asked[level] = curve.high(level)
        return quantiles, int(100 * curve.within(elapsed)), slow_from

    def left_by(self, sample: Sample, now: int, left: int) -> float | None:
        """How probable it is that something open is over within that time; None if too few like it are known."""
        key = self._closest(sample)
        if key is None:
            return None
        group = self._groups[key]
        elapsed = max(0, now - (sample.begun if sample.started is None else sample.started))
        curve = group.waiting(elapsed, now) if sample.started is None else group.running(now)
        return curve.over_by(elapsed + left, elapsed)

    def _closest(self, sample: Sample) -> Group | None:
        leaf = sample.groups[0]
        found = self._near.get(leaf)
        if found is None:
            for key in sample.groups:
                group = self._groups.get(key)
                if group is not None and group.done >= ENOUGH:
                    found = self._near[leaf] = key
                    break
        return found

    def _median(self, sample: Sample) -> int:
        key = self._closest(sample)
        return self._groups[key].median if key is not None else 0

    def _pass(self, sample: Sample, at: int) -> None:
        """Something goes on: what it was forecast to take at least is judged."""
        for issued in self._issued.get(sample.subject, ()):
            reached = issued.curve.levels(at - issued.origin, issued.at - issued.origin)
            issued.open_levels.difference_update(
                self._levels.of(sample.groups, issued.stage).passed(reached, issued.open_levels)
            )

    def _issue(self, sample: Sample, stage: int, at: int) -> None:
        """Note what is forecast now, to be judged when the end comes."""
        key = self._closest(sample)
        if key is None:
            return
        group = self._groups[key]
        group.refresh(at, fully=False)
        waiting = sample.started is None
        origin = sample.begun if sample.started is None else sample.started
        elapsed = max(0, at - origin)
        curve = group.waiting(elapsed, at) if waiting else group.running(at)
        if stage > 0 and curve.at_risk(elapsed) < ENOUGH_LONGER:
            return
        quantiles = _quantiles(curve, self._levels.of(sample.groups, stage).at, elapsed)
        plain = quantiles
        if self._compared:
            widest = self._groups[sample.groups[-1]]
            widest.refresh(at, fully=False)
            plain = _quantiles(widest.waiting(-1, at) if waiting else widest.running(at), LEVELS, 0)
        self._issued.setdefault(sample.subject, []).append(
            _Issued(stage, at, origin, quantiles, plain, curve, {*range(len(LEVELS))})
        )


def _stage(elapsed: int, median: int) -> int:
    return bisect_right(SHARES, elapsed / median) - 1 if median else len(SHARES) - 1


def _quantiles(curve: Curve, levels: Sequence[float], elapsed: int) -> Quantiles:
    least, less, mid, more, most = curve.five(levels, elapsed)
    # The levels are moved by themselves: what lies within something is kept within it.
    if most is not None:
        more = most if more is None else min(more, most)
    if more is not None:
        mid = more if mid is None else min(mid, more)
    less = less if mid is None else min(less, mid)
    return min(least, less), less, mid, more, most

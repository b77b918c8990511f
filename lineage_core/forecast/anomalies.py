"""What is not normal: more failures, longer runs, errors that nobody has seen, silence, other numbers of tasks than at
this hour of the week. Each with its evidence; how many may be false is a budget: at most one a day on a host where
nothing changes (`tests/core/forecast/test_anomalies.py` holds it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lineage_core.base.clock import DAY, HOUR, MINUTE, ago, format_duration
from lineage_core.forecast.anomaly_tests import believed, count_tails, longer, more_failures, usual_length
from lineage_core.forecast.event_counts import Series, Times
from lineage_core.model.expectations import AnomalyName, Finding, Severity

ANOMALIES = {
    "fails-more": "runs of a worker type, or of a master, fail more often than before",
    "takes-longer": "runs of a worker type take longer than before",
    "unseen-error": "an error that was not seen in four weeks",
    "gone-quiet": "a worker type, a master or all say nothing, though they usually do at this hour",
    "more-tasks": "more tasks are created than usual at this hour of the week",
    "fewer-tasks": "fewer tasks are created than usual at this hour of the week",
}
"""What is found, and what it means."""

FALSE_RATE = 0.02
"""Which part of what is found at a look may be false. A day has 288 looks, of which each sees much that the one before
it saw."""

STAYS = 0.01
"""What was found stays as long as its p-value is below this."""

BEFORE = 28 * DAY
"""What is usual is taken from so long before."""

WINDOWS = (HOUR, 6 * HOUR, DAY)
"""The stretches that are compared with what was before them."""


_FEWEST = 30  # of what is usual is known
_WEEK = 7 * DAY


class Anomaly(NamedTuple):
    """Something that is not normal. subject: what kind of thing, like `worker type scan-worker`. since: from when on.
    seen, usual: the figures that are compared, in words. chance: the p-value. tasks: those in which it shows."""

    rule: AnomalyName
    subject: str
    since: int
    sentence: str
    seen: str
    usual: str
    chance: float
    tasks: tuple[str, ...]

    def finding(self) -> Finding:
        """The same as a finding."""
        severity = Severity.BAD if self.rule in ("fails-more", "gone-quiet") else Severity.WARNING
        return Finding(self.rule, severity, "", self.subject, self.since, self.sentence)


Key = tuple[str, str]
"""What is compared with its own past, like (`worker type`, `scan-worker`)."""


class Histories:
    """What is compared, by key."""

    def __init__(self) -> None:
        self.ended: dict[Key, Series] = {}
        self.failed: dict[Key, Series] = {}
        self.lengths: dict[Key, Series] = {}
        self.words: dict[Key, Times] = {}
        self.created: dict[Key, Series] = {}
        self.errors: dict[Key, Series] = {}
        self._active: dict[tuple[AnomalyName, str], Anomaly] = {}
        self._usual: dict[Key, tuple[int, tuple[float, float] | None]] = {}
        self._spread: dict[int, tuple[int, float]] = {}

    def put(self, of: Mapping[Key, Times], key: Key, at: int, task: str, value: int = 0) -> None:
        """Put in a moment of a key."""
        self.series(of, key).put(at, task, value)

    def series(self, of: Mapping[Key, Times], key: Key) -> Times:
        """The moments of a key; empty ones, if there were none."""
        if key not in of:
            if of is self.words:
                self.words[key] = Times()
            else:
                of[key] = Series()  # type: ignore[index]  # one of the others, which are all dicts of Series
        return of[key]

    def look(self, now: int) -> list[Anomaly]:
        """What is not normal now, the least probable first; what was found before stays while it is improbable."""
        asked = [*self.tests(now)]
        return self.judge(asked)

    def judge(self, asked: Iterable[Anomaly]) -> list[Anomaly]:
        """The same, of what `tests` gave."""
        asked = list(asked)
        limit = believed([one.chance for one in asked], FALSE_RATE)
        found = {
            (one.rule, one.subject): one
            for one in sorted(asked, key=lambda one: -one.chance)
            if one.sentence
            and (one.chance <= limit or ((one.rule, one.subject) in self._active and one.chance <= STAYS))
        }
        for key, one in found.items():
            if key in self._active:  # it began when it was first found
                found[key] = one._replace(since=min(one.since, self._active[key].since))
        self._active = found
        return _without_echoes(sorted(found.values(), key=lambda one: one.chance))

    def tests(self, now: int) -> Iterator[Anomaly]:
        """All that is asked, with its p-value; nothing may be put in meanwhile. Without a sentence: far from odd."""
        for key in self.ended:
            yield from self._failures(key, now)
        for key in self.lengths:
            yield from self._lengths(key, now)
        yield from self._errors(now)
        for key in self.words:
            yield from self._silence(key, now)
        for key in self.created:
            yield from self._numbers(key, now)

    def _failures(self, key: Key, now: int) -> Iterator[Anomaly]:
        ended, failed = self.ended[key], self.failed.get(key, Series())
        for window in WINDOWS:
            since = now - window
            n, k = ended.count(since, now), failed.count(since, now)
            n0, k0 = ended.count(now - BEFORE, since), failed.count(now - BEFORE, since)
            if n < 5 or n0 < _FEWEST:
                continue
            rate, before = k / n, k0 / n0
            chance = more_failures(k, n, k0, n0)
            name = " ".join(key)
            if k < 3 or rate < 1.5 * before:
                yield Anomaly("fails-more", name, now, "", "", "", chance, ())
                continue
            times = f"{rate / before:.1f} times as often as" if k0 else "unlike"
            text = (
                f"{name} fails {times} before: {k} of {n} runs in {format_duration(window)} ({rate:.0%}), "
                f"{before:.1%} in the weeks before"
            )
            tasks = tuple(dict.fromkeys(task for task, _ in failed.between(since, now)))
            began = failed.times(since, now)[0]
            seen = f"{k} of {n} runs failed in {format_duration(window)}"
            yield Anomaly("fails-more", name, began, text, seen, f"{k0} of {n0} before", chance, tasks)

    def _lengths(self, key: Key, now: int) -> Iterator[Anomaly]:
        series = self.lengths[key]
        for window in WINDOWS[:2]:
            since = now - window
            recent = series.between(since, now)
            usual = self._usual_length(key, now)
            if len(recent) < 8 or usual is None:
                continue
            chance, ratio = longer([length for _, length in recent], *usual)
            name = " ".join(key)
            if ratio < 1.3:
                yield Anomaly("takes-longer", name, now, "", "", "", chance, ())
                continue
            middle = sorted(length for _, length in recent)[len(recent) // 2]
            text = (
                f"{name} takes {ratio:.1f} times as long as before: {format_duration(middle)} in the middle of "
                f"{len(recent)} runs in {format_duration(window)}, {format_duration(int(middle / ratio))} before"
            )
            tasks = tuple(dict.fromkeys(task for task, length in recent if length >= middle))
            began = series.times(since, now)[0]
            seen = f"{format_duration(middle)} in the middle of {len(recent)} runs"
            yield Anomaly("takes-longer", name, began, text, seen, format_duration(int(middle / ratio)), chance, tasks)

    def _usual_length(self, key: Key, now: int) -> tuple[float, float] | None:
        """Median and MAD of the logarithms of what ended before the windows; computed once an hour."""
        hour = now // HOUR
        known = self._usual.get(key)
        if known is None or known[0] != hour:
            lengths = [length for _, length in self.lengths[key].between(now - BEFORE, now - WINDOWS[1])]
            known = self._usual[key] = hour, usual_length(lengths[-2000:]) if len(lengths) >= _FEWEST else None
        return known[1]

    def _errors(self, now: int) -> Iterator[Anomaly]:
        """Errors that came first in a window. How probable a new one is follows from how many came only once (Good and
        Turing): where each error is unlike all others, none is worth a word. One that comes again within the window is
        no such rare one."""
        for window in WINDOWS:
            since = now - window
            counts = {key: series.count(now - BEFORE, since) for key, series in self.errors.items()}
            total = sum(counts.values())
            if total < _FEWEST:
                continue
            share = (sum(count == 1 for count in counts.values()) + 0.5) / total
            recent = {key: series.count(since, now) for key, series in self.errors.items()}
            errors = sum(recent.values())
            for key, count in recent.items():
                if not count or counts[key]:
                    continue
                chance = min(1.0, errors * share) * min(1.0, errors / total) ** (count - 1)
                tasks = tuple(dict.fromkeys(task for task, _ in self.errors[key].between(since, now)))
                times = "once" if count == 1 else f"{count} times in {format_duration(window)}"
                text = f"{key[0]} fails with an error that was not seen in four weeks, {times}: {key[1]}"
                began = self.errors[key].times(since, now)[0]
                usual = f"a new one in {round(1 / share)} errors"
                yield Anomaly("unseen-error", ": ".join(key), began, text, times, usual, chance, tasks)

    def _silence(self, key: Key, now: int) -> Iterator[Anomaly]:
        series = self.words[key]
        last = series.last(now)
        if last is None or now - last < 10 * MINUTE:
            return
        step, windows = self._periods(series, last)
        before = [series.count(last - step * n, now - step * n) for n in range(1, windows + 1)]
        if sum(before) < 10:
            return
        # Words come in bursts: a task has several. What counts is how often somebody spoke at all.
        spread = self._bursts(series, now)
        chance, _ = count_tails(0, sum(before) / spread, windows)
        name = key[0] if not key[1] else " ".join(key)
        usual = sum(before) / windows
        text = f"{name} says nothing for {ago(last, now)}; usually {usual:.0f} events come in that time at this hour"
        yield Anomaly("gone-quiet", name, last, text, f"0 in {ago(last, now)}", f"{usual:.1f}", chance, ())

    def _bursts(self, series: Times, now: int) -> float:
        """How many times as much counts of an hour vary as those of single events would: by hour of the day; computed
        once in six hours."""
        known = self._spread.get(id(series))
        if known is None or known[0] != now // (6 * HOUR):
            known = self._spread[id(series)] = now // (6 * HOUR), self._variation(series, now)
        return known[1]

    def _variation(self, series: Times, now: int) -> float:
        by_hour: dict[int, list[int]] = {}
        start = max(series.first, now - 14 * DAY)
        for hour in range((now - start) // HOUR):
            until = now - hour * HOUR
            by_hour.setdefault(hour % 24, []).append(series.count(until - HOUR, until))
        ratios, free = 0.0, 0
        for counts in by_hour.values():
            mean = sum(counts) / len(counts)
            if len(counts) > 1 and mean > 0:
                ratios += sum((one - mean) ** 2 for one in counts) / mean
                free += len(counts) - 1
        return max(1.0, ratios / free) if free else 1.0

    def _periods(self, series: Times, until: int) -> tuple[int, int]:
        """The step back to the same hour, and how many of them there are: weeks, or days while there are few."""
        weeks = min(4, (until - series.first) // _WEEK)
        return (_WEEK, weeks) if weeks >= 3 else (DAY, min(7, (until - series.first) // DAY))

    def _numbers(self, key: Key, now: int) -> Iterator[Anomaly]:
        series = self.created[key]
        if not series:
            return
        window = WINDOWS[0]
        step, windows = self._periods(series, now - window)
        if windows < 3:
            return
        before = [series.count(now - window - step * n, now - step * n) for n in range(1, windows + 1)]
        seen, usual = series.count(now - window, now), sum(before) / windows
        if sum(before) < 10 and seen < 5:
            return
        spread = self._bursts(series, now)
        fewer, more = count_tails(round(seen / spread), sum(before) / spread, windows)
        name = "all tasks" if not key[1] else f"tasks of type {key[1]}"
        when = "this hour of the week" if step == _WEEK else "this hour of the day"
        looked: tuple[tuple[AnomalyName, float, bool], ...] = (
            ("more-tasks", more, seen > 1.5 * usual and seen >= 5),
            ("fewer-tasks", fewer, seen < usual / 1.5),
        )
        for rule, chance, far in looked:
            word = "more" if rule == "more-tasks" else "fewer"
            of = f" of type {key[1]}" if key[1] else ""
            text = f"{word} tasks{of} than usual were created in the last hour: {seen}, usually {usual:.1f} at {when}"
            tasks = tuple(dict.fromkeys(task for task, _ in series.between(now - window, now)))
            yield Anomaly(
                rule, name, now - window, text if far else "", str(seen), f"{usual:.1f}", chance, tasks if far else ()
            )


def _without_echoes(found: list[Anomaly]) -> list[Anomaly]:
    """Anomalies without those that show the same tasks as a less probable one of their rule: the master of a worker
    type that fails does not fail by itself."""
    distinct: list[Anomaly] = []
    for one in found:
        tasks = set(one.tasks)
        if not any(
            other.rule == one.rule and tasks and len(tasks & set(other.tasks)) * 2 > len(tasks) for other in distinct
        ):
            distinct.append(one)
    return distinct

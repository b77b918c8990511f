"""What is not normal: more failures, longer runs, errors that nobody has seen, silence, other numbers of tasks than at
this hour of the week. Each with its evidence; how many may be false is a budget: at most one a day on a host where
nothing changes (`tests/core/forecast/test_anomalies.py` holds it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest
from typing import NamedTuple

from lineage_core.base.clock import DAY, HOUR, MINUTE, ago, format_duration
from lineage_core.forecast.anomaly_tests import believed, count_tails, longer, more_failures, usual_length
from lineage_core.forecast.series import Series
from lineage_core.model.entities import Task, WorkerEnd
from lineage_core.model.error_fingerprint import NO_REASON, fingerprint
from lineage_core.model.expectations import Finding, Severity
from lineage_core.state.store import State

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

LOOKED_AT = 20_000
"""Tasks from which it is learned at first: those that were last heard of."""

_FEWEST = 30  # of what is usual is known
_WEEK = 7 * DAY


class Anomaly(NamedTuple):
    """Something that is not normal. subject: what kind of thing, like `worker type scan-worker`. since: from when on.
    seen, usual: the figures that are compared, in words. chance: the p-value. tasks: those in which it shows."""

    rule: str
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


class Histories:
    """What is compared, by key like (`worker type`, `scan-worker`)."""

    def __init__(self) -> None:
        self.ended: dict[tuple[str, str], Series] = {}
        self.failed: dict[tuple[str, str], Series] = {}
        self.lengths: dict[tuple[str, str], Series] = {}
        self.words: dict[tuple[str, str], Series] = {}
        self.created: dict[tuple[str, str], Series] = {}
        self.errors: dict[tuple[str, str], Series] = {}
        self._active: dict[tuple[str, str], Anomaly] = {}
        self._usual: dict[tuple[str, str], tuple[int, tuple[float, float] | None]] = {}
        self._spread: dict[int, tuple[int, float]] = {}

    def put(self, of: dict[tuple[str, str], Series], key: tuple[str, str], at: int, task: str, value: int = 0) -> None:
        """Put in a moment of a key."""
        if (series := of.get(key)) is None:
            series = of[key] = Series()
        series.put(at, task, value)

    def look(self, now: int) -> list[Anomaly]:
        """What is not normal now, the least probable first; what was found before stays while it is improbable."""
        asked = [*self._tests(now)]
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

    def _tests(self, now: int) -> Iterator[Anomaly]:
        for key in self.ended:
            yield from self._failures(key, now)
        for key in self.lengths:
            yield from self._lengths(key, now)
        yield from self._errors(now)
        for key in self.words:
            yield from self._silence(key, now)
        for key in self.created:
            yield from self._numbers(key, now)

    def _failures(self, key: tuple[str, str], now: int) -> Iterator[Anomaly]:
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

    def _lengths(self, key: tuple[str, str], now: int) -> Iterator[Anomaly]:
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

    def _usual_length(self, key: tuple[str, str], now: int) -> tuple[float, float] | None:
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

    def _silence(self, key: tuple[str, str], now: int) -> Iterator[Anomaly]:
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

    def _bursts(self, series: Series, now: int) -> float:
        """How many times as much counts of an hour vary as those of single events would: by hour of the day; computed
        once in six hours."""
        known = self._spread.get(id(series))
        if known is None or known[0] != now // (6 * HOUR):
            known = self._spread[id(series)] = now // (6 * HOUR), self._variation(series, now)
        return known[1]

    def _variation(self, series: Series, now: int) -> float:
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

    def _periods(self, series: Series, until: int) -> tuple[int, int]:
        """The step back to the same hour, and how many of them there are: weeks, or days while there are few."""
        weeks = min(4, (until - series.first) // _WEEK)
        return (_WEEK, weeks) if weeks >= 3 else (DAY, min(7, (until - series.first) // DAY))

    def _numbers(self, key: tuple[str, str], now: int) -> Iterator[Anomaly]:
        series = self.created[key]
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
        for rule, chance, far in (
            ("more-tasks", more, seen > 1.5 * usual and seen >= 5),
            ("fewer-tasks", fewer, seen < usual / 1.5),
        ):
            word = "more" if rule == "more-tasks" else "fewer"
            text = f"{word} {name} than usual were created in the last hour: {seen}, usually {usual:.1f} at {when}"
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


class Watchman:
    """Looks for anomalies in a state, kept up to date task by task."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.histories = Histories()
        self._heard: set[str] = set()
        self._of_task: dict[str, list[tuple[dict[tuple[str, str], Series], tuple[str, str], int, int]]] = {}

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed."""
        self._heard.update(task_ids)

    def learn(self) -> Iterator[int]:
        """Take in what was noted; a generator that gives the count of tasks done, for the caller to pace."""
        rows = self.state.rows
        heard, self._heard = self._heard, set()
        if len(heard) > LOOKED_AT:
            heard = {task for _, task in nlargest(LOOKED_AT, ((rows[one].last_at, one) for one in heard))}
        for number, task_id in enumerate(sorted(heard, key=lambda one: rows[one].first_at)):
            for of, key, at, value in self._of_task.pop(task_id, ()):
                of[key].remove(at, task_id, value)
            with self.state.lock:
                task = self.state.task(task_id)
                found = [*_moments(self.histories, task)] if task is not None else []
            for of, key, at, value in found:
                self.histories.put(of, key, at, task_id, value)
            self._of_task[task_id] = found
            yield number

    def anomalies(self, now: int) -> list[Anomaly]:
        """What is not normal as of a time, the least probable first."""
        for _ in self.learn():
            pass
        return self.histories.look(now)

    def look(self, now: int) -> list[Finding]:
        """The same as findings."""
        return [one.finding() for one in self.anomalies(now)]


def _moments(to: Histories, task: Task) -> Iterator[tuple[dict[tuple[str, str], Series], tuple[str, str], int, int]]:
    """What a task tells: series, key, time, value."""
    if task.created_at is not None:
        yield to.created, ("all", ""), task.created_at, 0
        if task.task_type:
            yield to.created, ("type", task.task_type), task.created_at, 0
    for at in task.times:
        yield to.words, ("the feed", ""), at, 0
    if task.master:
        for at in task.times:
            yield to.words, ("master", task.master), at, 0
    for run in task.runs:
        if run.worker_type:
            for at in run.words:
                yield to.words, ("worker type", run.worker_type), at, 0
        if run.ended_at is None:
            continue
        keys = [("worker type", run.worker_type)] if run.worker_type else []
        keys += [("master", run.master)] if run.master else []
        for key in keys:
            yield to.ended, key, run.ended_at, 0
            if run.failed:
                yield to.failed, key, run.ended_at, 0
        start = run.started_at if run.started_at is not None else run.spawned_at
        if run.worker_type and run.end is WorkerEnd.SUCCESS and start is not None:
            yield to.lengths, ("worker type", run.worker_type), run.ended_at, max(0, run.ended_at - start)
        if run.failed:
            error = fingerprint(run.error) if run.error else NO_REASON
            yield to.errors, (run.worker_type or "a worker", error), run.ended_at, 0

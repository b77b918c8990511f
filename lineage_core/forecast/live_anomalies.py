"""Anomalies of a state that is kept up to date task by task: what each task tells goes into the histories, once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappush, heappushpop
from itertools import zip_longest
from typing import NamedTuple

from lineage_core.forecast.anomalies import Anomaly, Histories, Key
from lineage_core.forecast.event_counts import Times
from lineage_core.model.entities import Task
from lineage_core.model.error_fingerprint import NO_REASON, fingerprint
from lineage_core.model.expectations import Finding
from lineage_core.model.task_parts import WorkerEnd
from lineage_core.state.store import State

LOOKED_AT = 20_000
"""Tasks from which it is learned at first: those that were last heard of."""


class Watchman:
    """Looks for anomalies in a state, kept up to date task by task."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.histories = Histories()
        self._heard: set[str] = set()
        self._of_task: dict[str, list[_Moments]] = {}

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed."""
        self._heard.update(task_ids)

    def learn(self, most: int = LOOKED_AT) -> Iterator[int]:
        """Take in what was noted, of `most` tasks at most; a generator that gives the count of tasks done, for the
        caller to pace."""
        rows = self.state.rows
        heard, self._heard = self._heard, set()
        if len(heard) > most:
            newest: list[tuple[int, str]] = []
            for number, task_id in enumerate(heard):
                (heappush if number < most else heappushpop)(newest, (rows[task_id].last_at, task_id))
                if number % 500 == 0:
                    yield 0
            heard = {task_id for _, task_id in newest}
        for number, task_id in enumerate(sorted(heard, key=lambda one: rows[one].first_at)):
            with self.state.lock:
                task = self.state.task(task_id)
                found = [*_moments(self.histories, task)] if task is not None else []
            self._replace(task_id, found)
            yield number

    def _replace(self, task_id: str, found: list[_Moments]) -> None:
        """Put in what a task tells, in place of what it told before: mostly that and a little more."""
        before = self._of_task.get(task_id, [])
        histories = self.histories
        for old, new in zip_longest(before, found):
            known = 0
            if old is not None and new is not None and new.continues(old):
                known = len(old.times)
            elif old is not None:
                series = histories.series(old.of, old.key)
                for at in old.times:
                    series.remove(at, task_id, old.value)
            if new is not None and known < len(new.times):
                series = histories.series(new.of, new.key)
                for at in new.times[known:]:
                    series.put(at, task_id, new.value)
        self._of_task[task_id] = found

    def anomalies(self, now: int) -> list[Anomaly]:
        """What is not normal as of a time, the least probable first."""
        for _ in self.learn():
            pass
        return self.histories.look(now)

    def look(self, now: int) -> list[Finding]:
        """The same, as findings."""
        return [one.finding() for one in self.anomalies(now)]


class _Moments(NamedTuple):
    """What a task tells of a key: times, and a value for all of them."""

    of: Mapping[Key, Times]
    key: Key
    times: Sequence[int]
    value: int = 0

    def continues(self, other: _Moments) -> bool:
        """Whether it is the same and perhaps more."""
        same = self.of is other.of and self.key == other.key and self.value == other.value
        return same and self.times[: len(other.times)] == other.times


def _moments(to: Histories, task: Task) -> Iterator[_Moments]:
    """What a task tells."""
    if task.created_at is not None:
        yield _Moments(to.created, ("all", ""), (task.created_at,))
        if task.task_type:
            yield _Moments(to.created, ("type", task.task_type), (task.created_at,))
    yield _Moments(to.words, ("the feed", ""), task.times)
    if task.master:
        yield _Moments(to.words, ("master", task.master), task.times)
    for run in task.runs:
        if run.worker_type:
            yield _Moments(to.words, ("worker type", run.worker_type), run.words)
        if run.ended_at is None:
            continue
        ended = (run.ended_at,)
        keys = [("worker type", run.worker_type)] if run.worker_type else []
        keys += [("master", run.master)] if run.master else []
        for key in keys:
            yield _Moments(to.ended, key, ended)
            if run.failed:
                yield _Moments(to.failed, key, ended)
        start = run.started_at if run.started_at is not None else run.spawned_at
        if run.worker_type and run.end is WorkerEnd.SUCCESS and start is not None:
            yield _Moments(to.lengths, ("worker type", run.worker_type), ended, max(0, run.ended_at - start))
        if run.failed:
            error = fingerprint(run.error) if run.error else NO_REASON
            yield _Moments(to.errors, (run.worker_type or "a worker", error), ended)

"""What is usual: silences of a type of worker, and how long what ended well took to be assigned, started, accepted …

It is learned from the tasks that were last heard of, and from samples that the snapshots of the cache keep of all.

Silence is compared with silence: the gaps between a worker's start, its progress events and its own end. The end that
the zombie cleanup logged is no word of the worker, and the wait from spawn to start is none of its silences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import LineageError
from lineage_core.meaning.durations import Kind, lengths_of, tells
from lineage_core.meaning.pauses import nearest_rank
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import UsualLength
from lineage_core.model.task_parts import Worker, WorkerEnd
from lineage_core.state.store import State

LEARNED = 1000
"""Tasks whose workers are looked at: those that were last heard of."""

RUNS_HELD = 200
"""Workers of a type that are looked at: of those tasks, those that ended last."""

GAPS_HELD = 50
"""Gaps of a worker that are looked at: its last ones."""

ENOUGH = 5
"""Gaps from which on something is called usual."""

ENOUGH_TIMES = 30
"""UsualLength things that ended well, from which on they tell when others are late."""


class Usual(NamedTuple):
    """Gaps in microseconds: half of them are at most `median` long, 95 of 100 at most `p95`."""

    median: int
    p95: int


Usually = Callable[[str], Usual | None]
"""What silence is usual for a worker type, as far as is known."""


def gaps_of(worker: Worker) -> tuple[int, ...]:
    """The silences of a worker that ended by itself, the last ones; empty for any other."""
    if worker.ended_at is None or worker.end is WorkerEnd.ZOMBIE:
        return ()
    words = [at for at, _ in worker.progress[-GAPS_HELD:]]
    if worker.started_at is not None and len(words) < GAPS_HELD:
        words.append(worker.started_at)
    return tuple(after - before for before, after in pairwise(sorted((*words, worker.ended_at))))


def newest_that_tell(rows: Iterable[TaskRow]) -> list[str]:
    """The tasks to learn from, of these: those that were last heard of, the newest first."""
    newest = nlargest(LEARNED, ((row.last_at, row.task_id) for row in rows if tells(row)))
    return [task_id for _, task_id in newest]


_NOT_ASKED, _NOT_ASKED_LENGTH = Usual(-1, -1), UsualLength(-1, -1)


class UsualTimes:
    """The usual silences by worker type, and the usual times of what is alike, of a state: what is said everywhere.

    They follow from the tasks that were last heard of, in whatever order they were read, and from the samples of the
    snapshots that the state adopted. as_of: what came later is not learned from. learning: whether `learn` is under
    way. `of` and `late` may be asked in any thread meanwhile: the state's lock is held by who computes or changes them.
    """

    def __init__(self, state: State, as_of: int | None = None) -> None:
        self.state = state
        self.as_of = as_of
        self.learning = False
        self._heard: set[str] = set()
        self._again = False  # whether all tasks are to be heard of
        self._learned: dict[str, tuple[int, list[str]]] = {}  # by task: when it was last heard of, its workers' types
        self._floor = (0, "")  # what is older than this is not learned from
        self._ended: dict[str, dict[str, list[tuple[int, str, tuple[int, ...]]]]] = {}  # by type and task
        self._known: dict[str, Usual | None] = {}
        self._lengths: dict[Kind, dict[str, list[int]]] = {}  # by what is alike and task
        self._groups: dict[str, list[Kind]] = {}  # by task: what it told of
        self._late: dict[Kind, UsualLength | None] = {}
        self._asked: dict[Kind, UsualLength | None] = {}
        self._sampled = 0  # snapshots whose samples were taken

    @property
    def behind(self) -> bool:
        """Whether there is something to learn."""
        return bool(self._heard) or self._again or self.learning

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed."""
        rows, learned = self.state.rows, self._learned
        for task_id in task_ids:
            row = rows.get(task_id) or rows.gone.get(task_id)
            if row is None:
                continue
            if (tells(row) and (row.last_at, task_id) >= self._floor) or task_id in learned:
                self._heard.add(task_id)

    def turn_back(self) -> None:
        """The state is now as it was at an earlier time: forget all, to be learned anew."""
        for task_id in {*self._learned, *self._groups}:
            self._forget(task_id)
        self._floor = (0, "")
        self._again = True

    def learn(self) -> Iterator[int]:
        """Learn from what was noted; a generator that gives the count of tasks done, for the caller to pace."""
        rows = self.state.rows
        self.learning = True
        while self._again:
            self._again = False
            for number, task_id in enumerate(list(rows)):
                self.heard((task_id,))
                if number % 500 == 0:
                    yield 0
        heard, self._heard = {one for one in self._heard if one in rows}, set()
        try:
            self._take_samples()
            for number, task_id in enumerate(nlargest(LEARNED, heard, key=lambda one: (rows[one].last_at, one))):
                self._forget(task_id)
                if (row := rows.get(task_id)) is not None and tells(row):
                    self._learn(task_id)
                heard.discard(task_id)
                yield number
            if len(self._learned) > LEARNED:
                ranks = sorted((at, task_id) for task_id, (at, _) in self._learned.items())
                self._floor = ranks[-LEARNED]
                for _, task_id in ranks[:-LEARNED]:
                    self._forget(task_id)
            heard.clear()
        finally:
            self._heard |= heard  # it was given up
            self.learning = False

    def of(self, kind: str) -> Usual | None:
        """What is usual for a type; None while too little is known."""
        if (known := self._known.get(kind, _NOT_ASKED)) is not _NOT_ASKED:
            return known
        with self.state.lock:
            ended = (one for of_task in self._ended.get(kind, {}).values() for one in of_task)
            gaps = sorted(gap for *_, of_one in nlargest(RUNS_HELD, ended) for gap in of_one)
            median, p95 = (len(gaps) - 1) // 2, (len(gaps) * 95 + 99) // 100 - 1
            known = self._known[kind] = Usual(gaps[median], gaps[p95]) if len(gaps) >= ENOUGH else None
        return known

    def late(self, name: str, kind: str | None, owner: str | None) -> UsualLength | None:
        """What 99 of 100 alike things that ended well did not exceed; None while too few are known."""
        group = (name, kind, owner)
        if (known := self._late.get(group, _NOT_ASKED_LENGTH)) is not _NOT_ASKED_LENGTH:
            return known
        with self.state.lock:
            lengths = [length for of_task in self._lengths.get(group, {}).values() for length in of_task]
            enough = len(lengths) >= ENOUGH_TIMES
            known = self._late[group] = UsualLength(nearest_rank(lengths, 99), len(lengths)) if enough else None
        return known

    def moved(self) -> bool:
        """Whether `late` answers something else now than it did when this was asked last."""
        before, self._asked = self._asked, {group: self.late(*group) for group in [*self._asked, *self._late]}
        return any(_time(before.get(group)) != _time(after) for group, after in self._asked.items())

    def _take_samples(self) -> None:
        snapshots = self.state.snapshots
        for snapshot in snapshots[self._sampled :]:
            with self.state.lock:
                for group, samples in snapshot.usual():
                    for task_id, at, length in samples:
                        if task_id not in self._learned and (self.as_of is None or at <= self.as_of):
                            self._lengths.setdefault(group, {}).setdefault(task_id, []).append(length)
                            self._groups[task_id] = [*self._groups.get(task_id, ()), group]
                    self._late.pop(group, None)
        self._sampled = len(snapshots)

    def _learn(self, task_id: str) -> None:
        by_kind: dict[str, list[tuple[int, str, tuple[int, ...]]]] = {}
        with self.state.lock:
            task = self.state.task(task_id)
            for worker in task.workers.values() if task is not None else ():
                if worker.ended_at is not None:
                    of_kind = by_kind.setdefault(worker.worker_type or "", [])
                    of_kind.append((worker.ended_at, worker.worker_id, gaps_of(worker)))
            lengths = [*lengths_of(task)] if task is not None else []
            for group, at, length in lengths:
                if self.as_of is None or at <= self.as_of:
                    self._lengths.setdefault(group, {}).setdefault(task_id, []).append(length)
                    self._late.pop(group, None)
            self._groups[task_id] = list(dict.fromkeys(group for group, *_ in lengths))
            for kind, ended in by_kind.items():
                self._ended.setdefault(kind, {})[task_id] = ended
                self._known.pop(kind, None)
            self._learned[task_id] = self.state.rows[task_id].last_at, [*by_kind]

    def _forget(self, task_id: str) -> None:
        with self.state.lock:
            _, kinds = self._learned.pop(task_id, (0, []))
            for kind in kinds:
                del self._ended[kind][task_id]
                if not self._ended[kind]:
                    del self._ended[kind]
                self._known.pop(kind, None)
            for group in self._groups.pop(task_id, ()):
                self._lengths.get(group, {}).pop(task_id, None)
                self._late.pop(group, None)


def _time(usual: UsualLength | None) -> int | None:
    return usual.time if usual is not None else None


class CachedUsual:
    """What is usual, from the samples in the cache of a directory: for a query that folds only one task.

    A small directory, which has no cache, is read. known: whether there was anything to learn from, once it was asked.
    """

    def __init__(self, directory: Path, as_of: int) -> None:
        self._directory = directory
        self._as_of = as_of
        self._lengths: dict[Kind, list[int]] | None = None
        self._small: UsualTimes | None = None

    @property
    def known(self) -> bool:
        """Whether there is anything to learn from."""
        self._read()
        return bool(self._lengths) or self._small is not None

    def late(self, name: str, kind: str | None, owner: str | None) -> UsualLength | None:
        """After how long a thing of this name, type and owner is later than usual; None if too few are known."""
        self._read()
        if self._small is not None:
            return self._small.late(name, kind, owner)
        lengths = (self._lengths or {}).get((name, kind, owner), ())
        return UsualLength(nearest_rank(lengths, 99), len(lengths)) if len(lengths) >= ENOUGH_TIMES else None

    def _read(self) -> None:
        if self._lengths is not None:
            return
        self._lengths = {}
        from lineage_core.state.load import load  # with what it needs, 20 ms
        from lineage_core.state.snapshot_cache import SMALL, cached_samples, size_of

        try:
            small = size_of(self._directory) < SMALL
        except (OSError, LineageError):
            return
        if small:
            self._small = UsualTimes(load(self._directory).state, as_of=self._as_of)
            self._small.heard(newest_that_tell(self._small.state.rows.values()))
            for _ in self._small.learn():
                pass
            return
        for group, samples in cached_samples(self._directory):
            self._lengths.setdefault(group, []).extend(length for _, at, length in samples if at <= self._as_of)

"""The workers of all tasks, in columns of numbers: some 250 bytes each, so that 300,000 fit beside everything else.

A worker is known by its slot, a number that it keeps. Workers are only ever added: facts about them do not go away.
What depends on the time (silence, the age of open ones) sorts by what it is counted from, so that no order changes by
itself; open workers and ended ones stand apart where a column means different things for them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from sys import intern
from typing import Any, NamedTuple

from lineage_core.model.entities import TaskRow, Worker, WorkerEnd
from lineage_core.rules.silence import WATCHES, Watch, over, watch
from lineage_core.rules.stuck_work import clock_off
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.open_workers import OpenWorkers
from lineage_tui.models.sorted_list import SortedList

NOTHING = -(1 << 62)
"""Stands for a number that nobody told."""

WORDS = 160
"""Characters of a worker's last word that are kept."""

STATES = ("spawn", "run", WorkerEnd.ZOMBIE.value, WorkerEnd.FAILED.value, WorkerEnd.PARTIAL.value,
          WorkerEnd.SUCCESS.value)  # fmt: skip
"""The states of a worker, the most pressing first; the first two are those of an open one."""

_NUMBERS = ("first", "last", "ended", "tokens", "budget", "since")
_RULES = WATCHES
_STEP = 100


class IndexedWorker(NamedTuple):
    """A worker of the roster: what a line shows of it. Times in microseconds; None where nobody told.

    state: one of STATES. words: its last word: its error, or its step. watch: how it is watched, while it is open.
    """

    worker_id: str
    task_id: str
    worker_type: str
    master: str
    state: str
    first: int
    last: int
    ended: int | None
    percent: float | None
    tokens: int | None
    budget: int | None
    words: str
    watch: Watch | None

    @property
    def open(self) -> bool:
        """Whether its end has not been seen."""
        return self.watch is not None

    def look(self, now: int) -> str:
        """The state to show it in: what is the matter with it, else its state."""
        return (self.watch.word(now) if self.watch is not None else "") or self.state


Matches = Callable[[TaskRow, IndexedWorker], bool]


class WorkerIndex:
    """The workers of a state and the lines that a table has for them.

    order: the slots of the workers that match: open ones, then ended ones, each sorted. open_lines: how many of them
    are open.
    """

    def __init__(self, state: State, sort: str = "silent", thresholds: Thresholds = Thresholds()) -> None:  # noqa: B008
        self.state = state
        self.thresholds = thresholds
        self.matches: Matches | None = None
        self.rows: dict[str, TaskRow] = {}
        self._heads: dict[str, int] = {}  # the slot of a task's newest worker
        self._next = array("i")  # that of the one before it in the same task, or -1
        self._numbers = {name: array("q") for name in _NUMBERS}
        self._percents = array("d")
        self._states = bytearray()
        self._rules = bytearray()
        self._ids: list[str] = []
        self._tasks: list[str] = []
        self._types: list[str] = []
        self._masters: list[str] = []
        self._words: list[str] = []
        self._shown = bytearray()
        self._add("")  # slot 0 takes the new values of a worker while they are compared with the old ones
        self.keys = self._sort_keys()
        self.order: SortedList[int] = SortedList(self.keys[sort], _slots)
        self.open_lines = 0
        self._open_workers: OpenWorkers[int] = OpenWorkers()
        self._fresh: Watch | None = None  # that of slot 0
        self._as_of: int | None = None
        self._resorting = False
        self._later: set[str] = set()

    def __len__(self) -> int:
        return len(self._ids) - 1

    def seat(self, slot: int) -> IndexedWorker:
        """The worker in a slot."""
        first, last, ended, tokens, budget, _ = (self._numbers[name][slot] for name in _NUMBERS)
        percent = self._percents[slot]
        return IndexedWorker(
            self._ids[slot], self._tasks[slot], self._types[slot], self._masters[slot], STATES[self._states[slot]],
            first, last, _known(ended), percent if percent >= 0 else None, _known(tokens), _known(budget),
            self._words[slot], self._open_workers.get(slot) if slot else self._fresh,
        )  # fmt: skip

    def slot_of(self, task_id: str, worker_id: str) -> int | None:
        """The slot of a worker, if it is known."""
        slot = self._heads.get(task_id, -1)
        while slot >= 0 and self._ids[slot] != worker_id:
            slot = self._next[slot]
        return slot if slot >= 0 else None

    def line_of(self, task_id: str, worker_id: str) -> int | None:
        """The line of a worker in `order`, if it has one."""
        slot = self.slot_of(task_id, worker_id)
        return self.order.index_of(slot) if slot is not None and self._shown[slot] else None

    @property
    def open(self) -> int:
        """How many workers are open."""
        return len(self._open_workers)

    def stuck(self, now: int) -> Counter[str]:
        """How many open workers are `zombie`, `silent`, `never-started` and `orphaned`, of all tasks."""
        return self._open_workers.counts(now)

    def turn(self, now: int) -> None:
        """Bring lines in and out that match otherwise than before, because time has passed."""
        if self.matches is not None and self._as_of is not None and not self._resorting:
            for slot in list(self._open_workers.crossed(self._as_of, now)):
                self._show(slot, self.matches(self.rows[self._tasks[slot]], self.seat(slot)))
        if not self._resorting:
            self._as_of = now

    def update(self, task_ids: Iterable[str]) -> int:
        """Take in what changed in these tasks; returns how many lines are new."""
        if self._resorting:
            self._later.update(task_ids)
            return 0
        before = len(self.order)
        for task_id in task_ids:
            row = self.rows[task_id] = self.state.rows[task_id]
            if not row.workers:
                continue
            with self.state.lock:
                task = self.state.task(task_id)
                if task is None:
                    continue
                known = {self._ids[slot]: slot for slot in self._slots_of(task_id)}
                ended = over(task)
                for worker in task.workers.values():
                    slot = known.get(worker.worker_id)
                    clock = clock_off(task.skews.get(worker.worker_id, 0))
                    self._take(self._add(task_id) if slot is None else slot, row, worker, ended, clock)
        return max(0, len(self.order) - before)

    def resort(self, column: str, matches: Matches | None) -> Iterator[int]:
        """Sort by a column and show what matches (None: all); a generator that does it in slices.

        Until it is through, the lines stay as they were.
        """
        self._resorting = True
        self.matches = matches
        chosen: Sequence[int] = range(1, len(self._ids))
        shown = bytearray(b"\1") * len(self._ids)
        if matches is not None:
            chosen = array("I")
            shown = bytearray(len(self._ids))
            for slot in range(1, len(self._ids)):
                if matches(self.rows[self._tasks[slot]], self.seat(slot)):
                    chosen.append(slot)
                    shown[slot] = 1
                if slot % _STEP == 0:
                    yield slot
        yield from self.order.refill(chosen, self.keys[column])
        self._shown = shown
        self.open_lines = self.order.rank((1,))
        self._resorting = False
        while self._later:
            self.update([self._later.pop()])
            yield len(self)

    def _sort_keys(self) -> dict[str, Callable[[int], Any]]:
        """How each column sorts, what an operator looks for first: the longest silence in a task that goes on, the
        farthest, the dearest."""
        first, last, ended, tokens, *_ = (self._numbers[name] for name in _NUMBERS)
        ids, tasks, states, percents, rules = self._ids, self._tasks, self._states, self._percents, self._rules
        orphaned = _RULES.index("orphaned")

        is_open = self._is_open

        def by(value: Callable[[int], Any]) -> Callable[[int], Any]:
            return lambda slot: (not is_open(slot), value(slot), ids[slot], tasks[slot])

        return {
            "status": by(lambda slot: (states[slot], last[slot] if is_open(slot) else -ended[slot])),
            "worker": by(ids.__getitem__),
            "type": by(self._types.__getitem__),
            "task": by(tasks.__getitem__),
            "master": by(self._masters.__getitem__),
            "began": by(lambda slot: -first[slot]),
            "time": by(lambda slot: first[slot] if is_open(slot) else first[slot] - ended[slot]),
            "progress": by(lambda slot: -percents[slot]),
            "silent": by(lambda slot: (rules[slot] == orphaned, last[slot]) if is_open(slot) else (0, -ended[slot])),
            "tokens": by(lambda slot: -tokens[slot]),
            "last word": by(lambda slot: (not self._words[slot], self._words[slot])),
        }

    def _slots_of(self, task_id: str) -> Iterator[int]:
        slot = self._heads.get(task_id, -1)
        while slot >= 0:
            yield slot
            slot = self._next[slot]

    def _add(self, task_id: str) -> int:
        """A new slot; its values come with `_take`."""
        slot = len(self._ids)
        self._next.append(self._heads.get(task_id, -1))
        if slot:
            self._heads[task_id] = slot
        for numbers in self._numbers.values():
            numbers.append(NOTHING)
        self._percents.append(-1.0)
        self._states.append(0)
        self._rules.append(0)
        self._shown.append(0)
        for texts in (self._ids, self._tasks, self._types, self._masters, self._words):
            texts.append("")
        return slot

    def _take(self, slot: int, row: TaskRow, worker: Worker, ended: int | None, clock: str) -> None:
        """Write a worker's values, and bring its line to its new place. ended: when its task did. clock: see
        `clock_off`."""
        self._fresh = seen = watch(worker, ended, self.thresholds)
        self._write(0, row, worker, seen, clock)
        wanted = self.matches is None or self.matches(row, self.seat(0))
        stays = bool(self._shown[slot]) and wanted and self.order.sort(0) == self.order.sort(slot)
        if not stays:
            self._show(slot, False)
        self._write(slot, row, worker, seen, clock)
        self._open_workers.put(slot, seen)
        if wanted:
            self._show(slot, True)

    def _show(self, slot: int, wanted: bool) -> None:
        """Give a worker a line, or take it away; its values must not change while it has one."""
        if wanted == bool(self._shown[slot]):
            return
        (self.order.add if wanted else self.order.remove)(slot)
        self.open_lines += (1 if wanted else -1) * self._is_open(slot)
        self._shown[slot] = wanted

    def _is_open(self, slot: int) -> bool:
        return self._numbers["since"][slot] != NOTHING

    def _write(self, slot: int, row: TaskRow, worker: Worker, seen: Watch | None, clock: str) -> None:
        self._ids[slot], self._tasks[slot] = worker.worker_id, row.task_id
        self._types[slot] = intern(worker.worker_type or "")
        self._masters[slot] = intern(worker.master or row.master or "")
        self._states[slot] = STATES.index(_state(worker))
        self._percents[slot] = worker.percent if worker.percent is not None else -1.0
        words = worker.error or worker.step or ""
        if worker.retry_of and worker.retry_of != worker.worker_id:
            words = f"{words}  (retry of {worker.retry_of})".lstrip()
        run = f"run {worker.number} of {worker.number}" if worker.number > 1 else ""
        words = ", ".join(filter(None, (run, clock, words)))
        self._words[slot] = intern(words[:WORDS])
        self._rules[slot] = _RULES.index(seen.rule) if seen is not None else 0
        since = seen.since if seen is not None else None
        values = (worker.first_at, worker.last_at, worker.ended_at, worker.tokens, worker.token_budget, since)
        for numbers, value in zip(self._numbers.values(), values, strict=True):
            numbers[slot] = NOTHING if value is None else value


def _state(worker: Worker) -> str:
    if worker.end is not None:
        return worker.end.value
    return "run" if worker.started_at is not None or worker.percent is not None else "spawn"


def _known(value: int) -> int | None:
    return None if value == NOTHING else value


def _slots(slots: Iterable[int]) -> array[int]:
    return array("I", slots)

"""The workers of all tasks, in columns of numbers: some 250 bytes each, so that 300,000 fit beside everything else.

A worker is known by its slot, a number that it keeps. Workers are only ever added: facts about them do not go away.
What depends on the time (silence, the age of open ones) sorts by what it is counted from, so that no order changes by
itself; open workers and ended ones stand apart where a column means different things for them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from sys import intern
from typing import Any, NamedTuple

from lineage_core.merge import State
from lineage_core.state import TaskRow, Worker, WorkerEnd
from lineage_tui.models.ranked import Ranked
from lineage_tui.models.usual import UsualSilence, gaps_of

NOTHING = -(1 << 62)
"""Stands for a number that nobody told."""

WORDS = 160
"""Characters of a worker's last word that are kept."""

STATES = ("spawn", "run", WorkerEnd.ZOMBIE.value, WorkerEnd.FAILED.value, WorkerEnd.PARTIAL.value,
          WorkerEnd.SUCCESS.value)  # fmt: skip
"""The states of a worker, the most pressing first; the first two are those of an open one."""

_NUMBERS = ("first", "last", "ended", "tokens", "budget")
_STEP = 100


class Seat(NamedTuple):
    """A worker of the roster: what a line shows of it. Times in microseconds; None where nobody told.

    state: one of STATES. words: its last word: its error, or its step.
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

    @property
    def open(self) -> bool:
        """Whether its end has not been seen."""
        return self.ended is None


Matches = Callable[[TaskRow, Seat], bool]


class Roster:
    """The workers of a state and the lines that a table has for them.

    order: the slots of the workers that match, sorted. usual: what silence is usual for each type.
    """

    def __init__(self, state: State, sort: str = "silent") -> None:
        self.state = state
        self.usual = UsualSilence()
        self.matches: Matches | None = None
        self.rows: dict[str, TaskRow] = {}
        self._heads: dict[str, int] = {}  # the slot of a task's newest worker
        self._next = array("i")  # that of the one before it in the same task, or -1
        self._numbers = {name: array("q") for name in _NUMBERS}
        self._percents = array("d")
        self._states = bytearray()
        self._ids: list[str] = []
        self._tasks: list[str] = []
        self._types: list[str] = []
        self._masters: list[str] = []
        self._words: list[str] = []
        self._shown = bytearray()
        self._add("")  # slot 0 takes the new values of a worker while they are compared with the old ones
        self.keys = self._sort_keys()
        self.order: Ranked[int] = Ranked(self.keys[sort], _slots)
        self._open: Ranked[int] = Ranked(lambda slot: (self._numbers["last"][slot], slot), _slots)
        self._resorting = False
        self._later: set[str] = set()

    def __len__(self) -> int:
        return len(self._ids) - 1

    def seat(self, slot: int) -> Seat:
        """The worker in a slot."""
        first, last, ended, tokens, budget = (self._numbers[name][slot] for name in _NUMBERS)
        percent = self._percents[slot]
        return Seat(
            self._ids[slot], self._tasks[slot], self._types[slot], self._masters[slot], STATES[self._states[slot]],
            first, last, _told(ended), percent if percent >= 0 else None, _told(tokens), _told(budget),
            self._words[slot],
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
        return self.order.place(slot) if slot is not None and self._shown[slot] else None

    @property
    def open(self) -> int:
        """How many workers are open."""
        return len(self._open)

    def silent_since(self, at: int) -> int:
        """How many open workers were last heard of at this time or before."""
        return self._open.rank((at + 1, 0))

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
                for worker in task.workers.values():
                    slot = known.get(worker.worker_id)
                    self._take(self._add(task_id) if slot is None else slot, row, worker)
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
        self._resorting = False
        while self._later:
            self.update([self._later.pop()])
            yield len(self)

    def _sort_keys(self) -> dict[str, Callable[[int], Any]]:
        """How each column sorts, what an operator looks for first: the longest silence, the farthest, the dearest."""
        first, last, ended, tokens, _ = (self._numbers[name] for name in _NUMBERS)
        ids, tasks, states, percents = self._ids, self._tasks, self._states, self._percents

        def by(value: Callable[[int], Any]) -> Callable[[int], Any]:
            return lambda slot: (value(slot), ids[slot], tasks[slot])

        is_open = self._is_open

        return {
            "status": by(lambda slot: (states[slot], last[slot] if is_open(slot) else -ended[slot])),
            "worker": lambda slot: (ids[slot], tasks[slot]),
            "type": by(self._types.__getitem__),
            "task": lambda slot: (tasks[slot], ids[slot]),
            "master": by(self._masters.__getitem__),
            "began": by(lambda slot: -first[slot]),
            "time": by(lambda slot: (0, first[slot]) if is_open(slot) else (1, first[slot] - ended[slot])),
            "progress": by(lambda slot: -percents[slot]),
            "silent": by(lambda slot: (0, last[slot]) if is_open(slot) else (1, -ended[slot])),
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
        self._shown.append(0)
        for texts in (self._ids, self._tasks, self._types, self._masters, self._words):
            texts.append("")
        return slot

    def _take(self, slot: int, row: TaskRow, worker: Worker) -> None:
        """Write a worker's values, and bring its lines to their new places."""
        self._write(0, row, worker)
        last = self._numbers["last"]
        wanted = self.matches is None or self.matches(row, self.seat(0))
        was_shown, was_open = bool(self._shown[slot]), self._is_open(slot)
        stays = was_shown and wanted and self.order.sort(0) == self.order.sort(slot)
        stays_open = was_open and worker.open and last[0] == last[slot]
        if was_shown and not stays:
            self.order.remove(slot)
        if was_open and not stays_open:
            self._open.remove(slot)
        self._write(slot, row, worker)
        if wanted and not stays:
            self.order.add(slot)
        if worker.open and not stays_open:
            self._open.add(slot)
        self._shown[slot] = wanted
        if worker.ended_at is not None:
            self.usual.take(self._types[slot], slot, worker.ended_at, gaps_of(worker))

    def _is_open(self, slot: int) -> bool:
        return self._numbers["ended"][slot] == NOTHING and self._numbers["first"][slot] != NOTHING

    def _write(self, slot: int, row: TaskRow, worker: Worker) -> None:
        self._ids[slot], self._tasks[slot] = worker.worker_id, row.task_id
        self._types[slot] = intern(worker.worker_type or "")
        self._masters[slot] = intern(worker.master or row.master or "")
        self._states[slot] = STATES.index(_state(worker))
        self._percents[slot] = worker.percent if worker.percent is not None else -1.0
        words = worker.error or worker.step or ""
        if worker.retry_of:
            words = f"{words}  (retry of {worker.retry_of})".lstrip()
        self._words[slot] = intern(words[:WORDS])
        values = (worker.first_at, worker.last_at, worker.ended_at, worker.tokens, worker.token_budget)
        for numbers, value in zip(self._numbers.values(), values, strict=True):
            numbers[slot] = NOTHING if value is None else value


def _state(worker: Worker) -> str:
    if worker.end is not None:
        return worker.end.value
    return "run" if worker.started_at is not None or worker.percent is not None else "spawn"


def _told(value: int) -> int | None:
    return None if value == NOTHING else value


def _slots(slots: Iterable[int]) -> array[int]:
    return array("I", slots)

"""The values of all workers, in columns of numbers: some 250 bytes each, so that 300,000 fit beside everything else.

A worker is known by its slot, a number that it keeps; that of a worker that is not known any more is given to another.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from sys import intern

from lineage_core.base.terminal_cells import cell_width
from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Worker
from lineage_core.rules.silence import WATCHES, Watch
from lineage_tui.models.worker_order import STATES, IndexedWorker, Sort

NOTHING = -(1 << 62)
"""Stands for a number that nobody told."""

WORDS = 160
"""Characters of a worker's last word that are kept."""

_NUMBERS = ("first", "last", "ended", "tokens", "budget", "since")


class WorkerSlots:
    """What is known of each worker.

    Slot 0 is none: it takes the new values of a worker while they are compared with the old ones.
    """

    def __init__(self) -> None:
        self._free: set[int] = set()  # slots of workers that are not known any more
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
        self._hosts: list[str] = []
        self.widest_worker = self.widest_task = 0  # cells of the widest ids
        self.add("")

    def __len__(self) -> int:
        """How many workers are known."""
        return len(self._ids) - 1 - len(self._free)

    @property
    def end(self) -> int:
        """The slot after the last."""
        return len(self._ids)

    @property
    def free(self) -> AbstractSet[int]:
        """Slots in which there is no worker."""
        return self._free

    def task_of(self, slot: int) -> str:
        """The task of a worker."""
        return self._tasks[slot]

    def id_of(self, slot: int) -> str:
        """The id of a worker."""
        return self._ids[slot]

    def seat(self, slot: int, watch: Watch | None) -> IndexedWorker:
        """The worker in a slot. watch: how it is watched, while it is open."""
        first, last, ended, tokens, budget, _ = (self._numbers[name][slot] for name in _NUMBERS)
        percent = self._percents[slot]
        return IndexedWorker(
            self._ids[slot], self._tasks[slot], self._types[slot], self._masters[slot], STATES[self._states[slot]],
            first, last, _known(ended), percent if percent >= 0 else None, _known(tokens), _known(budget),
            self._words[slot], watch,
            self._hosts[slot],
        )  # fmt: skip

    def slot_of(self, task_id: str, worker_id: str) -> int | None:
        """The slot of a worker, if it is known."""
        slot = self._heads.get(task_id, -1)
        while slot >= 0 and self._ids[slot] != worker_id:
            slot = self._next[slot]
        return slot if slot >= 0 else None

    def of_task(self, task_id: str) -> Iterator[int]:
        """The slots of the workers of a task, the newest first."""
        slot = self._heads.get(task_id, -1)
        while slot >= 0:
            yield slot
            slot = self._next[slot]

    def sort_keys(self) -> dict[str, Sort]:
        """How each column sorts, what an operator looks for first: the longest silence in a task that goes on, the
        farthest, the dearest."""
        first, last, ended, tokens, *_ = (self._numbers[name] for name in _NUMBERS)
        ids, tasks, states, percents, rules = self._ids, self._tasks, self._states, self._percents, self._rules
        orphaned = WATCHES.index("orphaned")

        is_open = self.is_open

        def by(value: Sort) -> Sort:
            return lambda slot: (not is_open(slot), value(slot), ids[slot], tasks[slot])

        return {
            "status": by(lambda slot: (states[slot], last[slot] if is_open(slot) else -ended[slot])),
            "worker": by(ids.__getitem__),
            "type": by(self._types.__getitem__),
            "task": by(tasks.__getitem__),
            "host": by(self._hosts.__getitem__),
            "master": by(self._masters.__getitem__),
            "began": by(lambda slot: -first[slot]),
            "time": by(lambda slot: first[slot] if is_open(slot) else first[slot] - ended[slot]),
            "progress": by(lambda slot: -percents[slot]),
            "silent": by(lambda slot: (rules[slot] == orphaned, last[slot]) if is_open(slot) else (0, -ended[slot])),
            "tokens": by(lambda slot: -tokens[slot]),
            "last word": by(lambda slot: (not self._words[slot], self._words[slot])),
        }

    def add(self, task_id: str) -> int:
        """A new slot; its values come with `write`."""
        if self._free:
            slot = self._free.pop()
            self._next[slot] = self._heads.get(task_id, -1)
            self._heads[task_id] = slot
            return slot
        slot = len(self._ids)
        self._next.append(self._heads.get(task_id, -1))
        if slot:
            self._heads[task_id] = slot
        for numbers in self._numbers.values():
            numbers.append(NOTHING)
        self._percents.append(-1.0)
        self._states.append(0)
        self._rules.append(0)
        for texts in (self._ids, self._tasks, self._types, self._masters, self._words, self._hosts):
            texts.append("")
        return slot

    def drop(self, slot: int) -> None:
        """Forget a worker that is not known any more."""
        task_id = self._tasks[slot]
        before = next((one for one in self.of_task(task_id) if self._next[one] == slot), None)
        if before is not None:
            self._next[before] = self._next[slot]
        elif self._next[slot] >= 0:
            self._heads[task_id] = self._next[slot]
        else:
            del self._heads[task_id]
        self._free.add(slot)

    def is_open(self, slot: int) -> bool:
        """Whether the end of a worker has not been seen."""
        return self._numbers["since"][slot] != NOTHING

    def write(self, slot: int, row: TaskRow, worker: Worker, seen: Watch | None, clock: str) -> None:
        """Write the values of a worker. seen: how it is watched. clock: see `clock_off`."""
        self._ids[slot], self._tasks[slot] = worker.worker_id, row.task_id
        self._hosts[slot] = intern(worker.host)
        self.widest_worker = max(self.widest_worker, cell_width(worker.worker_id))
        self.widest_task = max(self.widest_task, cell_width(row.task_id))
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
        self._rules[slot] = WATCHES.index(seen.rule) if seen is not None else 0
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

"""The workers of all tasks, in the order in which a table lists them.

What depends on the time (silence, the age of open ones) sorts by what it is counted from, so that no order changes by
itself; open workers and ended ones stand apart where a column means different things for them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Worker
from lineage_core.rules.late_sentences import clock_off
from lineage_core.rules.silence import Watch, over, watch
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.open_workers import OpenWorkers
from lineage_tui.models.sorted_list import SortedList
from lineage_tui.models.worker_order import HeldSort, IndexedWorker
from lineage_tui.models.worker_value_arrays import WorkerSlots

_STEP = 100


Matches = Callable[[TaskRow, IndexedWorker], bool]


class WorkerIndex:
    """The workers of a state and the lines that a table has for them.

    order: the slots of the workers that match: open ones, then ended ones, each sorted. open_lines: how many of them
    stand among the open ones; open_shown: how many are open. sorting: the order, and what is held in it. still: tells
    whether lines have to stay where they are; then one that would move is held until `resort`.
    """

    def __init__(self, state: State, sort: str = "silent", thresholds: Thresholds = Thresholds()) -> None:  # noqa: B008
        self.state = state
        self.thresholds = thresholds
        self.matches: Matches | None = None
        self.still: Callable[[], bool] = lambda: False
        self.rows: dict[str, TaskRow] = {}
        self.slots = WorkerSlots()
        self._shown = bytearray(1)
        self.keys = self.slots.sort_keys()
        self.sorting = HeldSort(self.keys[sort])
        self.order: SortedList[int] = SortedList(self.sorting, _slots)
        self.open_lines = self.open_shown = 0
        self._open_workers: OpenWorkers[int] = OpenWorkers()
        self._fresh: Watch | None = None  # that of slot 0
        self._as_of: int | None = None
        self._resorting = False
        self._later: set[str] = set()

    def __len__(self) -> int:
        return len(self.slots)

    def seat(self, slot: int) -> IndexedWorker:
        """The worker in a slot."""
        return self.slots.seat(slot, self._open_workers.get(slot) if slot else self._fresh)

    def line_of(self, task_id: str, worker_id: str) -> int | None:
        """The line of a worker in `order`, if it has one."""
        slot = self.slots.slot_of(task_id, worker_id)
        return self.order.index_of(slot) if slot is not None and self._shown[slot] else None

    @property
    def open(self) -> int:
        """How many workers are open."""
        return len(self._open_workers)

    @property
    def held(self) -> int:
        """How many lines would stand elsewhere if they might move."""
        return len(self.sorting.held)

    def stuck(self, now: int) -> Counter[str]:
        """How many open workers are `zombie`, `silent`, `never-started` and `orphaned`, of all tasks."""
        return self._open_workers.counts(now)

    def turn(self, now: int) -> None:
        """Bring lines in and out that match otherwise than before, because time has passed."""
        if self.matches is not None and self._as_of is not None and not self._resorting:
            for slot in list(self._open_workers.crossed(*sorted((self._as_of, now)))):
                self._show(slot, self.matches(self.rows[self.slots.task_of(slot)], self.seat(slot)))
        if not self._resorting:
            self._as_of = now

    def update(self, task_ids: Iterable[str]) -> None:
        """Take in what changed in these tasks."""
        if self._resorting:
            self._later.update(task_ids)
            return
        for task_id in task_ids:
            row = self.state.rows.get(task_id) or self.state.rows.gone.get(task_id)
            if row is None:
                for known_slot in list(self.slots.of_task(task_id)):
                    self._drop(known_slot)
                self.rows.pop(task_id, None)
                continue
            self.rows[task_id] = row
            if not row.workers and next(self.slots.of_task(task_id), None) is None:
                continue
            with self.state.lock:
                task = self.state.task(task_id)
                if task is None:
                    continue
                known = {self.slots.id_of(slot): slot for slot in self.slots.of_task(task_id)}
                ended = over(task)
                for worker in task.workers.values():
                    slot = known.get(worker.worker_id)
                    clock = clock_off(task.skews.get(worker.host or worker.worker_id, 0))
                    self._take(self._add(task_id) if slot is None else slot, row, worker, ended, clock)
                for name in known.keys() - task.workers.keys():
                    self._drop(known[name])

    def resort(self, column: str, matches: Matches | None) -> Iterator[int]:
        """Sort by a column and show what matches (None: all); a generator that does it in slices.

        Until it is through, the lines stay as they were.
        """
        self._resorting = True
        self.matches = matches
        chosen: Sequence[int] = range(1, self.slots.end)
        shown = bytearray(b"\1") * self.slots.end
        if matches is not None or self.slots.free:
            chosen = array("I")
            shown = bytearray(self.slots.end)
            for slot in range(1, self.slots.end):
                if slot in self.slots.free:
                    continue
                if matches is None or matches(self.rows[self.slots.task_of(slot)], self.seat(slot)):
                    chosen.append(slot)
                    shown[slot] = 1
                if slot % _STEP == 0:
                    yield slot
        sort = HeldSort(self.keys[column])
        yield from self.order.refill(chosen, sort)
        self.sorting, self._shown = sort, shown
        self.open_lines = self.open_shown = self.order.rank((1,))
        self._resorting = False
        while self._later:
            self.update([self._later.pop()])
            yield len(self)

    def _add(self, task_id: str) -> int:
        """A new slot; its values come with `_take`."""
        slot = self.slots.add(task_id)
        if slot == len(self._shown):
            self._shown.append(0)
        return slot

    def _drop(self, slot: int) -> None:
        """Forget a worker that is not known any more."""
        self._show(slot, False)
        self._open_workers.put(slot, None)
        self.slots.drop(slot)

    def _take(self, slot: int, row: TaskRow, worker: Worker, ended: int | None, clock: str) -> None:
        """Write a worker's values, and bring its line to its new place. ended: when its task did. clock: see
        `clock_off`."""
        self._fresh = seen = watch(worker, ended, self.thresholds)
        self.slots.write(0, row, worker, seen, clock)
        wanted = self.matches is None or self.matches(row, self.seat(0))
        stays = bool(self._shown[slot]) and wanted
        if stays and self.still():
            self.sorting.hold(slot)
        elif stays and self.sorting(0) != self.sorting(slot):
            stays = False
        if not stays:
            self._show(slot, False)
        self.open_shown -= stays and self.slots.is_open(slot)
        self.slots.write(slot, row, worker, seen, clock)
        self.open_shown += stays and self.slots.is_open(slot)
        self.sorting.compare(slot)
        self._open_workers.put(slot, seen)
        if wanted:
            self._show(slot, True)

    def _show(self, slot: int, wanted: bool) -> None:
        """Give a worker a line, or take it away; its values must not change while it has one."""
        if wanted == bool(self._shown[slot]):
            return
        (self.order.add if wanted else self.order.remove)(slot)
        by = 1 if wanted else -1
        self.open_lines += by * (not self.sorting(slot)[0])
        self.open_shown += by * self.slots.is_open(slot)
        self.sorting.held.pop(slot, None)
        self._shown[slot] = wanted


def _slots(slots: Iterable[int]) -> array[int]:
    return array("I", slots)

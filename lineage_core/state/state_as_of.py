"""A state as of a time, that moves in time: at each moment what was written until then, as `--at` has it.

All facts are put in the order in which they were written once. To go to another time only the tasks with facts between
the two are folded again: the others are what they were.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from lineage_core.base.due_times import DueTimes
from lineage_core.meaning.fold import play
from lineage_core.meaning.task_row import row_of
from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import FactSearch, distinct, pack_all, unpack
from lineage_core.model.host_file_names import host_of
from lineage_core.model.lineage_id import written_at
from lineage_core.state.store import Rows, State

AT_ONCE = 500
"""Tasks that are indexed while others wait for the lock."""

NEVER = -(1 << 62)


class PastRows(Rows):
    """Rows of the tasks that are known at a time. later: those of tasks that are not known yet, by which a screen may
    still ask for a moment: they are found by their key, but are not there."""

    def __init__(self) -> None:
        super().__init__()
        self.later: dict[str, TaskRow] = {}

    def __missing__(self, name: str) -> TaskRow:
        return self.later[name]


class Past(State):
    """What a state that is `live` held at a time. To be indexed, then moved by `go`.

    at: the time, in microseconds since the epoch. first, last: when the first and the last event were written.
    What is written after it was indexed is not in it. The tasks of several hosts have the names that they have now.

    quarantined: by file (its canonical name) how many pieces were quarantined by then: bytes that are no event count as
    written with the record before them. copies: those of the tasks of which all was written by then; of others nobody
    can tell when they were made.
    """

    def __init__(self, live: State, quarantined: Iterable[tuple[str, int]] = ()) -> None:
        """quarantined: the file and the offset of each piece of `live` that was quarantined."""
        super().__init__()
        self.rows: PastRows = PastRows()
        self.at = NEVER
        self.first = self.last = 0
        self.names = live.names
        self._live = live
        self._written = array("q")
        self._tasks = array("I")  # of each fact, as an index into _ids
        self._ids: list[str] = []
        self._spans: dict[str, tuple[int, int, int]] = {}  # of each task: first and last written, bytes of its facts
        self._causes: dict[str, list[tuple[int, str]]] = {}  # events that are causes of tasks: when, of which task
        self._caused: dict[str, set[str]] = {}  # the tasks that do, by the task of the event
        self._said: dict[str, list[tuple[int, int]]] = {}  # by host: when something was written, and its time
        self._last: DueTimes[str] = DueTimes()  # minus the time of the newest event of each task
        self._pieces = list(quarantined)
        self._rejected: dict[str, list[int]] = {}  # by file: when each piece that was quarantined was written

    def index(self) -> Iterator[float]:
        """Put the facts in order; a generator that gives how much is done, from 0 to 1."""
        ids = list(self._live.rows)
        found: list[tuple[int, int]] = []
        beside: dict[str, list[tuple[int, int]]] = {file: [] for file, _ in self._pieces}  # by offset, when written
        children: dict[str, set[str]] = {}  # by the event that tasks name as their cause, at any time
        for start, packed in self._packs(ids):
            for number, facts in enumerate(map(unpack, packed), start):
                of_task = len(found)
                for fact in facts:
                    found.append((written_at(fact.lineage_id, fact.at), number))
                    if fact.parent is not None and fact.event_type == "task_created":
                        children.setdefault(fact.parent, set()).add(ids[number])
                    if fact.file in beside:
                        beside[fact.file].append((fact.offset, found[-1][0]))
                    if "/" in fact.file:
                        self._said.setdefault(host_of(fact.file), []).append((found[-1][0], fact.at))
                if times := [written for written, _ in found[of_task:]]:
                    self._spans[ids[number]] = min(times), max(times), len(packed[number - start])
            yield 0.9 * start / len(ids)
        sought = FactSearch(children.keys())
        for start, packed in self._packs(ids if children else []):
            for task_id, facts_of in zip(ids[start:], packed, strict=False):
                for fact in unpack(facts_of) if sought.within(facts_of) else ():
                    if fact.lineage_id in children:
                        written = written_at(fact.lineage_id, fact.at)
                        self._causes.setdefault(fact.lineage_id, []).append((written, task_id))
                        self._caused.setdefault(task_id, set()).update(children[fact.lineage_id])
            yield 0.9 + 0.1 * start / len(ids)
        found.sort()
        self._ids = ids
        self._written = array("q", (written for written, _ in found))
        self._tasks = array("I", (number for _, number in found))
        for said in self._said.values():
            said.sort()
        for file, records in beside.items():
            self._rejected[file] = sorted(_written_with(records, (one for name, one in self._pieces if name == file)))
        self.first, self.last = (self._written[0], self._written[-1]) if found else (0, 0)
        yield 1.0

    def _packs(self, ids: list[str]) -> Iterator[tuple[int, list[bytes]]]:
        """The packed facts of tasks, some at a time, with the number of the first."""
        for start in range(0, len(ids), AT_ONCE):
            with self._live.lock:
                packed = [bytes(self._live.packed(task_id)) for task_id in ids[start : start + AT_ONCE]]
            yield start, packed

    def between(self, start: int, end: int) -> list[str]:
        """The tasks of which something was written after one time and until another."""
        low, high = bisect_right(self._written, start), bisect_right(self._written, end)
        return [self._ids[number] for number in dict.fromkeys(self._tasks[low:high])]

    def next_after(self, at: int, step: int) -> int:
        """When the next event after a time was written (for -1 the one before it); the time itself if there is none."""
        position = bisect_right(self._written, at)
        if step < 0:  # all that were written at one time are one step
            position = bisect_right(self._written, self._written[position - 1] - 1) - 1 if position else -1
        return self._written[position] if 0 <= position < len(self._written) else at

    def go(self, at: int) -> set[str]:
        """Move to a time; returns the ids of the tasks that are others then. Those that are not known then have no
        row."""
        with self.lock:
            changed = set(self.between(*sorted((self.at, at))))
            self.at = at
            rows = {task_id: row for task_id in changed if (row := self._folded(task_id)) is not None}
            for task_id in changed:
                self._forget(task_id)
            for row in rows.values():
                self._add(row)
            for child in {child for task_id in changed for child in self._caused.get(task_id, ())} - changed:
                if (row := self.rows.get(child)) is not None:
                    self.subtasks.claim(child, self._parent(row), None)
            for host, said in self._said.items():
                times = [time for written, time in said[: bisect_right(said, (at, 1 << 62))]]
                self.heard.pop(host, None)
                if times:
                    self.heard[host] = max(times)
            with self._live.lock:
                self.copies = sum(copies for task_id, copies in self._live.copied.items() if self._whole(task_id))
            return changed | self.subtasks.settle()

    def newest(self) -> int | None:
        with self.lock:
            return None if (at := self._last.next()) is None else -at

    def heard_after(self, at: int) -> list[str]:
        with self.lock:
            found = [*self._last.due(-at - 1)]
            for task_id in found:
                self._last.put(task_id, -self.rows[task_id].last_at)
            return found

    @property
    def quarantined(self) -> dict[str, int]:
        """See the class."""
        counts = {file: bisect_right(times, self.at) for file, times in self._rejected.items()}
        return {file: count for file, count in counts.items() if count}

    def _whole(self, task_id: str) -> bool:
        """Whether all of a task was written by now."""
        return self._spans.get(task_id, (0, self.at + 1, 0))[1] <= self.at

    def twin(self) -> Past:
        """The same at the same time, to be moved by itself: whoever looks at this one is not disturbed."""
        other = Past(self._live, self._pieces)
        with self.lock:
            other.at, other.first, other.last = self.at, self.first, self.last
            other._written, other._tasks, other._ids, other._spans = self._written, self._tasks, self._ids, self._spans
            other._causes, other._caused, other._said = self._causes, self._caused, self._said
            other.rows.update(self.rows)
            other.counts, other.events, other.copies = self.counts.copy(), self.events, self.copies
            other._rejected, other._last = self._rejected, self._last.copy()
            other.heard, other.subtasks = dict(self.heard), self.subtasks.copy()
            other._packed, other._spill = dict(self._packed), self._spill
        return other

    def _folded(self, task_id: str) -> TaskRow | None:
        """The row of a task at the time, of which the facts are put where they belong; None if it is not known yet."""
        first, last, size = self._spans[task_id]
        if first > self.at:
            self._packed.pop(task_id, None)
            return None
        with self._live.lock:
            packed, row = bytes(self._live.packed(task_id)), self._live.rows.get(task_id)
        if last <= self.at and len(packed) == size and row is not None and not self._live.unsettled(task_id):
            self._packed[task_id] = bytearray(packed)
            return row
        facts = distinct(fact for fact in unpack(packed) if written_at(fact.lineage_id, fact.at) <= self.at)
        if not facts:  # what it had was renamed meanwhile
            self._packed.pop(task_id, None)
            return None
        self._packed[task_id] = bytearray(pack_all(facts))
        return row_of(play(task_id, facts))

    def _forget(self, task_id: str) -> None:
        self._derived.pop(task_id, None)
        row = self.rows.get(task_id)
        if row is None:
            return
        self.counts[row.status] -= 1
        self.events -= row.events
        if task_id not in self._packed:
            self.rows.later[task_id] = self.rows.pop(task_id)
            self._last.put(task_id, None)
            self.subtasks.claim(task_id, None, None)

    def _add(self, row: TaskRow) -> None:
        self.rows[row.task_id] = row
        self._last.put(row.task_id, -row.last_at)
        self.rows.later.pop(row.task_id, None)
        self.counts[row.status] += 1
        self.events += row.events
        self.subtasks.claim(row.task_id, self._parent(row), None)

    def _parent(self, row: TaskRow) -> str | None:
        """The parent that a task names, or the task of the event that caused it, if that was written by then."""
        if row.parent_id is not None:
            return super()._parent(row) if row.hosts else row.parent_id
        homes = [task_id for written, task_id in self._causes.get(row.parent_event or "", ()) if written <= self.at]
        return min(homes, default=None)


def _written_with(records: list[tuple[int, int]], offsets: Iterable[int]) -> Iterator[int]:
    """When the bytes at these offsets of a file were written: with the record before them; before all else where there
    is none. records: the offset of each, and when it was written."""
    records.sort()
    for offset in offsets:
        position = bisect_right(records, (offset, 0))
        yield records[position - 1][1] if position else NEVER

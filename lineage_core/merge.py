"""The state of a lineage directory, by merging: facts in, in any order and with any copies, the same tasks out.

The facts of each task are kept packed (about 200 bytes an event); tasks become objects only while somebody looks at
them or events of theirs arrive in order. So a late event, a copy or a torn file costs one task derived again, never
more, and 100,000 tasks fit into little memory.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lineage_core.facts import Fact, distinct, fact_of, order, pack, pack_all, unpack
from lineage_core.fold import apply, derive, play
from lineage_core.kinship import Kinship
from lineage_core.state import Status, Task, TaskRow

if TYPE_CHECKING:
    from lineage_core.decode import Found
    from lineage_core.segment import Segment

KEPT_TASKS = 4096
"""How many derived tasks are kept at hand; the others are derived again when needed."""

FOLDED_TOGETHER = 200_000
"""How many facts `State.fold` puts together before it derives their tasks: about 150 MB."""


class State:
    """Every task of a lineage directory.

    rows: a summary per task id, in the order in which tasks were first heard of here.
    counts: tasks by status. records: records merged, copies included. events: distinct events.
    lock: held by whoever merges, and by whoever looks at a `task()` while another thread may merge.
    """

    def __init__(self) -> None:
        self.rows: dict[str, TaskRow] = {}
        self.counts: Counter[Status] = Counter()
        self.records = 0
        self.events = 0
        self.lock = threading.RLock()
        self.kin = Kinship(self._task_of_event)
        self._packed: dict[str, bytearray | tuple[Segment, int]] = {}
        self._segments: list[Segment] = []
        self._derived: OrderedDict[str, Task] = OrderedDict()

    @property
    def copies(self) -> int:
        """Records that were copies of an event already known."""
        return self.records - self.events

    def merge(self, file: str, found: Iterable[Found]) -> set[str]:
        """Merge decoded records of a file (its canonical name); returns the ids of the tasks that changed."""
        return self.merge_facts(
            (f.record["task_id"], fact_of(file, f.offset, f.length, f.at, f.record)) for f in found
        )

    def merge_facts(self, facts: Iterable[tuple[str, Fact]]) -> set[str]:
        """Merge facts with the ids of their tasks; returns the ids of the tasks that changed.

        Merging is associative, commutative and idempotent: only the set of distinct events matters.
        """
        changed: set[str] = set()
        with self.lock:
            self._take(facts, changed)
            self._publish(changed)
        return changed

    def fold(self, batches: Iterable[tuple[str, Iterable[Found]]]) -> None:
        """Merge whole files at once: facts are put together by task first, and each task is derived once.

        batches: (canonical file name, decoded records), as `tail.Batch` gives them.
        """
        together: dict[str, list[Fact]] = {}
        waiting = 0
        for file, found in batches:
            for f in found:
                fact = fact_of(file, f.offset, f.length, f.at, f.record)
                task_id = f.record["task_id"]
                facts = together.get(task_id)
                if facts is None:
                    together[task_id] = [fact]
                else:
                    facts.append(fact)
                waiting += 1
            if waiting > FOLDED_TOGETHER:
                self._fold(together)
                together, waiting = {}, 0
        self._fold(together)

    def _fold(self, together: dict[str, list[Fact]]) -> None:
        with self.lock:
            for task_id, facts in together.items():
                self.records += len(facts)
                if task_id in self._packed:
                    facts += unpack(self.packed(task_id))
                facts = distinct(facts)
                self._packed[task_id] = bytearray(pack_all(facts))
                self._derived.pop(task_id, None)
                self._show(play(task_id, facts).row())
            if claimed := self.kin.pending():
                for task_id, facts in together.items():
                    for fact in facts:
                        if fact.lineage_id in claimed:
                            self.kin.heard(fact.lineage_id, task_id)
            self.kin.settle()

    def adopt(self, segment: Segment, start: int = 0, stop: int | None = None) -> set[str]:
        """Merge the tasks `start` to `stop` of a folded file; returns the ids of the tasks that changed.

        A task that is not known yet is taken as it is, without a look at its facts, which stay where they are.
        """
        stop = len(segment) if stop is None else min(stop, len(segment))
        changed: set[str] = set()
        met: set[str] = set()
        with self.lock:
            if start == 0:
                for lineage_id, task_id in segment.homes.items():
                    self.kin.heard(lineage_id, task_id)
            for number in range(start, stop):
                row = segment.row(number)
                task_id = row.task_id
                self.records += segment.records_of(number)
                changed.add(task_id)
                if task_id in self._packed:
                    self._buffer(task_id).extend(segment.packed(number))
                    met.add(task_id)
                else:
                    self._packed[task_id] = (segment, number)
                    self._show(row)
            for task_id in met:
                self._derive_again(task_id)
            self._publish(met, search=False)
            if start == 0:
                self._segments.append(segment)
            changed |= met | self.kin.settle(search=False)
        return changed

    def settle(self) -> set[str]:
        """Find the parents that adopted tasks still look for; returns the ids of the tasks that moved."""
        with self.lock:
            for segment in self._segments:
                pending = self.kin.pending()
                for lineage_id, task_id in (segment.locate(pending) if pending else {}).items():
                    self.kin.heard(lineage_id, task_id)
            return {task_id for task_id in self.kin.settle() if task_id in self.rows}

    def _take(self, facts: Iterable[tuple[str, Fact]], changed: set[str]) -> None:
        """Merge facts; the rows of the tasks that are added to `changed` have to be made again."""
        late: set[str] = set()
        derived, heard = self._derived, self.kin.heard
        for task_id, fact in facts:
            self.records += 1
            if task_id not in self._packed:
                self._packed[task_id] = bytearray()
                derived[task_id] = Task(task_id)
            buffer = self._buffer(task_id)
            heard(fact.lineage_id, task_id)
            task = derived.get(task_id) if task_id not in late else None
            if task is not None and order(fact) > task.last_key:
                if fact.at == task.last_key[0] and fact.digest in task.last_digests:
                    continue  # a copy that stands later than the one we have
                apply(task, fact)
            else:
                late.add(task_id)
            buffer += pack(fact)
            changed.add(task_id)
        for task_id in late:
            self._derive_again(task_id)

    def _buffer(self, task_id: str) -> bytearray:
        """The packed facts of a task, to be added to; fetched from their segment if they are in one."""
        kept = self._packed[task_id]
        if isinstance(kept, tuple):
            kept = self._packed[task_id] = bytearray(kept[0].packed(kept[1]))
        return kept

    def task(self, task_id: str) -> Task | None:
        """The task with all its workers, handoffs and phases, or None; hold `lock` while you look at it."""
        with self.lock:
            if task_id not in self._packed:
                return None
            task = self._derived.pop(task_id, None) or derive(task_id, unpack(self.packed(task_id)))
            self._derived[task_id] = task
            return task

    def facts(self, task_id: str) -> list[Fact]:
        """The distinct facts of a task, in order."""
        with self.lock:
            return distinct(unpack(self.packed(task_id)))

    def _derive_again(self, task_id: str) -> None:
        facts = distinct(unpack(self.packed(task_id)))
        self._packed[task_id] = bytearray(pack_all(facts))
        self._derived.pop(task_id, None)
        self._derived[task_id] = play(task_id, facts)

    def _publish(self, changed: set[str], *, search: bool = True) -> None:
        """Bring rows, counts and kinship up to date; adds to `changed` the children of tasks that are new."""
        fresh = [task_id for task_id in changed if self._show(self._derived[task_id].row())]
        changed |= self.kin.settle(search=search)
        for task_id in fresh:
            changed.update(child for child in self.kin.children(task_id) if child in self.rows)
        while len(self._derived) > KEPT_TASKS:
            self._derived.popitem(last=False)

    def _show(self, row: TaskRow) -> bool:
        """Put a row in place of the task's last one; whether it is its first."""
        task_id = row.task_id
        old = self.rows.get(task_id)
        self.rows[task_id] = row
        self.counts[row.status] += 1
        self.events += row.events
        claimed: tuple[str | None, str | None] = (None, None)
        if old is not None:
            self.counts[old.status] -= 1
            self.events -= old.events
            claimed = old.parent_id, old.parent_event
        if (row.parent_id, row.parent_event) != claimed:
            self.kin.claim(task_id, row.parent_id, row.parent_event)
        return old is None

    def _task_of_event(self, lineage_id: str) -> str | None:
        """The task that an event belongs to, by search in the packed facts; the smallest id if it was used twice."""
        needle = f'"{lineage_id}",'.encode()
        homes = [task_id for segment in self._segments for task_id in segment.locate({lineage_id}).values()]
        for task_id, kept in self._packed.items():
            if isinstance(kept, bytearray) and needle in kept:
                homes += [task_id for fact in unpack(kept) if fact.lineage_id == lineage_id]
        return min(homes, default=None)

    def packed(self, task_id: str) -> bytes | bytearray:
        """The facts of a task as they are kept (see `facts.pack`), also for a search in their bytes."""
        kept = self._packed.get(task_id, b"")
        return kept[0].packed(kept[1]) if isinstance(kept, tuple) else kept

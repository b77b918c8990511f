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

from lineage_core.facts import Fact, distinct, fact_of, order, pack, unpack
from lineage_core.fold import apply, derive
from lineage_core.kinship import Kinship
from lineage_core.state import Status, Task, TaskRow

if TYPE_CHECKING:
    from lineage_core.decode import Found

KEPT_TASKS = 4096
"""How many derived tasks are kept at hand; the others are derived again when needed."""


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
        self.newest_at = 0
        self.lock = threading.RLock()
        self.kin = Kinship(self._task_of_event)
        self._packed: dict[str, bytearray] = {}
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
        late: set[str] = set()
        with self.lock:
            for task_id, fact in facts:
                self.records += 1
                buffer = self._packed.get(task_id)
                if buffer is None:
                    buffer = self._packed[task_id] = bytearray()
                    task = self._derived[task_id] = Task(task_id)
                else:
                    found = self._derived.get(task_id)
                    if found is None:
                        late.add(task_id)
                    task = found  # type: ignore[assignment]
                if task_id not in late:
                    copy = fact.at == task.last_key[0] and fact.digest in task.last_digests
                    if order(fact) < task.last_key:
                        late.add(task_id)
                    elif copy:
                        continue  # it stands later than the one we have
                buffer += pack(fact)
                self.kin.heard(fact.lineage_id, task_id)
                changed.add(task_id)
                if task_id not in late:
                    apply(task, fact)
            for task_id in late:
                self._derive_again(task_id)
            self._publish(changed)
        return changed

    def task(self, task_id: str) -> Task | None:
        """The task with all its workers, handoffs and phases, or None; hold `lock` while you look at it."""
        with self.lock:
            if task_id not in self._packed:
                return None
            task = self._derived.pop(task_id, None) or derive(task_id, unpack(self._packed[task_id]))
            self._derived[task_id] = task
            return task

    def facts(self, task_id: str) -> list[Fact]:
        """The distinct facts of a task, in order."""
        with self.lock:
            return distinct(unpack(self._packed.get(task_id, b"")))

    def _derive_again(self, task_id: str) -> None:
        facts = distinct(unpack(self._packed[task_id]))
        self._packed[task_id] = bytearray(b"".join(map(pack, facts)))
        task = Task(task_id)
        for fact in facts:
            apply(task, fact)
        self._derived.pop(task_id, None)
        self._derived[task_id] = task

    def _publish(self, changed: set[str]) -> None:
        """Bring rows, counts and kinship up to date; adds to `changed` the children of tasks that are new."""
        fresh = []
        for task_id in changed:
            old = self.rows.get(task_id)
            row = self.rows[task_id] = self._derived[task_id].row()
            if old is None:
                fresh.append(task_id)
            else:
                self.counts[old.status] -= 1
                self.events -= old.events
            self.counts[row.status] += 1
            self.events += row.events
            self.newest_at = max(self.newest_at, row.last_at)
            if old is None or (row.parent_id, row.parent_event) != (old.parent_id, old.parent_event):
                self.kin.claim(task_id, row.parent_id, row.parent_event)
        changed |= self.kin.settle()
        for task_id in fresh:
            changed.update(child for child in self.kin.children(task_id) if child in self.rows)
        while len(self._derived) > KEPT_TASKS:
            self._derived.popitem(last=False)

    def _task_of_event(self, lineage_id: str) -> str | None:
        """The task that an event belongs to, by search in the packed facts; the smallest id if it was used twice."""
        needle = f'"{lineage_id}",'.encode()
        homes = [
            task_id
            for task_id, packed in self._packed.items()
            if needle in packed and any(fact.lineage_id == lineage_id for fact in unpack(packed))
        ]
        return min(homes, default=None)

    def packed(self, task_id: str) -> bytes:
        """The facts of a task as they are kept, for a search in their bytes (see `filters`)."""
        return bytes(self._packed.get(task_id, b""))

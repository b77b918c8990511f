"""The state of a lineage directory, by merging: facts in, in any order and with any copies, the same tasks out.

The facts of each task are kept packed (about 200 bytes an event), those of tasks that nothing happens to any more on
disk; tasks become objects only while somebody looks at them or events of theirs arrive in order. So a late event, a
copy or a torn file costs one task derived again, never more, and 100,000 tasks fit into little memory.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Set
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import TYPE_CHECKING

from lineage_core.meaning.fold import apply, derive, play
from lineage_core.meaning.task_row import row_of
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.facts import Fact, FactSearch, distinct, fact_of, order, pack, pack_all, unpack
from lineage_core.model.host_file_names import file_of, host_of
from lineage_core.model.lineage_id import day_of, is_ours
from lineage_core.model.task_parts import Status
from lineage_core.state.spill import Spill
from lineage_core.state.subtasks import Subtasks
from lineage_core.state.tasks_across_hosts import HostNames, links_of, share_context

if TYPE_CHECKING:
    from lineage_core.read.decoder import Found
    from lineage_core.state.snapshot import Snapshot

DERIVED_TASKS = 4096
"""How many derived tasks are kept at hand; the others are derived again when needed."""

FOLDED_TOGETHER = 200_000
"""How many facts `State.fold` puts together before it derives their tasks: about 150 MB."""

LATE_SHARE = 8
"""A task is derived again when one part in so many of its facts is not applied, or else by `State.settle`: so each fact
costs a few steps, however many tasks are late and however often."""

FEW = 100
"""Facts of a task that is derived again at once."""

_TASK_ID, _STATUS, _EVENTS = (itemgetter(TaskRow._fields.index(name)) for name in ("task_id", "status", "events"))

_AT_ONCE = 64  # tasks that are derived again while others wait for the lock
_SEARCHED_AT_ONCE = 2048  # tasks whose facts are searched while others wait for the lock


class Rows(dict[str, TaskRow]):
    """Rows by the names of tasks. gone: those of names that were given up (see `HostNames`), by which somebody may
    still ask for a moment: they are found by their key, but are not there."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: dict[str, TaskRow] = {}

    def __missing__(self, name: str) -> TaskRow:
        return self.gone[name]


class State:
    """Every task of a lineage directory.

    rows: a summary per task id, in the order in which tasks were first heard of here.
    counts: tasks by status. events: distinct events. copies: records that were copies of an event already known;
    to read the same record again, as after its file was packed, makes no copy. copied: the same by task.
    lock: held by whoever merges, and by whoever looks at a `task()` while another thread may merge; `subtasks`
    may be asked without it. hosts: those that facts came from; empty where there is one directory. heard: the time of
    the newest fact of each.
    names: what tasks are called whose id several hosts have; elsewhere here a task is known by its name.
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.counts: Counter[Status] = Counter()
        self.events = 0
        self.copies = 0
        self.copied: Counter[str] = Counter()
        self.lock = threading.RLock()
        self.subtasks = Subtasks()
        self.heard: dict[str, int] = {}
        self.names = HostNames()
        self._said_gone: set[str] = set()  # names that were given up and told as changed
        self._packed: dict[str, bytearray | tuple[Snapshot | Spill, int]] = {}
        self._spill = Spill()
        self._snapshots: list[Snapshot] = []
        self._derived: OrderedDict[str, Task] = OrderedDict()
        self._late: dict[str, int] = {}  # tasks whose rows are to be made again -> how many facts are not applied

    @property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots that were adopted, in order."""
        return self._snapshots

    @property
    def hosts(self) -> Set[str]:
        """The hosts that facts came from."""
        return self.heard.keys()

    def _hear(self, host: str, at: int) -> None:
        if at > self.heard.get(host, -(1 << 62)):
            self.heard[host] = at

    @property
    def records(self) -> int:
        """Records merged, copies included."""
        return self.events + self.copies

    def newest(self) -> int | None:
        """The time of the newest event; None if there is none."""
        return max((row.last_at for row in self.rows.values()), default=None)

    def heard_after(self, at: int) -> list[str]:
        """The tasks whose newest event is of after this time."""
        return [row.task_id for row in self.rows.values() if row.last_at > at]

    def merge(self, file: str, found: Iterable[Found], *, settle: bool = True, rows: bool = True) -> set[str]:
        """Merge decoded records of a file (its canonical name); returns the ids of the tasks that changed.

        settle, rows: as `merge_facts` has them.
        """
        facts = ((f.record["task_id"], fact_of(file, f.offset, f.length, f.at, f.record)) for f in found)
        return self.merge_facts(facts, settle=settle, rows=rows)

    def merge_facts(self, facts: Iterable[tuple[str, Fact]], *, settle: bool = True, rows: bool = True) -> set[str]:
        """Merge facts with the ids of their tasks; returns the ids of the tasks that changed.

        Merging is associative, commutative and idempotent: only the set of distinct events matters.
        settle: False leaves to `settle()` what takes longer than the new facts are worth: large tasks that facts came
        late for keep their rows, and parents by events of long ago are not found yet.
        rows: False leaves the rows of what changed to `publish`, which is a third of the work while much comes at once.
        """
        with self.lock:
            changed = self._take(facts)
            if rows:
                self._publish(changed)
            changed |= self._fresh_gone()
        return changed | self.settle() if settle else changed

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
                self.fold_tasks(together)
                waiting = 0
        self.fold_tasks(together)
        self.settle_all()

    def settle_all(self) -> None:
        """Settle what was folded, wherever in it the causes of tasks are."""
        self.subtasks.settle()
        self.subtasks.reopen()
        self.settle()

    def fold_tasks(self, together: dict[str, list[Fact]]) -> None:
        """Merge facts by the ids of their tasks, taking them out of there; each task is derived once."""
        heard = self.subtasks.heard
        with self.lock:
            named: dict[str, list[Fact]] = {}
            for task_id, facts in together.items():
                by_name = self._by_host(task_id, facts) if "/" in facts[0].file else {task_id: facts}
                for name, some in by_name.items():
                    if name in named:  # an id may be what the task of another one is called
                        named[name] += some
                    else:
                        named[name] = some
            together.clear()
            for task_id in [*named]:
                facts = named.pop(task_id)  # they are freed while they are in the processor's cache
                if task_id in self._packed:
                    facts += unpack(self.packed(task_id))
                    self._derived.pop(task_id, None)
                    self._late.pop(task_id, None)
                facts = self._distinct(task_id, facts)
                self._packed[task_id] = bytearray(pack_all(facts))
                task = play(task_id, facts)
                self._show(row_of(task))
                if len(self._derived) < DERIVED_TASKS:
                    self._derived[task_id] = task
                for fact in facts:
                    heard(fact.lineage_id, task_id)

    def _by_host(self, task_id: str, facts: list[Fact]) -> dict[str, list[Fact]]:
        """Facts of an id by the names of its tasks."""
        hosts: dict[str, list[Fact]] = {}
        for fact in facts:
            hosts.setdefault(host_of(fact.file), []).append(fact)
        for host, some in hosts.items():
            self._hear(host, max(fact.at for fact in some))
        if len(hosts) > 1 and share_context(hosts.values()):
            self.names.one_task(task_id, tuple(hosts))
        at_home = [host for host in hosts if self.names.one_task(task_id, (host,))]
        before = [fact for host in at_home for fact in hosts[host]]
        for host, some in hosts.items():
            if host not in at_home:
                self._join(task_id, host, some, before)
        self.names.condense(task_id)
        named: dict[str, list[Fact]] = {}
        for host, some in hosts.items():
            named.setdefault(self.names.name(task_id, host), []).extend(some)
        return named

    def _name(self, task_id: str, fact: Fact) -> str:
        """What the task of a fact is called, which is one of several hosts', and is merged now."""
        host = host_of(fact.file)
        self._hear(host, fact.at)
        if not self.names.one_task(task_id, (host,)):
            self._join(task_id, host, (fact,))
            self.names.condense(task_id)
        return self.names.name(task_id, host)

    def _join(self, task_id: str, host: str, facts: Iterable[Fact], before: Iterable[Fact] = ()) -> None:
        """Take facts of a host for a task whose id another host has too; what is called otherwise now moves.

        before: facts of the hosts of the only task of that id that are not merged yet.
        """
        known_as = self.names.name(task_id, host)
        moves = self.names.join(
            task_id, host, links_of(facts), lambda name: links_of(chain(before, unpack(self.packed(name))))
        )
        for old, new in moves:
            if old not in self._packed:
                continue
            self._packed[new] = bytearray(self.packed(new)) + self.packed(old)
            del self._packed[old]
            if copies := self.copied.pop(old, 0):
                self.copied[new] += copies
            for name in (old, new):
                self._derived.pop(name, None)
                self._late.pop(name, None)
            self._late[new] = 1
            self._give_up(old)
            self._events_renamed(unpack(self.packed(new)), old, new)
        if moves or self.names.name(task_id, host) != known_as:
            self._claim_again({task_id, *(old for old, _ in moves)})

    def _events_renamed(self, facts: list[Fact], old: str, new: str) -> None:
        for fact in facts:
            self.subtasks.renamed(fact.lineage_id, old, new)

    def _claim_again(self, names: set[str]) -> None:
        """What is called so is another task on some hosts now: see whose subtasks those are that claimed it."""
        for child in {child for name in names for child in self.subtasks.children(name)}:
            if (row := self.rows.get(child)) is not None:
                self.subtasks.claim(child, self._parent(row), row.parent_event)

    def _give_up(self, name: str) -> None:
        """No task is called so any more."""
        row = self.rows.pop(name, None)
        if row is not None:
            self.rows.gone[name] = row
            self.counts[row.status] -= 1
            self.events -= row.events
            self.subtasks.claim(name, None, None)

    def _parent(self, row: TaskRow) -> str | None:
        """The name of the task that a row names as its parent: of several hosts' its own."""
        return row.parent_id and self.names.name(row.parent_id, *row.hosts)

    def adopt(self, snapshot: Snapshot, step: int = 10_000) -> Iterator[set[str]]:
        """Merge a folded file, so many tasks at a time; a generator that gives the ids of the tasks that changed.

        A task that is not known yet is taken as it is, without a look at its facts, which stay where they are. When all
        is adopted, `settle` is to be called.
        """
        with self.lock:
            self._snapshots.append(snapshot)
            for host, at in snapshot.heard.items():
                self._hear(host, at)
            self.subtasks.reopen()
            for lineage_id, task_id in snapshot.homes.items():
                self.subtasks.heard(lineage_id, task_id)
        for start, ids, rows in snapshot.take(step):
            with self.lock:
                changed = self._adopt(snapshot, start, ids, rows)
            yield changed

    def _adopt(self, snapshot: Snapshot, start: int, ids: list[str], rows: list[TaskRow]) -> set[str]:
        locations = dict(zip(ids, zip(repeat(snapshot), range(start, start + len(ids))), strict=False))
        met = self._met(snapshot, locations.keys())
        called: dict[str, str] = {}
        for row in [row for row in rows if row.task_id in met] if met else ():
            _, number = locations.pop(row.task_id)
            called[row.task_id] = self._adopt_known(snapshot, number, row)
        self._packed.update(locations)
        self._show_new(snapshot, [row for row in rows if row.task_id not in met] if met else rows)
        for number in range(start, start + len(ids)) if snapshot.copies else ():
            if copies := snapshot.copies.get(number):
                self.copies += copies
                task_id = ids[number - start]
                self.copied[called.get(task_id, task_id)] += copies
        late = self._packed.keys() & called.values()
        if self.heard:  # tasks cross hosts: those that are shown already are derived once, by `settle`
            late -= self.rows.keys()
        due = self._derive_due(late)
        self._publish(due)
        return locations.keys() | due | self.subtasks.settle() | self._fresh_gone()

    def _met(self, snapshot: Snapshot, names: Set[str]) -> set[str]:
        """Those of the tasks of a folded file that are known here, or whose ids are; the others get their names."""
        met = self._packed.keys() & names
        for task_id in {snapshot.named[name][0] for name in snapshot.named.keys() & names}:
            those = snapshot.tasks_of(task_id)
            called = {name for name, _ in those}
            if task_id in self._packed or not called.isdisjoint(met):
                met |= called
            elif len(those) > 1:
                self.names.take(task_id, those)
                self._claim_again({task_id})
        return met

    def _adopt_known(self, snapshot: Snapshot, number: int, row: TaskRow) -> str:
        """Merge a task of a folded file whose id is known here; returns what it is called."""
        task_id, hosts = snapshot.named.get(row.task_id, (row.task_id, row.hosts))
        packed = snapshot.packed(number)
        if hosts:
            if not self.names.one_task(task_id, hosts):
                facts = unpack(packed)
                for host in hosts:
                    self._join(task_id, host, facts)
                self.names.condense(task_id)
            task_id = self.names.name(task_id, hosts[0])
            if task_id != row.task_id:
                self._events_renamed(unpack(packed), row.task_id, task_id)
        if task_id in self._packed:
            self._buffer(task_id).extend(packed)
        else:
            self._packed[task_id] = bytearray(packed)
        self._derived.pop(task_id, None)
        self._late[task_id] = self._late.get(task_id, 0) + row.events
        return task_id

    def _fresh_gone(self) -> set[str]:
        """The names that were given up since this was asked last."""
        fresh = self.rows.gone.keys() - self._said_gone
        self._said_gone |= fresh
        return fresh

    def settle(self) -> set[str]:
        """Do what was left for later: rows of tasks that facts came late for, and parents by events of long ago.

        Returns the ids of the tasks that changed. The lock is taken for short times only.
        """
        changed: set[str] = set()
        while self._late:
            with self.lock:
                some = set(islice(self._late, _AT_ONCE))
                for task_id in some:
                    if self._late.pop(task_id) or task_id not in self._derived:
                        self._derive_again(task_id)
                self._publish(some)
            changed |= some
        while pending := self.subtasks.pending():
            snapshots = len(self._snapshots)
            homes = self._find(pending)
            with self.lock:
                more = len(self._snapshots) > snapshots  # they may hold what was not found
                self.subtasks.found(set(homes) if more else pending, homes)
                changed |= {task_id for task_id in self.subtasks.settle() if task_id in self.rows}
            if not more:
                break
        return changed

    @property
    def problems(self) -> dict[str, str]:
        """Files of which facts are lost, by their canonical names, and why."""
        return {part.name: one.problem for one in self._snapshots if one.problem for part in one.parts}

    def heal(self) -> None:
        """Look through the facts of all folded files, and make again what was altered: for a thread that may wait."""
        for snapshot in list(self._snapshots):
            snapshot.heal()

    def _find(self, lineage_ids: set[str]) -> dict[str, str]:
        """The tasks of those of these events that are here; of several tasks the smallest id."""
        homes: dict[str, str] = {}
        left = set(lineage_ids)
        sought = FactSearch(set(left))

        def take(found: dict[str, str]) -> None:
            nonlocal sought
            for lineage_id, task_id in found.items():
                homes[lineage_id] = min(task_id, homes.get(lineage_id, task_id))
            if ours := left.intersection(one for one in found if is_ours(one)):  # only ids of ours are unique
                left.difference_update(ours)
                sought = FactSearch(set(left))

        with self.lock:
            locations, snapshots = list(self._packed.items()), list(self._snapshots)
        names = [  # the others are in snapshots
            task_id for task_id, where in locations if isinstance(where, bytearray) or isinstance(where[0], Spill)
        ]
        for start in range(0, len(names), _SEARCHED_AT_ONCE):
            found: dict[str, str] = {}
            with self.lock:
                for task_id in names[start : start + _SEARCHED_AT_ONCE]:
                    for lineage_id in sought.within(self.packed(task_id)):
                        found[lineage_id] = min(task_id, found.get(lineage_id, task_id))
            take(found)
        days = {f"lineage-{day_of(lineage_id)}.jsonl" for lineage_id in left}  # nearly always it is there
        for snapshot in sorted(snapshots, key=lambda one: days.isdisjoint(file_of(part.name) for part in one.parts)):
            if not left:
                break
            take(snapshot.locate(sought, self.names.name))
        return homes

    def _take(self, facts: Iterable[tuple[str, Fact]]) -> set[str]:
        """Merge facts; returns the tasks whose rows have to be made again."""
        changed: set[str] = set()
        late: set[str] = set()
        derived, heard = self._derived, self.subtasks.heard
        for task_id, fact in facts:
            if "/" in fact.file:
                task_id = self._name(task_id, fact)
            if task_id not in self._packed:
                self._packed[task_id] = bytearray()
                derived[task_id] = Task(task_id)
            buffer = self._buffer(task_id)
            heard(fact.lineage_id, task_id)
            task = derived.get(task_id)
            if task is not None and order(fact) > task.last_key:
                if fact.at == task.last_key[0] and fact.digest in task.last_digests:
                    self.copies += 1  # it stands later than the one we have
                    self.copied[task_id] += 1
                    continue
                moved = apply(task, fact)
            else:
                moved = False
            if moved:
                changed.add(task_id)
            else:  # it comes late, or what it means is to be told from all facts
                derived.pop(task_id, None)
                self._late[task_id] = self._late.get(task_id, 0) + 1
                late.add(task_id)
            buffer += pack(fact)
        return ((changed - late) & derived.keys()) | self._derive_due(late & self._packed.keys())

    def _derive_due(self, late: Iterable[str]) -> set[str]:
        """Derive again those tasks of which it has become worth while, and those that are new; returns them."""
        due = set()
        for task_id in late:
            row = self.rows.get(task_id)
            if row is None or row.events <= FEW or self._late[task_id] * LATE_SHARE >= row.events:
                self._derive_again(task_id)
                due.add(task_id)
        return due

    def _buffer(self, task_id: str) -> bytearray:
        """The packed facts of a task, to be added to; fetched from where they are on disk, if they are."""
        where = self._packed[task_id]
        if isinstance(where, tuple):
            where = self._packed[task_id] = bytearray(where[0].packed(where[1]))
        return where

    def task(self, task_id: str) -> Task | None:
        """The task with all its workers, handoffs and phases, or None; hold `lock` while you look at it."""
        with self.lock:
            if task_id not in self._packed:
                return None
            if self._late.get(task_id):
                self._derive_again(task_id)
                self._late[task_id] = 0  # its row is still to be made
            task = self._derived.pop(task_id, None) or derive(task_id, unpack(self.packed(task_id)))
            self._derived[task_id] = task
            self._trim()
            return task

    def unsettled(self, task_id: str) -> bool:
        """Whether the row of a task is to be made again."""
        return task_id in self._late

    def facts(self, task_id: str) -> list[Fact]:
        """The distinct facts of a task, in order."""
        with self.lock:
            return distinct(unpack(self.packed(task_id)))

    def _derive_again(self, task_id: str) -> None:
        facts = self._distinct(task_id, unpack(self.packed(task_id)))
        self._packed[task_id] = bytearray(pack_all(facts))
        self._late.pop(task_id, None)
        self._derived.pop(task_id, None)  # to the end of those that are kept
        self._derived[task_id] = play(task_id, facts)

    def _distinct(self, task_id: str, facts: list[Fact]) -> list[Fact]:
        """The facts of a task in order, each once; the others are counted."""
        unique = distinct(facts)
        if len(unique) < len(facts) and (copies := len({fact[1:5] for fact in facts}) - len(unique)):
            self.copies += copies
            self.copied[task_id] += copies
        return unique

    def publish(self, changed: set[str]) -> set[str]:
        """Make the rows that merging without rows left; returns the ids of the tasks that changed."""
        with self.lock:
            changed = {task_id for task_id in changed if task_id not in self._late}  # `settle` makes theirs
            for task_id in changed - self._derived.keys():
                self._derived[task_id] = derive(task_id, unpack(self.packed(task_id)))
            self._publish(changed)
        return changed

    def _publish(self, changed: set[str]) -> None:
        """Bring rows, counts and kinship up to date; adds to `changed` the children of tasks that are new."""
        fresh = [task_id for task_id in changed if self._show(row_of(self._derived[task_id]))]
        changed |= self.subtasks.settle()
        for task_id in fresh:
            changed.update(child for child in self.subtasks.children(task_id) if child in self.rows)
        self._trim()

    def _trim(self) -> None:
        while len(self._derived) > DERIVED_TASKS:
            task_id, _ = self._derived.popitem(last=False)
            where = self._packed[task_id]
            if isinstance(where, bytearray) and (number := self._spill.put(where)) is not None:
                self._packed[task_id] = self._spill, number

    def _show(self, row: TaskRow) -> bool:
        """Put a row in place of the task's last one; whether it is its first."""
        task_id = row.task_id
        old = self.rows.get(task_id)
        self.rows[task_id] = row
        self.rows.gone.pop(task_id, None)
        self.counts[row.status] += 1
        self.events += row.events
        claimed: tuple[str | None, str | None, tuple[str, ...]] = (None, None, row.hosts)
        if old is not None:
            self.counts[old.status] -= 1
            self.events -= old.events
            claimed = old.parent_id, old.parent_event, old.hosts
        if (row.parent_id, row.parent_event, row.hosts) != claimed:
            self.subtasks.claim(task_id, self._parent(row) if row.hosts else row.parent_id, row.parent_event)
        return old is None

    def _show_new(self, snapshot: Snapshot, rows: list[TaskRow]) -> None:
        """Put in the rows of tasks of a folded file that have none: as `_show`, many at once."""
        self.rows.update(zip(map(_TASK_ID, rows), rows, strict=True))
        self.counts.update(map(_STATUS, rows))
        self.events += sum(map(_EVENTS, rows))
        for row in rows:
            if row.hosts:
                self.names.one_task(*snapshot.named.get(row.task_id, (row.task_id, row.hosts)))
            if row.parent_id is not None or row.parent_event is not None:
                self.subtasks.claim(row.task_id, self._parent(row), row.parent_event)

    def packed(self, task_id: str) -> bytes | bytearray:
        """The facts of a task as they are kept (see `facts.pack`), also for a search in their bytes."""
        where = self._packed.get(task_id, b"")
        return where[0].packed(where[1]) if isinstance(where, tuple) else where

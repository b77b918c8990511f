"""What needs a person: the findings of all tasks in one list, the most urgent first, without a look at all tasks.

A task is looked at when it changed, when one changed that it waits for or that waits for it, and when the time comes
at which a rule may speak (`rules/due_times.py`): so a second that passes costs only what it brings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lineage_core.base.clock import HOUR
from lineage_core.model.entities import Status, TaskRow
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.attention import others_of, shared_workers
from lineage_core.rules.dependencies import LONGEST, Dependents
from lineage_core.rules.due_times import DueTimes
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.feed_silence import feed_finding, usual_pause_of_hour
from lineage_core.rules.new_errors import NewErrors
from lineage_core.rules.silent_masters import TOGETHER, LastWords, is_of_master, master_finding, silent_master
from lineage_core.rules.stuck_work import AT_ONCE, crowd
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.attention_item import (
    LONG_AGO,
    AttentionItem,
    Cause,
    Rank,
    changes_at,
    examine,
    key_of,
    rated,
)
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.settings.acknowledgements import Acknowledgements, Key

_STEP = 20

Matches = Callable[[TaskRow], bool]


class AttentionList:
    """The findings of a state.

    lines: those that are listed, folded by their causes. matches: the filter. with_acknowledged: whether what was
    acknowledged is listed too, at the end. counts: by rule and severity, of what was not acknowledged and is recent.
    """

    def __init__(
        self,
        state: State,
        thresholds: Thresholds,
        acknowledged: Acknowledgements,
        known: Callable[[str], bool] = lambda task_id: False,
    ) -> None:
        self.state = state
        self.thresholds = thresholds
        self.acknowledged = acknowledged
        self.matches: Matches | None = None
        self.with_acknowledged = False
        self.counts: Counter[tuple[str, Severity]] = Counter()
        self.alone = 0  # how many are late and not folded under a silent master
        self.seen = 0  # how many are acknowledged
        self.old = 0  # how many are past or long ago
        self.entered = 0  # lines that were ever new
        self.lines: GroupedList[Key, Cause | Key] = GroupedList(self._rank)
        self._items: dict[Key, AttentionItem] = {}
        self._of_task: dict[str, tuple[Key, ...]] = {}
        self._zombies: dict[Key, Finding] = {}
        self._crowd: Finding | None = None
        self._crowd_stale = False
        self.silent: dict[str, Finding] = {}  # masters that say nothing, and what is late of them
        self._others = others_of(state, known)
        self._bounds = RowBounds(thresholds, self._others)
        self._errors = NewErrors(state)
        self._due: DueTimes[str] = DueTimes()
        self._dependents = Dependents()
        self._words = LastWords(state)
        self._of_master: dict[str, dict[Key, Finding]] = {}  # what is late of each master
        self._open_in: dict[str, dict[str, None]] = {}  # by worker the tasks that it is open in
        self._workers: dict[str, tuple[str, ...]] = {}  # the open workers of a task
        self._stood: dict[str, tuple[Status, int]] = {}  # how tasks stood when they were looked at
        self._open: set[str] = set()
        self._last_at = 0
        self._pause = ((0, 0), 0)
        self._refilling = False
        self._later: set[str] = set()

    def __len__(self) -> int:
        return len(self._items)

    def item(self, key: Key) -> AttentionItem | None:
        """The concern of a key, if there is one."""
        return self._items.get(key)

    def tasks(self) -> set[str]:
        """The tasks that have findings."""
        return set(self._of_task)

    def crowd(self) -> Finding | None:
        """That there are many zombies at once, if there are."""
        if self._crowd_stale:
            self._crowd, self._crowd_stale = crowd(self._zombies.values(), self.thresholds), False
        return self._crowd

    def feed(self, now: int) -> Finding | None:
        """That no event comes though work is open, if that is so."""
        return feed_finding(self.state.rows, self._last_at, len(self._open), now, self.thresholds, self._usual_pause)

    def _usual_pause(self, rows: Iterable[TaskRow], now: int) -> int:
        """See `usual_pause_of_hour`; looked up anew when an event came, or another hour."""
        as_of = self._last_at, now // HOUR
        if self._pause[0] != as_of:
            self._pause = as_of, usual_pause_of_hour(rows, now)
        return self._pause[1]

    def late(self, now: int) -> int:
        """How many things are late that were not acknowledged, all that wait for a silent master and the feed as one
        each: as `lineage attention` counts them."""
        masters = sum(not self._all_seen(master) for master in self.silent)
        return self.alone + masters + (self.feed(now) is not None)

    def _all_seen(self, master: str) -> bool:
        items = [self._items.get(key) for key in self._of_master[master]]
        return all(item is not None and item.acknowledged for item in items)

    def update(self, task_ids: Iterable[str], now: int) -> None:
        """Take in what changed in these tasks."""
        rows, task_ids = self.state.rows, list(task_ids)
        for task_id in task_ids:
            row = rows[task_id]
            self._last_at = max(self._last_at, min(row.last_at, now))
            if row.status.ended:
                self._open.discard(task_id)
            else:
                self._open.add(task_id)
            self._words.put(row)
            for name in self._errors.put(row, now):
                self._plan(name, now)
            self._note_workers(row, now)
            before = self._dependents.blockers(task_id)
            moved = self._dependents.put(row)
            stands = row.status, (row.ended_at or row.last_at) if row.status.ended else 0
            if moved or self._stood.get(task_id) != stands:
                self._stood[task_id] = stands
                for name in (*self._related(task_id), *before):
                    if name in rows:
                        self._plan(name, now)
        for task_id in task_ids:
            self._look(task_id, now)
            for master in rows[task_id].masters:
                self._hear(master, now)

    def settle(self, now: int) -> Iterator[int]:
        """Look at the tasks whose time has come; a generator that does it in slices, giving the count done."""
        for done, task_id in enumerate(self._due.due(now), 1):
            self._look(task_id, now)
            if done % _STEP == 0:
                yield done

    def waits(self, now: int) -> bool:
        """Whether there is anything to settle."""
        return (at := self._due.next()) is not None and at <= now

    def refilter(self, matches: Matches | None, *, with_acknowledged: bool, now: int) -> Iterator[int]:
        """List what matches (None: all); a generator that does it in slices. Until it is through, nothing moves."""
        self._refilling = True
        self.matches, self.with_acknowledged = matches, with_acknowledged
        lines: GroupedList[Key, Cause | Key] = GroupedList(self._rank, self.lines.opened)
        for number, (key, item) in enumerate(list(self._items.items())):
            if self._lists(item):
                lines.add(key, item.group)
            if number % _STEP == _STEP - 1:
                yield number
        self.lines = lines
        self._refilling = False
        while self._later:
            self._look(self._later.pop(), now)
            yield len(self._later)

    def acknowledge(self, keys: Iterable[Key], now: int) -> bool:
        """Acknowledge concerns, or take that back if the first of them is acknowledged; whether they are from now on.
        `settle` brings it into the list. Raises OSError if it cannot be kept beyond this run."""
        items = [self._items[key] for key in keys]
        wanted = not items[0].acknowledged
        for item in items:
            self._plan(item.finding.task_id, now)
        self.acknowledged.put({item.key: item.grade if wanted else None for item in items})
        return wanted

    def findings(self, task_id: str, now: int) -> list[Finding]:
        """The findings of one task at this moment."""
        return self._examine(task_id, now)[0]

    def _examine(self, task_id: str, now: int) -> tuple[list[Finding], list[int]]:
        """The findings of a task, and the times at which there may be others."""
        found, times = examine(self.state, self._others, self._bounds, task_id, now, self.thresholds)
        shared = {name: self._open_in[name] for name in self._workers.get(task_id, ())}
        found += [one for one in shared_workers(self.state, shared) if one.task_id == task_id]
        return found + self._errors.of_task(task_id, now), times

    def _rank(self, key: Key) -> Rank:
        return self._items[key].rank

    def _look(self, task_id: str, now: int) -> None:
        """Bring the concerns of a task up to date, and plan the next look."""
        if self._refilling:
            self._later.add(task_id)
            return
        found, times = self._examine(task_id, now)
        waiting = self._dependents.waiting(task_id, self._others) if found else 0
        fresh: dict[Key, Finding] = {}
        for one in found:  # of several of one kind the most urgent
            fresh.setdefault(key_of(one), one._replace(waiting=waiting))
        masters = self._note_late(task_id, fresh)
        for key in self._of_task.pop(task_id, ()):
            if key not in fresh:
                self._put(key, None)
        for key, one in fresh.items():
            self._put(key, self._rated(one, now))
        if fresh:
            self._of_task[task_id] = tuple(fresh)
        for master in masters:
            self._hear(master, now)
        changes = [at for one in fresh.values() for at in changes_at(one, now)]
        self._due.put(task_id, min((at for at in (*times, *changes) if at > now), default=None))

    def _rated(self, finding: Finding, now: int) -> AttentionItem:
        silent = finding.of or "" if is_of_master(finding) and finding.of in self.silent else ""
        row = self.state.rows[finding.task_id]
        return rated(finding, row, self.acknowledged, now, silent)

    def _plan(self, task_id: str, at: int) -> None:
        self._due.put(task_id, at)

    def _related(self, task_id: str) -> set[str]:
        """The tasks whose findings may be others when this one begins, ends, or waits for others: those that wait for
        it, and all above it and below it in the chains of waiting, of which it may close a circle or leave one."""
        found, stack = set(self._dependents.waiters(task_id)), [task_id]
        seen = {task_id}
        while stack and len(seen) < LONGEST:
            at = stack.pop()
            above = self.state.subtasks.parent(at)
            for name in (*self._dependents.blockers(at), *(() if above is None else (above,))):
                if name not in seen:
                    seen.add(name)
                    stack.append(name)
        return found | seen - {task_id}

    def _note_workers(self, row: TaskRow, now: int) -> None:
        """Keep which workers are open in which tasks that go on."""
        task_id, runs = row.task_id, () if row.status.ended else tuple(dict.fromkeys(row.at_work))
        for name in self._workers.pop(task_id, ()):
            if name not in runs:
                tasks = self._open_in[name]
                del tasks[task_id]
                for other in tasks:
                    self._plan(other, now)
                if not tasks:
                    del self._open_in[name]
        for name in runs:
            tasks = self._open_in.setdefault(name, {})
            if task_id not in tasks:
                for other in tasks:
                    self._plan(other, now)
            tasks[task_id] = None
        if runs:
            self._workers[task_id] = runs

    def _note_late(self, task_id: str, fresh: dict[Key, Finding]) -> set[str]:
        """Keep what is late of which master; the masters of which it changed."""
        masters: set[str] = set()
        for key in self._of_task.get(task_id, ()):
            item = self._items.get(key)
            if item is not None and is_of_master(item.finding) and item.finding.of is not None:
                masters.add(item.finding.of)
                self._of_master[item.finding.of].pop(key, None)
        for key, one in fresh.items():
            if is_of_master(one) and one.of is not None:
                masters.add(one.of)
                self._of_master.setdefault(one.of, {})[key] = one
        return masters

    def _hear(self, master: str, now: int) -> None:
        """Find out whether a master is silent, and fold what is late of it, or unfold it."""
        mine = self._of_master.get(master, {})
        late = list(mine.values())
        last = self._words.of(master, now) if len(late) >= TOGETHER else None
        was = master in self.silent
        if last is not None and silent_master(master, late, last, now, self.thresholds):
            self.silent[master] = master_finding(master, late, last, now)
        elif was:
            del self.silent[master]
        if was != (master in self.silent):
            for key, one in mine.items():
                if key in self._items:
                    self._put(key, self._rated(one, now))

    def _put(self, key: Key, item: AttentionItem | None) -> None:
        """Replace a concern, and bring its line to its place."""
        old = self._items.get(key)
        listed = key in self.lines
        lists = item is not None and self._lists(item)
        stays = lists and listed and item is not None and old is not None
        stays = stays and (item.rank, item.group) == (old.rank, old.group)  # type: ignore[union-attr]
        if old is not None:
            self._count(old, -1)
        if listed and not stays:
            self.lines.remove(key)
        if item is None:
            self._items.pop(key, None)
            return
        self._items[key] = item
        self._count(item, 1)
        if lists and not stays:
            self.lines.add(key, item.group)
            self.entered += old is None

    def _lists(self, item: AttentionItem) -> bool:
        if item.acknowledged and not self.with_acknowledged:
            return False
        return self.matches is None or self.matches(self.state.rows[item.finding.task_id])

    def _count(self, item: AttentionItem, by: int) -> None:
        finding = item.finding
        if finding.severity is Severity.BAD and finding.rule in AT_ONCE:
            self._crowd_stale = True
            if by > 0:
                self._zombies[item.key] = finding
            else:
                del self._zombies[item.key]
        if item.acknowledged:
            self.seen += by
        elif item.rank[0] == LONG_AGO:
            self.old += by
        elif not item.silent:
            self.counts[finding.rule, finding.severity] += by
        if not item.acknowledged and not item.silent and finding.late_since is not None:
            self.alone += by

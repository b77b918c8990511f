"""What needs a person: the findings of all tasks in one list, the most urgent first, without a look at all tasks.

A task is looked at when it changed, when a task that blocks it has ended, and when the time comes at which a rule may
speak (see `_due`): so a second that passes costs only what it brings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush

from lineage_core.model.entities import Status, TaskRow
from lineage_core.rules.stuck_work import AT_ONCE, Finding, Severity, crowd
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.attention_item import LONG_AGO, RECENT, AttentionItem, Cause, Found, examine, key_of, rated
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.settings.acknowledgements import Acknowledgements, Key

_STEP = 20

Matches = Callable[[TaskRow], bool]


class AttentionList:
    """The findings of a state.

    lines: those that are listed, folded by their causes. matches: the filter. with_acknowledged: whether what was
    acknowledged is listed too, at the end. counts: by rule and severity, of what was not acknowledged and is recent.
    """

    def __init__(self, state: State, thresholds: Thresholds, acknowledged: Acknowledgements) -> None:
        self.state = state
        self.thresholds = thresholds
        self.acknowledged = acknowledged
        self.matches: Matches | None = None
        self.with_acknowledged = False
        self.counts: Counter[tuple[str, Severity]] = Counter()
        self.seen = 0  # how many are acknowledged
        self.old = 0  # how many are past or long ago
        self.entered = 0  # lines that were ever new
        self.lines: GroupedList[Key, Cause | Key] = GroupedList(self._rank)
        self._items: dict[Key, AttentionItem] = {}
        self._of_task: dict[str, tuple[Key, ...]] = {}
        self._zombies: dict[Key, Finding] = {}
        self._crowd: Finding | None = None
        self._crowd_stale = False
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._waiters: dict[str, set[str]] = {}  # tasks by what blocks them
        self._blockers: dict[str, tuple[str, ...]] = {}
        self._ends: dict[str, tuple[Status, int] | None] = {}  # how what blocks a task had ended, when it was looked at
        self._refilling = False
        self._later: set[str] = set()

    def __len__(self) -> int:
        return len(self._items)

    def item(self, key: Key) -> AttentionItem | None:
        """The concern of a key, if there is one."""
        return self._items.get(key)

    def crowd(self) -> Finding | None:
        """That there are many zombies at once, if there are."""
        if self._crowd_stale:
            self._crowd, self._crowd_stale = crowd(self._zombies.values(), self.thresholds), False
        return self._crowd

    def update(self, task_ids: Iterable[str], now: int) -> None:
        """Take in what changed in these tasks."""
        for task_id in task_ids:
            self._look(task_id, now)
            if task_id in self._waiters and self._ends[task_id] != (end := self._end(task_id)):
                self._ends[task_id] = end
                for waiter in self._waiters[task_id]:
                    self._plan(waiter, now)

    def settle(self, now: int) -> Iterator[int]:
        """Look at the tasks whose time has come; a generator that does it in slices, giving the count done."""
        done = 0
        while self._heap and self._heap[0][0] <= now:
            due, task_id = heappop(self._heap)
            if self._due.get(task_id) == due:
                del self._due[task_id]
                self._look(task_id, now)
                done += 1
                if done % _STEP == 0:
                    yield done

    def waits(self, now: int) -> bool:
        """Whether there is anything to settle."""
        return bool(self._heap) and self._heap[0][0] <= now

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

    def findings(self, task_id: str, now: int) -> list[Found]:
        """The findings of one task at this moment."""
        return examine(self.state, task_id, now, self.thresholds)[0]

    def _rank(self, key: Key) -> tuple[int, int, int, str, str, str]:
        return self._items[key].rank

    def _look(self, task_id: str, now: int) -> None:
        """Bring the concerns of a task up to date, and plan the next look."""
        if self._refilling:
            self._later.add(task_id)
            return
        found, times = examine(self.state, task_id, now, self.thresholds)
        items: dict[Key, AttentionItem] = {}
        for one in found:  # of several of one kind the most urgent
            items.setdefault(key_of(one.finding), rated(one, self.acknowledged, now, self.state.rows[task_id].priority))
        for key in self._of_task.pop(task_id, ()):
            if key not in items:
                self._put(key, None)
        for key, item in items.items():
            self._put(key, item)
        if items:
            self._of_task[task_id] = tuple(items)
        self._note_blockers(task_id)
        self._due.pop(task_id, None)
        coming = [at for at in (*times, *(one.finding.since + RECENT for one in found)) if at > now]
        if coming:
            self._plan(task_id, min(coming))

    def _plan(self, task_id: str, at: int) -> None:
        self._due[task_id] = at
        heappush(self._heap, (at, task_id))

    def _note_blockers(self, task_id: str) -> None:
        row = self.state.rows[task_id]
        blockers = row.blocked_by if row.status is Status.BLOCKED else ()
        if blockers == self._blockers.get(task_id, ()):
            return
        for name in self._blockers.pop(task_id, ()):
            self._waiters[name].discard(task_id)
        for name in blockers:
            self._waiters.setdefault(name, set()).add(task_id)
            self._ends[name] = self._end(name)
        if blockers:
            self._blockers[task_id] = blockers

    def _end(self, task_id: str) -> tuple[Status, int] | None:
        row = self.state.rows.get(task_id)
        return (row.status, row.ended_at or row.last_at) if row is not None and row.status.ended else None

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
        else:
            self.counts[finding.rule, finding.severity] += by

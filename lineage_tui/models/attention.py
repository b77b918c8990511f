"""What needs a person: the findings of all tasks in one list, the most urgent first, without a look at all tasks.

A task is looked at when it changed, when one changed that it waits for or that waits for it, and when the time comes
at which a rule may speak (`base/due_times.py`): so a second that passes costs only what it brings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lineage_core.base.due_times import DueTimes
from lineage_core.base.terminal_cells import cell_width
from lineage_core.forecast.anomalies import Anomaly
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding
from lineage_core.rules.attention import others_of, shared_workers
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.new_errors import NewErrors
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.affected_tasks import AffectedTasks
from lineage_tui.models.attention_counts import AttentionCounts
from lineage_tui.models.attention_item import LONG_AGO, AttentionItem, Cause, changes_at, examine, key_of, rated
from lineage_tui.models.attention_lines import AttentionLines
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.models.silent_feed import SilentFeed
from lineage_tui.models.silent_masters import SilentMasters
from lineage_tui.models.workers_in_two_tasks import SharedWorkers
from lineage_tui.settings.acknowledgements import Acknowledgements, Key

_STEP = 20

Matches = Callable[[TaskRow], bool]


class AttentionList:
    """The findings of a state.

    shown: those that are listed, as lines. matches: the filter. with_acknowledged: whether what was acknowledged is
    listed too, at the end. still, in_view: as for `AttentionLines`. counts: of what is not resolved.
    """

    def __init__(
        self,
        state: State,
        thresholds: Thresholds,
        acknowledged: Acknowledgements,
        known: Callable[[str], bool] = lambda task_id: False,
        still: Callable[[], bool] = lambda: False,
        in_view: Callable[[Key], bool] = lambda key: False,
    ) -> None:
        self.state = state
        self.thresholds = thresholds
        self.acknowledged = acknowledged
        self.matches: Matches | None = None
        self.with_acknowledged = False
        self.shown = AttentionLines(still, in_view)
        self.counts = AttentionCounts()
        self.masters = SilentMasters(state, thresholds)
        self.widest = 0  # cells of the widest id of a task
        self._items: dict[Key, AttentionItem] = {}
        self._of_task: dict[str, tuple[Key, ...]] = {}
        self._others = others_of(state, known)
        self._bounds = RowBounds(thresholds, self._others)
        self._errors = NewErrors(state)
        self._due: DueTimes[str] = DueTimes()
        self._undue: DueTimes[str] = DueTimes()  # when the findings of a task became what they are: minus that time
        self._unheard: set[str] = set()  # masters of which it is to be found out whether they are silent
        self._affected = AffectedTasks(state.subtasks.parent)
        self._workers = SharedWorkers()
        self._feed = SilentFeed(state, thresholds)
        self._refilling = False
        self._later: set[str] = set()
        self._found: list[Anomaly] = []
        self._anomalies: dict[Key, Anomaly] = {}  # those that are listed

    def __len__(self) -> int:
        return len(self._items)

    @property
    def lines(self) -> GroupedList[Key, Cause | Key]:
        """Those that are listed, folded by their causes."""
        return self.shown.list

    def item(self, key: Key) -> AttentionItem | None:
        """The finding of a key, if there is one, or its line is still there."""
        return self._items.get(key) or self.shown.resolved.get(key)

    def tasks(self) -> set[str]:
        """The tasks that have findings."""
        return set(self._of_task)

    def anomaly(self, key: Key) -> Anomaly | None:
        """The anomaly of a key, if it is one."""
        return self._anomalies.get(key)

    def put_anomalies(self, found: Iterable[Anomaly], now: int) -> None:
        """List these anomalies, in place of those that were listed before."""
        self._found = list(found)
        self._rate_anomalies(now)

    def _rate_anomalies(self, now: int) -> None:
        if self._refilling:
            return
        before, fresh = self._anomalies, {key_of(one.finding()): one for one in self._found}
        self._anomalies = before | fresh
        for key in [key for key in before if key not in fresh]:
            self._put(key, None)
            if key not in self.shown.resolved:
                del self._anomalies[key]
        for key, one in fresh.items():
            self._put(key, rated(one.finding(), None, self.acknowledged, now))

    def most_late_of(self, task_id: str) -> Finding | None:
        """What is late of a task and was not acknowledged: the most urgent of it."""
        items = [self._items[key] for key in self._of_task.get(task_id, ()) if key in self._items]
        late = [one for one in items if one.finding.late_since is not None and not one.acknowledged]
        return min(late, key=lambda one: one.rank).finding if late else None

    def urgent_first(self) -> Iterator[str]:
        """The tasks to look at: those that need somebody now, the most urgent first; then those that are open, the one
        that began first before the others."""
        for key in self.lines:
            if (item := self._items.get(key)) is None:
                continue
            if item.rank[0] >= LONG_AGO:
                break
            yield key[1]
        rows = self.state.rows
        yield from sorted(self._feed.open, key=lambda task_id: (rows[task_id].first_at, task_id))

    def crowd(self) -> Finding | None:
        """That there are many zombies at once, if there are."""
        return self.counts.crowd(self.thresholds)

    def feed(self, now: int) -> Finding | None:
        """That no event comes, or none of a host, though work is open, if that is so."""
        return self._feed.finding(now)

    def by_rule(self, now: int) -> Counter[str]:
        """How many there are of each rule, of what is recent and not acknowledged; how many masters are silent
        (`silent-master`); and how many are `late` of all rules, as `lineage attention` counts them: all that wait for
        a silent master, and the feed, as one each."""
        silent = self.unseen_masters()
        late = self.counts.alone + silent + (self.feed(now) is not None)
        found = Counter({"late": late, "silent-master": silent})
        for (rule, _), number in self.counts.of_rule.items():
            found[rule] += number
        return found

    def unseen_masters(self) -> int:
        """How many masters are silent, without those of which all that is late was acknowledged."""
        return self.masters.unseen(lambda key: (item := self._items.get(key)) is not None and item.acknowledged)

    def update(self, task_ids: Iterable[str], now: int) -> None:
        """Take in what changed in these tasks."""
        rows, task_ids = self.state.rows, list(task_ids)
        for task_id in task_ids:
            row = rows.get(task_id) or rows.gone.get(task_id)
            if row is None:
                self._drop(task_id, now)
                continue
            self._feed.put(row, now)
            self.masters.put(row)
            for name in (*self._errors.put(row, now), *self._workers.put(row)):
                self._due.put(name, now)
            self._plan(self._affected.put(row), now)
        for task_id in task_ids:
            self._look(task_id, now)
            if (row := rows.get(task_id)) is not None:
                for master in row.masters:
                    self._hear(master, now)

    def _drop(self, task_id: str, now: int) -> None:
        """Forget a task that is not known any more; its findings go with the next look at it."""
        self._feed.open.discard(task_id)
        for name in (*self._errors.drop(task_id), *self._workers.drop(task_id)):
            self._due.put(name, now)
        self._plan(self._affected.drop(task_id), now)

    def _plan(self, task_ids: Iterable[str], now: int) -> None:
        """Look again at these tasks, as far as they are known."""
        for name in task_ids:
            if name in self.state.rows:
                self._due.put(name, now)

    def turn_back(self, now: int) -> None:
        """The state is now as it was at an earlier time. What changed in its tasks is taken in by `update`; what is
        otherwise because the time is another one, by `settle`. From now on no line stays that is of no finding."""
        self.shown.in_view = lambda key: False
        self.shown.release()
        self._feed.turn_back(self.state.newest() or 0, now)
        self._unheard = self.masters.turn_back()
        again = self._errors.turn_back(now)
        again.update(self.state.heard_after(now))  # as of each time before they say something else
        for task_id in (*again, *self._undue.due(-now)):
            self._due.put(task_id, now)

    def settle(self, now: int) -> Iterator[int]:
        """Look at the tasks whose time has come; a generator that does it in slices, giving the count done."""
        for done, task_id in enumerate(self._due.due(now), 1):
            self._look(task_id, now)
            if done % _STEP == 0:
                yield done
        while self._unheard:
            self._hear(self._unheard.pop(), now)

    def waits(self, now: int) -> bool:
        """Whether there is anything to settle."""
        return bool(self._unheard) or ((at := self._due.next()) is not None and at <= now)

    def refilter(self, matches: Matches | None, *, with_acknowledged: bool, now: int) -> Iterator[int]:
        """List what matches (None: all); a generator that does it in slices. Until it is through, nothing moves."""
        self._refilling = True
        self.matches, self.with_acknowledged = matches, with_acknowledged
        yield from self.shown.refill(item for item in list(self._items.values()) if self._lists(item))
        self._refilling = False
        while self._later:
            self._look(self._later.pop(), now)
            yield len(self._later)
        self._rate_anomalies(now)

    def acknowledge(self, keys: Iterable[Key], now: int) -> bool:
        """Acknowledge findings, or take that back if the first of them is acknowledged; whether they are from now on.
        `settle` brings it into the list. Raises OSError if it cannot be kept beyond this run."""
        items = [self._items[key] for key in keys]
        wanted = not items[0].acknowledged
        for item in items:
            if item.key not in self._anomalies:
                self._due.put(item.finding.task_id, now)
        try:
            self.acknowledged.put({item.key: item.grade if wanted else None for item in items})
        finally:
            self._rate_anomalies(now)
        return wanted

    def findings(self, task_id: str, now: int) -> list[Finding]:
        """The findings of one task at this moment."""
        return self._examine(task_id, now)[0]

    def _examine(self, task_id: str, now: int) -> tuple[list[Finding], list[int]]:
        """The findings of a task, and the times at which there may be others."""
        found, times = examine(self.state, self._others, self._bounds, task_id, now, self.thresholds)
        found += [one for one in shared_workers(self.state, self._workers.of(task_id)) if one.task_id == task_id]
        return found + self._errors.of_task(task_id, now), times

    def _look(self, task_id: str, now: int) -> None:
        """Bring the findings of a task up to date, and plan the next look."""
        if self._refilling:
            self._later.add(task_id)
            return
        found, times = self._examine(task_id, now) if task_id in self.state.rows else ([], [])
        waiting = self._affected.waiting(task_id, self._others) if found else 0
        fresh: dict[Key, Finding] = {}
        for one in found:  # of several of one kind the most urgent
            fresh.setdefault(key_of(one), one._replace(waiting=waiting))
        known = self._of_task.pop(task_id, ())
        masters = self.masters.note([item and item.finding for item in map(self._items.get, known)], known, fresh)
        for key in known:
            if key not in fresh:
                self._put(key, None)
        for key, one in fresh.items():
            self._put(key, self._rated(one, now))
        if fresh:
            self._of_task[task_id] = tuple(fresh)
        for master in masters:
            self._hear(master, now)
        times += [at for one in fresh.values() for at in changes_at(one, now)]
        self._due.put(task_id, min((at for at in times if at > now), default=None))
        self._undue.put(task_id, min((-at for at in times if at <= now), default=None))

    def _rated(self, finding: Finding, now: int) -> AttentionItem:
        return rated(finding, self.state.rows[finding.task_id], self.acknowledged, now, self.masters.of(finding))

    def _hear(self, master: str, now: int) -> None:
        """Find out whether a master is silent, and fold what is late of it, or unfold it."""
        for key, one in self.masters.hear(master, now).items():
            if key in self._items:
                self._put(key, self._rated(one, now))

    def _put(self, key: Key, item: AttentionItem | None) -> None:
        """Replace a finding, and bring its line to where it belongs."""
        if (old := self._items.pop(key, None)) is not None:
            self.counts.remove(old)
        if item is not None:
            self._items[key] = item
            self.widest = max(self.widest, cell_width(key[1]))
            row = self.state.rows.get(key[1])  # an anomaly is of no task
            self.counts.add(item, row.group if row is not None else "")
        self.shown.put(key, item, item is not None and self._lists(item))

    def _lists(self, item: AttentionItem) -> bool:
        if item.acknowledged and not self.with_acknowledged:
            return False
        if self.matches is None:
            return True
        anomaly, rows = self._anomalies.get(item.key), self.state.rows
        tasks = anomaly.tasks if anomaly is not None else (item.finding.task_id,)
        return any(self.matches(rows[task_id]) for task_id in tasks if task_id in rows)

"""What needs a person: the findings of all tasks in one list, the most urgent first, without a look at all tasks.

A task is looked at when it changed, when a task that blocks it has ended, and when the time comes at which a rule may
speak (see `_due`): so a second that passes costs only what it brings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import product
from typing import NamedTuple

from lineage_core.clock import DAY, MINUTE
from lineage_core.merge import State
from lineage_core.state import Status, Task, TaskRow
from lineage_core.words import waiting_for
from lineage_core.zombies import Finding, Severity, Thresholds, check, concerned, crowd
from lineage_tui.acknowledged import Acknowledged, Grade, Key
from lineage_tui.models.ranked import Ranked

BLOCKED = 30 * MINUTE
"""For how long a task may be blocked before somebody should look."""

RECENT = DAY
"""What began longer ago comes after all that is newer, however bad."""

_GRADES = {Severity.PAST: 0, Severity.WARNING: 1, Severity.BAD: 2}
_AT_ONCE = frozenset(("silent", "never started"))
_LONG_AGO, _ACKNOWLEDGED = 4, 10  # see `Concern.rank`
_STEP = 20

Matches = Callable[[TaskRow], bool]


class Concern(NamedTuple):
    """A finding in the list. rank: its place; the first part says how urgent: 0 a task that waits for a person, 1 what
    hangs and is bad, 2 a failure, 3 a warning, 4 what is past or long ago; 10 more once it was acknowledged. Of equals
    the newest comes first."""

    finding: Finding
    grade: Grade
    rank: tuple[int, int, str, str, str]

    @property
    def key(self) -> Key:
        """What it is about."""
        return key_of(self.finding)

    @property
    def acknowledged(self) -> bool:
        """Whether the operator has seen it as it is."""
        return self.rank[0] >= _ACKNOWLEDGED


def key_of(finding: Finding) -> Key:
    """What a finding is about: it stays the same while it gets older or worse."""
    return (finding.rule, finding.task_id, finding.subject)


class Concerns:
    """The findings of a state.

    order: the keys of those that are listed. matches: the filter. with_acknowledged: whether what was acknowledged is
    listed too, at the end. counts: by rule and severity, of what was not acknowledged and is recent.
    """

    def __init__(self, state: State, thresholds: Thresholds, acknowledged: Acknowledged) -> None:
        self.state = state
        self.thresholds = thresholds
        self.acknowledged = acknowledged
        self.matches: Matches | None = None
        self.with_acknowledged = False
        self.counts: Counter[tuple[str, Severity]] = Counter()
        self.seen = 0  # how many are acknowledged
        self.old = 0  # how many are past or long ago
        self.entered = 0  # lines that were ever new
        self.order: Ranked[Key] = Ranked(self._rank)
        self._concerns: dict[Key, Concern] = {}
        self._of_task: dict[str, tuple[Key, ...]] = {}
        self._listed: set[Key] = set()
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
        return len(self._concerns)

    def concern(self, key: Key) -> Concern | None:
        """The concern of a key, if there is one."""
        return self._concerns.get(key)

    def line_of(self, key: Key) -> int | None:
        """The line of a key in `order`, if it has one."""
        return self.order.place(key) if key in self._listed else None

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
        chosen: list[Key] = []
        for number, (key, concern) in enumerate(list(self._concerns.items())):
            if self._lists(concern):
                chosen.append(key)
            if number % _STEP == _STEP - 1:
                yield number
        yield from self.order.refill(chosen, self._rank)
        self._listed = set(chosen)
        self._refilling = False
        while self._later:
            self._look(self._later.pop(), now)
            yield len(self._later)

    def acknowledge(self, key: Key, now: int) -> bool:
        """Acknowledge a concern, or take that back; whether it is acknowledged now. Raises OSError if it cannot be
        kept beyond this run."""
        concern = self._concerns[key]
        try:
            if concern.acknowledged:
                self.acknowledged.drop(key)
            else:
                self.acknowledged.add(key, concern.grade)
        finally:
            self._look(key[1], now)
        return not concern.acknowledged

    def findings(self, task_id: str, now: int) -> list[tuple[Finding, int]]:
        """The findings of one task at this moment, each with how often it happened."""
        return self._examine(task_id, now)[0]

    def _rank(self, key: Key) -> tuple[int, int, str, str, str]:
        return self._concerns[key].rank

    def _look(self, task_id: str, now: int) -> None:
        """Bring the concerns of a task up to date, and plan the next look."""
        if self._refilling:
            self._later.add(task_id)
            return
        found, times = self._examine(task_id, now)
        concerns: dict[Key, Concern] = {}
        for finding, count in found:  # of several of one kind the most urgent
            concerns.setdefault(key_of(finding), self._concern(finding, count, now))
        for key in self._of_task.pop(task_id, ()):
            if key not in concerns:
                self._put(key, None)
        for key, concern in concerns.items():
            self._put(key, concern)
        if concerns:
            self._of_task[task_id] = tuple(concerns)
        self._note_blockers(task_id)
        self._due.pop(task_id, None)
        coming = [at for at in (*times, *(finding.since + RECENT for finding, _ in found)) if at > now]
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

    def _put(self, key: Key, concern: Concern | None) -> None:
        """Replace a concern, and bring its line to its place."""
        old = self._concerns.get(key)
        lists = concern is not None and self._lists(concern)
        if old is not None:
            self._count(old, -1)
            if key in self._listed and not (lists and concern is not None and concern.rank == old.rank):
                self.order.remove(key)
                self._listed.discard(key)
        if concern is None:
            self._concerns.pop(key, None)
            return
        self._concerns[key] = concern
        self._count(concern, 1)
        if lists and key not in self._listed:
            self.order.add(key)
            self._listed.add(key)
            self.entered += old is None

    def _lists(self, concern: Concern) -> bool:
        if concern.acknowledged and not self.with_acknowledged:
            return False
        return self.matches is None or self.matches(self.state.rows[concern.finding.task_id])

    def _count(self, concern: Concern, by: int) -> None:
        finding = concern.finding
        if finding.severity is Severity.BAD and finding.rule in _AT_ONCE:
            self._crowd_stale = True
            if by > 0:
                self._zombies[concern.key] = finding
            else:
                del self._zombies[concern.key]
        if concern.acknowledged:
            self.seen += by
        elif concern.rank[0] == _LONG_AGO:
            self.old += by
        else:
            self.counts[finding.rule, finding.severity] += by

    def _concern(self, finding: Finding, count: int, now: int) -> Concern:
        grade = Grade(_GRADES[finding.severity], finding.since, count)
        if now - finding.since > RECENT or finding.severity is Severity.PAST:
            urgency = _LONG_AGO
        elif finding.rule == "escalated":
            urgency = 0
        else:
            urgency = 2 if finding.rule == "failed" else 1 if finding.severity is Severity.BAD else 3
        if self.acknowledged.covers(key_of(finding), grade):
            urgency += _ACKNOWLEDGED
        return Concern(
            finding, grade, (urgency, -finding.since, finding.task_id, finding.subject, finding.rule)
        )

    def _examine(self, task_id: str, now: int) -> tuple[list[tuple[Finding, int]], list[int]]:
        """The findings of a task, each with how often it happened, and the times at which there may be others."""
        row = self.state.rows[task_id]
        found = [(_failed(row), row.attempts)] if row.status is Status.FAILED else []
        if not concerned(row):
            return found, []
        with self.state.lock:
            task = self.state.task(task_id)
            if task is None:
                return found, []
            bounces = len(task.handoffs) + sum(mark.kind == "reassigned" for mark in task.marks)
            counts = {"ping-pong": bounces, "retries": row.retries}
            if row.escalated:
                found.append((_escalated(task), 0))
            rules = check(task, self.state.rows, now, self.thresholds)
            found += [
                (one, counts.get(one.rule, 0))
                for one in rules
                if one.severity is not Severity.PAST or row.status is not Status.FAILED  # the failure says it
            ]
            if row.status is Status.BLOCKED and not any(one.rule == "blocked by ended" for one in rules):
                found += _blocked(task, self.state.rows, now)
            return found, list(self._times(task))

    def _times(self, task: Task) -> Iterator[int]:
        """When a rule may begin to speak of a task, or speak louder."""
        t = self.thresholds
        for worker in task.workers.values():
            if worker.open:
                from_ = (worker.last_at, worker.spawned_at or worker.last_at, task.ended_at or worker.last_at)
                yield from (at + after for at, after in product(from_, (t.warned, t.silent, t.spawn)))
        for handoff in task.handoffs.values():
            if handoff.waiting and handoff.created_at is not None:
                yield from (handoff.created_at + after for after in (t.handoff, t.silent))
        if task.status is Status.BLOCKED:
            yield task.since + BLOCKED


def _failed(row: TaskRow) -> Finding:
    since = row.ended_at if row.ended_at is not None else row.last_at
    text = (row.reason or "it gave no reason") + (f" (attempt {row.attempts})" if row.attempts > 1 else "")
    return Finding("failed", Severity.BAD, row.task_id, row.task_id, since, text)


def _escalated(task: Task) -> Finding:
    last = max((mark for mark in task.marks if mark.kind == "escalated"), key=lambda mark: mark.at, default=None)
    since, why = (last.at, last.text) if last is not None else (task.since, task.reason)
    return Finding("escalated", Severity.BAD, task.task_id, task.task_id, since, why or "no reason was given")


def _blocked(task: Task, rows: Mapping[str, TaskRow], now: int) -> Iterator[tuple[Finding, int]]:
    if now - task.since >= BLOCKED:
        text = waiting_for(task, rows, now)
        yield Finding("blocked", Severity.WARNING, task.task_id, task.task_id, task.since, text), 0

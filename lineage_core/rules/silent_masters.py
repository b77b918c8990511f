"""Masters that say nothing: what is late of one that does not speak any more is one finding."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from lineage_core.base.clock import ago
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State

EXPECTED_OF_MASTERS = frozenset(
    ("unstarted", "idle", "handoff-unaccepted", "handoff-uncompleted", "blocked", "parent-waiting")
)
"""The rules by which a master can be late."""

TOGETHER = 2
"""So many things of one master that became late after its last word are one: the master is silent."""


class LastWords:
    """When each master, or a worker that it spawned, last said something in a task that it had."""

    def __init__(self, state: State, rows: Iterable[TaskRow] = ()) -> None:
        """rows: of the tasks that are there already; they are looked through when a master is first asked for."""
        self._state = state
        self._rows = rows
        self._at: dict[str, int] = {}
        self._unread: dict[str, list[tuple[int, str]]] = {}  # tasks of a master, those last heard of first
        self._read: dict[str, set[str]] = {}  # those that were looked at

    def _take(self) -> None:
        rows, self._rows = self._rows, ()
        for row in rows:
            for master in row.masters:
                self._unread.setdefault(master, []).append((-row.last_at, row.task_id))
        for unread in self._unread.values():
            heapify(unread)

    def put(self, row: TaskRow) -> None:
        """Take in that a task changed."""
        for master in row.masters:
            heappush(self._unread.setdefault(master, []), (-row.last_at, row.task_id))

    def turn_back(self) -> None:
        """The state is now as it was at an earlier time."""
        self._at.clear()
        for master, task_ids in self._read.items():
            for task_id in task_ids:
                if (row := self._state.rows.get(task_id)) is not None:
                    heappush(self._unread[master], (-row.last_at, task_id))
        self._read.clear()

    def of(self, master: str, now: int) -> int | None:
        """The time of its last word up to now; None if it was never heard. Only tasks that may tell a later one are
        looked at."""
        if self._rows:
            self._take()
        unread = self._unread.get(master, [])
        while unread and -unread[0][0] > self._at.get(master, -1 << 62):
            _, task_id = heappop(unread)
            with self._state.lock:
                task = self._state.task(task_id)
                word = _word_of(task, master, now) if task is not None else None
            if task is not None:
                self._read.setdefault(master, set()).add(task_id)
            if word is not None:
                self._at[master] = max(word, self._at.get(master, word))
        return self._at.get(master)


def _word_of(task: Task, master: str, now: int) -> int | None:
    words = [task.heard[master]] if master in task.heard else []
    words += [run.words[-1] for run in task.runs if run.master == master and run.words]
    if not words:
        return None
    last = max(words)
    return last if last <= now else max((at for at in task.times if at <= now), default=now)


def silent_master(master: str, late: Iterable[Finding], last: int | None, now: int, limits: Thresholds) -> bool:
    """Whether a master is silent: it was heard, and two or more things of it became late after its last word.

    late: the late findings of which something is expected of it. last: see `LastWords`.
    """
    if last is None:
        return False
    explicit = limits.late.explicit("master-silent")
    if explicit is not None and now - last < explicit:
        return False
    return sum(one.late_since is not None and one.late_since > last for one in late) >= TOGETHER


def is_of_master(one: Finding) -> bool:
    """Whether something late is expected of a master."""
    return one.rule in EXPECTED_OF_MASTERS and one.late_since is not None and bool(one.of)


def master_finding(master: str, late: list[Finding], last: int, now: int) -> Finding:
    """The one finding for all that is late of a silent master."""
    tasks = len({one.task_id for one in late})
    wait = "task waits" if tasks == 1 else "tasks wait"
    text = f"{master}: silent for {ago(last, now)}, {tasks} {wait} for it"
    since = sorted(one.late_since for one in late if one.late_since is not None and one.late_since > last)
    at = since[TOGETHER - 1]
    return Finding("master-silent", Severity.BAD, "", master, last, text, at, master, tasks, tuple(late))


def fold_masters(findings: list[Finding], words: LastWords, now: int, limits: Thresholds) -> list[Finding]:
    """Findings, with those of each silent master as one in their place."""
    late: dict[str, list[Finding]] = {}
    for one in findings:
        if is_of_master(one):
            late.setdefault(one.of or "", []).append(one)
    folded: list[Finding] = []
    gone: set[int] = set()
    for master, mine in late.items():
        last = words.of(master, now) if len(mine) >= TOGETHER else None
        if last is not None and silent_master(master, mine, last, now, limits):
            folded.append(master_finding(master, mine, last, now))
            gone.update(map(id, mine))
    return [one for one in findings if id(one) not in gone] + folded

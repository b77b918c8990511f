"""What needs a person in a whole state: the findings of all tasks, folded by what they have in common, the most urgent
first. The commands ask `attention`; the screen keeps its list up to date with the same parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from itertools import pairwise

from lineage_core.base.clock import DAY, HOUR, MINUTE, ago
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.event_types import PRIORITIES
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.dependencies import Dependents
from lineage_core.rules.expectations import Others
from lineage_core.rules.pauses import nearest_rank
from lineage_core.rules.stuck_work import check, concerned, crowd
from lineage_core.rules.thresholds import DEFAULTS, Thresholds
from lineage_core.rules.usual import ENOUGH_TIMES, UsualTimes
from lineage_core.state.store import State

EXPECTED_OF_MASTERS = frozenset(
    ("unstarted", "idle", "handoff-unaccepted", "handoff-uncompleted", "blocked", "parent-waiting")
)
"""The rules by which a master can be late."""

TOGETHER = 2
"""So many things of one master that became late after its last word are one: the master is silent."""

FEED_TIMES = 3
"""The feed is silent after so many times its usual pause."""

_TIMEOUT = ZOMBIE_TIMEOUT.encode()

KINDS = {"escalated": 0, "failed": 2}
"""What waits for a person comes before what hangs, and that before what failed."""

Urgency = tuple[int, int, int, int, int]


def others_of(state: State, known: Callable[[str], bool] = lambda task_id: False) -> Others:
    """What a state knows of all tasks. known: whether there ever was a task that is not in it."""
    return Others(state.rows, state.subtasks.children, known)


def urgency(one: Finding, row: TaskRow | None, now: int) -> Urgency:
    """The place among others, the most urgent first: severity, priority, how many wait for it, its kind, how late it is
    relative to the time that it had."""
    priority = row.priority if row is not None else None
    return (
        list(Severity).index(one.severity),
        PRIORITIES.index(priority if priority in PRIORITIES else "medium"),
        -one.waiting,
        KINDS.get(one.rule, 1),
        -lateness(one, now),
    )


def lateness(one: Finding, now: int) -> int:
    """How late a finding is relative to the time that it had: how many times that has doubled since; 0 for others."""
    if one.late_since is None:
        return 0
    return max(0, (now - one.since) // max(MINUTE, one.late_since - one.since)).bit_length()


def later(one: Finding, now: int) -> int | None:
    """When its `lateness` is another one."""
    if one.late_since is None:
        return None
    return one.since + max(MINUTE, one.late_since - one.since) * (1 << lateness(one, now))


class LastWords:
    """When each master, or a worker that it spawned, last said something in a task that it had."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._at: dict[str, int] = {}
        self._unread: dict[str, list[tuple[int, str]]] = {}  # tasks of a master, those last heard of first

    def put(self, row: TaskRow) -> None:
        """Take in that a task changed."""
        for master in row.masters:
            heappush(self._unread.setdefault(master, []), (-row.last_at, row.task_id))

    def of(self, master: str, now: int) -> int | None:
        """The time of its last word up to now; None if it was never heard. Only tasks that may tell a later one are
        looked at."""
        unread = self._unread.get(master, [])
        while unread and -unread[0][0] > self._at.get(master, -1 << 62):
            _, task_id = heappop(unread)
            with self._state.lock:
                task = self._state.task(task_id)
                word = _word_of(task, master, now) if task is not None else None
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
    told = limits.late.explicit("master-silent")
    if told is not None and now - last < told:
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


def feed_finding(
    rows: Mapping[str, TaskRow], last: int, open_tasks: int, now: int, limits: Thresholds
) -> Finding | None:
    """That no event comes though work is open: for 3 times the usual pause of this hour of the day, at least 30 m.

    last: the time of the newest event. open_tasks: how many tasks are open.
    """
    told = limits.late.explicit("feed-silent")
    after = DEFAULTS["feed-silent"] if told is None else told
    if not open_tasks or now - last < after:
        return None
    if told is None:
        after = max(after, FEED_TIMES * usual_pause_of_hour([*rows.values()], now))
    if now - last < after:
        return None
    tasks = "1 task is" if open_tasks == 1 else f"{open_tasks:,} tasks are"
    text = f"no event for {ago(last, now)}, though {tasks} open"
    return Finding("feed-silent", Severity.BAD, "", "", last, text, last + after)


def usual_pause_of_hour(rows: Iterable[TaskRow], now: int) -> int:
    """The 99th percentile of the pauses of the feed that began in this hour of the day (UTC), as far as rows tell; 0
    while there are fewer than 30."""
    times = {at for row in rows for at in (row.first_at, row.started_at, row.ended_at, row.last_at) if at is not None}
    hour = now % DAY // HOUR
    pauses = [b - a for a, b in pairwise(sorted(at for at in times if at <= now)) if a % DAY // HOUR == hour]
    return nearest_rank(pauses, 99) if len(pauses) >= ENOUGH_TIMES else 0


def shared_workers(open_in: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    """The workers that are open in several tasks. open_in: by worker and task, since when."""
    found = []
    for worker, tasks in sorted(open_in.items()):
        if len(tasks) > 1:
            names = sorted(tasks)
            text = f"{worker} is open in {len(names)} tasks at once: {', '.join(names[:5])}"
            text += " …" if len(names) > 5 else ""
            found.append(Finding("same-worker", Severity.WARNING, names[0], worker, max(tasks.values()), text))
    return found


def attention(
    state: State,
    now: int,
    limits: Thresholds = Thresholds(),  # noqa: B008  frozen
    known: Callable[[str], bool] = lambda task_id: False,
) -> list[Finding]:
    """All findings of a state, folded, the most urgent first.

    What is usual is learned from the tasks that were last heard of, if anything is late by the defaults. known: whether
    there ever was a task that is not in the state.
    """
    others = others_of(state, known)
    dependents, words = Dependents(), LastWords(state)
    open_in: dict[str, dict[str, int]] = {}
    found: dict[str, list[Finding]] = {}
    for row in list(state.rows.values()):
        dependents.put(row)
        words.put(row)
        if not concerned(row) or (_only_failures(row) and _TIMEOUT not in state.packed(row.task_id)):
            continue
        task = state.task(row.task_id)
        if task is None:
            continue
        if not row.status.ended:
            for run in task.runs:
                if run.open:
                    open_in.setdefault(run.worker_id, {})[task.task_id] = run.first_at
        if mine := check(task, others, now, limits):
            found[row.task_id] = mine
    if any(one.severity is not Severity.PAST for mine in found.values() for one in mine):
        usual = UsualTimes(state, as_of=now)
        usual.heard(state.rows)
        for _ in usual.learn():
            pass
        learned = Thresholds(limits.late, usual.late, limits.crowd, limits.bounces, limits.retries)
        for task_id in found:
            task = state.task(task_id)
            found[task_id] = check(task, others, now, learned) if task is not None else []
    findings = [
        one._replace(waiting=dependents.waiting(task_id, others)) if one.severity is not Severity.PAST else one
        for task_id, mine in found.items()
        for one in mine
    ]
    findings = [*fold_masters(findings, words, now, limits), *shared_workers(open_in)]
    if (many := crowd(findings, limits)) is not None:
        findings.append(many)
    going = sum(not row.status.ended for row in state.rows.values())
    last = max((min(row.last_at, now) for row in state.rows.values()), default=now)
    if (feed := feed_finding(state.rows, last, going, now, limits)) is not None:
        findings.append(feed)
    return by_urgency(findings, state.rows, now)


def by_urgency(findings: Iterable[Finding], rows: Mapping[str, TaskRow], now: int) -> list[Finding]:
    """Findings, the most urgent first; of equals those that began last."""
    return sorted(
        findings,
        key=lambda one: (urgency(one, rows.get(one.task_id), now), -one.since, one.rule, one.task_id, one.subject),
    )


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


def _only_failures(row: TaskRow) -> bool:
    return row.status.ended and not row.open_workers and not row.remarks

"""What needs a person in a whole state: the findings of all tasks, folded by what they have in common, the most urgent
first. The commands ask `attention`; the screen keeps its list up to date with the same parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from lineage_core.base.clock import DAY
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding, Severity, UsualLength
from lineage_core.rules.blocking_chains import Dependents
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.expectations import Others
from lineage_core.rules.feed_silence import feed_finding, hosts_finding
from lineage_core.rules.new_errors import NewErrors
from lineage_core.rules.silent_masters import LastWords, fold_masters
from lineage_core.rules.stuck_work import check, crowd, failure
from lineage_core.rules.task_for_rules import task_for_rules
from lineage_core.rules.thresholds import Thresholds, nothing_usual
from lineage_core.rules.urgency import by_urgency
from lineage_core.rules.usual_durations import UsualTimes, newest_that_tell
from lineage_core.state.store import State

RECENT = DAY
"""What failed longer ago needs nobody any more: `lineage failed` lists it."""


def others_of(state: State, known: Callable[[str], bool] = lambda task_id: False) -> Others:
    """What a state knows of all tasks. known: whether there ever was a task that is not in it."""
    return Others(state.rows, state.subtasks.children, known)


def shared_workers(state: State, open_in: Mapping[str, Collection[str]]) -> list[Finding]:
    """The workers that are open in several tasks. open_in: by worker, the tasks that go on in which it is open."""
    found = []
    for worker, tasks in sorted(open_in.items()):
        if len(tasks) > 1:
            names = sorted(tasks)
            since = max(_open_since(state, name, worker) for name in names)
            text = f"{worker} is open in {len(names)} tasks at once: {', '.join(names[:5])}"
            text += " …" if len(names) > 5 else ""
            found.append(Finding("same-worker", Severity.WARNING, names[0], worker, since, text))
    return found


def _open_since(state: State, task_id: str, worker: str) -> int:
    with state.lock:
        task = state.task(task_id)
        return (
            max((run.first_at for run in task.runs if run.open and run.worker_id == worker), default=0) if task else 0
        )


def learned(state: State, now: int, limits: Thresholds) -> Thresholds:
    """The thresholds with what is usual as of now, which is learned when it is first asked for; as they are, if they
    know it already."""
    if limits.usual is not nothing_usual:
        return limits
    usual: list[UsualTimes] = []

    def late(name: str, kind: str | None, owner: str | None) -> UsualLength | None:
        if not usual:
            usual.append(UsualTimes(state, as_of=now))
            usual[0].heard(newest_that_tell(list(state.rows.values())))  # tasks may come meanwhile
            for _ in usual[0].learn():
                pass
        return usual[0].late(name, kind, owner)

    return replace(limits, usual=late)


def attention(
    state: State,
    now: int,
    limits: Thresholds = Thresholds(),  # noqa: B008  frozen
    known: Callable[[str], bool] = lambda task_id: False,
    errors: NewErrors | None = None,
    awake: Iterable[TaskRow] | None = None,
    words: LastWords | None = None,
) -> list[Finding]:
    """All findings of a state, those of silent masters folded, the most urgent first.

    Only tasks are derived of which a rule can speak by now (`earliest_due.py`). known: whether there ever was a task
    that is not in the state. For a caller that keeps these up to date: errors, the errors of the state; awake, the
    tasks without those `at_rest`; words, when masters last said something.
    """
    others = others_of(state, known)
    rows = list(state.rows.values() if awake is None else awake)
    bounds = RowBounds(limits, others)
    dependents = Dependents()
    open_in: dict[str, list[str]] = {}
    due: list[TaskRow] = []
    going = last = 0
    for row in rows:
        last = max(last, min(row.last_at, now))
        if not row.status.ended:
            going += 1
            dependents.put(row)
            for worker in dict.fromkeys(row.at_work):
                open_in.setdefault(worker, []).append(row.task_id)
        if (at := bounds.speaks_from(row, now)) is not None and at <= now:
            due.append(row)
    limits = learned(state, now, limits)
    findings = [
        one._replace(waiting=dependents.waiting(one.task_id, others)) if one.severity is not Severity.PAST else one
        for one in _of_tasks(state, due, others, now, limits)
    ]
    findings += [one for row in rows if (one := failure(row)) is not None and now - one.since < RECENT]
    findings += NewErrors(state).all(rows, now) if errors is None else errors.found(now)
    words = LastWords(state, rows) if words is None else words
    findings = [*fold_masters(findings, words, now, limits), *shared_workers(state, open_in)]
    if (many := crowd(findings, limits)) is not None:
        findings.append(many)
    feed = feed_finding(state.rows, last, going, now, limits) or hosts_finding(state.heard, rows, now, limits)
    if feed is not None:
        findings.append(feed)
    return by_urgency(findings, state.rows, now)


def at_rest(row: TaskRow, now: int) -> bool:
    """Whether nothing is found of a task from now on, until it changes."""
    if not row.status.ended or row.watched or row.remarks:
        return False
    failed = failure(row)
    return failed is None or now - failed.since >= RECENT


def _of_tasks(state: State, rows: Iterable[TaskRow], others: Others, now: int, limits: Thresholds) -> Iterable[Finding]:
    for row in rows:
        with state.lock:
            task = task_for_rules(state, row, now, limits)
            found = list(check(task, others, now, limits)) if task is not None else []
        yield from found

"""The heading of a task: what it is, what is the matter with it, and its figures, in a few sentences.

Pure: a task, the rows of the others, the time. Costs as much as the task has workers, never as it has events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lineage_core.base.clock import SECOND, ago, format_duration
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.meaning.money import Prices, money_of
from lineage_core.meaning.rollup import WORST_FIRST, Rollup
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.expectations import Expectation
from lineage_core.model.task_parts import Status, Worker, WorkerEnd
from lineage_core.present.sentences import clock_of, counted, route, short, waiting_for, words
from lineage_core.present.task_rows import Family
from lineage_core.rules.root_cause import cause, quietest
from lineage_core.rules.silence import over, watch
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usually
from lineage_tui.models.expectation_lines import expected_of
from lineage_tui.theme.styles import Styles


class Sentence(NamedTuple):
    """A sentence. state: the state that it tells of, a key of `style.LOOKS`; marked: whether its glyph goes before.
    brief: the same in fewer words, for where there is no room; empty if there is no other way to say it."""

    text: str
    state: str
    marked: bool = True
    brief: str = ""


class TaskBrief(NamedTuple):
    """What stands at the head of the detail pane.

    state: the state to show the task in: its status, or `silent` or `zombie` when a worker of it is. about: words
    behind its id. said: what is the matter, the most telling first. figures: the rest, in one line if it fits. chain:
    what it is part of, the root first, then the task itself; empty if its parent is the root.
    """

    state: str
    about: str
    said: tuple[Sentence, ...]
    figures: tuple[str, ...]
    chain: tuple[str, ...] = ()


def brief(
    task: Task,
    rows: Mapping[str, TaskRow],
    now: int,
    thresholds: Thresholds,
    usually: Usually,
    looks: Styles,
    family: Family = Family(),  # noqa: B008 (a tuple)
    expected: Sequence[Expectation] = (),
    circle: Sequence[str] = (),
    ancestors: Sequence[str] = (),
    prices: Prices | None = None,
) -> TaskBrief:
    """The heading of a task as of now. family: its parent and how many subtasks it has. expected: what is expected in
    it. circle: the tasks of the deadlock that it is in. ancestors: what it is part of, the root first. prices:
    of tokens, if there are any."""
    status = task.status.value
    quiet = quietest(task)
    seen = watch(quiet, over(task), thresholds) if quiet is not None else None
    silence = seen.word(now) if seen is not None else ""
    hangs = quiet if silence and not task.status.ended else None
    sentence = waiting_for(task, rows, now)
    failure = _failure(task, now, looks)
    figures: list[str] = []
    said: list[Sentence] = []
    if task.status is Status.FAILED and failure is not None:
        said.append(failure)
        if reason := _besides(task):
            said.append(Sentence(f"{sentence.partition(':')[0]}: {reason}", status, marked=False))
        else:
            figures.append(sentence.partition(":")[0])
    elif hangs is not None:
        said.append(_silent(task, hangs, silence, now, usually, looks))
    else:
        said.append(Sentence(sentence, status, marked=False))
    due = [
        Sentence(one.text, "late" if one.late else status, one.late, one.brief)
        for one in expected_of([one for one in expected if one.name != "escalated"], now, looks)
    ]
    if circle:
        due = [Sentence(f"{' waits for '.join((*circle, circle[0]))}: none of them can go on", "late")]
    said += due[:1]
    if task.escalated:
        said.append(_escalated(task, now, looks))
    if failure is not None and not task.status.ended:
        said.append(failure)
    if silence and hangs is None and quiet is not None:
        said.append(Sentence(f"{quiet.worker_id} is still open, last heard of {ago(quiet.last_at, now)} ago", silence))
    said += [Sentence(remark.text, "escalated") for remark in task.remarks[-2:]]
    said += [Sentence(clock_of(actor, skew), "escalated") for actor, skew in _worst_skews(task)]
    said += due[1:]
    about = [status if hangs else "", words(task.priority), words(task.task_type)]
    figures += _figures(task, now, looks, family, ancestors[0] if ancestors else family.parent, prices)
    chain = (*ancestors, task.task_id) if len(ancestors) > 1 else ()
    return TaskBrief(silence if hangs else status, ", ".join(filter(None, about)), tuple(said), tuple(figures), chain)


def _failure(task: Task, now: int, looks: Styles) -> Sentence | None:
    """Who failed, when, and with which words: what `root_cause` finds, if that is a failure."""
    found = cause(task)
    if found is None or not {"worker_failed", "task_failed"} & set(found.event_types):
        return None
    worker = task.workers.get(found.worker) if found.worker else None
    state, text = "failed", found.text or "no reason given"
    if worker is not None and worker.end is WorkerEnd.ZOMBIE:
        state, text = "zombie", f"found dead by the cleanup ({found.text or ZOMBIE_TIMEOUT})"
    who = found.worker or task.master or "the task"
    return Sentence(f"{who}, {looks.stamp(found.at, now)} ({ago(found.at, now)} ago): {text}", state)


def _besides(task: Task) -> str:
    """What the reason of a failed task says besides the error of the worker that it comes from."""
    found = cause(task)
    reason = task.reason or ""
    return reason.replace(found.text, "").rstrip(": ,") if found is not None and found.text else reason


def _escalated(task: Task, now: int, looks: Styles) -> Sentence:
    mark = next((mark for mark in reversed(task.marks) if mark.kind == "escalated"), None)
    if mark is None:
        return Sentence("escalated: waits for a person", "escalated")
    when = f"waits for a person, escalated {looks.stamp(mark.at, now)} ({ago(mark.at, now)} ago)"
    return Sentence(f"{when}: {mark.text}" if mark.text else when, "escalated")


def _silent(task: Task, worker: Worker, state: str, now: int, usually: Usually, looks: Styles) -> Sentence:
    """Who is silent, for how long, what is usual, and the last word."""
    others = sum(w.open for w in task.workers.values()) - 1
    also = f" ({others} more open)" if others > 0 else ""
    if worker.started_at is None and worker.spawned_at is not None and not worker.progress:
        since = ago(worker.spawned_at, now)
        return Sentence(f"{worker.worker_id} was spawned {since} ago and has not started{also}", state)
    usual = usually(worker.worker_type or "")
    normal = f", usual {looks.glyph('≤', '<=')}{format_duration(usual.p95)}" if usual is not None else ""
    words = [f"{worker.percent:g}%" if worker.percent is not None else "", worker.step or ""]
    last = f", last word: {said}" if (said := " ".join(filter(None, words))) else ""
    return Sentence(f"{worker.worker_id} silent for {ago(worker.last_at, now)}{normal}{last}{also}", state)


def _worst_skews(task: Task) -> list[tuple[str, int]]:
    """The clocks that are off most, at least a second."""
    skews = [(actor, skew) for actor, skew in task.skews.items() if abs(skew) >= SECOND]
    return sorted(skews, key=lambda pair: -abs(pair[1]))[:2]


def _owners(task: Task, now: int, looks: Styles) -> str:
    """Who has it, and for how long each of the last ones had it."""
    if len(task.owners) < 2:
        return f"under {short(task.master)}" if task.master else "no master yet"
    over = task.ended_at if task.status.ended and task.ended_at is not None else now
    last = task.owners[-3:]
    spans = [f"{short(one.master)} {ago(one.start, one.end if one.end is not None else over)}" for one in last]
    more = f"{looks.glyph('…', '..')} " if len(task.owners) > len(last) else ""
    return f"under {short(task.master)} ({more}{looks.glyph(' → ', ' -> ').join(spans)})"


def _subtasks(below: Rollup) -> str:
    """How many subtasks are done, and in which states the others are, the worst first."""
    others = [f"{below.by_status[one]} {one.value}" for one in WORST_FIRST[:-1] if one in below.by_status]
    return f"{below.done} of {counted(below.tasks, 'subtask')} done" + (f" ({', '.join(others)})" if others else "")


def _figures(task: Task, now: int, looks: Styles, family: Family, root: str | None, prices: Prices | None) -> list[str]:
    parts = [] if task.status.ended else [f"{format_duration(max(0, now - task.first_at))} old"]
    parts.append(_owners(task, now, looks))
    if task.hosts:
        parts.append(f"on {', '.join(task.hosts)}")
    if task.percent is not None and not task.status.ended:
        parts.append(f"{task.percent:.0f}%")
    if root is not None:
        parts.append(f"part of {root}")
    if family.below is not None and family.subtasks:
        parts.append(_subtasks(family.below))
    if task.runs:
        parts.append(f"{sum(not run.open for run in task.runs)}/{len(task.runs)} runs ended")
    retries = sum(run.retry_of is not None for run in task.runs)
    if retries:
        parts.append(counted(retries, "retry"))
    if len(task.attempts) > 1:
        parts.append(f"attempt {len(task.attempts)}")
    if failures := task.failures:
        retried = sum(one.retried for one in failures)
        parts.append(counted(len(failures), "failure") + (f", {retried} retried" if retried else ""))
    if task.tokens is not None:
        spent = [f"{short(one.master)} {one.tokens:,}" for one in cost_by_owner(task, now) if one.tokens is not None]
        by = f" ({', '.join(spent)})" if len(spent) > 1 else ""
        money = money_of(task, prices)
        price = f", {money.text(prices.currency)}" if prices is not None and money is not None else ""
        parts.append(f"cost {counted(task.tokens, 'token')}{by}{price}")
    if family.together is not None and family.together.tokens not in (None, task.tokens):
        price = f", {family.money.text(prices.currency)}," if prices is not None and family.money is not None else ""
        parts.append(f"{counted(family.together.tokens, 'token')}{price} with subtasks")
    parts.append(counted(task.events, "event"))
    arrow = looks.glyph("→", "->")
    parts += filter(
        None, (route(short(h.from_master), short(h.to_master), arrow) for h in list(task.handoffs.values())[-3:])
    )
    return parts

"""Two tasks side by side: in what they differ, what they spent, and what is the same.

Ids of workers and events differ always and say nothing, so runs are compared by their type and errors by their
fingerprint. A run that failed and was tried again is a retry and nothing else: the run that took its place is compared
with that of the other task. A handoff that was accepted shows in the owners.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from lineage_core.meaning.money import Money, Prices, money_of
from lineage_core.meaning.rollup import Rollup
from lineage_core.model.entities import Task
from lineage_core.model.error_fingerprint import NO_REASON, fingerprint
from lineage_core.model.task_parts import Failure, Status, Worker
from lineage_core.present.rows import elapsed, milliseconds, span, worker_status
from lineage_core.present.sentences import counted
from lineage_core.present.timeline import time_by_phase

NOTHING = "-"


class Side(NamedTuple):
    """A task to be compared. below: what its subtasks come to."""

    task: Task
    below: Rollup | None = None


class Compared(NamedTuple):
    """What two tasks have of one thing, each as words in its order. differs: whether it tells them apart."""

    topic: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    differs: bool


class Spent(NamedTuple):
    """What two tasks took of something; None: not known. unit: ms, tokens, events, or the currency of what is money."""

    topic: str
    unit: str
    a: float | None
    b: float | None

    @property
    def factor(self) -> float | None:
        """How many times as much the second took; None where that is no number."""
        return None if self.b is None or not self.a else self.b / self.a


class Comparison(NamedTuple):
    """facts: what happened, differences first. spent: what it took, from the largest factor on."""

    facts: list[Compared]
    spent: list[Spent]

    @property
    def differences(self) -> list[Compared]:
        """What happened in one of the two tasks only, or otherwise."""
        return [one for one in self.facts if one.differs]


def compare(a: Side, b: Side, now: int, prices: Prices | None = None) -> Comparison:
    """Two tasks at a time (microseconds since the epoch). prices: of tokens, if there are any."""
    facts = []
    for topic, of in TOPICS.items():
        words_a, words_b = list(of(a)), list(of(b))
        shown_a, shown_b = (tuple(shown for _, shown in words) for words in (words_a, words_b))
        differs = [key for key, _ in words_a] != [key for key, _ in words_b]
        if words_a or words_b:
            facts.append(Compared(topic, shown_a, shown_b, differs))
    spent = [one for one in _spent(a.task, b.task, now, prices) if one.a is not None or one.b is not None]
    spent.sort(key=lambda one: -_distance(one))
    return Comparison(sorted(facts, key=lambda one: not one.differs), spent)


Words = Iterable[tuple[object, str]]
"""By what something is compared, and how it is shown."""


def _same(texts: Iterable[str]) -> Words:
    return ((text, text) for text in texts)


def _status(side: Side) -> Words:
    task = side.task
    status = f"{task.status.value}, only a part" if task.partial else task.status.value
    return _same([status, "escalated"] if task.escalated else [status])


def _failures(side: Side, *, retried: bool) -> Iterator[tuple[object, str]]:
    """Failures that were tried again, or that were not: by what failed, and the fingerprint of why."""
    runs = {(run.worker_id, run.number): run for run in side.task.runs}
    for one in side.task.failures:
        if one.retried == retried:
            what = _what(one, runs.get((one.worker_id or "", one.number)))
            error = one.error or NO_REASON
            yield (what, fingerprint(error)), f"{what} failed: {error}"


def _what(failure: Failure, run: Worker | None) -> str:
    if failure.worker_id is None:
        return "the task"
    return (run and run.worker_type) or "a worker"


def _owners(side: Side) -> Words:
    return _same(name for name, _ in groupby(owner.master for owner in side.task.owners))


def _runs(side: Side) -> Words:
    """The runs that did not fail, by type and end; the order in which they began says little."""
    left = [run for run in side.task.runs if not run.failed]
    counts = Counter(f"{run.worker_type or 'worker'} {worker_status(run)}" for run in left)
    return _same(f"{what} ×{count}" if count > 1 else what for what, count in sorted(counts.items()))


def _handoffs(side: Side) -> Words:
    """Those that nobody took."""
    waiting = [one for one in side.task.handoffs.values() if one.waiting]
    return _same(f"to {one.to_master or 'nobody'}, not accepted" for one in waiting)


def _waits(side: Side) -> Iterator[tuple[object, str]]:
    """What it waited for, over or not."""
    for wait in [*(one.wait for one in side.task.waited), *side.task.waits.values()]:
        reason = wait.reason or NO_REASON
        yield wait.name or fingerprint(reason), wait.name or reason


def _escalations(side: Side) -> Iterator[tuple[object, str]]:
    return ((fingerprint(mark.text), mark.text) for mark in side.task.marks if mark.kind == "escalated")


def _subtasks(side: Side) -> Words:
    below = side.below
    if below is None:
        return []
    worst = [f"worst {below.worst.value}"] if below.worst is not None and below.worst is not Status.COMPLETED else []
    return _same([f"{below.tasks}, {below.done} completed", *worst])


TOPICS: dict[str, Callable[[Side], Words]] = {
    "status": _status,
    "failures": lambda side: _failures(side, retried=False),
    "retries": lambda side: _failures(side, retried=True),
    "owners": _owners,
    "runs": _runs,
    "handoffs": _handoffs,
    "waits": _waits,
    "escalations": _escalations,
    "subtasks": _subtasks,
    "deliverables": lambda side: _same(side.task.deliverables),
    "type": lambda side: _same([side.task.task_type] if side.task.task_type else []),
    "priority": lambda side: _same([side.task.priority] if side.task.priority else []),
    "findings": lambda side: _same(remark.rule for remark in side.task.remarks),
}
"""What is compared, in the order in which it is shown."""


def _spent(a: Task, b: Task, now: int, prices: Prices | None) -> Iterator[Spent]:
    yield Spent("elapsed", "ms", milliseconds(elapsed(a, now)), milliseconds(elapsed(b, now)))
    phases = time_by_phase(a, now), time_by_phase(b, now)
    for status in Status:
        yield Spent(status.value, "ms", *(milliseconds(phase.get(status)) for phase in phases))
    yield Spent("tokens", "tokens", a.tokens, b.tokens)
    costs = money_of(a, prices), money_of(b, prices)
    if prices is not None:
        least = any(cost is not None and cost.unpriced for cost in costs)
        amounts = [round(cost.amount, 9) if cost is not None else None for cost in costs]
        yield Spent("cost, at least" if least else "cost", prices.currency, *amounts)
    yield Spent("events", "events", a.events, b.events)


def _distance(one: Spent) -> float:
    """How far apart two numbers are: the factor by which the larger one is larger."""
    low, high = sorted((one.a or 0, one.b or 0))
    return float("inf") if not low and high else high / low if low else 1.0


def summed_up(compared: Comparison) -> str:
    """In what two tasks differ, in a few words."""
    names = [one.topic for one in compared.differences]
    if not names:
        return "no difference but in what was spent"
    return f"{counted(len(names), 'difference')}: {', '.join(names)}"


def amount(spent: Spent, value: float | None) -> str:
    """A number that was spent, for people."""
    if value is None:
        return NOTHING
    if spent.unit == "ms":
        return span(round(value * 1000))
    return f"{value:,}" if spent.unit in ("tokens", "events") else Money(value).text(spent.unit)


def factor(spent: Spent) -> str:
    """How many times as much the second task took, for people; nothing where it is about as much."""
    return f"×{spent.factor:.1f}" if spent.factor is not None and not 0.95 < spent.factor < 1.05 else ""

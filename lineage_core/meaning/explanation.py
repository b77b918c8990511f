"""Why a task stands as it does: its facts in the order in which they count, and the rules that put them there.

The rules are those of `meaning/README.md`; this tells which of them spoke, from the same structure that the task was
made of. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.base.clock import format_duration
from lineage_core.meaning.attempts import attempt_end
from lineage_core.meaning.fold import derive
from lineage_core.meaning.happens_before import Known, certain, handoff_id, likely
from lineage_core.meaning.runs import Span, run_end
from lineage_core.meaning.task_structure import Structure, structure_of
from lineage_core.model.entities import Task
from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact, clock_of, distinct

_BEGINS = {
    "queued": ("task_created",),
    "assigned": ("task_assigned", "task_reassigned"),
    "running": ("task_started", "task_unblocked", "worker_spawned", "worker_started", "worker_progress"),
    "blocked": ("task_blocked",),
}
"""By status: the events that a phase of it begins with."""

_GIVES = ("task_assigned", "task_reassigned", "handoff_accepted", "handoff_completed", "task_started")


class Note(NamedTuple):
    """rule: its name in `meaning/README.md`, or a word like `owner` for what has no number. text: what it says here."""

    rule: str
    text: str


class Step(NamedTuple):
    """A fact in its place. at: when it counts, microseconds since the epoch (the fact has its logged time). part: the
    attempt, run or handoff that it belongs to. effect: what changed with it. notes: the rules that spoke."""

    fact: Fact
    at: int
    part: str
    effect: str
    notes: tuple[Note, ...]


class Explanation(NamedTuple):
    """task: the task that the facts make. steps: its facts in the order in which they count. plain: whether raw order
    and logged times are also those that count."""

    task: Task
    steps: list[Step]
    plain: bool


def explain(task_id: str, facts: list[Fact]) -> Explanation:
    """Why a task stands as it does. facts: all of the task, in any order, with any copies."""
    kept = distinct(facts)
    told = structure_of(task_id, kept)
    task = derive(task_id, kept)
    notes: dict[int, list[Note]] = {}
    for i, note in _notes(task_id, told, task):
        notes.setdefault(i, []).append(note)
    parts, effects = _parts(told, task), _effects(told, task)
    steps = [
        Step(kept[i], told.at[i], parts.get(i, ""), ", ".join(effects.get(i, ())), tuple(notes.get(i, ())))
        for i in told.order
    ]
    plain = told.order == list(range(len(kept))) and all(told.at[i] == fact.at for i, fact in enumerate(kept))
    return Explanation(task, steps, plain)


def _name(fact: Fact) -> str:
    return f"{fact.event_type} by {fact.actor_id}"


def _notes(task_id: str, told: Structure, task: Task) -> Iterator[tuple[int, Note]]:
    """The rules that spoke, each at the fact that it is about."""
    yield from _order_notes(task_id, told)
    for number, (span, reopening) in enumerate(zip(told.attempts, told.reopenings, strict=True), 1):
        yield from _attempt_notes(told.facts, span, number)
        if reopening is not None:
            yield reopening, Note("A3", f"reopens the task after the end of attempt {number}")
    for span, run in zip(told.runs, task.runs, strict=True):
        yield from _run_notes(told.facts, span, run.number)
    yield from _other_notes(told, task)


def _order_notes(task_id: str, told: Structure) -> Iterator[tuple[int, Note]]:
    facts = told.facts
    place = {i: n for n, i in enumerate(told.told)}
    cuts = [k for k, fact in enumerate(facts) if fact.event_type == "task_reassigned"]
    for i in (i for i, n in place.items() if i != n and facts[i].event_type != "task_reassigned"):
        if any((k < i) != (place[k] < place[i]) for k in cuts):
            yield i, Note("O1", f"stands on the side of the reassignment on which {facts[i].actor_id} had the task")
    known = Known(task_id, facts, told.told, told.attempts, told.runs)
    causes: dict[int, list[int]] = {}
    for cause, effect in certain(known) | likely(known):
        causes.setdefault(effect, []).append(cause)
    created = next((i for i, fact in enumerate(facts) if fact.event_type == "task_created"), None)
    for i, fact in enumerate(facts):
        skew = told.at[i] - fact.at
        if i == created and skew < 0:
            yield i, Note("O3", f"is before all else: the clock of {clock_of(fact)} is {format_duration(-skew)} ahead")
        elif skew > 0:
            held = [cause for cause in causes.get(i, ()) if told.at[cause] == told.at[i]]
            after = f"after {_name(facts[min(held)])}" if held else "after its cause"
            yield i, Note("O2", f"counts {after}: the clock of {clock_of(fact)} is {format_duration(skew)} behind")


def _attempt_notes(facts: list[Fact], span: Span, number: int) -> Iterator[tuple[int, Note]]:
    starts = [i for i in span.starts if facts[i].event_type == "task_started"]
    for i in starts[1:]:
        yield i, Note("A1", f"is the start of attempt {number} once more")
    if span.starts and not starts:
        yield span.starts[0], Note("A3", f"starts attempt {number}: a run, where no start was logged")
    if not span.starts:
        yield span.ends[0], Note("A2", f"ends attempt {number}, of which no start was logged")
    elif span.ends and span.ends[0] < span.starts[0]:
        yield span.ends[0], Note("A2", f"ends attempt {number}, though it was logged before its start")
    for i in span.ends:
        if i != span.end and span.end is not None:
            same = attempt_end(facts[i]) is attempt_end(facts[span.end])
            word = "is the same end once more" if same else f"says {attempt_end(facts[i])}; the last end counts"
            yield i, Note("A1" if same else "A5", f"{word} (attempt {number})")


def _run_notes(facts: list[Fact], span: Span, number: int) -> Iterator[tuple[int, Note]]:
    run = f"run {number} of {span.worker}"
    if number > 1:
        yield span.first, Note("R1", f"begins {run}: the one before had ended")
    for i in span.starts:
        if span.ends and i > span.ends[0]:
            yield i, Note("R2", f"belongs to {run}, though it was logged after its end")
    for i in span.ends:
        if i != span.end and span.end is not None and run_end(facts[i]) is not run_end(facts[span.end]):
            yield i, Note("R3", f"says {run_end(facts[i])}; {run_end(facts[span.end])} is stronger ({run})")
    late = [i for i in span.progress if span.ends and i > span.ends[-1]]
    for i in late:
        word = "comes after the end and moves nothing" if span.end is not None else "shows that the run is alive"
        yield i, Note("R4", f"{word} ({run})")


def _other_notes(told: Structure, task: Task) -> Iterator[tuple[int, Note]]:
    firsts = {i for handoff in told.handoffs.values() for i in handoff.values()}
    closed = {span.end for span in told.attempts if span.end is not None}
    over = False
    for i in told.order:
        fact = told.facts[i]
        kind = fact.event_type
        if i in closed:
            over = True
        elif kind == "task_started" or i in told.reopenings:
            over = False
        elif over and kind in ("task_blocked", "task_unblocked", "task_escalated"):
            yield i, Note("A4", "comes after the end and does not change the status")
        if kind.startswith("handoff_") and i not in firsts:
            yield i, Note("handoff", f"says again what was said of {handoff_id(fact)}; the first counts")
        if fact.data.get("priority") == "medium" and kind == "task_assigned" and task.priority not in (None, "medium"):
            yield i, Note("priority", "says medium, which older writers wrote unasked: what was said before holds")
    for wait in task.waits.values():
        if wait.inferred:
            at = next((i for i, fact in enumerate(told.facts) if text_of(fact.data.get("reason")) == wait.reason), None)
            if at is not None:
                yield at, Note("wait", f"{wait.name} is inferred from the reason: blocked_by names no task")


def _parts(told: Structure, task: Task) -> dict[int, str]:
    """By fact: what it belongs to."""
    found: dict[int, str] = {}
    for number, span in enumerate(told.attempts, 1):
        for i in (*span.starts, *span.ends):
            found[i] = f"attempt {number}"
    again = {run.worker_id for run in task.runs if run.number > 1}
    for span, run in zip(told.runs, task.runs, strict=True):
        which = f", run {run.number}" if span.worker in again else ""
        for i in (*span.starts, *span.ends, *span.progress):
            found[i] = span.worker + which
    for i, fact in enumerate(told.facts):
        if fact.event_type.startswith("handoff_"):
            found[i] = handoff_id(fact)
    return found


def _effects(told: Structure, task: Task) -> dict[int, list[str]]:
    """By fact: the status and the owner that hold from it on."""
    found: dict[int, list[str]] = {}

    def first(at: int, types: tuple[str, ...], before: int = -1) -> int | None:
        fits = (n for n, i in enumerate(told.order) if told.at[i] == at and told.facts[i].event_type in types)
        return next((n for n in fits if n > before), None)

    last = -1
    for phase in task.phases:
        place = first(phase.start, _BEGINS.get(phase.status.value, ()), last)
        if place is not None:
            last = place
            found.setdefault(told.order[place], []).append(phase.status.value)
    for number, span in enumerate(told.attempts):
        if span.end is not None and (outcome := task.attempts[number].outcome) is not None:
            found.setdefault(span.end, []).append(outcome.value)
    for owner in task.owners:
        if (place := first(owner.start, _GIVES)) is not None:
            found.setdefault(told.order[place], []).append(f"owner {owner.master}")
    for span, run in zip(told.runs, task.runs, strict=True):
        if span.end is not None and run.end is not None:
            found.setdefault(span.end, []).append(f"run {run.end.value}")
    return found

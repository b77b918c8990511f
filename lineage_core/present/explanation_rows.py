"""Why a task stands as it does, as rows and sentences: for `lineage explain` and the tab of the screen. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from lineage_core.base.clock import format_duration
from lineage_core.meaning.explanation import Explanation, Step
from lineage_core.model.entities import Task
from lineage_core.present.rows import iso, milliseconds, moment
from lineage_core.present.sentences import clock_of

STEP_KEYS = {
    "order": "its place in the order in which events count, from 1",
    "event_type": "what happened",
    "actor_id": "who logged it",
    "lineage_id": "the event",
    "logged_at": "when, by the clock of its actor",
    "counts_at": "when it counts: never before what caused it",
    "skew_ms": "the difference of these",
    "part": "the attempt, worker or handoff that it belongs to",
    "effect": "what holds from it on",
    "rules": "the rules that put it there, each with rule and text (lineage_core/meaning/README.md has them)",
}


class NoteRow(TypedDict):
    """A rule that put a fact where it stands, and what it says."""

    rule: str
    text: str


class StepRow(TypedDict):
    """A fact in its place, by STEP_KEYS."""

    order: int
    event_type: str
    actor_id: str
    lineage_id: str
    logged_at: str | None
    counts_at: str | None
    skew_ms: int | None
    part: str | None
    effect: str | None
    rules: list[NoteRow]


def step_row(number: int, step: Step) -> StepRow:
    """A fact in its place, by STEP_KEYS."""
    return {
        "order": number,
        "event_type": step.fact.event_type,
        "actor_id": step.fact.actor_id,
        "lineage_id": step.fact.lineage_id,
        "logged_at": iso(step.fact.at),
        "counts_at": iso(step.at),
        "skew_ms": milliseconds(step.at - step.fact.at),
        "part": step.part or None,
        "effect": step.effect or None,
        "rules": [{"rule": note.rule, "text": note.text} for note in step.notes],
    }


def telling(steps: list[Step]) -> list[Step]:
    """The facts that changed something or that a rule spoke about, and the last one."""
    return [step for step in steps if step.effect or step.notes or step is steps[-1]]


def says(step: Step) -> str:
    """Why a fact stands where it does, in a few words with the names of the rules."""
    return "; ".join(f"{note.rule}: {note.text}" for note in step.notes)


def conclusions(explanation: Explanation) -> list[str]:
    """What was concluded from the facts, in sentences."""
    return list(_conclusions(explanation.task, explanation))


def _conclusions(task: Task, explanation: Explanation) -> Iterator[str]:
    if explanation.plain:
        yield "All events count in the order in which they were logged."
    else:
        moved = sum(step.at != step.fact.at for step in explanation.steps)
        if moved:
            steps = len(explanation.steps)
            yield f"{moved:,} of {steps:,} events count later or earlier than logged: causes come first."
        else:
            yield "Not all events count in the order in which they were logged."
    for actor, skew in task.skews.items():
        yield f"The {clock_of(actor, skew)}."
    for number, attempt in enumerate(task.attempts, 1):
        start = attempt.started_at
        begun = f"began {moment(start)}Z" if start is not None else "was not logged to start"
        lasted = f" after {format_duration(attempt.length)}" if attempt.length is not None else ""
        ended = f" and {attempt.outcome}{lasted}" if attempt.outcome is not None else " and goes on"
        yield f"Attempt {number} {begun}{ended}."
    for owner in task.owners:
        if owner.end is None:
            yield f"{owner.master} has it since {moment(owner.start)}Z."
        else:
            yield f"{owner.master} had it from {moment(owner.start)}Z to {moment(owner.end)}Z."
    for wait in task.waits.values():
        what = wait.name or "something that is not named"
        how = ", as its reason seems to say" if wait.inferred else ""
        yield f"It waits for {what} since {moment(wait.since)}Z{how}."
    for remark in task.remarks:
        yield f"{remark.text[:1].upper()}{remark.text[1:]} ({remark.rule})."

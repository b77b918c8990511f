"""`lineage summary`: a task in one paragraph, for a report."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.cli import one_task_queries, output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Paper
from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Status
from lineage_core.present.rows import elapsed, iso, milliseconds, moment, span, worker_status
from lineage_core.present.sentences import waiting_for
from lineage_core.present.timeline import time_by_phase
from lineage_core.query.task_lookup import Lookup

if TYPE_CHECKING:
    from lineage_core.model.answer_types import SummaryJson

EXAMPLES = (
    "lineage summary task-1",
    "lineage summary task-1 --json | jq -r .paragraph",
)

KEYS = {
    "task_id": "the task",
    "status": "its status",
    "paragraph": "the summary",
    "first_at": "its first event",
    "ended_at": "when it ended",
    "elapsed_ms": "from its first event to its end, or to now",
    "events": "how many events",
    "attempts": "how often it was started",
    "workers": "how many workers",
    "failed_workers": "how many of them failed, zombies included",
    "retries": "how many took the place of a failed one",
    "handoffs": "how many handoffs",
    "tokens": "tokens used",
    "deliverables": "what it delivered",
    "by_type": "how many events of each type",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage summary`."""
    one_task_queries.add_arguments(parser)
    output.describe(parser, KEYS, "keys")


def answer(args: argparse.Namespace) -> Answer:
    """The summary of a task. Raises UnknownNameError, with the nearest ids."""
    found = one_task_queries.find(args)
    now = clock.now()
    document = _document(found, now)
    return one_task_queries.answer_of(
        found,
        f"Summary of {args.task}",
        text=lambda paper: _text(document, paper),
        columns=tuple(KEYS),
        rows=[document],
        document=document,
        paragraph=document["paragraph"],
    )


def _document(found: Lookup, now: int) -> SummaryJson:
    state, task = found.state, found.task
    row = state.rows[task.task_id]
    return {
        "task_id": task.task_id,
        "status": task.status.value,
        "paragraph": " ".join(_sentences(found, now)),
        "first_at": iso(task.first_at),
        "ended_at": iso(task.ended_at),
        "elapsed_ms": milliseconds(elapsed(task, now)),
        "events": task.events,
        "attempts": len(task.attempts),
        "workers": row.workers,
        "failed_workers": row.failed_workers,
        "retries": row.retries,
        "handoffs": row.handoffs,
        "tokens": task.tokens,
        "deliverables": list(task.deliverables),
        "by_type": dict(Counter(fact.event_type for fact in state.facts(task.task_id))),
    }


def _sentences(found: Lookup, now: int) -> Iterator[str]:
    """The paragraph, sentence by sentence."""
    task = found.task
    kind = " ".join(word for word in (task.priority and f"{task.priority}-priority", task.task_type) if word)
    born = f"was created by {task.creator}" if task.creator else "was first heard of"
    what = f"{task.task_id} ({kind})" if kind else task.task_id
    yield f"{what} {born} at {moment(task.first_at)} UTC."
    parent = found.state.subtasks.parent(task.task_id)
    if parent:
        yield f"It is a subtask of {parent}."
    yield from _course(task, now)
    if task.workers:
        yield _worker_sentence(task)
    accepted = sum(handoff.accepted_at is not None for handoff in task.handoffs.values())
    if task.handoffs:
        yield f"It was handed over {_times(accepted)} ({len(task.handoffs)} offered)."
    children = found.state.subtasks.children(task.task_id)
    if children:
        yield f"It has {_count(len(children), 'subtask')}."
    if task.tokens is not None:
        yield f"It used {task.tokens} tokens."
    if task.deliverables:
        yield f"It delivered {', '.join(task.deliverables)}."
    if not task.status.ended:
        yield f"At {moment(now)} UTC it is {waiting_for(task, found.state.rows, now)}."


def _course(task: Task, now: int) -> Iterator[str]:
    """How it went: under whom, for how long, and how it ended."""
    phases = [
        f"{span(micros)} {status.value}" for status, micros in time_by_phase(task, now).items() if micros >= 1_000_000
    ]
    spent = f" ({', '.join(phases)})" if phases else ""
    under = f" under {task.master}" if task.master else ""
    total = span(elapsed(task, now))
    match task.status:
        case Status.COMPLETED:
            yield f"It completed{under} after {total}{spent}."
        case Status.FAILED | Status.CANCELLED:
            verb = "failed" if task.status is Status.FAILED else "was cancelled"
            yield f"It {verb}{under} after {total}{spent}" + (f": {task.reason}." if task.reason else ".")
        case _:
            yield f"It has been open{under} for {total}{spent}."
    if len(task.attempts) > 1:
        yield f"It was started {_times(len(task.attempts))}."
    escalated = sum(mark.kind == "escalated" for mark in task.marks)
    if escalated:
        yield f"It was escalated {_times(escalated)}."
    moved = [mark.text for mark in task.marks if mark.kind == "reassigned"]
    if moved:
        yield f"It was reassigned: {', '.join(moved)}."


def _worker_sentence(task: Task) -> str:
    counts = Counter(worker_status(worker) for worker in task.workers.values())
    counted = ", ".join(
        f"{number} {'succeeded' if status == 'success' else status}" for status, number in counts.items()
    )
    errors = dict.fromkeys(worker.error for worker in task.workers.values() if worker.error)
    why = f": {'; '.join(errors)}" if errors else ""
    return f"{_count(len(task.workers), 'worker')} worked on it ({counted}{why})."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _text(document: SummaryJson, paper: Paper) -> Iterator[Line]:
    yield document["paragraph"]
    yield ""
    for name, number in document["by_type"].items():
        yield f"{number:7}  {name}"
    yield [f"{document['events']:7}  ", ("events", "head")]

"""`lineage task`: everything about one task."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage_core.base import clock
from lineage_core.base.errors import UnknownNameError
from lineage_core.cli import output, single_task
from lineage_core.cli.commands import events, workers
from lineage_core.cli.output import Answer, Line, Paper, Piece, UrlLink
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.model import record as intact
from lineage_core.model.entities import Task
from lineage_core.model.expectations import Expectation
from lineage_core.present.expected import says
from lineage_core.present.rows import (
    EVENT_KEYS,
    elapsed,
    handoff_row,
    iso,
    moment,
    phase_row,
    span,
    worker_row,
)
from lineage_core.present.sentences import clock_of, counted, waiting_for
from lineage_core.present.task_rows import DETAIL_KEYS, blockers, task_details, timed_failures
from lineage_core.present.timeline import time_by_phase
from lineage_core.query.block_search import one_line
from lineage_core.query.judged_tasks import JudgedTasks
from lineage_core.query.task_lookup import Lookup, linked_ids, look_up
from lineage_core.rules.thresholds import thresholds
from lineage_core.rules.usual import CachedUsual
from lineage_core.settings import late_settings as late
from lineage_core.settings.config_file import read_config, read_late
from lineage_core.settings.trace_url import url_of
from lineage_core.state.family import family_of
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage task task-1",
    "lineage task task-1 --json | jq '.workers[] | select(.status == \"failed\")'",
    "lineage task task-1 --format csv --limit 20",
)

KEYS = {
    "task": "the task: a row as `lineage tasks` gives it",
    "now": "what it waits for, or how it ended, in one sentence",
    **DETAIL_KEYS,
    "phases": "its phases: status, start, end, duration_ms",
    "workers": "the runs of its workers: rows as `lineage workers` gives them",
    "handoffs": "its handoffs: handoff_id, from_master, to_master, created_at, accepted_at, accepted_by, "
    "completed_at, waited_ms, waiting",
    "marks": "escalations and reassignments: at, kind, text",
    "links": "other tasks: task_id, relation (parent, subtask, blocked by, blocks, related, named by), status",
    "deliverables": "what it delivered",
    "tags": "its tags",
    "events": "its events, as they were written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage task`."""
    late.add_arguments(parser)
    single_task.add_arguments(parser, "events, the newest ones")
    output.describe(parser, KEYS, "keys as JSON (csv and jsonl give the events)")


def answer(args: argparse.Namespace) -> Answer:
    """Everything of a task. Raises UnknownNameError, with the nearest ids."""
    found = single_task.find(args)
    now = clock.now()
    judged, usual = judged_of(found, lineage_dir(args.dir), args, now)
    raws = found.raws if args.limit is None else found.raws[max(0, len(found.raws) - args.limit) :]
    records = [intact.parse(one_line(raw)) for raw in raws]
    return single_task.answer_of(
        found,
        f"Task {args.task}",
        text=lambda paper: _text(judged, usual, found, records, now, paper, lineage_dir(args.dir)),
        columns=tuple(EVENT_KEYS),
        rows=map(events.row_of, raws),
        document=document_of(judged, found, now),
        records=map(one_line, raws),
        paragraph=waiting_for(found.task, found.state.rows, now),
    )


def judged_of(found: Lookup, directory: Path, args: argparse.Namespace, now: int) -> tuple[JudgedTasks, CachedUsual]:
    """What is to be told of a task that was looked up, by what is usual as far as the cache knows."""
    usual = CachedUsual(directory, now)
    limits = replace(thresholds(read_late(vars(args))), usual=usual.late)
    return JudgedTasks(found.state, now, limits, lambda task_id: task_id not in found.linked), usual


def document_of(judged: JudgedTasks, found: Lookup, now: int) -> dict[str, Any]:
    """The task, by KEYS, without its events."""
    state, task = found.state, found.task
    return {
        "task": judged.row(state.rows[task.task_id]),
        "now": waiting_for(task, state.rows, now),
        **task_details(task, state.rows, now),
        "phases": [phase_row(phase, now) for phase in task.phases],
        "workers": [worker_row(task.task_id, worker, now) for worker in task.runs],
        "handoffs": [handoff_row(handoff, now) for handoff in task.handoffs.values()],
        "marks": [{"at": iso(mark.at), "kind": mark.kind, "text": mark.text} for mark in task.marks],
        "links": links_of(found),
        "deliverables": list(task.deliverables),
        "tags": list(task.tags),
    }


def links_of(found: Lookup) -> list[dict[str, Any]]:
    """The tasks that a task is linked to: task_id, relation, and their status if it was looked up."""
    state, task = found.state, found.task
    parent = state.subtasks.parent(task.task_id)
    children = set(state.subtasks.children(task.task_id))
    waits = blockers(task, state.rows)
    links = []
    for name in linked_ids(state, task):
        row = state.rows.get(name)
        if name == parent:
            relation = "parent"
        elif name in children:
            relation = "subtask"
        elif name in waits:
            relation = "blocked by"
        elif row and task.task_id in blockers(row, state.rows):
            relation = "blocks"
        else:
            relation = "related" if name in task.related else "named by"
        status = row.status.value if row and name in found.linked else None
        links.append({"task_id": name, "relation": relation, "status": status})
    return links


def _text(
    judged: JudgedTasks,
    usual: CachedUsual,
    found: Lookup,
    records: list[dict[str, Any]],
    now: int,
    paper: Paper,
    directory: Path,
) -> Iterator[Line]:
    state, task = found.state, found.task
    row = state.rows[task.task_id]
    yield [(task.task_id, "head"), "  ", (task.status.value, task.status.value), *_flags(task)]
    yield waiting_for(task, state.rows, now)
    yield from expected_lines(judged.expected(row), usual, now)
    yield ""
    for name, value in (
        ("type", task.task_type),
        ("priority", task.priority),
        ("creator", task.creator),
        ("master", _owners(task, now)),
        ("session", task.session),
        ("trace", _trace(found, directory)),
        ("reason", task.reason),
        ("tags", ", ".join(task.tags)),
        ("delivered", ", ".join(task.deliverables)),
        ("tokens", str(task.tokens) if task.tokens is not None else None),
        ("subtasks", _subtasks(found, now)),
        ("elapsed", f"{span(elapsed(row, now))} from {moment(row.first_at)}Z to {_end(task)}"),
        ("attempts", str(len(task.attempts)) if len(task.attempts) > 1 else None),
    ):
        if value:
            yield [(f"{name:11}", "muted"), value]
    spent = time_by_phase(task, now)
    if spent:
        phases: list[Piece] = [("phases     ", "muted")]
        for status, micros in spent.items():
            phases += [(status.value, status.value), f" {span(micros)}  "]
        yield phases
    for label, text in _remarkable(task, now):
        yield [(f"{label:11}", "muted"), text]
    for link in links_of(found):
        known = f" ({link['status']})" if link["status"] else ""
        yield [(f"{link['relation']:11}", "muted"), f"{link['task_id']}{known}"]
    for mark in task.marks:
        yield [(f"{mark.kind:11}", "muted"), f"{moment(mark.at)}Z {mark.text}"]
    if task.workers:
        yield ""
        items = [(worker.last_at, worker_row(task.task_id, worker, now)) for worker in task.runs]
        yield from workers.text_lines(items, now, paper, with_task=False)
    if task.handoffs:
        yield ""
        cells: list[list[Piece]] = [
            [
                handoff.handoff_id,
                handoff.from_master or "",
                handoff.to_master or "",
                "waiting" if handoff.waiting else "completed" if handoff.completed_at else "accepted",
                span(handoff_wait(row)),
            ]
            for handoff in task.handoffs.values()
            for row in (handoff_row(handoff, now),)
        ]
        yield from output.table(("HANDOFF", "FROM", "TO", "STATUS", "WAITED"), cells, right=(4,))
    yield ""
    yield (f"{len(records)} of {row.events} events" if len(records) < row.events else f"{row.events} events", "head")
    yield from events.text_lines(records, paper, with_task=False)


def _trace(found: Lookup, directory: Path) -> Piece | None:
    """The trace of the task as it was stated, which leads to where it can be seen, if `trace_url` says where that is.

    Then a task that states none has one too: that of its root, which is looked up.
    """
    template, stated = read_config().get("trace_url"), found.task.trace
    if template is None:
        return stated
    from lineage_core.otel.trace_context import Traces

    trace, top = Traces(found.state).trace_of(found.task.task_id)
    seen: set[str] = set()
    while top not in found.linked and top not in seen and top != found.task.task_id:
        seen.add(top)
        try:
            found = look_up(directory, top)
        except UnknownNameError:
            break
        trace, top = Traces(found.state).trace_of(top)
    return UrlLink(stated or trace, url_of(template, trace))


def _owners(task: Task, now: int) -> str:
    """Who has the task, and who had it before for how long."""
    *before, _ = task_details(task, (), now)["owners"] or [None]
    earlier = [f"{owner['master']} ({span(owner['duration_ms'] * 1000)})" for owner in before]
    return f"{task.master}, after {', '.join(earlier)}" if earlier else task.master or ""


def expected_lines(expected: list[Expectation], usual: CachedUsual, now: int) -> Iterator[Line]:
    """What is expected in a task, what is late first, and where nothing can tell what is usual, that."""
    for one in sorted(expected, key=lambda one: (not one.late(now), one.due or 0)):
        yield [(says(one, now), "bad" if one.late(now) else "muted")]
    if any(one.limit is not None and one.limit.by != "set" for one in expected) and not usual.known:
        yield ("by the defaults: no cache tells what is usual (lineage attention makes one)", "muted")


def _subtasks(found: Lookup, now: int) -> str:
    family = family_of(found.state, found.task.task_id, now)
    below, together = family.below, family.together
    if below is None or together is None:
        return ""
    worst = f", worst {below.worst.value}" if below.worst is not None else ""
    tokens = f", {together.tokens} tokens with them" if together.tokens is not None else ""
    return f"{below.done} of {below.tasks} completed{worst}{tokens}, {span(together.elapsed)} in all"


def _remarkable(task: Task, now: int) -> Iterator[tuple[str, str]]:
    """What there is only of some tasks: cost by owner, failed attempts, skewed clocks, patterns of no sound run."""
    costs = cost_by_owner(task, now)
    for cost in costs if len(costs) > 1 else ():
        parts = [
            span(cost.micros),
            f"{cost.tokens} tokens" if cost.tokens is not None else "",
            counted(cost.runs, "run"),
        ]
        parts.append(counted(cost.failures, "failure") if cost.failures else "")
        yield "cost", f"{cost.master}: {', '.join(filter(None, parts))}"
    for at, row in timed_failures(task):
        if row["what"] == "task":
            why = f": {row['reason']}" if row["reason"] else ""
            again = " (retried)" if row["retried"] else ""
            yield "failed", f"{moment(at)}Z attempt {row['number']}{why}{again}"
    for actor, skew in task.skews.items():
        yield "skew", clock_of(actor, skew)
    for remark in task.remarks:
        yield "finding", remark.text


def handoff_wait(row: dict[str, Any]) -> int | None:
    """Microseconds that a handoff waited."""
    return None if row["waited_ms"] is None else row["waited_ms"] * 1000


def _flags(task: Task) -> list[Piece]:
    return ["  ", ("escalated", "escalated")] if task.escalated else []


def _end(task: Task) -> str:
    return f"{moment(task.ended_at)}Z" if task.ended_at is not None else "now"

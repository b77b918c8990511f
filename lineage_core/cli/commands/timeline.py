"""`lineage timeline`: the bars and marks of a task, in text."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.cli import one_task_queries, output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Paper
from lineage_core.model.entities import Task
from lineage_core.present import timeline_text as drawing
from lineage_core.present.rows import iso, milliseconds, moment, span
from lineage_core.present.timeline import Bar, Timeline, timeline

if TYPE_CHECKING:
    from lineage_core.model.answer_types import TimelineDocument, TimelinePartJson

EXAMPLES = (
    "lineage timeline task-1",
    "lineage timeline task-1 --ascii",
    "lineage timeline task-1 --format csv",
)

KEYS = {
    "lane": "phases, owners, worker or handoff",
    "name": "the task, worker or handoff",
    "what": "bar or mark",
    "kind": "a status; owner; spawn, run or how a worker ended; handoff wait or handoff; escalated, reassigned, "
    "progress",
    "start": "when it begins",
    "end": "when it ends; none while it lasts and for marks",
    "offset_ms": "from the task's first event to its start",
    "duration_ms": "how long it lasts, or has lasted",
    "text": "a few words",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage timeline`."""
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    one_task_queries.add_arguments(parser)
    output.describe(parser, KEYS, "keys of a part; as JSON, one object: task_id, status, start, end, elapsed_ms, parts")


def answer(args: argparse.Namespace) -> Answer:
    """The timeline of a task. Raises UnknownNameError, with the nearest ids."""
    found = one_task_queries.find(args, links=False)
    task, now = found.task, clock.now()
    line = timeline(task)
    document = document_of(task, now)
    return one_task_queries.answer_of(
        found,
        f"Timeline of {args.task}",
        text=lambda paper: _text(task, line, now, paper),
        columns=tuple(KEYS),
        rows=document["parts"],
        document=document,
    )


def document_of(task: Task, now: int) -> TimelineDocument:
    """The timeline as JSON: task_id, status, start, end, elapsed_ms, and the parts by KEYS."""
    line = timeline(task)
    end = now if line.end is None else line.end
    return {
        "task_id": task.task_id,
        "status": task.status.value,
        "start": iso(line.start),
        "end": iso(line.end),
        "elapsed_ms": milliseconds(end - line.start),
        "parts": rows_of(line, now),
    }


def rows_of(line: Timeline, now: int) -> list[TimelinePartJson]:
    """The bars and marks in the order of time, by KEYS."""
    rows: list[TimelinePartJson] = []
    for lane, part in drawing.parts(line):
        bar = isinstance(part, Bar)
        start = part.start if isinstance(part, Bar) else part.at
        end = part.end if isinstance(part, Bar) else None
        rows.append(
            {
                "lane": lane.kind,
                "name": lane.name,
                "what": "bar" if bar else "mark",
                "kind": part.kind,
                "start": iso(start),
                "end": iso(end),
                "offset_ms": milliseconds(start - line.start),
                "duration_ms": milliseconds(max(0, (now if end is None else end) - start)) if bar else None,
                "text": part.text,
            }
        )
    return rows


def _text(task: Task, line: Timeline, now: int, paper: Paper) -> Iterator[Line]:
    yield [(task.task_id, "head"), "  ", (task.status.value, task.status.value), f"  from {moment(line.start)}Z"]
    yield ""
    yield from drawing.draw(line, now, paper.width, paper.ascii)
    yield ""
    for lane, part in drawing.parts(line):
        if isinstance(part, Bar):
            length = span((now if part.end is None else part.end) - part.start) + ("" if part.end is not None else "…")
            start, what = part.start, f"{drawing.BARS[part.kind].word if part.kind in drawing.BARS else part.kind}"
        else:
            start, length, what = part.at, "", part.kind
        name = "" if lane.kind in ("phases", "owners") else f"  {lane.name}"
        note = f"  {part.text}" if what not in (part.text, "running") and part.text not in ("run", part.kind) else ""
        yield [f"{'+' + span(start - line.start):>8}  {length:>8}  ", (what, part.kind), name, note]

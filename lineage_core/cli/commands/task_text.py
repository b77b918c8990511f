"""What `lineage task` prints for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.base.errors import UnknownNameError
from lineage_core.cli import text_output
from lineage_core.cli.commands import events, workers
from lineage_core.cli.text_output import Line, Paper, Piece, UrlLink
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.meaning.money import money_of
from lineage_core.model.entities import Task
from lineage_core.model.expectations import Expectation
from lineage_core.model.record import Record
from lineage_core.present.expectation_rows import says
from lineage_core.present.rows import elapsed, handoff_row, moment, span, worker_row
from lineage_core.present.sentences import clock_of, counted, waiting_for
from lineage_core.present.task_rows import blockers, timed_failures
from lineage_core.present.timeline import time_by_phase
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.query.task_lookup import Lookup, linked_ids, look_up
from lineage_core.rules.usual_durations import CachedUsual
from lineage_core.settings.config_file import read_config
from lineage_core.settings.prices import prices_of
from lineage_core.settings.trace_url import url_of
from lineage_core.state.parents import family_of

if TYPE_CHECKING:
    from lineage_core.model.answer_types import LinkJson
    from lineage_core.model.row_types import ForecastJson, HandoffJson


def text_lines(
    judged: JudgedTasks,
    usual: CachedUsual,
    found: Lookup,
    records: list[Record],
    now: int,
    paper: Paper,
    directory: Path,
    forecasts: list[ForecastJson] | None,
) -> Iterator[Line]:
    """All of a task: its state, what is expected of it, its parts, and its events.

    judged, usual: what is expected, and from what that is known. records: its events. now: microseconds since 1970.
    directory: where it was found. forecasts: of it and its open workers; None if they were not asked for.
    """
    state, task = found.state, found.task
    row = state.rows[task.task_id]
    yield [(task.task_id, "head"), "  ", (task.status.value, task.status.value), *_flags(task)]
    yield waiting_for(task, state.rows, now)
    yield from expected_lines(judged.expected(row), usual, now)
    for one in forecasts or ():
        yield one["sentence"] if one["worker_id"] is None else f"{one['worker_id']}: {one['sentence']}"
    yield ""
    for name, value in (
        ("type", task.task_type),
        ("priority", task.priority),
        ("creator", task.creator),
        ("hosts", ", ".join(task.hosts)),
        ("master", _owners(task, now)),
        ("session", task.session),
        ("trace", _trace(found, directory)),
        ("reason", task.reason),
        ("tags", ", ".join(task.tags)),
        ("delivered", ", ".join(task.deliverables)),
        ("tokens", f"{task.tokens}{_money(task)}" if task.tokens is not None else None),
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
        yield from workers.text_lines(items, now, paper, with_task=False, with_host=len(task.hosts) > 1)
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
        yield from text_output.table(("HANDOFF", "FROM", "TO", "STATUS", "WAITED"), cells, right=(4,))
    yield ""
    of = f"{len(records):,} of " if len(records) < row.events else ""
    yield (of + counted(row.events, "event"), "head")
    yield from events.text_lines(records, paper, with_task=False, with_host=len(task.hosts) > 1)


def _money(task: Task) -> str:
    """What its tokens cost, if there are prices."""
    prices = prices_of(read_config())
    money = money_of(task, prices)
    return f", {money.text(prices.currency)}" if prices is not None and money is not None else ""


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
    earlier = [f"{owner.master} ({span(max(0, (owner.end or now) - owner.start))})" for owner in task.owners[:-1]]
    return f"{task.master}, after {', '.join(earlier)}" if earlier else task.master or ""


def expected_lines(expected: list[Expectation], usual: CachedUsual, now: int) -> Iterator[Line]:
    """What is expected in a task, what is late first, and where nothing can tell what is usual, that."""
    for one in sorted(expected, key=lambda one: (not one.late(now), one.due or 0)):
        yield [(says(one, now), "bad" if one.late(now) else "muted")]
    if any(one.limit is not None and one.limit.by != "set" for one in expected) and not usual.known:
        yield ("by the defaults: no cache tells what is usual (lineage attention makes one)", "muted")


def _subtasks(found: Lookup, now: int) -> str:
    prices = prices_of(read_config())
    family = family_of(found.state, found.task.task_id, now, prices)
    below, together = family.below, family.together
    if below is None or together is None:
        return ""
    worst = f", worst {below.worst.value}" if below.worst is not None else ""
    price = f", {family.money.text(prices.currency)}," if prices is not None and family.money is not None else ""
    tokens = f", {together.tokens} tokens{price} with them" if together.tokens is not None else ""
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


def handoff_wait(row: HandoffJson) -> int | None:
    """Microseconds that a handoff waited."""
    return None if row["waited_ms"] is None else row["waited_ms"] * 1000


def _flags(task: Task) -> list[Piece]:
    return ["  ", ("escalated", "escalated")] if task.escalated else []


def _end(task: Task) -> str:
    return f"{moment(task.ended_at)}Z" if task.ended_at is not None else "now"


def links_of(found: Lookup) -> list[LinkJson]:
    """The tasks that a task is linked to: task_id, relation, and their status if it was looked up."""
    state, task = found.state, found.task
    parent = state.subtasks.parent(task.task_id)
    children = set(state.subtasks.children(task.task_id))
    waits = blockers(task, state.rows)
    links: list[LinkJson] = []
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

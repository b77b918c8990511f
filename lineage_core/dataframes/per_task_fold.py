"""The events frame -> tasks, runs, handoffs, phases and costs, one task after the other, by `meaning/fold.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl
from polars import col

from lineage_core.dataframes.records import TEXTS
from lineage_core.dataframes.schema import schema_of
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.meaning.fold import walk
from lineage_core.meaning.task_row import row_of
from lineage_core.meaning.task_structure import structure_of
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import Handoff, Worker

_DATA = {name: key for name, key in TEXTS.items() if name != "parent_task"} | {
    "priority_given": "priority_given",
    "error": "error_details",
    "tokens": "token_usage",
    "token_budget": "token_budget",
    "duration_ms": "duration_ms",
    "blocked_by": "blocked_by",
}
"""Columns of events, and the keys of `event_data` that they come from."""

_FIELDS = ["task_id", "at", "event_type", "actor_type", "actor_id", "session", "id_hash", "parent_hash", *_DATA]


def folded(ordered: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The frames tasks, workers, handoffs, phases and costs of events in order (`tasks.in_order`)."""
    rows: dict[str, list[tuple[Any, ...]]] = {"tasks": [], "workers": [], "handoffs": [], "phases": [], "costs": []}
    for task_id, facts in _facts(ordered):
        task = walk(task_id, structure_of(task_id, facts))  # it is not plain: trying would take a sixth of the time
        rows["tasks"].append(_task(task))
        rows["workers"] += [_run(task_id, run) for run in task.runs]
        rows["handoffs"] += [_handoff(task_id, handoff) for handoff in task.handoffs.values()]
        rows["phases"] += _phases(task)
        rows["costs"] += _costs(task)
    return {what: _frame(what, found) for what, found in rows.items()}


def _frame(what: str, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    schema = schema_of(what)
    times = {name for name, kind in schema.items() if kind == pl.Datetime}
    plain = {name: pl.Int64() if name in times else kind for name, kind in schema.items()}
    return pl.DataFrame(rows, schema=plain, orient="row").with_columns(col(name).cast(schema[name]) for name in times)


def _facts(ordered: pl.DataFrame) -> Iterator[tuple[str, list[Fact]]]:
    """The facts of each task, as far as frames hold them."""
    columns = ordered.select(_FIELDS).with_columns(col("at").cast(pl.Int64))
    texts = [name for name, kind in columns.schema.items() if kind == pl.Categorical]
    rows = columns.with_columns(col(name).cast(pl.String) for name in texts).rows()
    keys = [*_DATA.values()]
    here: str | None = None
    facts: list[Fact] = []
    for n, (task_id, at, kind, actor_type, actor, session, own, parent, *values) in enumerate(rows):
        if task_id != here:
            if here is not None:
                yield here, facts
            here, facts = task_id, []
        data = {key: value for key, value in zip(keys, values, strict=True) if value is not None}
        if "blocked_by" in data:
            data["blocked_by"] = data["blocked_by"].split("\n")
        extra = {"session_id": session} if session is not None else {}
        cause = None if parent is None else str(parent)
        facts.append(Fact(at, "", n, str(own), n, 0, kind, actor_type, actor, cause, data, extra))
    if here is not None:
        yield here, facts


def ms(later: int | None, earlier: int | None) -> float | None:
    """Milliseconds between two times in microseconds."""
    return None if later is None or earlier is None else (later - earlier) / 1000


def _task(task: Task) -> tuple[Any, ...]:
    row = row_of(task)
    blocks = [phase.end - phase.start for phase in task.phases if phase.status == "blocked" and phase.end is not None]
    return (
        task.task_id,
        row.status.value,
        row.since,
        row.first_at,
        row.last_at,
        task.created_at,
        row.started_at,
        row.ended_at,
        row.attempts,
        row.failed_attempts,
        row.escalated,
        row.task_type,
        row.priority,
        row.master,
        row.session,
        row.tokens,
        task.duration_ms,
        ms(task.started_at, task.created_at),
        ms(task.ended_at, task.started_at),
        sum(blocks) / 1000 if blocks else None,
        row.workers,
        row.open_workers,
        row.failed_workers,
        row.retries,
        row.silent_since,
        row.handoffs,
        row.handoff_since,
        row.events,
    )


def _run(task_id: str, run: Worker) -> tuple[Any, ...]:
    return (
        task_id,
        run.worker_id,
        run.number,
        run.worker_type,
        run.master,
        run.first_at,
        run.last_at,
        run.spawned_at,
        run.started_at,
        run.ended_at,
        run.end and run.end.value,
        run.error,
        run.tokens,
        run.token_budget,
        run.duration_ms,
        ms(run.started_at, run.spawned_at),
        None if run.length is None else run.length / 1000,
        run.retry_of,
    )


def _handoff(task_id: str, handoff: Handoff) -> tuple[Any, ...]:
    return (
        task_id,
        handoff.handoff_id,
        handoff.from_master,
        handoff.to_master,
        handoff.created_at,
        handoff.accepted_at,
        handoff.completed_at,
        ms(handoff.accepted_at, handoff.created_at),
    )


def _phases(task: Task) -> Iterable[tuple[Any, ...]]:
    """The phases, and of each attempt that ended the time from its end until the next phase."""
    for phase in task.phases:
        yield task.task_id, phase.status.value, phase.start, phase.end
    for attempt in task.attempts:
        if attempt.outcome is not None and attempt.ended_at is not None:
            later = [phase.start for phase in task.phases if phase.start >= attempt.ended_at]
            yield task.task_id, attempt.outcome.value, attempt.ended_at, min(later, default=None)


def _costs(task: Task) -> list[tuple[Any, ...]]:
    """The tokens by master and worker type, if not all are those of the owner."""
    if task.tokens is None:
        return []
    costs = [cost for cost in cost_by_owner(task, task.last_at) if cost.tokens is not None]
    if [(cost.master, cost.tokens) for cost in costs] == [(task.master, task.tokens)]:
        return []
    return [(task.task_id, cost.master, kind, used) for cost in costs for kind, used in cost.by_type.items()]

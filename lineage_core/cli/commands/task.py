"""`lineage task`: everything about one task."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.cli import one_task_queries, output
from lineage_core.cli.commands import events
from lineage_core.cli.commands.task_text import links_of, text_lines
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import load_all
from lineage_core.meaning.money import money_of
from lineage_core.model import record as intact
from lineage_core.model.entities import Task
from lineage_core.present.rows import (
    EVENT_KEYS,
    handoff_row,
    iso,
    phase_row,
    worker_row,
)
from lineage_core.present.sentences import waiting_for
from lineage_core.present.task_rows import DETAIL_KEYS, task_details
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.query.task_lookup import Lookup
from lineage_core.read.compact_record import one_line
from lineage_core.rules.thresholds import thresholds
from lineage_core.rules.usual_durations import CachedUsual
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_config, read_late
from lineage_core.settings.prices import prices_of
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.model.answer_types import TaskDocument
    from lineage_core.model.row_types import ForecastJson

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
    "money": "with [prices] in the config file, what its tokens cost: amount, currency, unpriced_tokens (without a "
    "price)",
    "forecast": "with --forecast: when it and its open workers end, each by the keys of lineage forecast",
    "events": "its events, as they were written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage task`."""
    parser.add_argument("--forecast", action="store_true", help="also when it will end: learns from all that ended")
    late.add_arguments(parser)
    one_task_queries.add_arguments(parser, "events, the newest ones")
    output.describe(parser, KEYS, "keys as JSON (csv and jsonl give the events)")


def answer(args: argparse.Namespace) -> Answer:
    """Everything of a task. Raises UnknownNameError, with the nearest ids."""
    found = one_task_queries.find(args)
    now = clock.now()
    judged, usual = judged_of(found, lineage_dir(args.dir), args, now)
    raws = found.raws if args.limit is None else found.raws[max(0, len(found.raws) - args.limit) :]
    records = [intact.parse(one_line(raw)) for raw in raws]
    forecasts = _forecasts(args, now) if args.forecast else None
    return one_task_queries.answer_of(
        found,
        f"Task {args.task}",
        text=lambda paper: text_lines(judged, usual, found, records, now, paper, lineage_dir(args.dir), forecasts),
        columns=tuple(EVENT_KEYS),
        rows=map(events.row_of, raws),
        document={
            **document_of(judged, found, now),
            **_money_row(found.task),
            **({} if forecasts is None else {"forecast": forecasts}),
        },
        records=map(one_line, raws),
        paragraph=waiting_for(found.task, found.state.rows, now),
    )


def _forecasts(args: argparse.Namespace, now: int) -> list[ForecastJson]:
    """When the task and its open workers will end, from all that ended: none if it is over."""
    from lineage_core.forecast.forecast_rows import forecast_rows
    from lineage_core.forecast.live_forecasts import learned

    state = load_all(lineage_dir(args.dir)).state
    return [*forecast_rows(learned(state, now), [args.task], now)] if args.task in state.rows else []


def judged_of(found: Lookup, directory: Path, args: argparse.Namespace, now: int) -> tuple[JudgedTasks, CachedUsual]:
    """What is to be told of a task that was looked up, by what is usual as far as the cache knows.

    args: has the options that say when something is late. now: microseconds since the epoch.
    """
    usual = CachedUsual(directory, now)
    limits = replace(thresholds(read_late(vars(args))), usual=usual.late)
    return JudgedTasks(found.state, now, limits, lambda task_id: task_id not in found.linked), usual


def document_of(judged: JudgedTasks, found: Lookup, now: int) -> TaskDocument:
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


def _money_row(task: Task) -> dict[str, object]:
    """The same by its key of KEYS; nothing without prices."""
    prices = prices_of(read_config())
    if prices is None:
        return {}
    money = money_of(task, prices)
    row = None if money is None else {"amount": round(money.amount, 9), "currency": prices.currency}
    return {"money": None if row is None or money is None else {**row, "unpriced_tokens": money.unpriced}}

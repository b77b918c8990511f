"""`lineage tasks`: one line for each task."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError
from lineage_core.cli import lake_option, output, period, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import load_all
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.forecast.forecast_rows import TASK_FORECAST_KEYS, task_forecast
from lineage_core.forecast.live_forecasts import Foresight, learned, slow_of
from lineage_core.forecast.phrases import short
from lineage_core.model.entities import TaskRow
from lineage_core.model.event_types import nearest
from lineage_core.present.host_columns import HOSTS, columns, on
from lineage_core.present.rows import elapsed, span
from lineage_core.present.task_rows import TASK_KEYS, blockers
from lineage_core.query import filter_parser as filters
from lineage_core.query.filter_terms import FilterContext
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.rules.thresholds import thresholds
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_late
from lineage_core.state.parents import family_of
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage tasks is:open",
    "lineage tasks status:failed,cancelled --since 1d",
    "lineage tasks owner:security '!status:completed' --sort tokens --limit 10",
    "lineage tasks is:slow owner:dev",
    "lineage tasks is:zombie,silent worker:scan/open",
    "lineage tasks ended:failed/24h 'why:branch is # behind'",
    "lineage tasks master:dev '!owner:dev'",
    "lineage tasks is:late --sort late_since --reverse",
    "lineage tasks is:open --forecast --sort end_at",
    "lineage tasks --json | jq -r '.[] | select(.retries > 1) | .task_id'",
)

_ASCENDING = frozenset(
    ("task_id", "status", "type", "priority", "master", "session_id", "trace_id", "parent_task_id", "end_at", "hosts")
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage tasks`."""
    parser.add_argument(
        "filters",
        nargs="*",
        metavar="FILTER",
        type=output.name,
        help="what a task must match: see the filters",
    )
    parser.add_argument(
        "--sort",
        default="last_at",
        metavar="KEY",
        help="a key of the rows (default last_at); the newest or largest come first, names from A to Z",
    )
    parser.add_argument(
        "--forecast", action="store_true", help="also when open tasks will end: learns from all that ended"
    )
    lake_option.add_arguments(parser)
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    period.add_arguments(parser, "tasks with events")
    output.add_arguments(parser, "tasks")
    late.add_arguments(parser)
    output.describe(parser, filters.LANGUAGE, "filters")
    output.describe(parser, TASK_KEYS | HOSTS, "keys of a row")
    output.describe(parser, TASK_FORECAST_KEYS, "more of them with --forecast, or sorted by one of these")


def answer(args: argparse.Namespace) -> Answer:
    """The tasks that the words ask for.

    Raises BadInputError for an unknown key to sort by, or a wrong filter.
    """
    keys = (*TASK_KEYS, *TASK_FORECAST_KEYS)
    if args.sort not in (*keys, *HOSTS):
        raise BadInputError(f"--sort: no key {args.sort!r}{nearest(args.sort, keys)} (see lineage tasks --help)")
    when = period.period_of(args)
    limits = thresholds(read_late(vars(args)))
    lake = lake_option.lake_of(args)
    loaded = lake_option.load(lake, when) if lake else load_all(lineage_dir(args.dir))
    state, now = loaded.state, clock.now()
    wanted = filters.parse(
        filters.joined([word for word in args.filters if word.strip()]),
        FilterContext(state, now, limits, slow_of(state, now)),
    )
    judged = JudgedTasks(state, now, limits)
    foresight = learned(state, now) if args.forecast or args.sort in TASK_FORECAST_KEYS else None

    def row_of(row: TaskRow) -> Mapping[str, object]:
        row_json = judged.row(row)
        return row_json if foresight is None else {**row_json, **task_forecast(foresight, row.task_id, now)}

    def value(row: TaskRow) -> Any:
        if foresight is not None and args.sort in TASK_FORECAST_KEYS:
            return dict(task_forecast(foresight, row.task_id, now))[args.sort]
        return value_of_row(row)

    value_of_row = _value_of(args.sort, judged)
    chosen = [
        row for row in state.rows.values() if when.touches(row.first_logged, row.last_logged) and wanted.matches(row)
    ]
    rows = _sorted(chosen, value, args.sort, args.reverse)[: args.limit]
    return Answer(
        text=lambda paper: _text(rows, state, now, foresight, paper),
        columns=columns(TASK_KEYS if foresight is None else keys, HOSTS, several=len(state.hosts) > 1),
        rows=map(row_of, rows),
        empty=not rows,
        problems=loaded.problems,
        timelines=lambda: output.timelines_of(loaded.state, [row.task_id for row in rows]),
        title="Tasks",
    )


def _value_of(key: str, judged: JudgedTasks) -> Callable[[TaskRow], Any]:
    """What a task is sorted by: the value that the key has in its flat row, which costs more to make."""
    values: dict[str, Callable[[TaskRow], Any]] = {
        "elapsed_ms": lambda row: elapsed(row, judged.now),
        "type": lambda row: row.task_type,
        "session_id": lambda row: row.session,
        "trace_id": lambda row: row.trace,
        "progress_percentage": lambda row: row.percent,
        "hosts": lambda row: row.hosts or None,
    }
    if key in values:
        return values[key]
    if key in TaskRow._fields and key != "blocked_by":
        return attrgetter(key)
    return lambda row: dict(judged.row(row))[key]


def _sorted(rows: list[TaskRow], value: Callable[[TaskRow], Any], key: str, reverse: bool) -> list[TaskRow]:
    """Rows by a key; those without a value come last either way, equal ones by task id."""
    rows.sort(key=lambda row: row.task_id)
    known = [row for row in rows if value(row) is not None]
    known.sort(key=value, reverse=(key not in _ASCENDING) != reverse)
    return known + [row for row in rows if value(row) is None]


def _text(rows: list[TaskRow], state: State, now: int, foresight: Foresight | None, paper: Paper) -> Iterator[Line]:
    if not rows:
        yield ("no tasks", "muted")
        return
    headers = ["TASK", "STATUS", "PRIORITY", "MASTER", "ELAPSED", "RUNS", "DONE", "TOKENS", "EVENTS", "LAST", "REASON"]
    families = [family_of(state, row.task_id, now) for row in rows]
    with_subtasks = any(family.subtasks for family in families)
    cells: list[list[Piece]] = []
    for row, family in zip(rows, families, strict=True):
        status = row.status.value + ("!" if row.escalated else "")
        line: list[Piece] = [
            row.task_id,
            (status, row.status.value),
            row.priority or "-",
            row.master or "-",
            span(elapsed(row, now)),
            f"{row.runs - row.open_workers}/{row.runs}" if row.runs else "-",
            f"{row.percent:.0f}%" if row.percent is not None else "-",
            str(row.tokens) if row.tokens is not None else "-",
            str(row.events),
            f"{span(max(0, now - row.last_at))} ago",
            _words(row, state),
        ]
        if foresight is not None:
            line.insert(5, "-" if row.status.ended else short(foresight.of(row.task_id, now)) or "unknown")
        if with_subtasks:
            line.insert(6 + (foresight is not None), f"{family.done}/{family.subtasks}" if family.subtasks else "-")
        cells.append(line)
    if foresight is not None:
        headers.insert(5, "LEFT")
    if with_subtasks:
        headers.insert(6 + (foresight is not None), "SUBTASKS")
    right = range(4, len(headers) - 1)
    if len(state.hosts) > 1:
        headers.insert(1, "HOST")
        for line, row in zip(cells, rows, strict=True):
            line.insert(1, on(row.hosts))
        right = range(5, len(headers) - 1)
    yield from text_output.table(headers, cells, right=right)


def _words(row: TaskRow, state: State) -> str:
    """Why it is as it is; of a blocked task also what it waits for."""
    reason = row.reason or ""
    names = [name for name in blockers(row, state.rows) if name not in reason]
    return f"waits for {', '.join(names)}" + (f": {reason}" if reason else "") if names else reason

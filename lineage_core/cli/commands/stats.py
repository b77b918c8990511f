"""`lineage stats`: what a lineage adds up to, as the screen's fourth view shows it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_core.base import clock
from lineage_core.base.clock import format_duration
from lineage_core.base.text_charts import interval, spark
from lineage_core.base.time_input import parse_duration
from lineage_core.cli import lake_option, output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar, load_all
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.forecast.live_forecasts import slow_of
from lineage_core.meaning.money import Money
from lineage_core.query import filter_parser as filters
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_config, read_late
from lineage_core.settings.prices import prices_of
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.dataframes.reader import FrameReader
    from lineage_core.state.load import Loaded
    from lineage_core.stats import Window

EXAMPLES = (
    "lineage stats --window 24h",
    "lineage stats --by worker_type --window 7d",
    "lineage stats owner:security --by day",
    "lineage stats --json | jq .failures.master",
)
BY = ("master", "worker_type", "task_type", "session", "host", "hour", "day")
DOCUMENT_KEYS = {
    "total_events": "distinct events in the window",
    "event_types": "events by type",
    "actors": "events by the actor's id",
    "tasks_tracked": "tasks with events in the window",
    "window": "since and until, and whether tasks were chosen by a filter",
    "flow": "over time: events, created, completed, failed, cancelled in each stretch; running, queued … at its end",
    "durations": "run times in ms by worker_type, master (the owner at the end) and task_type: count, p50, p95, p99, "
    "max, histogram; the time that each master had a task is in `lineage task --json`",
    "waits": "queue, block, handoff and start times in ms",
    "failures": "rates with their 95 % confidence interval: tasks that ended failed by master (the owner at the end) "
    "and task_type, failed runs by worker_type; retried attempts are in `lineage failed`",
    "reasons": "why tasks and workers failed, as often as it was logged, reasons of one fingerprint together",
    "tokens": "tokens by master (what each used while it had the task or by runs that it spawned), worker_type, "
    "task_type and session; with [prices] in the config file their cost",
    "workers": "by type: how they ended, silent ones, retries, time to start in ms",
    "health": "records, copies, quarantined, wrong values, write times and lag in ms, silent integration points",
}
"""The document that `--json` prints."""

_RATES = ("rate", "rate_low", "rate_high", "share")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage stats`."""
    parser.add_argument(
        "filters",
        nargs="*",
        metavar="FILTER",
        help="only tasks that match, as told by `lineage tasks --help`: status:failed owner:security kind:build …",
    )
    parser.add_argument(
        "--by", choices=BY, help="one line for each, in place of the overview; by host a task counts where it began"
    )
    parser.add_argument(
        "--window", default="all", metavar="SPAN", help="15m, 1h, 24h, 7d, any other duration, or all (default)"
    )
    lake_option.add_arguments(parser)
    late.add_arguments(parser)
    output.add_arguments(parser, "rows of a table (default 12 in the overview)")
    output.describe(parser, DOCUMENT_KEYS, "keys of the overview as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the figures."""
    found, reader = _ask(args)
    code = output.show(found, args)
    if reader is not None:
        reader.keep()
        reader.close()
    return code


def answer(args: argparse.Namespace) -> Answer:
    """The figures that the words ask for."""
    found, reader = _ask(args)
    if reader is not None:
        reader.close()
    return found


def _ask(args: argparse.Namespace) -> tuple[Answer, FrameReader | None]:
    now = clock.now()
    limits = thresholds(read_late(vars(args)))
    since = None if args.window == "all" else now - parse_duration(args.window)
    if lake := lake_option.lake_of(args):
        return _from_lake(lake, args, since, now, limits), None
    directory = lineage_dir(args.dir)
    tasks = _chosen(lambda: load_all(directory), args.filters, now, limits)
    from lineage_core import stats  # polars, 350 ms
    from lineage_core.dataframes.reader import read_frames

    with ProgressBar("reading") as bar:
        reader = read_frames(directory, progress=lambda done, total: bar(done / max(1, total)))
    frames = reader.frames if tasks is None else stats.narrowed(reader.frames, tasks)
    cut = stats.Window(frames, since, now, prices=prices_of(read_config()))
    found = _grouped(cut, args) if args.by else _overview(cut, limits.silent, args)
    return found._replace(problems=reader.problems), reader


def _from_lake(url: str, args: argparse.Namespace, since: int | None, now: int, limits: Thresholds) -> Answer:
    from lineage_core import stats
    from lineage_core.lake.missing_extra import needed

    with needed():
        from lineage_core.lake import table_reader
    tasks = _chosen(lambda: table_reader.load(url), args.filters, now, limits)
    with ProgressBar("reading"):
        frames = table_reader.frames(url)
    frames = frames if tasks is None else stats.narrowed(frames, tasks)
    cut = stats.Window(frames, since, now, prices=prices_of(read_config()))
    return _grouped(cut, args) if args.by else _overview(cut, limits.silent, args)


def _chosen(load: Callable[[], Loaded], words: list[str], now: int, limits: Thresholds) -> list[str] | None:
    """The tasks that match all the words, or None if there are none."""
    if not words:
        return None
    state = load().state
    wanted = filters.parse(filters.joined(words), FilterContext(state, now, limits, slow_of(state, now)))
    return [row.task_id for row in state.rows.values() if wanted.matches(row)]


def _grouped(cut: Window, args: argparse.Namespace) -> Answer:
    from lineage_core import stats
    from lineage_core.stats.all_figures import plain

    table = stats.groups(cut, args.by)
    rows = plain(table)[: args.limit]

    def lines() -> Iterator[Line]:
        yield from _table(rows, args.by)
        if args.by == "master" and rows:
            yield ("tasks by their owner now or at the end; tokens: what each used while it had the task", "muted")

    return Answer(lambda paper: lines(), tuple(table.columns), rows, empty=not rows, title=f"stats by {args.by}")


def _overview(cut: Window, silent_after: int, args: argparse.Namespace) -> Answer:
    from lineage_core.stats.all_figures import document

    figures = document(cut, silent_after, filtered=bool(args.filters))
    limit = 12 if args.limit is None else args.limit
    return Answer(
        lambda paper: _text(figures, paper, limit),
        ("section", "group", "key", "figure", "value"),
        _figures(figures),
        document=figures,
        empty=not figures["total_events"],
        title="stats",
    )


def _figures(figures: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Every number of the document in a row of its own."""

    def walk(section: str, group: str, value: Any, key: str = "") -> Iterator[dict[str, object]]:
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            for item in value:
                names = [str(item[n]) for n in ("key", "start", "kind", "reason") if n in item]
                for name, figure in item.items():
                    if name not in ("key", "start", "kind"):
                        yield from walk(section, group, {name: figure}, ": ".join(names))
        elif isinstance(value, dict):
            for name, item in value.items():
                if isinstance(item, list | dict) and name != "histogram":
                    yield from walk(section, name, item)
                else:
                    yield {"section": section, "group": group, "key": key, "figure": name, "value": item}
        else:
            yield {"section": section, "group": group, "key": key, "figure": section, "value": value}

    for section, value in figures.items():
        yield from walk(section, "", value)


def _text(figures: Mapping[str, Any], paper: Paper, limit: int) -> Iterator[Line]:
    health, flow = figures["health"], figures["flow"]
    bad = sum(health["quarantined"].values())
    yield [
        (f"{figures['total_events']:,} events, {figures['tasks_tracked']:,} tasks", "head"),
        f", {health['copies']:,} copies, ",
        (f"{bad:,} quarantined", "bad" if bad else "muted"),
        f", {sum(row['count'] for row in health['wrong_values']):,} values of a wrong type",
    ]
    if not figures["total_events"]:
        return
    yield ""
    yield (f"flow from {flow[0]['start'][:16]}Z, {len(flow)} stretches", "head")
    for name in ("events", "created", "completed", "failed", "cancelled", "running", "queued", "blocked", "workers"):
        values = [row[name] for row in flow]
        level = name in ("running", "queued", "blocked", "workers")
        total = f"{values[-1]:,} now" if level else f"{sum(values):,}"
        label = "to start" if name == "queued" else name  # the assigned ones too
        shape = spark(values, paper.width - 28, ascii_only=paper.ascii)
        yield [f"  {label:10}", shape.ljust(len(values)), f"  {total}"]
    for section, title in (("durations", "run time by"), ("failures", "failed, by"), ("tokens", "tokens by")):
        for by, rows in figures[section].items():
            if rows:
                yield ""
                of = ("runs " if by == "worker_type" else "tasks ") if section == "failures" else ""
                yield from _table(rows[:limit], f"{of}{title} {by}", paper)
        if section == "failures" and any(figures[section].values()):
            yield ("tasks as they ended; failed attempts that were retried: `lineage failed`", "muted")
        if section == "tokens" and figures[section]["master"]:
            yield ("tokens by master: what each used while it had the task, or by runs that it spawned", "muted")
        if section == "durations" and figures["waits"]:
            yield ""
            yield from _table(figures["waits"], "waits", paper)
    for title, rows in (
        ("reasons, as often as logged", figures["reasons"]),
        ("workers", figures["workers"]),
        ("write time and lag of events", health["delays"]),
        ("values of a wrong type", health["wrong_values"]),
        ("quarantined", [{"key": reason, "count": n} for reason, n in health["quarantined"].items()]),
        ("events", [{"key": name, "count": n} for name, n in figures["event_types"].items()]),
    ):
        if rows:
            yield ""
            yield from _table(rows[: None if title == "events" else limit], title, paper)
    yield ""
    yield f"silent integration points: {', '.join(health['silent_points']) or 'none'}"


_HIDDEN = ("currency", "unpriced", "least", "greatest", "rate_low", "rate_high", "some_tasks")
_DURATIONS = ("p50", "p95", "p99", "max", "queue_p50", "blocked_ms", "start_p50", "start_p95", "start_p99", "start_max")


def _table(rows: Sequence[Mapping[str, Any]], title: str, paper: Paper | None = None) -> Iterator[Line]:
    """Rows under their keys, for people. paper: draw distributions and intervals on it."""
    ascii_only = paper is not None and paper.ascii
    names = [name for name in rows[0] if name not in _HIDDEN] if rows else []
    names = [name for name in names if any(row[name] not in (None, "") for row in rows) or name == "key"]
    if "left_out" in names and not any(row["left_out"] for row in rows):
        names.remove("left_out")
    headers = [title if name == names[0] else name.removesuffix("_ms").replace("_", " ") for name in names]
    scale = max((row["rate_high"] or 0 for row in rows if "rate_high" in row), default=0)
    cells = [[_cell(name, row, scale, ascii_only) for name in names] for row in rows]
    right = [n for n, name in enumerate(names) if n and name not in ("histogram", "reason", "example", "rate")]
    yield from text_output.table(headers, cells, right)


def _cell(name: str, row: Mapping[str, Any], scale: float, ascii_only: bool) -> Piece:
    value = row[name]
    if value is None:
        return ""
    if name == "cost":
        return Money(value, row["unpriced"] or 0).text(row["currency"])
    if name == "histogram":
        return spark(value, len(value), ascii_only=ascii_only)
    if name == "rate":
        low, high = row["rate_low"] / scale, row["rate_high"] / scale
        return f"{value:6.1%} {interval(low, value / scale, high, 16, ascii_only=ascii_only)}"
    if name in _RATES:
        return f"{value:.1%}"
    if name in _DURATIONS:
        return format_duration(round(value * 1000)) if value >= 1 or not value else f"{value * 1000:.0f}µs"
    if name in ("reason", "example"):
        return str(value)[:60]
    if isinstance(value, bool):
        return name if value else ""
    if isinstance(value, int | float):
        return f"{value:,.0f}"
    return str(value)[:19] if name.endswith("_at") else str(value)

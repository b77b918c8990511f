"""`lineage otel`: tasks as traces, sent to a collector of OpenTelemetry or written to a file."""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, ExitCode, JournalError
from lineage_core.base.escaping import visible
from lineage_core.cli import output, period
from lineage_core.cli.progress import load_all
from lineage_core.cli.service_options import serve
from lineage_core.otel.delivery import Answer, Delivery, GivenUpError
from lineage_core.otel.missing_extra import needed
from lineage_core.present.sentences import counted
from lineage_core.query import filter_parser as filters
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.thresholds import thresholds
from lineage_core.settings.config_file import read_late
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.otel.spans import Span

EXAMPLES = (
    "lineage otel export --since 1d",
    "lineage otel export task:task-1 --endpoint http://tempo:4318",
    "lineage otel export status:failed --file failed.jsonl",
    "lineage otel follow",
)

_NOTES = (
    "The endpoint, headers, TLS, compression and timeouts are those of the OTEL_EXPORTER_OTLP_* variables (default "
    "http://localhost:4318); the service's name is cortex, or that of OTEL_SERVICE_NAME.\n\n"
    "Ids are made from what they stand for: what is sent twice is there once. follow keeps its place in a file; what "
    "could not be sent yet stays in the journal. It is made for a service that is started again when it ends.\n\n"
    "lineage_core/otel/README.md tells which span, attribute and metric is what, and how to run it under systemd."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage otel`."""
    parser.description = f"{parser.description}\n\n{_NOTES}"
    parser.add_argument(
        "action",
        choices=("export", "follow"),
        metavar="ACTION",
        help="export: send what is over, once; follow: send what ends as it ends, until it is interrupted",
    )
    parser.add_argument(
        "filters", nargs="*", metavar="FILTER", type=output.name, help="export: which tasks, as in lineage tasks"
    )
    period.add_arguments(parser, "export: tasks with events")
    parser.add_argument("--endpoint", metavar="URL", help="the collector, like http://localhost:4318")
    parser.add_argument("--file", metavar="FILE", help="export: write OTLP as JSON lines there instead; - for stdout")
    parser.add_argument(
        "--patience", type=output.count, default=60, metavar="S", help="export: try for S seconds to send (default 60)"
    )
    parser.add_argument("--from-start", action="store_true", help="follow: the first time, begin with all history")
    parser.add_argument(
        "--cursor", metavar="FILE", help="follow: where its place is kept (default: the state directory)"
    )


def run(args: argparse.Namespace) -> int:
    """Send, or follow. Raises BadInputError for words that do not go together."""
    if args.endpoint and not re.match(r"https?://[^/\s]", args.endpoint):
        raise BadInputError(f"--endpoint: {args.endpoint!r} is no URL: write it like http://localhost:4318")
    return _export(args) if args.action == "export" else _follow(args)


def _tell(text: str) -> None:
    print(visible(f"lineage otel: {text}"), file=sys.stderr, flush=True)


def _export(args: argparse.Namespace) -> int:
    for name in ("from_start", "cursor"):
        if getattr(args, name):
            raise BadInputError(f"--{name.replace('_', '-')} is for follow")
    if args.file and args.endpoint:
        raise BadInputError("--file or --endpoint, not both")
    with needed():
        from lineage_core.otel import otlp_file, sender
    from lineage_core.otel.export import finished

    when, limits = period.period_of(args), thresholds(read_late({}))
    loaded = load_all(lineage_dir(args.dir))
    state = loaded.state
    wanted = filters.parse(
        filters.joined([word for word in args.filters if word.strip()]), FilterContext(state, clock.now(), limits)
    )
    rows = state.rows.values()
    chosen = [row.task_id for row in rows if when.touches(row.first_at, row.last_at) and wanted.matches(row)]
    spans = finished(state, chosen)
    if args.file:
        _write(args.file, otlp_file.lines(spans))
    else:
        _send(sender.Sender(args.endpoint, _tell), spans, args.patience)
    return ExitCode.JOURNAL if output.report(loaded.problems, sys.stderr) else ExitCode.OK


def _write(name: str, lines: Iterator[bytes]) -> None:
    if name == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        return
    from lineage_core.base.output_file import output_file

    with output_file(name) as file:
        file.writelines(lines)


def _send(sender: Any, spans: Iterator[Span], patience: int) -> None:

    waiting = threading.Event()
    delivery = Delivery(_tell, lambda seconds: not waiting.wait(seconds), patience)
    try:
        delivery.all(spans, sender.spans)
    except GivenUpError as error:
        raise JournalError(f"{error}; {counted(delivery.sent, 'span')} sent before") from None
    sent = f"{counted(delivery.sent, 'span')} sent"
    _tell(f"{sent}, {delivery.left_out} left out" if delivery.left_out else sent)


def _follow(args: argparse.Namespace) -> int:
    for name in ("filters", "since", "until", "date", "file"):
        if getattr(args, name):
            raise BadInputError(f"{'a filter' if name == 'filters' else f'--{name}'} is for export: follow sends all")
    with needed():
        from lineage_core.otel.metrics import Metrics
        from lineage_core.otel.sender import Sender
    from lineage_core.otel.cursor import Cursor, default_path
    from lineage_core.otel.follow import METRICS_EVERY, Follower

    directory = lineage_dir(args.dir)
    sender = Sender(args.endpoint, _tell)
    cursor = Cursor(Path(args.cursor) if args.cursor else default_path(directory, sender.url))
    limits = thresholds(read_late({}))

    def follow(stop: threading.Event) -> None:
        follower = Follower(
            directory,
            cursor,
            Delivery(_tell, lambda seconds: not stop.wait(seconds)),
            sender.spans,
            _nowhere if os.environ.get("OTEL_LOGS_EXPORTER") == "none" else sender.logs,
            stop,
            _tell,
            from_start=args.from_start,
            metrics=None
            if os.environ.get("OTEL_METRICS_EXPORTER") == "none"
            else lambda state, tailer, rejected: Metrics(sender, state, limits, lambda: tailer.backlog, rejected),
            every=_seconds("OTEL_METRIC_EXPORT_INTERVAL", METRICS_EVERY),
        )
        with cursor.alone(), suppress(GivenUpError):  # it was told to end; what was not sent is sent at the next start
            follower.run()

    try:
        return serve(follow, sender.stop)
    except ValueError as error:
        raise JournalError(f"{error}: remove it, and begin with --from-start; ids stay the same") from error


def _nowhere(batch: object) -> Answer:
    return Answer(True)


def _seconds(variable: str, default: float) -> float:
    """A time that a variable gives in milliseconds."""
    said = os.environ.get(variable, "")
    return int(said) / 1000 if said.isascii() and said.isdigit() and len(said) < 10 else default

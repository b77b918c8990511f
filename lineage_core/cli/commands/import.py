"""`lineage import`: what other programs recorded, as tasks of a directory of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from lineage_core.base.errors import BadInputError, ExitCode, JournalError
from lineage_core.base.escaping import visible
from lineage_core.present.sentences import counted

EXAMPLES = (
    "lineage import otlp traces.jsonl --into imported && lineage-tui --dir imported",
    "lineage import otlp spans.json --into imported",
)

MARK = "imported-from-otlp"
"""A file that says that all of a directory was imported."""

_LISTED = 5  # lines about what is left out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage import`."""
    parser.description = (
        f"{parser.description}\n\nEach trace becomes tasks: a span with others below it is a task, one without is a "
        "worker of the task above it. What is imported twice is there once."
    )
    parser.add_argument("format", choices=("otlp",), metavar="FORMAT", help="otlp: the JSON of OpenTelemetry")
    parser.add_argument("file", metavar="FILE", help="one document of OTLP, or one a line")
    parser.add_argument("--into", metavar="DIR", required=True, help="where to: a new directory, or one of imports")


def run(args: argparse.Namespace) -> int:
    """Write the events of the spans; 1 if something was left out."""
    from lineage_core.otel.otlp_reader import read
    from lineage_core.otel.spans_to_events import Imported, Importer
    from lineage_core.write.journal import Journal

    path, bad = Path(args.file), list[str]()
    parents = {(span.trace_id, span.span_id): span.parent_id for span in read(path, [])}
    into = _prepared(args.into, args.dir)
    importer = Importer(parents, os.environ)

    def records() -> Iterator[Imported]:
        for span in read(path, bad):
            yield from importer.records(span)

    count = Journal(into, environ={}).append_many(records())
    for problem in bad[:_LISTED]:
        print(visible(f"lineage import: {path}: {problem}"), file=sys.stderr)
    if len(bad) > _LISTED:
        print(f"lineage import: {len(bad) - _LISTED} more like these", file=sys.stderr)
    print(
        f"{counted(count, 'event')} of {counted(len(parents), 'span')} written to {visible(str(into))}", file=sys.stderr
    )
    return ExitCode.CHECK_FAILED if bad or not parents else ExitCode.OK


def _prepared(into: str, own: str | None) -> Path:
    """The directory to write to. Raises BadInputError for the journal, and for what holds anything but imports."""
    from lineage_core.write.locations import lineage_dir

    path = Path(into)
    try:
        journal = os.path.realpath(lineage_dir(own))
    except JournalError:
        journal = ""
    if os.path.realpath(path) == journal:
        raise BadInputError(f"--into: {into} is the lineage directory: give another one")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (path / MARK).exists():
            if any(path.iterdir()):
                raise BadInputError(f"--into: {into} holds something else: give a new directory")
            (path / MARK).touch()
    except OSError as error:
        raise JournalError(f"cannot write {into}: {error.strerror}") from error
    return path

"""`lineage follow`: new events as they land, one line each, until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from lineage_core.base.errors import ExitCode, JournalError
from lineage_core.base.escaping import json_safe, visible
from lineage_core.cli import text_output
from lineage_core.cli.commands import events
from lineage_core.model import record as intact
from lineage_core.model.facts import digest_of
from lineage_core.model.record import Record
from lineage_core.query.ids_with_host import NamedTasks, known_in
from lineage_core.query.records_with_host import tagged
from lineage_core.read.compact_record import one_line, record_bytes
from lineage_core.read.compression import is_packed
from lineage_core.read.journal_files import host_folders
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage follow",
    "lineage follow --task task-1 --json",
    "lineage follow --type 'task_*' --actor security-master",
    "lineage follow --since 1h --type task_failed --type worker_failed",
)

_REMEMBERED = 100_000
"""Events that are remembered, so that one that stands in a second file too is printed once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which events to follow, from when on, and how to print them."""
    events.add_filters(parser)
    parser.add_argument("--from-start", action="store_true", help="begin with all events that are there")
    parser.add_argument(
        "--format", choices=("text", "json", "jsonl"), default="text", help="json and jsonl: one record a line"
    )
    parser.add_argument("--json", dest="format", action="store_const", const="jsonl", help="short for --format jsonl")


def run(args: argparse.Namespace) -> int:
    """Print events until the process is interrupted or nobody reads any more.

    Without --since, --date or --from-start it begins with the next event that lands.
    """
    stop = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        stop.set()  # where the exception is raised in the callback of a weak reference or an import, it is swallowed
        raise KeyboardInterrupt

    def unraisable(what: sys.UnraisableHookArgs) -> None:
        if not issubclass(what.exc_type, KeyboardInterrupt):
            report(what)

    before, report = signal.signal(signal.SIGINT, interrupt), sys.unraisablehook
    sys.unraisablehook = unraisable
    try:
        _follow(args, stop)
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = report
    return ExitCode.INTERRUPTED


def _follow(args: argparse.Namespace, stop: threading.Event) -> None:
    directory = lineage_dir(args.dir)
    query = events.query_of(args)
    search = query.search(by_names=True)
    named = NamedTasks(query.tasks, known_in(directory))
    named.renew()
    from_end = search.since is None and not args.from_start
    tailer = Tailer(directory, since=search.since, from_end=from_end)
    watcher = Watcher(directory, stop=stop)
    show = _as_text(with_host=bool(_hosts(directory))) if args.format == "text" else _as_json
    seen: OrderedDict[int, None] = OrderedDict()
    reported: dict[str, str] = {}
    out, first = sys.stdout.buffer, True
    while True:
        for batch in tailer.scan():
            if is_packed(batch.path) and not first:
                continue  # an archive that appears holds what was there before
            here = search.on_host(batch.file)
            for found in batch.found:
                named.take(batch.file, found)
                if not (here and search.wants(found) and named.wants(batch.file, found)):
                    continue
                raw = batch.raw(found)
                if search.reads(raw) and _is_new(found.record, seen):
                    out.write(show(tagged(raw, batch.file)))
            out.flush()
        _tell(directory, tailer, reported)
        if first:
            named.renew()  # what was written before the first scan began
        first = False
        if not watcher.wait():
            return


def _hosts(directory: Path) -> list[Path]:
    """The folders of the hosts, if there are several."""
    try:
        return host_folders(directory)
    except (JournalError, FileNotFoundError):
        return []


def _tell(directory: object, tailer: Tailer, reported: dict[str, str]) -> None:
    """Say once on stderr what keeps events from being seen."""
    problems = dict(tailer.problems)
    if tailer.missing:
        problems["."] = f"{directory} does not exist yet; waiting for it"
    for name, why in problems.items():
        if reported.get(name) != why:
            print(visible(f"lineage follow: {why if name == '.' else f'cannot read {name}: {why}'}"), file=sys.stderr)
    reported.clear()
    reported.update(problems)


def _is_new(record: Record, seen: OrderedDict[int, None]) -> bool:
    """Whether no event of that content was printed lately."""
    digest = digest_of(record)
    if digest in seen:
        return False
    seen[digest] = None
    if len(seen) > _REMEMBERED:
        seen.popitem(last=False)
    return True


def _as_json(raw: bytes) -> bytes:
    return json_safe(record_bytes(raw).decode()).encode() + b"\n"


def _as_text(*, with_host: bool) -> Callable[[bytes], bytes]:
    """The printer of lines for people, as `lineage events` prints them."""
    paper, encoding = text_output.paper_of(sys.stdout), sys.stdout.encoding

    def line(raw: bytes) -> bytes:
        (pieces,) = events.text_lines([intact.parse(one_line(raw))], paper, with_host=with_host)
        return (text_output.render(pieces, paper) + "\n").encode(encoding, "backslashreplace")

    return line

"""`lineage bundle`: tasks with all below them as one file, for a ticket or somebody else's machine."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from lineage_core.base import clock
from lineage_core.base.clock import format_timestamp
from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import json_safe, visible
from lineage_core.base.output_file import output_file
from lineage_core.cli import at_option, output, parser_of
from lineage_core.cli.commands import attention
from lineage_core.cli.commands.export_page import MAX_EVENTS, export_page
from lineage_core.cli.output import Answer, timelines_of
from lineage_core.cli.progress import ProgressBar, answered_from, load_all
from lineage_core.cli.text_output import Paper
from lineage_core.maintenance.bundle import JOURNAL, Manifest, pack
from lineage_core.maintenance.doctor import Surroundings, examine
from lineage_core.model import record as intact
from lineage_core.present.sentences import counted
from lineage_core.query import journal_search
from lineage_core.query.search_terms import Search
from lineage_core.query.task_lookup import unknown
from lineage_core.read.compact_record import one_line, record_bytes
from lineage_core.state.load import Loaded, load
from lineage_core.state.store import State
from lineage_core.web.offline_page import page
from lineage_core.write.locations import lineage_dir
from lineage_core.write.redaction import redactor

EXAMPLES = (
    "lineage bundle task-1 -o task-1.zip",
    "lineage bundle task-1 task-2 --at 2026-11-22T03:12 -o incident.zip",
    "lineage bundle task-1 && lineage-tui --bundle bundle.zip",
)

_NAMES = frozenset(
    """
    lineage_id task_id event_type timestamp parent_lineage_id related_task_ids version type id session_id trace_id
    parent_span_id master_type
    """.split()  # noqa: SIM905 (a list of words reads better so)
)
"""Keys of a record, its actor and its context that name things: without them its events could not be told apart."""

_CHECKS = ("directory", "names", "size", "records", "torn", "clock", "times")
"""What the doctor is asked: what depends on the journal alone."""

Redact = Callable[[Any], Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage bundle`."""
    parser.add_argument("tasks", metavar="TASK", nargs="+", type=output.name, help="a task; its subtasks come with it")
    parser.add_argument("-o", "--output", metavar="FILE", default="bundle.zip", help="where to (default bundle.zip)")
    at_option.add_arguments(parser)
    parser.description = (
        f"{parser.description}\n\nIn the file: the events of the tasks and of all below them, redacted once more; a "
        "report; the page of `lineage export`, for a browser; findings; what doctor says of the journal; versions. All "
        "of it as of the newest event of the journal, or --at: made twice, it is the same, byte for byte. "
        "`lineage-tui --bundle FILE` opens it."
    )


def run(args: argparse.Namespace) -> int:
    """Write the file. Raises UnknownNameError for a task that is not there, and JournalError."""
    directory = lineage_dir(args.dir)
    loaded = load_all(directory)
    state = loaded.state
    for task_id in args.tasks:
        if task_id not in state.rows:
            raise unknown(directory, task_id)
    newest = max(row.last_at for row in state.rows.values())
    now = clock.now() if args.at is not None else min(newest, clock.now())
    tasks = subtree(state, args.tasks)
    redact = redactor({name: value for name, value in os.environ.items() if name != "LINEAGE_REDACT"})
    with TemporaryDirectory(prefix="lineage-bundle-") as folder:
        copy = Path(folder, JOURNAL)
        variables = {"LINEAGE_NOW": format_timestamp(now), "XDG_CACHE_HOME": str(Path(folder, "cache"))}
        with at_option.environment(**variables), ProgressBar("searching") as bar:
            events = _events(directory, tasks, redact, bar)
            surroundings = Surroundings(directory, None, now)
            for name, content in events.items():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                (copy / name).write_bytes(content)
            members = {f"{JOURNAL}/{name}": content for name, content in events.items()} | {
                "findings.json": _document(_findings(directory, loaded, frozenset(tasks)), redact),
                "doctor.json": _document(
                    _anywhere([one._asdict() for one in examine(surroundings, _CHECKS)], str(directory)), redact
                ),
                "report.txt": _report(copy, args.tasks, tasks).encode(),
                "page.html": _page(copy, args.tasks, tasks, now).encode(),
            }
    versions = {"lineage-tui": version("lineage-tui"), "python": platform.python_version()}
    with output_file(args.output) as file:
        pack(file, Manifest(tuple(args.tasks), now, versions), members)
    count = sum(content.count(b"\n") for content in events.values())
    summary = f"{counted(len(tasks), 'task')}, {counted(count, 'event')}, as of {format_timestamp(now)[:19]}Z"
    print(visible(f"{args.output}: {summary}"))
    return ExitCode.JOURNAL if output.report(loaded.problems, sys.stderr) else ExitCode.OK


def subtree(state: State, task_ids: Iterable[str]) -> list[str]:
    """Tasks and all below them, each once."""
    found: dict[str, None] = {}
    left = list(reversed(tuple(task_ids)))
    while left:
        task_id = left.pop()
        if task_id not in found:
            found[task_id] = None
            left += sorted(state.subtasks.children(task_id), reverse=True)
    return list(found)


def _events(directory: Path, tasks: Sequence[str], redact: Redact, progress: ProgressBar) -> dict[str, bytes]:
    """The events of tasks by the canonical names of their files, each once, in the order of the file."""
    wanted = frozenset(tasks)
    found = journal_search.find(directory, Search(tuple(tasks), matches=lambda one: one["task_id"] in wanted), progress)
    lines: dict[str, list[tuple[int, bytes]]] = {}
    for hit, raw in journal_search.records(found):
        lines.setdefault(found.files[hit.rank].name, []).append((hit.offset, redacted(raw, redact)))
    return {name: b"".join(line + b"\n" for _, line in sorted(some)) for name, some in sorted(lines.items())}


def redacted(raw: bytes, redact: Redact) -> bytes:
    """A record without what redaction knows as a secret, on one line; as it was written where there is none."""
    record = intact.parse(one_line(raw))
    clean = {key: value if key in _NAMES else _cleaned(key, value, redact) for key, value in record.items()}
    return record_bytes(raw) if clean == record else orjson.dumps(clean)


def _cleaned(key: str, value: Any, redact: Redact) -> Any:
    """A value of a record. What names its actor and its context is left."""
    if key in ("actor", "context") and isinstance(value, dict):
        rest = redact({name: inner for name, inner in value.items() if name not in _NAMES})
        return {name: rest.get(name, inner) for name, inner in value.items()}
    return redact({key: value})[key]


def _document(value: Any, redact: Redact) -> bytes:
    return json_safe(orjson.dumps(redact(value), option=orjson.OPT_INDENT_2).decode()).encode() + b"\n"


def _anywhere(value: Any, directory: str) -> Any:
    """A document without the path of the journal, which is nobody else's: two machines make the same of the same."""
    if isinstance(value, dict):
        return {key: _anywhere(one, directory) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_anywhere(one, directory) for one in value]
    return str(value).replace(directory, JOURNAL) if isinstance(value, (str, Path)) else value


def _findings(directory: Path, loaded: Loaded, tasks: frozenset[str]) -> list[Any]:
    """What `lineage attention` says of the tasks, by all that is known of the journal."""
    args = parser_of("attention").parse_words(["--dir", str(directory)])
    with answered_from(lambda: loaded):
        found = attention.findings_answer(args, lambda one: one.task_id in tasks, "")
    return list(found.rows)


def _answer(query: str, words: Sequence[str], directory: Path) -> Answer:
    args = parser_of(query).parse_words(["--dir", str(directory), "--", *words])
    answer: Answer = import_module(f"lineage_core.cli.commands.{query}").answer(args)
    return answer


def _report(directory: Path, roots: Sequence[str], tasks: Sequence[str]) -> str:
    """The report in plain text: of each task that was asked for the summary and why it stands so; of all everything."""
    pieces = ["lineage-tui --bundle FILE opens this; page.html is for a browser.\n"]
    for task_id in tasks:
        queries = ("summary", "explain", "timeline", "task") if task_id in roots else ("task",)
        for query in queries:
            answer = _answer(query, [task_id], directory)
            pieces.append(f"\n== {query} of {visible(task_id)}\n\n" + "".join(output.lines(answer, "text", Paper())))
    return "".join(pieces)


def _page(directory: Path, roots: Sequence[str], tasks: Sequence[str], now: int) -> str:
    """The page with all of the tasks, and with their events as far as it draws them."""
    answer = _answer("tasks", [], directory)
    state = load(directory).state
    data = export_page(answer, "tasks", timelines_of(state, tasks), now)
    for task_id, document in data["answers"]["task"].items():
        document["events"] = list(map(intact.parse, _answer("task", [task_id], directory).records or ()))[-MAX_EVENTS:]
    title = f"Bundle of {', '.join(roots)}"
    return "".join(page(title, "", data, answer.columns, answer.rows))

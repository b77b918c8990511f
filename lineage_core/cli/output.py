"""How every query shows its answer: text for people, JSON, JSON lines and CSV for programs. stdout is data.

A query makes an Answer; this module alone writes it. All text from events becomes safe here and in `text_output.py`.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import orjson

from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import csv_cell, json_safe, visible
from lineage_core.cli.pager import Pager
from lineage_core.cli.text_output import Line, Paper, paper_of, render
from lineage_core.model.record import Record

if TYPE_CHECKING:
    from lineage_core.state.store import State

FORMATS = ("text", "json", "jsonl", "csv")


class Drawn(NamedTuple):
    """Tasks that an exported page draws, those that matter most first."""

    state: State
    task_ids: list[str]


class Answer(NamedTuple):
    """What a query found.

    text: the lines for people. rows, columns: flat objects, for JSON lines, CSV and Parquet; as JSON they are an
    array. records: the bytes of event records as they were written, which take the rows' place in JSON.
    document: the one object that the answer is as JSON; `records`, if there are any, are its `events`.
    empty: nothing was found. problems: files that could not be read, and why.
    title, paragraph, timelines: the heading of an HTML export, a paragraph under it, and the tasks that it draws.
    """

    text: Callable[[Paper], Iterable[Line]]
    columns: tuple[str, ...]
    rows: Iterable[Mapping[str, Any]]
    document: Mapping[str, Any] | None = None
    records: Iterable[bytes] | None = None
    empty: bool = False
    problems: Mapping[str, str] = {}
    title: str = ""
    paragraph: str = ""
    timelines: Callable[[], Drawn] | None = None


def add_arguments(parser: argparse.ArgumentParser, limit: str | None = None) -> None:
    """The options that all queries share. limit: what `--limit` counts, if it is one of them."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the answer (default text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="short for --format json")
    if limit:
        parser.add_argument("--limit", type=count, metavar="N", help=f"print at most N {limit}")
    parser.add_argument("--fail-empty", action="store_true", help="exit with 1 when nothing is found")


def describe(parser: argparse.ArgumentParser, keys: Mapping[str, str] | Sequence[tuple[str, str]], what: str) -> None:
    """Put what words mean into the help, like the keys of an answer. what: the heading, like `keys of a row`."""
    pairs = list(keys.items() if isinstance(keys, Mapping) else keys)
    width = max(len(key) for key, _ in pairs)
    parser.description = f"{parser.description}\n\n{what}:\n" + "\n".join(
        f"  {key:{width}}  {text}" for key, text in pairs
    )


def name(word: str) -> str:
    """The type of words that name something in the journal: bytes that are not UTF-8 are U+FFFD, as in its records."""
    return os.fsencode(word).decode("utf-8", "replace")


def count(text: str) -> int:
    """The type of options that count something: a whole number from 0 on. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is no count: give a number like 10")
    return int(text)


def show(answer: Answer, args: argparse.Namespace) -> int:
    """Print an answer as the options say; returns the exit code, which also tells of files that were not read."""
    if args.format != "text" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    paper = paper_of(sys.stdout, ascii_only=getattr(args, "ascii", False))
    with Pager(for_people=args.format == "text") as pager:
        for piece in lines(answer, args.format, paper):
            pager.write(piece)
    sys.stdout.flush()
    if report(answer.problems, sys.stderr):
        return ExitCode.JOURNAL
    return ExitCode.CHECK_FAILED if answer.empty and args.fail_empty else ExitCode.OK


def timelines_of(state: State, task_ids: Iterable[str]) -> Drawn:
    """Some tasks to draw, each once."""
    return Drawn(state, list(dict.fromkeys(task_ids)))


def timelines_of_records(records: Iterable[Record]) -> Drawn:
    """The tasks of some records, as far as these tell of them, those with the newest events first."""
    from lineage_core.base.clock import parse_timestamp
    from lineage_core.model.facts import fact_of
    from lineage_core.state.store import State

    state = State()
    state.merge_facts(
        (record["task_id"], fact_of("", offset, 0, parse_timestamp(record["timestamp"]) or 0, record))
        for offset, record in enumerate(records)
    )
    newest = sorted(state.rows.values(), key=lambda row: row.last_at, reverse=True)
    return timelines_of(state, (row.task_id for row in newest))


def report(problems: Mapping[str, str], stream: TextIO) -> bool:
    """Name the files that could not be read, one line each; whether there were any."""
    for name, why in sorted(problems.items()):
        stream.write(visible(f"lineage: cannot read {name}: {why}; the answer leaves it out") + "\n")
    return bool(problems)


def lines(answer: Answer, form: str, paper: Paper) -> Iterator[str]:
    """The answer in a format, line by line, newlines included."""
    if form == "csv":
        return _csv(answer)
    if form == "jsonl":
        if answer.records is not None:
            return (_record(raw) + "\n" for raw in answer.records)
        return (_json(row) + "\n" for row in answer.rows)
    if form == "json":
        if answer.document is not None:
            return _document(answer.document, answer.records)
        if answer.records is not None:
            return _array(map(_record, answer.records))
        return _array(map(_json, answer.rows))
    return (render(line, paper) + "\n" for line in answer.text(paper))


def _record(raw: bytes) -> str:
    return json_safe(raw.decode("utf-8", "replace"))


def _json(value: Any, option: int = 0) -> str:
    return json_safe(orjson.dumps(value, option=option).decode())


def _array(items: Iterable[str]) -> Iterator[str]:
    before = "["
    for item in items:
        yield f"{before}\n{item}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _document(document: Mapping[str, Any], records: Iterable[bytes] | None) -> Iterator[str]:
    text = _json(document, orjson.OPT_INDENT_2)
    if records is None:
        yield text + "\n"
        return
    yield text.removesuffix("\n}") + ',\n  "events": ['
    before = ""
    for raw in records:
        yield f"{before}\n    {_record(raw)}"
        before = ","
    yield "\n  ]\n}\n"


class _Echo:
    """A file for the CSV writer that gives each line back."""

    def write(self, text: str) -> str:
        return text


def _csv(answer: Answer) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\n")
    yield writer.writerow(answer.columns)
    for row in answer.rows:
        yield writer.writerow([cell(row.get(name)) for name in answer.columns])


def cell(value: Any) -> str:
    """A value as the content of a CSV cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return csv_cell(value if isinstance(value, str) else orjson.dumps(value).decode())

"""How every query shows its answer: text for people, JSON, JSON lines and CSV for programs. stdout is data.

A query makes an Answer; this module alone writes it. All text from events becomes safe here, whatever the format.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import orjson

from lineage_core.base.cells import PLAIN, cell_width, shown
from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import csv_cell, json_safe, visible
from lineage_core.cli.pager import Pager

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.state.store import State

FORMATS = ("text", "json", "jsonl", "csv")
PIPED_WIDTH = 100
"""Columns that text may use when stdout is no terminal."""

_COLOURS = {
    "head": "1",
    "muted": "2",
    "bad": "31",
    "failed": "31",
    "zombie": "35",
    "completed": "32",
    "success": "32",
    "running": "36",
    "run": "36",
    "blocked": "33",
    "partial": "33",
    "escalated": "33",
    "assigned": "35",
}


class FileLink(NamedTuple):
    """Text that names a file or directory, which a terminal may open (OSC 8)."""

    text: str
    path: Path


class UrlLink(NamedTuple):
    """Text that leads to an address of the web. url: without anything that a terminal obeys."""

    text: str
    url: str


Piece = str | tuple[str, str] | FileLink | UrlLink
"""Text as it came, or the same with a role that gives it a colour (a status, `head`, `muted`, `bad`)."""

Line = Piece | Sequence[Piece]


class Paper(NamedTuple):
    """What text is written on. width: columns; colour: whether escape sequences are welcome; ascii: no other signs;
    links: whether files become hyperlinks."""

    width: int = PIPED_WIDTH
    colour: bool = False
    ascii: bool = False
    links: bool = False


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
    """The type of options that count something."""
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


def paper_of(stream: TextIO, ascii_only: bool = False) -> Paper:
    """The paper that a stream is: a terminal has its width and colours, unless `NO_COLOR` is set."""
    ascii_only = ascii_only or not _takes_unicode(stream)
    if not stream.isatty():
        return Paper(ascii=ascii_only)
    try:
        width = int(os.environ.get("COLUMNS", "")) or PIPED_WIDTH
    except ValueError:
        try:
            width = os.get_terminal_size(stream.fileno()).columns or PIPED_WIDTH
        except OSError:
            width = PIPED_WIDTH
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    # A console of Linux has no mouse to follow a link with; FORCE_HYPERLINK=0 is for terminals that show the sequence.
    links = colour and os.environ.get("TERM", "") not in ("", "linux") and os.environ.get("FORCE_HYPERLINK") != "0"
    return Paper(max(20, width), colour, ascii_only, links)


def _takes_unicode(stream: TextIO) -> bool:
    if (stream.encoding or "").lower().replace("-", "") in ("utf8", "utf16"):
        return True
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return False


def render(line: Line, paper: Paper) -> str:
    """A line of text as it goes to the terminal: hostile characters visible, colours of ours only."""
    pieces = [line] if isinstance(line, str) or _is_piece(line) else line
    text = "".join(_piece(piece, paper) for piece in pieces).rstrip()  # type: ignore[arg-type]
    return text.translate(PLAIN) if paper.ascii else text


def _is_piece(line: Line) -> bool:
    return isinstance(line, FileLink | UrlLink) or (
        isinstance(line, tuple) and len(line) == 2 and all(isinstance(part, str) for part in line)
    )


def _piece(piece: Piece, paper: Paper) -> str:
    if isinstance(piece, str):
        return shown(piece)
    if isinstance(piece, FileLink | UrlLink):
        text, uri = shown(piece.text), _uri(piece.path) if isinstance(piece, FileLink) else visible(piece.url)
        return f"\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\" if paper.links else text
    text, role = shown(piece[0]), piece[1]
    code = _COLOURS.get(role) if paper.colour else None
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def _uri(path: Path) -> str:
    """`file://HOST/PATH`, as terminals take it: with the host, since they may be on another one."""
    from socket import gethostname
    from urllib.parse import quote

    return f"file://{quote(gethostname())}{quote(os.fsencode(path.absolute()))}"


def _safe(piece: Piece) -> tuple[str, str] | FileLink | UrlLink:
    if isinstance(piece, FileLink | UrlLink):
        return piece._replace(text=shown(piece.text))
    return (shown(piece), "") if isinstance(piece, str) else (shown(piece[0]), piece[1])


def table(headers: Sequence[str], rows: Sequence[Sequence[Piece]], right: Iterable[int] = ()) -> Iterator[Line]:
    """Aligned columns under their headers. right: the columns that are aligned to the right."""
    to_right = frozenset(right)
    safe = [[_safe(piece) for piece in row] for row in rows]
    widths = [max([len(head), *(cell_width(row[at][0]) for row in safe)]) for at, head in enumerate(headers)]
    heads: list[tuple[str, str] | FileLink | UrlLink] = [(header, "head") for header in headers]
    for row in [heads, *safe]:
        line: list[Piece] = []
        for at, piece in enumerate(row):
            blank = " " * (widths[at] - cell_width(piece[0]))
            line += [blank, piece] if at in to_right else [piece, blank]
            line.append("  ")
        yield line


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

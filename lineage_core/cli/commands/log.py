"""`lineage log`: one event from words, or many from JSON lines.

It parses its words itself, by the table below: argparse would take a quarter of its time, and does not let a reason
such as `-1: broken` through. argparse writes its help.
"""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lineage_core.base.errors import BadInputError, ExitCode
from lineage_core.cli.standard_streams import OutputError
from lineage_core.model.event_types import EVENTS
from lineage_core.write.journal import Journal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

EXAMPLES = (
    """lineage log task_created task-1 user-kim --data '{"priority":"high"}'""",
    "lineage log worker_progress task-1 worker-7 60 --tag nightly",
    "lineage log task_failed task-1 security-master 'build broke' --data @why.json",
    "lineage log --batch < events.jsonl",
)

_OPTIONS = {
    "data": ("JSON", "a JSON object; - reads it from stdin, @FILE from a file"),
    "parent": ("ID", "lineage_id of the event that caused this one (default: LINEAGE_PARENT_ID)"),
    "related": ("TASK", "another task it concerns (can be given again)"),
    "tag": ("TAG", "a free label (can be given again)"),
    "timestamp": ("ISO", "when it happened, if not now"),
    "session": ("ID", "in place of CORTEX_SESSION_ID"),
    "trace": ("ID", "in place of CORTEX_TRACE_ID"),
    "principal": ("NAME", "in place of CORTEX_PRINCIPAL"),
}
"""The options that take a value, but for --dir, which every command has."""

_BATCH = (
    "read events from stdin, a JSON object a line: event_type, task_id, the event_data that the type needs, and any "
    "other field of a record; print the id of each"
)

_FOR_ONE = ("data", "parent", "related", "tag", "timestamp")
"""The options that `--batch` does not take."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage log`, for its help."""
    width = max(map(len, EVENTS))
    parser.description = f"{parser.description}\n\nevent types, and the ARGs that follow TASK_ID:\n" + "\n".join(
        f"  {name:{width}}  {spec.usage.removeprefix('TASK ')}" for name, spec in EVENTS.items()
    )
    parser.add_argument("event_type", nargs="?", metavar="EVENT_TYPE", help="one of the event types below")
    parser.add_argument("task_id", nargs="?", metavar="TASK_ID", help="the task that the event belongs to")
    parser.add_argument("args", nargs="*", metavar="ARG", help="what the event type needs; DATA is a JSON object")
    for name, (value, text) in _OPTIONS.items():
        parser.add_argument(f"--{name}", metavar=value, help=text)
    parser.add_argument("--batch", action="store_true", help=_BATCH)


def parse(words: Sequence[str]) -> SimpleNamespace | None:
    """The options by name and the other words under `words`; None if help is asked for.

    Options may stand anywhere before `--`. Negative numbers, and texts with a blank that begin with a dash, are
    words. Raises BadInputError for an option that does not exist or lacks its value.
    """
    args = SimpleNamespace(words=[], dir=None, batch=False, **dict.fromkeys(_OPTIONS))
    args.related, args.tag = [], []
    left = list(reversed(words))
    while left:
        word = left.pop()
        name, equals, value = word[2:].partition("=")
        if word == "--":
            args.words += reversed(left)
            break
        if word in ("-h", "--help"):
            return None
        if word == "--batch":
            args.batch = True
        elif word.startswith("--") and (name in _OPTIONS or name == "dir"):
            if not equals and not left:
                raise BadInputError(f"--{name} needs a value")
            value = value if equals else left.pop()
            given = getattr(args, name)
            setattr(args, name, [*given, value] if isinstance(given, list) else value)
        elif word[:1] == "-" and len(word) > 1 and not _is_word(word):
            raise BadInputError(f"unknown option {word}; put -- before words that begin with a dash")
        else:
            args.words.append(word)
    return args


def _is_word(dashed: str) -> bool:
    return len(dashed.split()) > 1 or dashed[1:].replace(".", "", 1).isdecimal()


def run(args: Any) -> int:
    """Log what the words say and print the new lineage_id; with --batch, one id per line read.

    Raises BadInputError for wrong words, OutputError if the event is written and its id cannot be printed.
    """
    instead = {
        "CORTEX_SESSION_ID": args.session,
        "CORTEX_TRACE_ID": args.trace,
        "CORTEX_PRINCIPAL": args.principal,
    }
    environ = dict(os.environ) | {name: value for name, value in instead.items() if value is not None}
    if args.batch:
        from lineage_core.write.batch import log_lines

        if args.words:
            raise BadInputError("--batch reads its events from stdin and takes no EVENT_TYPE")
        if given := [name for name in _FOR_ONE if getattr(args, name) not in (None, [])]:
            raise BadInputError(f"--{given[0]} is for one event; with --batch, each line says it for itself")
        return log_lines(sys.stdin.buffer, Journal(args.dir, environ=environ), environ, sys.stdout, sys.stderr)
    if len(args.words) < 2:
        raise BadInputError("EVENT_TYPE and TASK_ID are needed (see lineage log --help)")
    event_type, task_id, *rest = map(_utf8, args.words)
    parent = args.parent if args.parent is not None else os.environ.get("LINEAGE_PARENT_ID")
    lineage_id = Journal(args.dir, environ=environ).log(
        event_type,
        task_id,
        *rest,
        data=_data(args.data),
        parent=parent and _utf8(parent),
        related=[*map(_utf8, args.related)],
        tags=[*map(_utf8, args.tag)],
        timestamp=args.timestamp,
    )
    try:
        print(lineage_id, flush=True)
    except OutputError as error:
        raise OutputError(f"the event is written, as {lineage_id}; {error}") from None
    return ExitCode.OK


def _utf8(word: str) -> str:
    """A word read as UTF-8 whatever the locale; bytes that are not stay lone surrogates, for the writer to judge."""
    return os.fsencode(word).decode("utf-8", "surrogateescape")


def _data(option: str | None) -> str | None:
    if option == "-":
        return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    if option and option.startswith("@"):
        try:
            with open(option[1:], "rb") as file:
                return file.read().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise BadInputError(f"cannot read --data file {option[1:]}: {error.strerror}") from None
    return None if option is None else _utf8(option)

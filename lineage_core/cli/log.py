"""`lineage log`: one event from words, or many from JSON lines."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from lineage_core.errors import BadInputError, ExitCode
from lineage_core.journal import Journal

EXAMPLES = (
    """lineage log task_created task-1 user-kim --data '{"priority":"high"}'""",
    "lineage log worker_progress task-1 worker-7 60 --tag nightly",
    "lineage log task_failed task-1 security-master 'build broke' --data @details.json",
    "lineage log --batch < events.jsonl",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage log`."""
    parser.add_argument("event_type", nargs="?", metavar="EVENT_TYPE", help="one of the 18 event types")
    parser.add_argument("task_id", nargs="?", metavar="TASK_ID", help="the task that the event belongs to")
    parser.add_argument("args", nargs="*", metavar="ARG", help="the arguments of the shell function, after TASK")
    parser.add_argument("--data", metavar="JSON", help="a JSON object; - reads it from stdin, @FILE from a file")
    parser.add_argument("--parent", metavar="ID", help="lineage_id of the event that caused this one")
    parser.add_argument("--related", metavar="TASK", action="append", default=[], help="another task it concerns")
    parser.add_argument("--tag", metavar="TAG", action="append", default=[], help="a free label")
    parser.add_argument("--timestamp", metavar="ISO", help="when it happened, if not now")
    parser.add_argument("--session", metavar="ID", help="in place of CORTEX_SESSION_ID")
    parser.add_argument("--trace", metavar="ID", help="in place of CORTEX_TRACE_ID")
    parser.add_argument("--principal", metavar="NAME", help="in place of CORTEX_PRINCIPAL")
    parser.add_argument("--batch", action="store_true", help="read events as JSON lines from stdin")


def run(args: argparse.Namespace) -> int:
    """Log what the words say and print the new lineage_id; with --batch, one id per line read."""
    environ = dict(os.environ)
    for name, value in (
        ("CORTEX_SESSION_ID", args.session),
        ("CORTEX_TRACE_ID", args.trace),
        ("CORTEX_PRINCIPAL", args.principal),
    ):
        if value is not None:
            environ[name] = value
    if args.batch:
        from lineage_core.batch import log_lines

        if args.event_type:
            raise BadInputError("--batch reads its events from stdin and takes no EVENT_TYPE")
        return log_lines(sys.stdin.buffer, Journal(args.dir, environ=environ), sys.stdout, sys.stderr)
    if not args.event_type or not args.task_id:
        raise BadInputError("EVENT_TYPE and TASK_ID are needed (see lineage log --help)")
    print(
        Journal(args.dir, environ=environ).log(
            _clean(args.event_type),
            _clean(args.task_id),
            *map(_clean, args.args),
            data=_data(args.data),
            parent=args.parent and _clean(args.parent),
            related=[*map(_clean, args.related)],
            tags=[*map(_clean, args.tag)],
            timestamp=args.timestamp,
        )
    )
    return ExitCode.OK


def _clean(word: str) -> str:
    """An argument of the command line, with U+FFFD for bytes that are not UTF-8."""
    return os.fsencode(word).decode("utf-8", "replace")


def _data(option: str | None) -> Any:
    if option == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    if option and option.startswith("@"):
        try:
            return Path(option[1:]).read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise BadInputError(f"cannot read --data file {option[1:]}: {error.strerror}") from None
    return None if option is None else _clean(option)

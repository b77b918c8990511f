"""`lineage follow`: new events as they land, one line each, until it is interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from lineage_core import clock, paths
from lineage_core.decode import Found, event_of, record_bytes
from lineage_core.errors import ExitCode
from lineage_core.facts import digest_of
from lineage_core.sanitize import json_safe, visible
from lineage_core.tail import Tailer
from lineage_core.watch import Watcher
from lineage_core.when import parse_when
from lineage_core.words import say

EXAMPLES = (
    "lineage follow",
    "lineage follow --task task-1 --json",
    "lineage follow --type 'task_*' --actor security-master",
    "lineage follow --since 1h --type task_failed --type worker_failed",
)

_REMEMBERED = 100_000
"""Events that are remembered, so that one that stands in a second file too is printed once."""

_MARKS = {  # glyph and colour by the last word of the event type
    "created": ("+", "36"),
    "assigned": ("→", "36"),
    "reassigned": ("→", "33"),
    "spawned": ("+", "36"),
    "started": ("▶", "34"),
    "accepted": ("▶", "34"),
    "progress": ("·", "2"),
    "blocked": ("‖", "33"),
    "unblocked": ("▶", "34"),
    "escalated": ("!", "35"),
    "completed": ("✓", "32"),
    "failed": ("✗", "31"),
    "cancelled": ("–", "33"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to follow, and how to print it."""
    for name, what in (("task", "task id"), ("type", "event type"), ("actor", "actor id")):
        parser.add_argument(
            f"--{name}", metavar="NAME", action="append", default=[], help=f"only this {what}, or those that match *"
        )
    parser.add_argument("--since", metavar="TIME", help="begin with the events since then: 2h, yesterday, ISO-8601")
    parser.add_argument("--from-start", action="store_true", help="begin with all events that are there")
    parser.add_argument("--format", choices=("text", "json", "jsonl"), default="text", help="json: one record a line")
    parser.add_argument("--json", dest="format", action="store_const", const="jsonl", help="short for --format jsonl")


def run(args: argparse.Namespace) -> int:
    """Print events until the process is interrupted or nobody reads any more."""
    directory = paths.lineage_dir(args.dir)
    since = parse_when(args.since, clock.now()) if args.since else None
    tailer = Tailer(directory, since=since, from_end=since is None and not args.from_start)
    watcher = Watcher(directory)
    show = _as_text() if args.format == "text" else _as_json
    out = sys.stdout.buffer
    seen: OrderedDict[int, None] = OrderedDict()
    while True:
        for batch in tailer.scan():
            for found in batch.found:
                if _wanted(args, found.record) and _is_new(found.record, seen):
                    out.write(show(found, batch.raw(found)))
            out.flush()
        if not watcher.wait():
            return ExitCode.OK


def _wanted(args: argparse.Namespace, record: dict[str, Any]) -> bool:
    """Whether the record matches one pattern of each kind that was given."""
    for value, patterns in (
        (record["task_id"], args.task),
        (record["event_type"], args.type),
        (record["actor"]["id"], args.actor),
    ):
        if patterns and not any(value == pattern or fnmatchcase(value, pattern) for pattern in patterns):
            return False
    return True


def _is_new(record: dict[str, Any], seen: OrderedDict[int, None]) -> bool:
    """Whether no event of that content was printed lately."""
    digest = digest_of(record)
    if digest in seen:
        return False
    seen[digest] = None
    if len(seen) > _REMEMBERED:
        seen.popitem(last=False)
    return True


def _as_json(found: Found, raw: bytes) -> bytes:
    return json_safe(record_bytes(raw).decode()).encode() + b"\n"


def _as_text() -> Callable[[Found, bytes], bytes]:
    """The printer of lines for people: local time, what happened, to which task, by whom."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    encoding = sys.stdout.encoding

    def line(found: Found, raw: bytes) -> bytes:
        event = event_of(found)
        glyph, colour = _MARKS.get(event.event_type.rpartition("_")[2], ("?", "0"))
        if event.data.get("completion_status") == "failed":
            glyph, colour = _MARKS["failed"]
        kind = f"{glyph} {visible(event.event_type, 40):17}"
        if coloured:
            kind = f"\x1b[{colour}m{kind}\x1b[0m"
        said = visible(say(event.event_type, event.actor_id, event.data), 400)
        text = f"{clock.format_timestamp(event.at)[11:23]}  {kind}  {visible(event.task_id, 200)}  {said}\n"
        return text.encode(encoding, "backslashreplace")

    return line

"""`lineage events`: the events that match, in order, each once."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, UnknownNameError
from lineage_core.base.regex import compiled
from lineage_core.cli import lake_option, output, period
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar
from lineage_core.cli.text_output import Line, Paper
from lineage_core.model import record as intact
from lineage_core.model.event_types import EVENTS, nearest
from lineage_core.model.record import Record
from lineage_core.present.host_columns import HOST, columns
from lineage_core.present.rows import EVENT_KEYS, event_row
from lineage_core.present.sentences import say
from lineage_core.query import journal_search as hits
from lineage_core.query.event_query import EventQuery
from lineage_core.query.ids_with_host import on_hosts
from lineage_core.query.records_with_host import are_hosts, tagged
from lineage_core.query.task_lookup import hosts_named
from lineage_core.read.compact_record import one_line
from lineage_core.write import json_encoder as codec
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.model.row_types import EventJson

EXAMPLES = (
    "lineage events --task task-1",
    "lineage events --type worker_failed --type 'task_*' --since 2h",
    "lineage events --master security --date yesterday --format csv",
    "lineage events --grep 'timeout|refused' --json | jq '.[].actor.id'",
)

_KINDS = {
    "task": ("TASK", "events of a task; like all that follow it may be repeated, and * stands for any text"),
    "type": ("EVENT_TYPE", "events of a type, like worker_failed"),
    "actor": ("ID", "events of an actor"),
    "master": ("ID", "events that a master did or that name it; its `-master` may be left out"),
    "worker": ("ID", "events of a worker"),
    "session": ("ID", "events of a session"),
    "trace": ("ID", "events of a trace"),
    "tag": ("TAG", "events with a tag"),
    "host": ("HOST", "events that a host logged, of several"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage events`."""
    add_filters(parser)
    lake_option.add_arguments(parser)
    output.add_arguments(parser, "events, the newest ones")
    output.describe(parser, EVENT_KEYS | HOST, "columns of csv; as JSON, the records are given as they were written")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The options that say which events. Each may be given more than once, and `*` stands for any text."""
    for name, (metavar, text) in _KINDS.items():
        parser.add_argument(f"--{name}", metavar=metavar, type=output.name, action="append", default=[], help=text)
    about = "events whose record, as it was written, matches"
    parser.add_argument("--grep", metavar="REGEX", type=output.name, help=about)
    period.add_arguments(parser, "events")


def query_of(args: argparse.Namespace) -> EventQuery:
    """The events that the options ask for."""
    since, until = period.period_of(args)
    values = {f"{name}s": tuple(getattr(args, name)) for name in _KINDS}
    grep = compiled(args.grep, ignore_case=False) if args.grep else None
    return EventQuery(**values, grep=grep, since=since, until=until)


def answer(args: argparse.Namespace) -> Answer:
    """The events that the options ask for. Raises UnknownNameError for a task or type that no event has."""
    query = query_of(args)
    if lake := lake_option.lake_of(args):
        return _from_lake(lake, query, args.limit)
    directory = lineage_dir(args.dir)
    query = on_hosts(query, partial(hosts_named, directory))
    with ProgressBar("searching") as progress:
        found = hits.find(directory, query.search(), progress)
    if not found.positions:
        _check_names(directory, query)
    names = [file.name for file in found.files]
    some = hits.newest(found, args.limit) if args.limit is not None else None

    def raws() -> Iterator[bytes]:
        return (tagged(raw, names[hit.rank]) for hit, raw in (hits.records(found) if some is None else some))

    empty = not (found.positions if some is None else some)
    return answer_of(raws, empty, found.problems, several=are_hosts(found.files))


def _from_lake(url: str, query: EventQuery, limit: int | None) -> Answer:
    from lineage_core.lake.missing_extra import needed

    with needed():
        from lineage_core.lake import table_reader
    query = on_hosts(query, partial(table_reader.hosts_named, url))
    raws, several = table_reader.events(url, query, limit)
    return answer_of(lambda: iter(raws), not raws, {}, several=several)


def answer_of(raws: Any, empty: bool, problems: dict[str, str], *, several: bool = False) -> Answer:
    """The answer that some records make; `raws()` gives their bytes, in order. several: whether they have hosts."""
    return Answer(
        text=lambda paper: text_lines(map(_parse, raws()), paper, with_host=several),
        columns=columns(EVENT_KEYS, HOST, several=several),
        rows=(row_of(raw, with_host=several) for raw in raws()),
        records=(one_line(raw) for raw in raws()),
        empty=empty,
        problems=problems,
        title="Events",
        timelines=lambda: output.timelines_of_records(map(_parse, raws())),
    )


def row_of(raw: bytes, *, with_host: bool = False) -> EventJson:
    """An event as a flat row, its data as JSON text with the values as they were written."""
    record = _parse(raw)
    row = event_row(record)
    if with_host:
        row["host"] = record["host"]
    data = row["event_data"]
    text = orjson.dumps(data)
    if text not in raw:
        with suppress(BadInputError):  # nested too deep to be written again: then without the spelling of numbers
            text = codec.dumps(codec.parse_object(one_line(raw).decode("utf-8", "replace"))["event_data"]).encode()
    row["event_data"] = text.decode() if data is not None else None
    return row


def text_lines(
    records: Iterable[Record], paper: Paper, *, with_task: bool = True, with_host: bool = False
) -> Iterator[Line]:
    """One line an event: when, where, which task, what, in words."""
    for record in records:
        data = record.get("event_data")
        said = say(record["event_type"], record["actor"]["id"], data if isinstance(data, dict) else {})
        at = clock.parse_timestamp(record["timestamp"]) or 0
        yield [
            (clock.format_timestamp(at)[:23].replace("T", " ") + "Z", "muted"),
            f"  {record['host']:8}" if with_host else "",
            f"  {record['task_id']}  " if with_task else "  ",
            (f"{record['event_type']:17}", _role(record["event_type"])),
            f"  {said}",
        ]


def _role(event_type: str) -> str:
    return event_type.rpartition("_")[2]


def _parse(raw: bytes) -> Record:
    record: Record = intact.parse(one_line(raw))
    return record


def _check_names(directory: Path, query: EventQuery) -> None:
    """Nothing was found: because a name is wrong?"""
    if query.tasks:
        from lineage_core.query.task_lookup import check_known

        check_known(directory, [name for name in query.tasks if "*" not in name])
    for name in query.types:
        if (
            name not in EVENTS
            and "*" not in name
            and not hits.find(directory, EventQuery(types=(name,)).search()).positions
        ):
            raise UnknownNameError(f"no event of type {name}{nearest(name, EVENTS)}")

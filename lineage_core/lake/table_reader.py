"""What the table holds, as states, records and frames: the same decoders and the same meaning as for the journal.

Which rows are read is told by their columns: partitions and statistics leave out most files for one task, one host or a
stretch of time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl
from polars import col, lit

from lineage_core.base.clock import DAY, utc_date
from lineage_core.dataframes.decoder import DecodedPiece, FrameDecoder
from lineage_core.dataframes.reader import Frames
from lineage_core.dataframes.records import Rows
from lineage_core.dataframes.schema import LINEAGE_ID, NAME, TIME
from lineage_core.dataframes.tasks import derive
from lineage_core.dataframes.tasks_across_hosts import TaskNames
from lineage_core.lake.fold import WHERE, fold, found_in
from lineage_core.lake.table_schema import scanned
from lineage_core.model.facts import digest_of, fact_of
from lineage_core.model.host_file_names import host_of
from lineage_core.model.record import Found, read
from lineage_core.query.event_query import EventQuery, own_ids
from lineage_core.query.ids_with_host import hosts_of
from lineage_core.query.records_with_host import tagged
from lineage_core.query.search_terms import Search
from lineage_core.state.load import Loaded
from lineage_core.state.snapshot_cache import uncollected
from lineage_core.state.store import State

BATCH = 100_000
"""Rows that are decoded at once."""


@uncollected()
def load(url: str, since: int | None = None, until: int | None = None) -> Loaded:
    """The state of all tasks, or of those that have events on both sides of, or in, a stretch of time (microseconds
    since the epoch), each with all its events. Raises JournalError."""
    rows = scanned(url)
    for bound in (
        None if since is None else col("at") >= lit(since).cast(TIME),
        None if until is None else col("at") < lit(until).cast(TIME),
    ):
        if bound is not None:
            chosen = scanned(url).filter(bound).select(col("task_id").unique()).collect(engine="streaming")
            rows = rows.filter(col("task_id").is_in(chosen["task_id"].implode()))
    state = State()
    fold(state, rows)
    return Loaded(state, [], {})


def _facts(rows: pl.LazyFrame) -> Iterator[tuple[str, list[Found]]]:
    """The records by file, some at a time."""
    for batch in _batches(rows.select(WHERE)):
        for (file,), part in batch.partition_by("file", as_dict=True).items():
            yield str(file), [found_in(row) for row in part.iter_rows()]


def _batches(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    yield from rows.collect_batches(chunk_size=BATCH)


def hosts_named(url: str, name: str) -> tuple[str, frozenset[str]] | None:
    """The id that `id@host` names, and the hosts whose events of it are of that task; None where it names none."""
    rows = scanned(url).filter(col("task_id").is_in([*own_ids([name])]))
    facts = (
        (one.record["task_id"], fact_of(file, one.offset, one.length, one.at, one.record))
        for file, found in _facts(rows)
        for one in found
    )
    return hosts_of([name], facts).get(name)


def events(url: str, query: EventQuery, limit: int | None) -> tuple[list[bytes], bool]:
    """The events that a query asks for, in order, each once, the newest `limit` of them; and whether they are of
    several hosts. Raises JournalError."""
    search = query.search()
    rows = _narrowed(scanned(url), query)
    files = rows.select(col("file").unique()).collect()["file"].to_list()
    several = len({host_of(file) for file in files}) > 1
    ordered = rows.select("at", "lineage_id", *WHERE).sort("at", "file", "offset", "lineage_id")
    found: list[bytes] = []
    seen: set[int] = set()
    for batch in _batches(ordered):
        for _, _, file, offset, length, record in batch.iter_rows():
            raw = record.encode()
            if (one := _wanted(search, raw, offset, length)) is None:
                continue
            if (digest := digest_of(one.record)) not in seen:
                seen.add(digest)
                found.append(tagged(raw, file))
    return (found if limit is None else found[max(0, len(found) - limit) :]), several


def _wanted(search: Search, raw: bytes, offset: int, length: int) -> Found | None:
    at, record = read(raw)
    found = Found(offset, length, at, record)
    return found if search.wants(found) and search.reads(raw) else None


def _narrowed(rows: pl.LazyFrame, query: EventQuery) -> pl.LazyFrame:
    """The rows that may be answers, by their columns."""
    for name, wanted in (
        ("task_id", query.tasks),
        ("event_type", query.types),
        ("actor_id", query.actors),
        ("session", query.sessions),
        ("host", query.hosts),
    ):
        exact = [one for one in wanted if "*" not in one]
        if wanted and len(exact) == len(wanted):
            rows = rows.filter(col(name).is_in(exact))
        elif name == "host" and wanted:
            rows = rows.filter(pl.any_horizontal(*(col(name).str.contains(_expression(one)) for one in wanted)))
    if query.since is not None:
        rows = rows.filter(col("at") >= lit(query.since).cast(TIME), col("date") >= utc_date(query.since - 2 * DAY))
    if query.until is not None:
        rows = rows.filter(col("at") < lit(query.until).cast(TIME))
    return rows


def _expression(name: str) -> str:
    """A name in which `*` stands for any text, as a regular expression."""
    return "(?s)^" + ".*".join(map(re.escape, name.split("*"))) + "$"


def frames(url: str) -> Frames:
    """The frames of all events, each once. Raises JournalError."""
    parts = [part for batch in _batches(scanned(url).select(WHERE)) for part in _laid(batch)]
    if not parts:
        return Frames()
    rows = pl.concat(parts)
    names = TaskNames()
    names.take(rows, rows.clear())
    events_once = rows.sort("file", "offset").unique(("id_hash", "line_hash"), keep="first", maintain_order=True)
    events_once = names.named(events_once.drop(LINEAGE_ID.name, strict=False))
    return Frames.made_of({"events": events_once, **derive(events_once)._asdict()}, rows.height, {})


def _laid(batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The events of some rows, by the decoder that the journal is read with: a line a record."""
    lines = [record.encode() + b"\n" for record in batch["record"]]
    data = b"".join(lines)
    found, _ = FrameDecoder(0).feed(data)
    parts = list(found.events) if isinstance(found, DecodedPiece) else []
    if found:
        rows = Rows()
        rows.add("", found, data, 0)
        parts.append(rows.frame().drop(LINEAGE_ID.name))
    starts = pl.Series([0, *map(len, lines[:-1])], dtype=pl.Int64).cum_sum()
    where = batch.select(
        offset=starts, real=col("offset"), of=col("file").cast(NAME), size=col("length").cast(pl.UInt32)
    )
    for part in parts:
        placed = part.with_columns(file=lit(None, NAME)).select(pl.all()) if "file" not in part.columns else part
        joined = placed.join(where, on="offset", how="left", maintain_order="left")
        yield joined.with_columns(file=col("of"), offset=col("real"), length=col("size")).drop("of", "real", "size")

"""Rows of the table -> the state of their tasks.

Most tasks have events in files of several hosts and days. So all facts are packed first, file by file (by facts.c where
it is at hand), and each task is derived once, from all of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import polars as pl
from polars import col

from lineage_core.model.facts import fact_of, pack, unpack
from lineage_core.model.host_file_names import host_of
from lineage_core.model.record import Found, read
from lineage_core.native import facts as native
from lineage_core.state.store import State

WHERE = ["file", "offset", "length", "record"]
"""The columns that facts are made of."""

_TASKS_AT_ONCE = 5000  # that are derived; what is packed takes a tenth of the memory of its facts
_ROWS_AT_ONCE = 100_000


def fold(state: State, rows: pl.LazyFrame) -> None:
    """Fold the records of rows into an empty state. rows: with the columns WHERE."""
    packed: dict[str, bytearray] = {}
    for batch in rows.select(WHERE).collect_batches(chunk_size=_ROWS_AT_ONCE):
        for (file,), part in batch.partition_by("file", as_dict=True).items():
            for task_id, facts in _packed(str(file), part):
                packed.setdefault(task_id, bytearray()).extend(facts)
    while some := [*islice(packed, _TASKS_AT_ONCE)]:
        state.fold_tasks({task_id: unpack(packed.pop(task_id)) for task_id in some})
    state.settle_all()


def found_in(row: tuple[Any, ...]) -> Found:
    """The record of a row of the columns WHERE."""
    _, offset, length, record = row
    at, decoded = read(record.encode())
    return Found(offset, length, at, decoded)


def _packed(file: str, part: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    """The packed facts of rows of a file, by task or one by one."""
    if native.available():
        facts = native.FileFacts(file, [host_of(file)] if "/" in file else [])
        left = list(_left_natively(facts, part))
        for task in facts.tasks():
            yield task.task_id, task.packed
    else:
        left = [found_in(row) for row in part.iter_rows()]
    for found in left:
        fact = fact_of(file, found.offset, found.length, found.at, found.record)
        yield found.record["task_id"], pack(fact)


def _left_natively(facts: native.FileFacts, part: pl.DataFrame) -> Iterator[Found]:
    """Let facts.c take rows of a file; gives what it leaves.

    Records that stood side by side in the file go as one block, at their place in it.
    """
    whole = part.sort("offset").with_columns(size=col("record").str.len_bytes().cast(pl.Int64))
    as_written = col("size") == col("length")
    for row in whole.filter(~as_written).select(WHERE).iter_rows():
        yield found_in(row)
    plain = whole.filter(as_written)
    begins = (plain["offset"] != (plain["offset"] + plain["length"] + 1).shift(fill_value=-1)).cum_sum()
    blocks = plain.group_by(begins.alias("block"), maintain_order=True).agg(
        col("offset").first(), col("record").str.join("\n")
    )
    for offset, text in blocks.select("offset", "record").iter_rows():
        block = text.encode() + b"\n"
        for start, end in facts.take(block, offset):
            at, record = read(block[start:end])
            yield Found(offset + start, end - start, at, record)

"""Plain lines -> the events frame, by the cutter in C (`native/README.md`): the fast way where there is a cutter."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import polars as pl
from polars import col, lit

from lineage_core.dataframes.parsed_block import Lines
from lineage_core.dataframes.schema import LINEAGE_ID, NAME, TIME, schema_of
from lineage_core.native.cutter import MOST, cut

_WORTH_A_THREAD = 1 << 20  # bytes


def natively(block: bytes, offset: int, ids: bool) -> Lines | None:
    """As `lines.ReadLines` has it. A large block is cut by a thread for each processor."""
    if len(block) > MOST:
        return None
    count = min(os.cpu_count() or 1, len(block) // _WORTH_A_THREAD)
    if count < 2:
        return _lines(block, offset, ids, (0, len(block)))
    edges = [0, *(block.find(b"\n", len(block) * n // count) + 1 for n in range(1, count)), len(block)]
    spans = [(start, end) for start, end in pairwise(edges) if start < end]
    with ThreadPoolExecutor(len(spans)) as pool:
        parts = list(pool.map(lambda span: _lines(block, offset, ids, span), spans))
    return Lines(pl.concat([part.events for part in parts]), [edges for part in parts for edges in part.odd])


def _lines(block: bytes, offset: int, ids: bool, span: tuple[int, int]) -> Lines:
    made = cut(block, offset, NAME, ids=ids, span=span)
    rows = made.rows if made.ids is None else made.rows.insert_column(0, made.ids)
    events = rows.with_columns(
        at=col("at").cast(TIME),
        written_at=col("made_at").cast(TIME),
        tokens=col("tokens").cast(pl.Int64),
        token_budget=col("token_budget").cast(pl.Int64),
        blocked_by=lit(None, pl.String),
        wrong=lit(None, NAME),
        file=lit(None, NAME),
    )
    return Lines(events.select(*([LINEAGE_ID.name] if ids else []), *schema_of("events")), made.odd)

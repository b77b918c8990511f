"""Plain lines -> the events frame, by the cutter in C (`native/README.md`): the fast way where there is a cutter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import polars as pl
from polars import col, lit

from lineage_core.dataframes.parsed_block import Lines
from lineage_core.dataframes.schema import NAME, TIME, schema_of
from lineage_core.native.cutter import MOST, RawCut, cut, cut_raw, whole

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


def raw_lines(block: bytes, offset: int) -> RawCut | None:
    """A small block, for `together` to make events of; None for a large one, which is better laid out alone."""
    return cut_raw(block, offset, (0, len(block))) if len(block) < 2 * _WORTH_A_THREAD else None


def together(raws: Sequence[tuple[str, RawCut]], ids: bool) -> pl.DataFrame:
    """The events of small blocks of several files, in order, with the names of the files: to lay out one takes as long
    as to lay out a hundred. ids: as `ReadLines` has it."""
    rows, copied = whole([raw for _, raw in raws], NAME, ids=ids)
    files = pl.Series([file for file, _ in raws], dtype=NAME)
    return _events(rows, copied, files.gather(rows["block"]))


def _lines(block: bytes, offset: int, ids: bool, span: tuple[int, int]) -> Lines:
    made = cut(block, offset, NAME, ids=ids, span=span)
    return Lines(_events(made.rows, made.ids, lit(None, NAME)), made.odd)


def _events(rows: pl.DataFrame, ids: pl.Series | None, files: pl.Series | pl.Expr) -> pl.DataFrame:
    events = rows.with_columns(
        at=col("at").cast(TIME),
        written_at=col("made_at").cast(TIME),
        tokens=col("tokens").cast(pl.Int64),
        token_budget=col("token_budget").cast(pl.Int64),
        blocked_by=col("blocked_by").cast(pl.String),
        wrong=lit(None, NAME),
        file=files,
    )
    events = events.select(*schema_of("events"))
    return events if ids is None else events.insert_column(0, ids)

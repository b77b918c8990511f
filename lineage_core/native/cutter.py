"""Blocks of lines -> columns, by cutter.c: its face in Python, through ctypes and the Arrow C data interface.

Importing this imports polars. Other threads run while the C code does.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

import polars as pl
from polars import col

from lineage_core.native import LIBRARY

MOST = 1 << 30
"""Bytes of the longest block: views of Arrow have 31 bits for a place in it."""

TEXTS = (
    *("task_id", "event_type", "actor_type", "actor_id", "session", "task_type", "priority", "master_id"),
    *("from_master", "to_master", "worker_id", "worker_type", "handoff_id", "completion_status", "reason"),
    *("trace", "parent_task", "error", "blocked_by"),
)
NUMBERS = ("percent", "token_budget", "duration_ms", "log_us", "tokens", "made_at")

_POINTER, _SIZE = ctypes.c_void_p, ctypes.c_int64
_SCHEMA_BYTES, _ARRAY_BYTES = 72, 80  # of ArrowSchema and ArrowArray, as the C data interface lays them out
_SECRET = (ctypes.c_uint64 * 2).from_buffer_copy(os.urandom(16))


class Cut(NamedTuple):
    """What a block of lines holds.

    rows: a row for each proven line, in order. TEXTS are of the type that `cut` was asked for, null where there is
    none; NUMBERS are Float64 (`made_at`: Int64), likewise; `priority_given` is true or null; `at`, and `made_at` of an
    id of ours, are in microseconds since the epoch, UTC; `offset` and `length`, in bytes, say where the line stands in
    its file; `id_hash`, `parent_hash` and `line_hash` are the hashes that polars has for the id, the parent's (null
    without one) and the bytes of the line.
    ids: the lineage_id of each row, if they were asked for.
    odd: the lines that are not proven, by their starts and ends in the block.
    """

    rows: pl.DataFrame
    ids: pl.Series | None
    odd: list[tuple[int, int]]


class RawCut(NamedTuple):
    """What a block of lines holds, as cutter.c tells it, for `whole`.

    rows: texts are places among `texts`, from 1 on; some columns are views into the block, which therefore stays with
    them. odd: as Cut has it.
    """

    rows: pl.DataFrame
    texts: pl.Series
    block: bytes
    odd: list[tuple[int, int]]

    def filter(self, wanted: pl.Expr) -> RawCut:
        """The same with some of the rows."""
        return self._replace(rows=self.rows.filter(wanted))


def cut(
    block: bytes, base: int, kind: Any = pl.String, *, ids: bool = False, span: tuple[int, int] | None = None
) -> Cut:
    """The lines of a block, which stands at `base` of its file; bytes behind its last newline are left alone.

    span: the start and the end of the part of it that is meant; offsets and edges are those in the whole block.
    Raises MemoryError.
    """
    raw = cut_raw(block, base, span or (0, len(block)))
    rows, copied = whole([raw], kind, ids=ids)
    return Cut(rows.drop("block"), copied, raw.odd)


def cut_raw(block: bytes, base: int, span: tuple[int, int]) -> RawCut:
    """As `cut`, of which `whole` makes rows: for many small blocks together. Raises MemoryError."""
    start, end = span
    size = end - start
    assert 0 <= start <= end <= len(block) and size <= MOST, (span, len(block))
    functions = _functions()
    address = _POINTER.from_buffer(ctypes.c_char_p(block)).value or 0
    made = functions.cut_new(address + start, size, base + start, _SECRET)
    if not made:
        raise MemoryError("no memory to cut lines")
    try:
        count = functions.cut_odd_lines(made)
        found = (_SIZE * (2 * count)).from_address(functions.cut_odd(made))[:] if count else []
        edges = [start + edge for edge in found]
        columns, texts = _Exported(), _Exported()
        if not functions.cut_columns(made, size, columns.schema, columns.array):
            raise MemoryError("no memory for columns")
        rows = pl.Series(columns).struct.unnest()
        if not functions.cut_texts(made, texts.schema, texts.array):
            raise MemoryError("no memory for texts")
        names = pl.Series(texts)
    finally:
        functions.cut_free(made)
    return RawCut(rows, names, block, list(zip(edges[::2], edges[1::2], strict=True)))


def whole(raws: Sequence[RawCut], kind: Any, *, ids: bool) -> tuple[pl.DataFrame, pl.Series | None]:
    """The rows of blocks as `Cut` has them, with the number of the block each is of (`block`); and their ids."""
    rows = pl.concat([raw.rows for raw in raws])
    block = pl.concat([pl.repeat(n, raw.rows.height, dtype=pl.UInt32, eager=True) for n, raw in enumerate(raws)])
    starts = pl.Series([*accumulate((len(raw.texts) for raw in raws), initial=0)], dtype=pl.UInt32)
    names = pl.concat([pl.Series([None], dtype=pl.String), *(raw.texts for raw in raws)]).cast(kind)
    # `lineage_id`, `parent` and `line` are views into the blocks: nothing of them may leave this function.
    copied = pl.Series("lineage_id", rows["lineage_id"].to_list(), pl.String) if ids else None
    if len(raws) > 1:
        before = starts.gather(block)
        rows = rows.with_columns(pl.when(col(name) > 0).then(col(name) + before).otherwise(0) for name in TEXTS)
    rows = rows.with_columns(
        *(pl.lit(names).gather(col(name)).alias(name) for name in TEXTS),
        *(pl.when(col(name) >= 0).then(col(name)) for name in NUMBERS),
        priority_given=pl.when(col("priority_given") == 1).then(True),
        id_hash=col("lineage_id").hash(),
        parent_hash=pl.when(col("parent").is_not_null()).then(col("parent").hash()),
        line_hash=col("line").hash(),
        block=block,
    )
    return rows.drop("lineage_id", "parent", "line"), copied


class _Exported:
    """An array and its schema, for polars to take over, once."""

    def __init__(self) -> None:
        self.schema = ctypes.create_string_buffer(_SCHEMA_BYTES)
        self.array = ctypes.create_string_buffer(_ARRAY_BYTES)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return _capsule(self.schema, b"arrow_schema"), _capsule(self.array, b"arrow_array")


def _capsule(struct: ctypes.Array[ctypes.c_char], name: bytes) -> object:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [_POINTER, ctypes.c_char_p, _POINTER]
    made: object = new(ctypes.addressof(struct), name, None)
    return made


@cache
def _functions() -> Any:
    functions = ctypes.CDLL(str(LIBRARY))
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "cut_new": (_POINTER, [_POINTER, _SIZE, _SIZE, _POINTER]),
        "cut_odd_lines": (_SIZE, [_POINTER]),
        "cut_odd": (_POINTER, [_POINTER]),
        "cut_columns": (ctypes.c_bool, [_POINTER, _SIZE, _POINTER, _POINTER]),
        "cut_texts": (ctypes.c_bool, [_POINTER, _POINTER, _POINTER]),
        "cut_free": (None, [_POINTER]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(functions, name)
        function.restype, function.argtypes = result, arguments
    return functions

"""Rows of a query as a Parquet file. Importing this imports polars.

Times become timestamps in UTC, lists of texts stay lists, objects become JSON text; a column without any value is
text. Values that do not fit the type of their column (a name where a number belongs) are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

import orjson
import polars as pl

from lineage_core.base.clock import parse_timestamp

TIMES = frozenset(("at", "since", "timestamp", "start", "end"))
"""Columns that hold times, beside those that end in `_at`."""


def write(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], file: IO[bytes]) -> None:
    """Write the rows as Parquet. Raises OSError as the file does: Polars would write to its descriptor by itself."""
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for row in rows:
        for name in columns:
            values[name].append(row.get(name))
    series = [_series(name, values[name]) for name in columns]
    whole = io.BytesIO()
    pl.DataFrame(series).write_parquet(whole)
    file.write(whole.getbuffer())


def _series(name: str, values: list[Any]) -> pl.Series:
    if name in TIMES or name.endswith("_at"):
        times = [parse_timestamp(value) if isinstance(value, str) else None for value in values]
        return pl.Series(name, times, pl.Int64).cast(pl.Datetime("us", "UTC"))
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} and kinds:
        return pl.Series(name, values, pl.Boolean)
    if kinds <= {int} and kinds:
        return pl.Series(name, values, pl.Int64, strict=False)
    if kinds <= {int, float} and kinds:
        return pl.Series(name, values, pl.Float64, strict=False)
    if kinds == {list} and all(isinstance(item, str) for value in values for item in value or ()):
        return pl.Series(name, values, pl.List(pl.String))
    return pl.Series(name, [_text(value) for value in values], pl.String)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()

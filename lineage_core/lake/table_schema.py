"""The Delta table: one row an event, Parquet under `date=/host=`, sorted by task.

| column | holds |
|---|---|
| `date` | the date of its daily file; of the combined file the UTC date of the event |
| `host` | its host; `-` where there is one directory |
| `task_id`, `at`, `event_type`, `actor_type`, `actor_id`, `session`, `lineage_id` | of the record, to find it by |
| `file`, `offset`, `length` | where it stood: the canonical name of the file, bytes |
| `record` | as it was written, on one line |

Rows of one event, as the combined file makes them, count once when they are read. The format is Delta's
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md), so other tools read it as well.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from lineage_core.base.errors import JournalError

SCHEMA: dict[str, Any] = {
    "task_id": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "event_type": pl.String,
    "actor_type": pl.String,
    "actor_id": pl.String,
    "session": pl.String,
    "lineage_id": pl.String,
    "date": pl.String,
    "host": pl.String,
    "file": pl.String,
    "offset": pl.Int64,
    "length": pl.Int64,
    "record": pl.String,
}

PARTITIONS = ["date", "host"]

NO_HOST = "-"

CONFIGURATION = {"delta.dataSkippingNumIndexedCols": "7"}
"""Statistics of the columns that events are found by, not of the records."""


def existing(url: str) -> DeltaTable | None:
    """The table, if there is one. Raises JournalError where that cannot be told."""
    try:
        return DeltaTable(url)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError, ValueError) as error:
        raise JournalError(f"cannot read the lake {url}: {_line(error)}") from error


def opened(url: str) -> DeltaTable:
    """The table. Raises JournalError if there is none, or it cannot be read."""
    table = existing(url)
    if table is None:
        raise JournalError(f"{url} is no lake; `lineage lake sync {url}` makes it")
    return table


def scanned(url: str) -> pl.LazyFrame:
    """The rows, to be read as far as they are asked for. Raises as `opened`."""
    return pl.scan_delta(opened(url))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]

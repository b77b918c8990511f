"""Decoded records -> the events frame: the general way, for records of any shape. `plain.py` is the fast one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from lineage_core.facts import fact_of
from lineage_core.fold import tokens_of
from lineage_core.frames.columns import schema_of
from lineage_core.intact import Found

OUR_ID = re.compile(r"lineage-(\d{16})\d{10}")
_TEXTS = (
    "type",
    "priority",
    "master_id",
    "from_master",
    "to_master",
    "worker_id",
    "worker_type",
    "handoff_id",
    "completion_status",
    "reason",
)
_LATEST = 253_402_300_800_000_000  # the year 10000


def rows(file: str, found: Iterable[Found]) -> pl.DataFrame:
    """The events of decoded records of a file (its canonical name)."""
    table = [_row(file, one) for one in found]
    schema = schema_of("events")
    columns = list(zip(*table, strict=True)) if table else [()] * len(schema)
    frame = pl.DataFrame(
        [pl.Series(name, column, kind) for (name, kind), column in zip(_raw(schema).items(), columns, strict=True)]
    )
    return frame.with_columns(pl.col("id_hash").hash()).cast(schema)  # type: ignore[arg-type]


def _raw(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The types in which a row holds its values: the hash of the id is made of the id later."""
    return {name: pl.String if name == "id_hash" else kind for name, kind in schema.items()}


def _row(file: str, found: Found) -> tuple[Any, ...]:
    record = found.record
    fact = fact_of(file, found.offset, found.length, found.at, record)
    data = fact.data
    wrong = [key for key in ("event_data", "context") if type(record.get(key)) not in (dict, type(None))]
    texts = [_text(data, key, wrong) for key in _TEXTS]
    percent = _number(data, "progress_percentage", wrong, 100)
    budget = _number(data, "token_budget", wrong)
    duration = _number(data, "duration_ms", wrong)
    context = record.get("context")
    if isinstance(context, dict):
        for key in ("session_id", "trace_id"):
            _text(context, key, wrong)
    return (
        record["task_id"],
        fact.at,
        fact.event_type,
        fact.actor_type,
        fact.actor_id,
        fact.extra.get("session_id"),
        fact.extra.get("trace_id"),
        *texts,
        _error(data, wrong),
        None if percent is None else float(percent),
        _tokens(data, wrong),
        None if budget is None else int(budget),
        None if duration is None else float(duration),
        _log_us(record, wrong),
        _written_at(fact.lineage_id),
        ",".join(wrong) if wrong else None,
        file,
        fact.offset,
        fact.length,
        fact.lineage_id,
        None,
        fact.digest,
    )


def is_number(value: Any, most: float = 2**53) -> bool:
    """Whether a value is a number that can be true: as `fold.py` has it."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53 and value <= most


def _text(data: Mapping[str, Any], key: str, wrong: list[str]) -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value or None
    wrong.append(key)
    return None


def _number(data: Mapping[str, Any], key: str, wrong: list[str], most: float = 2**53) -> Any:
    value = data.get(key)
    if value is None or is_number(value, most):
        return value
    wrong.append(key)
    return None


def _tokens(data: Mapping[str, Any], wrong: list[str]) -> int | None:
    value = data.get("token_usage")
    if value is None:
        return None
    tokens = tokens_of(value)
    parts = [value.get(f"{kind}_tokens") for kind in ("total", "input", "output")] if isinstance(value, dict) else []
    if tokens is None or not all(part is None or is_number(part) for part in parts):
        wrong.append("token_usage")
    return tokens


def _error(data: Mapping[str, Any], wrong: list[str]) -> str | None:
    details = data.get("error_details")
    if not isinstance(details, Mapping):
        return _text(data, "error_details", wrong)
    return _text(details, "error_message", wrong) or _text(details, "error_type", wrong)


def _log_us(record: Mapping[str, Any], wrong: list[str]) -> float | None:
    data = record.get("event_data")
    metadata = data.get("metadata") if isinstance(data, dict) else None
    value = _number(metadata, "log_us", wrong) if isinstance(metadata, dict) else None
    return None if value is None else float(value)


def _written_at(lineage_id: str) -> int | None:
    match = OUR_ID.fullmatch(lineage_id)
    return int(match[1]) if match and int(match[1]) < _LATEST else None

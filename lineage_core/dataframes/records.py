"""Decoded records -> the events frame, column by column.

Nearly all values are of the right type, so a column is taken as a whole and only looked through when it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter, methodcaller
from typing import Any

import polars as pl
from polars import col, lit

from lineage_core.dataframes.schema import TIME, schema_of
from lineage_core.model.event_data import names_of, tokens_of
from lineage_core.model.facts import MAX_ID, MAX_KEYS, bounded, longest
from lineage_core.model.lineage_id import OUR_LENGTH
from lineage_core.model.record import Found, Record

_END_OF_TIME = 253_402_300_800_000_000  # the year 10000
TEXTS = {
    "task_type": "type",
    "priority": "priority",
    "master_id": "master_id",
    "from_master": "from_master",
    "to_master": "to_master",
    "worker_id": "worker_id",
    "worker_type": "worker_type",
    "handoff_id": "handoff_id",
    "completion_status": "completion_status",
    "reason": "reason",
    "parent_task": "parent_task_id",
}
CONTEXT = {"session": "session_id", "trace": "trace_id"}
NUMBERS = {"percent": "progress_percentage", "token_budget": "token_budget", "duration_ms": "duration_ms"}
_ABSENT = {str, type(None)}
_PLAIN_NUMBERS = {int, float, type(None)}
_REQUIRED = itemgetter("lineage_id", "task_id", "event_type", "actor")
_ACTOR = itemgetter("type", "id")
_PARENT = methodcaller("get", "parent_lineage_id")
_ERROR = ("error_message", "error_type")
_USAGE = ("total_tokens", "input_tokens", "output_tokens")
MOST, MOST_PERCENT = 2**53 - 1, 100
"""The greatest numbers that are taken for true: beyond 2^53 - 1 they are not exact any more."""
_COLLECTED: dict[str, Any] = {
    **dict.fromkeys(("task_id", "event_type", "actor_type", "actor_id", *CONTEXT, *TEXTS, "error"), pl.String),
    "blocked_by": pl.String,
    "file": pl.String,
    "priority_given": pl.Boolean,
    **dict.fromkeys((*NUMBERS, "log_us"), pl.Float64),
    **dict.fromkeys(("tokens", "at", "offset", "length"), pl.Int64),
    "id_hash": pl.String,
    "parent_hash": pl.String,
    "line_hash": pl.Binary,
}

Wrong = dict[int, list[str]]
"""By the place of a record: the keys of its values that are of a wrong type."""


class Rows:
    """Collects decoded records as columns. size: how many."""

    def __init__(self) -> None:
        self.size = 0
        self._values: dict[str, list[Any]] = {column: [] for column in _COLLECTED}
        self._wrong: Wrong = {}

    def add(self, name: str, found: Sequence[Found], data: bytes, start: int) -> None:
        """Take records that stand in `data`, which begins at `start` of a file with that canonical name."""
        if not found:
            return
        wrong: Wrong = {}
        offsets, lengths, times, records = zip(*found, strict=True)
        ids, tasks, types, actors = zip(*map(_REQUIRED, records), strict=True)
        actor_types, actor_ids = zip(*map(_ACTOR, actors), strict=True)
        payloads = _objects(records, "event_data", wrong)
        contexts = _objects(records, "context", wrong)
        new: dict[str, Iterable[Any]] = {
            "task_id": tasks,
            "event_type": types,
            "actor_type": actor_types,
            "actor_id": actor_ids,
            **{name: _texts(contexts, key, wrong) for name, key in CONTEXT.items()},
            **{name: _texts(payloads, key, wrong) for name, key in TEXTS.items()},
            "error": _derived(payloads, "error_details", _error, wrong),
            **{name: _numbers(payloads, key, wrong) for name, key in NUMBERS.items()},
            "blocked_by": [_names(one.get("blocked_by")) for one in payloads],
            "priority_given": [one.get("priority_given") is True or None for one in payloads],
            "log_us": _derived(payloads, "metadata", _log_us, wrong),
            "tokens": _derived(payloads, "token_usage", _tokens, wrong),
            "at": times,
            "file": [name] * len(found),
            "offset": offsets,
            "length": lengths,
            "id_hash": ids,
            "parent_hash": [parent if type(parent) is str else None for parent in map(_PARENT, records)],
            "line_hash": [data[at - start : at - start + size] for at, size in zip(offsets, lengths, strict=True)],
        }
        self._wrong.update({self.size + n: keys for n, keys in wrong.items()})
        self.size += len(found)
        for name, values in new.items():
            self._values[name] += values

    def frame(self) -> pl.DataFrame:
        """The events that were taken, with their lineage_id."""
        ids = pl.Series(self._values["id_hash"], dtype=pl.String)
        wrong_keys = [
            ",".join(self._wrong[n]) if n in self._wrong else None for n in range(self.size if self._wrong else 0)
        ]
        frame = pl.DataFrame({name: pl.Series(self._values[name], dtype=kind) for name, kind in _COLLECTED.items()})
        ours = pl.when(col("id_hash").str.len_bytes() == OUR_LENGTH).then(col("id_hash").str.slice(8, 16))
        frame = frame.with_columns(
            *(pl.when(col(name) != "").then(col(name)) for name in (*CONTEXT, "error", *TEXTS)),
            at=col("at").cast(TIME),
            written_at=ours.cast(pl.Int64, strict=False),
            lineage_id=ids,
            id_hash=ids.hash(),
            parent_hash=pl.when(col("parent_hash").is_not_null()).then(col("parent_hash").hash()),
            line_hash=col("line_hash").hash(),
            wrong=pl.Series(wrong_keys, dtype=pl.String) if wrong_keys else lit(None, pl.String),
        )
        made = pl.when(col("written_at").is_between(0, _END_OF_TIME)).then(col("written_at").cast(TIME))
        frame = frame.with_columns(written_at=made)
        return frame.select("lineage_id", *(col(name).cast(kind) for name, kind in schema_of("events").items()))


def is_number(value: Any, most: float = MOST) -> bool:
    """Whether a value is a number that can be true: as `meaning/fold.py` has it."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _objects(records: Iterable[Record], key: str, wrong: Wrong) -> list[dict[str, Any]]:
    """The objects under a key of each record; an empty one where there is none."""
    values = [record.get(key) for record in records]
    if set(map(type, values)) == {dict}:
        return values  # type: ignore[return-value]
    for n, value in enumerate(values):
        if type(value) is not dict:
            values[n] = {}
            if value is not None:
                wrong.setdefault(n, []).append(key)
    return values  # type: ignore[return-value]


def _texts(objects: list[dict[str, Any]], key: str, wrong: Wrong) -> list[str | None]:
    values = [one.get(key) for one in objects]
    if not set(map(type, values)) <= _ABSENT:
        for n, value in enumerate(values):
            if value is not None and not isinstance(value, str):
                values[n] = None
                wrong.setdefault(n, []).append(key)
    most = MAX_ID if key in CONTEXT.values() else longest(key)
    if max(map(len, filter(None, values)), default=0) > most:
        return [value and value[:most] for value in values]
    return values


def _numbers(objects: list[dict[str, Any]], key: str, wrong: Wrong) -> list[Any]:
    most = MOST_PERCENT if key == "progress_percentage" else MOST
    values = [one.get(key) for one in objects]
    known = [value for value in values if value is not None]
    if not known or (set(map(type, values)) <= _PLAIN_NUMBERS and min(known) >= 0 and max(known) <= most):
        return values
    for n, value in enumerate(values):
        if value is not None and not is_number(value, most):
            values[n] = None
            wrong.setdefault(n, []).append(key)
    return values


def _derived(
    objects: list[dict[str, Any]], key: str, read: Callable[[Any], tuple[Any, str | None]], wrong: Wrong
) -> list[Any]:
    """What `read` makes of the value under a key: it also names what is of a wrong type."""
    values = [one.get(key) for one in objects]
    for n, value in enumerate(values):
        if value is not None:
            values[n], bad = read(value)
            if bad:
                wrong.setdefault(n, []).append(bad)
    return values


def _tokens(value: Any) -> tuple[int | None, str | None]:
    bounded_value = value if isinstance(value, dict) and len(value) <= MAX_KEYS else bounded(value)
    tokens = tokens_of(bounded_value)
    parts = [value.get(part) for part in _USAGE] if isinstance(value, dict) else []
    fine = tokens is not None and all(part is None or is_number(part) for part in parts)
    return tokens, None if fine else "token_usage"


def _error(value: Any) -> tuple[str | None, str | None]:
    bounded_value = bounded(value)
    if isinstance(bounded_value, str):
        return bounded_value, None
    if not isinstance(bounded_value, dict):
        return None, "error_details"
    fine = all(isinstance(value.get(part), str | None) for part in _ERROR)
    text = next(
        (bounded_value[part] for part in _ERROR if bounded_value.get(part) and isinstance(bounded_value[part], str)),
        None,
    )
    return text, None if fine else "error_details"


def _names(value: Any) -> str | None:
    """The names of a `blocked_by`, a line each."""
    return "\n".join(names_of(bounded(value, MAX_ID))) or None if value is not None else None


def _log_us(value: Any) -> tuple[float | None, str | None]:
    took = value.get("log_us") if isinstance(value, dict) else None
    return (took, None) if is_number(took) else (None, None if took is None else "log_us")

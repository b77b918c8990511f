"""What makes bytes one whole event record: JSON as readers take it, and the fields that no event lacks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from lineage_core.base import clock
from lineage_core.base.escaping import visible
from lineage_core.model.limits import MAX_DEPTH

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

SURELY_SHALLOW = 600
"""Bytes of a record that is too short for more than 250 levels of nesting, which harm nobody."""

NOT_JSON = "torn or damaged: not whole JSON"
TOO_DEEP = "nested deeper than 1,024 levels"

Record = dict[str, Any]
"""An event as it was logged, the JSON object. `check` tells what is sure of one; all else may be there, as anything."""

_REQUIRED = ("lineage_id", "task_id", "event_type", "timestamp")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


class Found(NamedTuple):
    """One intact record and where it stands in its file.

    offset, length: in bytes; a record with other records between its lines spans them. at: microseconds UTC.
    """

    offset: int
    length: int
    at: int
    record: Record


class Rejected(NamedTuple):
    """Bytes that are set aside, because they are no event.

    length: how many bytes are lost; they begin at `offset`, and records that could be read may stand between them.
    excerpt: their beginning, safe to show.
    """

    offset: int
    length: int
    reason: str
    excerpt: str


def excerpt(raw: bytes) -> str:
    """The beginning of quarantined bytes, safe to show: at most 80 characters, on one line."""
    return visible(" ".join(raw[:320].decode("utf-8", "replace").split()), 80)


def parse(raw: bytes) -> Any:
    """The JSON value that `raw` is, as readers take it; raises ValueError, which says why it is none.

    Bytes that are not UTF-8 and lone surrogates become U+FFFD: the rest of such a record is sound.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise ValueError(TOO_DEEP) from None
    repaired = raw.decode("utf-8", "replace").encode()
    if b"\\ud" in repaired or b"\\uD" in repaired:
        repaired = _ESCAPE.sub(lambda match: b"\\ufffd" if match[1] else match[0], repaired)
    if repaired == raw:
        raise ValueError(NOT_JSON)
    try:
        return orjson.loads(repaired)
    except orjson.JSONDecodeError:
        raise ValueError(NOT_JSON) from None


def shallow(value: Any, raw: bytes) -> Any:
    """The value that `raw` is, with `…` for the objects and arrays that are nested deeper than MAX_DEPTH levels."""
    return _prune(value, MAX_DEPTH) if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH else value


def _prune(value: Any, levels: int) -> Any:
    if type(value) is dict:
        return {key: _prune(inner, levels - 1) for key, inner in value.items()} if levels else "…"
    if type(value) is list:
        return [_prune(inner, levels - 1) for inner in value] if levels else "…"
    return value


def time_of(timestamp: str) -> int | None:
    """Microseconds since the epoch, UTC, of an ISO-8601 timestamp, or None: as the clock has it, but faster."""
    try:
        return clock.clamped((datetime.fromisoformat(timestamp) - EPOCH) // MICROSECOND)
    except (ValueError, TypeError):  # a leap second, no offset, or no timestamp at all
        return clock.parse_timestamp(timestamp)


def check(record: Any) -> str | None:
    """Why a JSON value is no event record, or None if it is one.

    Only what every view needs is asked for; a wrong optional field, an unknown field, event type or actor type is
    kept and shown.
    """
    if not isinstance(record, dict):
        return "not a JSON object"
    for key in _REQUIRED:
        if not isinstance(record.get(key), str):
            return f"no event: {key} is {'not a string' if key in record else 'missing'}"
    actor = record.get("actor")
    if not isinstance(actor, dict):
        return f"no event: actor is {'not an object' if 'actor' in record else 'missing'}"
    for key in ("type", "id"):
        if not isinstance(actor.get(key), str):
            return f"no event: actor.{key} is {'not a string' if key in actor else 'missing'}"
    if time_of(record["timestamp"]) is None:
        return "no event: timestamp is not ISO-8601"
    return None


def read(raw: bytes) -> tuple[int, Record]:
    """The time and the record of the event that `raw` is; raises ValueError, which says why it is none."""
    record = shallow(parse(raw), raw)
    if reason := check(record):
        raise ValueError(reason)
    at = time_of(record["timestamp"])
    assert at is not None
    return at, record

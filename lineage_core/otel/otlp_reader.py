"""Foreign spans from a file of OTLP in JSON: one document, or one a line, as collectors write them.

Ids are hex there (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding); what writes protobuf's own JSON
has them in base64, which is understood too. Nothing of opentelemetry is needed for this.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lineage_core.base.errors import JournalError

MAX_BYTES = 256 << 20
"""Bytes of a document: what is larger has to be split into lines."""

_STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


class ForeignSpan(NamedTuple):
    """One span. ids: in hex, parent_id empty at a root. start, end: microseconds since the epoch; end is None if open.

    status: 0 unset, 1 ok, 2 error. events: (name, time, attributes). links: (trace id, span id). service: whose it is.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    start: int
    end: int | None
    status: int
    message: str
    attributes: dict[str, Any]
    events: tuple[tuple[str, int, dict[str, Any]], ...]
    links: tuple[tuple[str, str], ...]


def read(path: Path, bad: list[str]) -> Iterator[ForeignSpan]:
    """The spans of a file, in its order. What is no span is named in `bad` and left out. Raises JournalError."""
    for number, document in _documents(path, bad):
        for resource in _list(document, "resourceSpans"):
            of_resource = attributes_of(_dict(resource, "resource").get("attributes"))
            service = str(of_resource.get("service.name") or "unknown_service")
            scopes = _list(resource, "scopeSpans") or _list(resource, "instrumentationLibrarySpans")
            for span in (one for scope in scopes for one in _list(scope, "spans")):
                try:
                    yield _span(span, service)
                except (ValueError, TypeError) as error:
                    bad.append(f"line {number}: {error}")


def _documents(path: Path, bad: list[str]) -> Iterator[tuple[int, Any]]:
    """The JSON values of a file, each with the number of its line."""
    try:
        with path.open("rb") as file:
            head = file.read(MAX_BYTES + 1)
            if len(head) <= MAX_BYTES:
                try:
                    yield 1, orjson.loads(head)
                    return
                except orjson.JSONDecodeError:
                    pass
            del head
            file.seek(0)
            number = 0
            while line := file.readline(MAX_BYTES):
                number += 1
                if not line.strip():
                    continue
                try:
                    yield number, orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    bad.append(f"line {number}: no JSON: {error.msg}")
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from error


def _span(span: Any, service: str) -> ForeignSpan:
    if not isinstance(span, dict):
        raise ValueError("no span: not a JSON object")
    trace, span_id = _id(span.get("traceId"), 16), _id(span.get("spanId"), 8)
    if not trace or not span_id:
        raise ValueError("no span: without traceId or spanId")
    start = _micros(span.get("startTimeUnixNano"))
    if start is None:
        raise ValueError(f"span {span_id}: without startTimeUnixNano")
    end = _micros(span.get("endTimeUnixNano"))
    status = _dict(span, "status")
    code = status.get("code", 0)
    events = [
        (str(one.get("name", "")), at, attributes_of(one.get("attributes")))
        for one in _list(span, "events")
        if isinstance(one, dict) and (at := _micros(one.get("timeUnixNano"))) is not None
    ]
    links = [
        (_id(one.get("traceId"), 16), _id(one.get("spanId"), 8))
        for one in _list(span, "links")
        if isinstance(one, dict)
    ]
    return ForeignSpan(
        trace,
        span_id,
        _id(span.get("parentSpanId"), 8),
        str(span.get("name") or "unnamed"),
        service,
        start,
        None if end is None else max(start, end),
        _STATUS.get(code, 0) if isinstance(code, str) else code if code in (0, 1, 2) else 0,
        str(status.get("message") or ""),
        attributes_of(span.get("attributes")),
        tuple(events),
        tuple((a, b) for a, b in links if a and b),
    )


def attributes_of(given: Any) -> dict[str, Any]:
    """Attributes as a plain object. Raises nothing: what is no attribute is left out."""
    found = {}
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and isinstance(one.get("key"), str):
            found[one["key"]] = _value(one.get("value"))
    return found


def _value(value: Any) -> Any:
    """The value of an AnyValue; of one within another, text."""
    if not isinstance(value, dict):
        return None
    for kind, inner in value.items():
        match kind:
            case "intValue":
                return int(inner) if re.fullmatch(r"-?\d{1,19}", str(inner)) else None
            case "stringValue" | "boolValue" | "doubleValue" | "bytesValue":
                return inner if isinstance(inner, str | int | float | bool) else None
            case "arrayValue":
                return [_plain(_value(one)) for one in _list(inner, "values")]
            case "kvlistValue":
                return {key: _plain(one) for key, one in attributes_of(_dict_of(inner).get("values")).items()}
    return None


def _plain(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def _id(text: Any, size: int) -> str:
    """An id of so many bytes in hex; empty if it is none, or all zero."""
    if not isinstance(text, str):
        return ""
    found = text.lower()
    if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", found):
        try:
            found = b64decode(text, validate=True).hex()
        except ValueError:
            return ""
    return found if len(found) == 2 * size and found.strip("0") else ""


def _micros(nanoseconds: Any) -> int | None:
    """Microseconds of a time in nanoseconds, which JSON has as text or as a number; None for 0 and for none."""
    if not re.fullmatch(r"\d{1,20}", str(nanoseconds)):
        return None
    return int(nanoseconds) // 1000 or None


def _dict_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dict(value: Any, key: str) -> dict[str, Any]:
    return _dict_of(_dict_of(value).get(key))


def _list(value: Any, key: str) -> list[Any]:
    found = _dict_of(value).get(key)
    return found if isinstance(found, list) else []

"""Between records and bytes, for writing: JSON exactly as we put it on disk.

Reading is `decode.py`. Only the standard library is used here, because `lineage log` must start fast.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any

from lineage_core.errors import BadInputError

MAX_DEPTH = 100
"""Levels of nesting we write and draw; orjson reads up to 1,024."""

MAX_LINE = 16 * 1024 * 1024
"""Bytes of the longest line we write and read; a longer one is refused, or skipped and counted."""


class Number(str):
    """A JSON number in the spelling it was written in (`1.50`, `1e3`), so that it is written back unchanged."""

    __slots__ = ()


def _number(text: str) -> Number:
    if len(text) > 400 or abs(float(text)) == float("inf"):
        raise ValueError(f"number {text[:20]} is out of range")
    return Number(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_constant)


def parse_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`, numbers kept as `Number`.

    Raises BadInputError that says what is wrong and at which line and column. Of a key given twice the last value
    counts, as jq has it.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadInputError(
            f"data is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from None
    except ValueError as error:
        raise BadInputError(f"data is not JSON: {error}") from None
    except RecursionError:
        raise BadInputError(f"data is nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(value, dict):
        raise BadInputError(f"data must be a JSON object, not {_kind(value)} (at line 1 column 1)")
    return value


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", Number: "a number", bool: "true or false", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def dumps(value: Any, depth: int = 0) -> str:
    """Compact JSON of dicts, lists, strings, numbers, True, False and None; text stays UTF-8.

    Raises BadInputError for anything else (NaN and infinities too) and for nesting beyond MAX_DEPTH.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is Number:
        return str(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if depth >= MAX_DEPTH and kind in (dict, list, tuple):
        raise BadInputError(f"data is nested deeper than {MAX_DEPTH} levels")
    if kind is dict:
        return (
            "{"
            + ",".join([f"{encode_basestring(str(k))}:{dumps(v, depth + 1)}" for k, v in value.items()])
            + "}"
        )
    if kind is list or kind is tuple:
        return "[" + ",".join([dumps(item, depth + 1) for item in value]) + "]"
    if kind is int:
        return str(value)
    if kind is float and value == value and abs(value) != float("inf"):
        return repr(value)
    if isinstance(value, str):  # an enum member
        return encode_basestring(str(value))
    raise BadInputError(f"{value!r} cannot be written as JSON")


def encode(record: dict[str, Any]) -> bytes:
    """The line of a record, newline included. Lone surrogates, which UTF-8 has no bytes for, become U+FFFD.

    Raises BadInputError when the line would be longer than MAX_LINE bytes.
    """
    text = dumps(record) + "\n"
    try:
        line = text.encode()
    except UnicodeEncodeError:
        line = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    if len(line) > MAX_LINE:
        raise BadInputError(f"the event is {len(line)} bytes; the longest that readers take is {MAX_LINE}")
    return line

"""Between records and bytes, for writing: JSON exactly as we put it on disk.

Reading is `read/decoder.py`. Only the standard library is used here, because `lineage log` must start fast. What is
written is JSON for every reader (orjson and jq among them): numbers within the range of a double, no lone
surrogates, no key twice in an object, nesting up to MAX_DEPTH.
"""

from __future__ import annotations

from _json import encode_basestring  # json.encoder's own; importing json costs what a DATA-less event need not pay
from typing import TYPE_CHECKING, Any

from lineage_core.base.errors import BadInputError
from lineage_core.model.limits import MAX_DATA, MAX_DEPTH, MAX_LINE

if TYPE_CHECKING:
    from lineage_core.model.record import Record


class Number(str):
    """A JSON number in the spelling it was written in (`1.50`, `1e3`), so that it is written back unchanged."""

    __slots__ = ()


def number(text: str) -> Number:
    """A JSON number, which the caller knows `text` to be; raises ValueError if no double can hold it."""
    if len(text) > 400 or abs(float(text)) == float("inf"):
        raise ValueError(f"number {text[:20]} is out of range")
    return Number(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def parse_object(
    text: str, *, what: str = "data", longest: int = MAX_DATA, levels: int = MAX_DEPTH - 1
) -> dict[str, Any]:
    """The JSON object in `text`, numbers kept as `Number`.

    what: the name of it in errors. longest: in bytes. levels: how deep it may be nested; what lies in a record may be
    one level less deep than the record. Raises BadInputError that says what is wrong and at which line and column.
    Of a key given twice the last value counts, as jq has it.
    """
    from json import JSONDecodeError, JSONDecoder

    if len(text) > longest or len(text.encode("utf-8", "surrogatepass")) > longest:
        raise BadInputError(f"{what} is longer than {longest} bytes")
    try:
        value = JSONDecoder(parse_int=number, parse_float=number, parse_constant=_constant).decode(text)
        depth = _depth(value)
    except JSONDecodeError as error:
        raise BadInputError(f"{what} is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        raise BadInputError(f"{what} is not JSON: {error}") from None
    except RecursionError:
        depth = levels + 1
    if depth > levels:
        raise BadInputError(f"{what} is nested deeper than {levels} levels")
    if not isinstance(value, dict):
        raise BadInputError(f"{what} must be a JSON object, not {_kind(value)} (at line 1 column 1)")
    return value


def checked_object(value: Any) -> dict[str, Any]:
    """DATA that is given as a mapping, which has to be what can be written; raises BadInputError that says why not."""
    try:
        mapping = dict(value)
    except (TypeError, ValueError):
        raise BadInputError(f"data must be a mapping or the text of a JSON object, not {_kind(value)}") from None
    dumps(mapping, 1)
    return mapping


def _depth(value: Any) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    parts = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, parts), default=0)


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
        raise BadInputError(f"data is nested deeper than {MAX_DEPTH - 1} levels")
    if kind is dict:
        return "{" + ",".join([f"{_key(k)}:{dumps(v, depth + 1)}" for k, v in value.items()]) + "}"
    if kind is list or kind is tuple:
        return "[" + ",".join([dumps(item, depth + 1) for item in value]) + "]"
    if kind is int and value.bit_length() < 1024:
        return str(value)
    if kind is float and value == value and abs(value) != float("inf"):
        return repr(value)
    if isinstance(value, str):  # an enum member
        return encode_basestring(str(value))
    raise BadInputError(f"{repr(value)[:100]} cannot be written as JSON")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise BadInputError(f"{repr(key)[:100]} cannot be the name of a JSON member")
    return encode_basestring(str(key))


def encode(record: Record) -> bytes:
    """The line of a record, newline included. Lone surrogates, which UTF-8 has no bytes for, become U+FFFD.

    Raises BadInputError when the line would be longer than MAX_LINE bytes.
    """
    try:
        line = dumps(record).encode() + b"\n"
    except UnicodeEncodeError:
        line = dumps(_well_formed(record)).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise BadInputError(f"the event is {len(line)} bytes; the longest that readers take is {MAX_LINE}")
    return line


def well_formed(text: str) -> str:
    """Text that UTF-8 has bytes for: U+FFFD stands for lone surrogates, and for bytes that were read as such ones."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _well_formed(value: Any) -> Any:
    """The value with U+FFFD for lone surrogates; of keys that become the same the last counts."""
    if isinstance(value, dict):
        return {_well_formed(str(key)): _well_formed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_well_formed(item) for item in value]
    return well_formed(value) if type(value) is str else value

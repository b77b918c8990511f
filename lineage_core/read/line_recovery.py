"""A line that is not one whole object: cut at the good records in it.

A writer that dies in the middle of a line leaves a torn one, and the next record may be glued to it. A record is also
found after NUL bytes, after another record whose newline is lost, and before garbage. None is invented: an object
that stands where a value of another record may stand is taken for nested in it.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise

_FIELDS = (
    rb"lineage_id|task_id|event_type|timestamp|actor|event_data|parent_lineage_id|related_task_ids|context|tags|version"
)
_START = re.compile(rb'\{[ \t]*"(?:' + _FIELDS + rb')"[ \t]*:[ \t]*')
_ID = re.compile(rb'\{[ \t]*"lineage_id"[ \t]*:[ \t]*"lineage-([0-9]{1,40})"')
_BLANKS = b" \t\r"
_VALUE_COMES = frozenset(b":[,")  # an object after one of these may be a value inside another
_VALUE_GOES_ON = frozenset(b",]}:")  # an object before one of these was a value inside another
_ATTEMPTS = 4  # how many nested starts of one torn piece are tried: bounds the work
_SCAN = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len, strict=True).raw_decode


def may_hold_record(line: bytes) -> bool:
    """Whether a record may start somewhere in the line. (Inside a JSON string its quotes would be escaped.)"""
    return b'{"' in line and _START.search(line) is not None


def whole_objects(line: bytes) -> list[tuple[int, int]]:
    """Start and end of each whole JSON object in a damaged line that no other object can have held; in order.

    Linear in the length of the line: it is cut first, where certainly a new object starts, and a parser passes over
    each piece a bounded number of times.
    """
    starts = [match.start() for match in _START.finditer(line)]
    nested = []
    cuts = [0] if line[:1] == b"{" else []
    for start in starts:
        if line[_last_solid(line, start)] in _VALUE_COMES:
            nested.append(start)
        elif start:
            cuts.append(start)
    cuts.append(len(line))
    spans: list[tuple[int, int]] = []
    inner = 0
    for start, stop in pairwise(cuts):
        own = []
        while inner < len(nested) and nested[inner] < stop:
            if nested[inner] > start:
                own.append(nested[inner])
            inner += 1
        span = _whole_in(line, start, stop, own)
        if span:
            spans.append(span)
    return spans


def ends_whole(line: bytes) -> bool:
    """Whether a line without a newline, at the end of a file, ends with a whole record.

    No beginning of a JSON object is one itself, so whatever is appended later does not belong to that record.
    """
    text = line.rstrip(_BLANKS)
    return text.endswith(b"}") and any(stop == len(text) for _, stop in whole_objects(text)[-1:])


def _last_solid(line: bytes, start: int) -> int:
    """The index of the last byte before `start` that is no blank, or 0."""
    at = start - 1
    while at >= 0 and line[at] in _BLANKS:
        at -= 1
    return max(at, 0)


def _whole_in(line: bytes, start: int, stop: int, nested: list[int]) -> tuple[int, int] | None:
    """The whole object of one piece: at its start, or glued to a torn one where its next value was due."""
    piece = line[start:stop].decode("latin-1")  # one character a byte, so that positions stay
    end = _object_end(piece, 0)
    if end is not None:
        rest = line[start + end : stop].lstrip(_BLANKS)
        return None if rest and rest[0] in _VALUE_GOES_ON else (start, start + end)
    outer, attempts = start, 0
    for inner in nested:
        if not _written_later(line, outer, inner):
            continue
        end = _object_end(piece, inner - start)
        if end is not None:
            return (inner, start + end) if not line[start + end : stop].strip(_BLANKS) else None
        outer, attempts = inner, attempts + 1
        if attempts == _ATTEMPTS:
            break
    return None


def _object_end(text: str, start: int) -> int | None:
    try:
        return _SCAN(text, start)[1]
    except (ValueError, RecursionError):
        return None


def _written_later(line: bytes, outer: int, inner: int) -> bool:
    """Whether the inner record was glued to the torn outer one, rather than quoted by it.

    An event can quote only what happened before it, and is glued only to what was written before it; ids tell.
    """
    first = _START.match(line, outer)
    if first and first.end() == inner:
        return True  # torn before its first value
    older, newer = _ID.match(line, outer), _ID.match(line, inner)
    return bool(older and newer and int(newer[1]) >= int(older[1]))

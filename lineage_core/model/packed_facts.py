"""Facts found in the bytes that a task's facts are kept in (`facts.pack`), without unpacking the others."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

import orjson

from lineage_core.model.facts import Fact

# A fact begins where the one before it ended: inside a string each quote has a backslash before it, and no list inside
# a fact holds objects. The groups: its time, its event type, the type and the id of its actor.
_STRING = rb'"((?:[^"\\]|\\.)*)"'
_FIELDS = rb'\[(-?\d+),"[^"]*",\d+,"(?:[^"\\]|\\.)*",\d+,\d+,' + b",".join([_STRING] * 3)
_FIRST = re.compile(_FIELDS)
_NEXT = re.compile(rb"\}\]," + _FIELDS)  # a pattern that begins with plain bytes is searched for fast
_END = re.compile(rb'\}\],(?=\[-?\d+,"|\Z)')


class AnyOf:
    """Holds everything: for all event types."""

    def __contains__(self, _item: object) -> bool:
        return True


def facts_of(packed: bytes | bytearray, types: Container[str], since: int | None = None) -> Iterator[Fact]:
    """The facts of these event types, from a time on (microseconds since the epoch)."""
    held = bytes(packed)  # a buffer that is being searched cannot be added to
    for head in _heads(held):
        if (since is None or int(head[1]) >= since) and _text(head[2]) in types:
            end = _END.search(held, head.end())
            if end is not None:
                yield tuple.__new__(Fact, orjson.loads(held[held.index(b"[", head.start()) : end.end() - 1]))


def heads_of(packed: bytes | bytearray, since: int) -> Iterator[tuple[str, str]]:
    """The event type and the actor's id of each fact from a time on."""
    for head in _heads(bytes(packed)):
        if int(head[1]) >= since:
            yield _text(head[2]), _text(head[4])


def _heads(held: bytes) -> Iterator[re.Match[bytes]]:
    first = _FIRST.match(held)
    if first is not None:
        yield first
        yield from _NEXT.finditer(held, first.end())


def _text(raw: bytes) -> str:
    return str(orjson.loads(b'"' + raw + b'"')) if b"\\" in raw else raw.decode()

"""A fact: what one event contributes to its task, without the payload, which stays on disk.

Facts are what states are merged from. A fact is ordered by (time, file, offset, id) and known by the digest of its
event's content: two records with equal content are one event, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from hashlib import sha1
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from lineage_core.model.host_file_names import host_of
from lineage_core.model.record import Record

MAX_TEXT = 300
"""Characters of a text that a fact keeps; the whole text stays on disk."""

MAX_ID = 1024
"""Characters of an id that a fact keeps: what writers allow (`compose.MAX_ID`), so that no two ids become one."""

ID_KEYS = frozenset("master_id worker_id handoff_id from_master to_master blocked_by parent_task_id".split())  # noqa: SIM905
"""The keys of `event_data` that hold ids."""

MAX_ITEMS = 64
"""Items of a list that a fact keeps."""

MAX_KEYS = 8
"""Keys of an object (`error_details`, `token_usage`) that a fact keeps."""

FACT_KEYS = frozenset(
    """
    priority type master_id worker_id worker_type token_budget progress_percentage current_step completion_status
    token_usage duration_ms deliverables reason error_details handoff_id from_master to_master blocked_by
    parent_task_id priority_given
    """.split()  # noqa: SIM905 (a list of words reads better so)
)
"""The keys of `event_data` that states are made of."""


class Fact(NamedTuple):
    """One event, as far as states need it. The first five fields are its place in the order of all facts.

    at: microseconds since the epoch. file, offset, length: where its record stands, in bytes.
    digest: 64 bits of the hash of the record's canonical content.
    data: the KEPT_KEYS of `event_data`. extra: `related_task_ids`, `session_id`, `trace_id` (with its
    `parent_span_id`), `repository`, `branch` and `tags`, if given.
    """

    at: int
    file: str
    offset: int
    lineage_id: str
    digest: int
    length: int
    event_type: str
    actor_type: str
    actor_id: str
    parent: str | None
    data: dict[str, Any]
    extra: dict[str, Any]


def clock_of(fact: Fact) -> str:
    """Whose clock it was logged by: its host's, else, where there is one directory, its actor's."""
    return host_of(fact.file) if "/" in fact.file else fact.actor_id


order = itemgetter(0, 1, 2, 3, 4)
"""The place of a fact in the order of all facts: (at, file, offset, lineage_id), and its digest to be total."""


def fact_of(file: str, offset: int, length: int, at: int, record: Record) -> Fact:
    """The fact of a decoded record (a valid one: see `decode.check`) that stands at `offset` of `file`."""
    selected: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    data = record.get("event_data")
    if type(data) is dict:
        for key, value in data.items():
            if key in FACT_KEYS:
                kind = type(value)
                if kind is int or (kind is str and len(value) <= MAX_TEXT):
                    selected[key] = value
                else:
                    selected[key] = bounded(value, longest(key))
    context = record.get("context")
    if type(context) is dict:
        if type(value := context.get("session_id")) is str and value:
            extra["session_id"] = value[:MAX_ID]
        if type(value := context.get("trace_id")) is str and value:
            extra["trace_id"] = value[:MAX_ID]
            if type(value := context.get("parent_span_id")) is str and value:
                extra["parent_span_id"] = value[:MAX_ID]
        for key in ("repository", "branch"):  # in this order, side by side: they are looked for together
            if type(value := context.get(key)) is str and value:
                extra[key] = value[:MAX_ID]
    if value := record.get("related_task_ids"):
        extra["related_task_ids"] = bounded(value, MAX_ID)
    if value := record.get("tags"):
        extra["tags"] = bounded(value)
    actor = record["actor"]
    parent = record.get("parent_lineage_id")
    # tuple.__new__ makes a Fact in a third of the time that its own constructor takes.
    fields = (
        at,
        file,
        offset,
        record["lineage_id"],
        digest_of(record),
        length,
        record["event_type"],
        actor["type"],
        actor["id"],
        parent if type(parent) is str else None,
        selected,
        extra,
    )
    return tuple.__new__(Fact, fields)


def digest_of(record: Record) -> int:
    """64 bits that are equal for records of equal content, however they are spelled or spaced."""
    canonical = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(sha1(canonical, usedforsecurity=False).digest()[:8])


def longest(key: str) -> int:
    """How many characters are kept of a text under a key of `event_data`."""
    return MAX_ID if key in ID_KEYS else MAX_TEXT


_NESTED = (dict, list)


def bounded(value: Any, size: int = MAX_TEXT) -> Any:
    """A value with texts of at most `size` characters, and no more items, keys and levels than a fact keeps."""
    kind = type(value)
    if kind is str:
        return value[:size]
    if kind is list:
        return [bounded(item, size) for item in value[:MAX_ITEMS] if type(item) not in _NESTED]
    if kind is dict:
        flat = [(key, item) for key, item in value.items() if type(item) not in _NESTED]
        return {key[:MAX_TEXT]: bounded(item, size) for key, item in flat[:MAX_KEYS]}
    return value


def pack(fact: Fact) -> bytes:
    """A fact as a JSON array with a comma behind it, for keeping many in one buffer."""
    return orjson.dumps(fact[:]) + b","


def pack_all(facts: Iterable[Fact]) -> bytes:
    """What `pack` gives for each of them, joined."""
    return orjson.dumps([fact[:] for fact in facts])[1:-1] + b","


# A string may end as the beginning of a fact looks up to its first quote; behind that stands a name here, never there.
BEGIN = re.compile(rb'\}\],\[-?\d+,"[^,:\]}]')
"""Where a packed fact begins that is not the first: three bytes behind the start of the match."""


def unpack(buffer: bytes | bytearray) -> list[Fact]:
    """The facts of a buffer made of `pack`s."""
    return [tuple.__new__(Fact, fields) for fields in orjson.loads(b"[" + buffer[:-1] + b"]")]


_ID = re.compile(rb',("lineage-\d+"),\d+,\d+,"')
_ANY_ID = re.compile(rb',("(?:[^"\\]|\\.)*"),\d+,\d+,"')  # five times slower


class FactSearch:
    """Event ids to look for in packed facts."""

    def __init__(self, lineage_ids: Set[str]) -> None:
        self.ids = lineage_ids
        self._packed = {orjson.dumps(lineage_id) for lineage_id in lineage_ids}
        self._pattern = _ID if all(re.fullmatch(rb'"lineage-\d+"', one) for one in self._packed) else _ANY_ID

    def offsets(self, packed: bytes) -> Iterator[int]:
        """Where in packed facts of any tasks such an id seems to stand."""
        if not self._packed.isdisjoint(self._pattern.findall(packed)):
            for match in self._pattern.finditer(packed):
                if match[1] in self._packed:
                    yield match.start()

    def facts(self, packed: bytes | bytearray) -> list[Fact]:
        """Those facts of a task that have such an id, of its packed facts."""
        if self._packed.isdisjoint(self._pattern.findall(packed)):
            return []
        return [fact for fact in unpack(packed) if fact.lineage_id in self.ids]

    def within(self, packed: bytes | bytearray) -> set[str]:
        """Those that are the ids of facts of a task, of which these are the packed facts."""
        return {fact.lineage_id for fact in self.facts(packed)}


def distinct(facts: Iterable[Fact]) -> list[Fact]:
    """The facts in order, each event once; of copies the one that comes first in the order stays."""
    ordered = sorted(facts, key=order)
    firsts = {fact.digest: fact for fact in reversed(ordered)}
    return ordered if len(firsts) == len(ordered) else sorted(firsts.values(), key=order)

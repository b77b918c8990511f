"""Journal text of every kind, and what a search finds in it: what the tests of searches share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from lineage_core.query import journal_search as hits
from lineage_core.query.search_terms import Search
from lineage_core.read.decoder import Decoder
from tests.build import compact, pretty, record

Rec = dict[str, Any]


def escaped(value: Rec) -> bytes:
    """A record with every letter of its task id as a `\\u` escape, as some JSON writers have it."""
    task = "".join(f"\\u{ord(letter):04x}" for letter in value["task_id"])
    return compact(value).replace(json.dumps(value["task_id"]).encode(), f'"{task}"'.encode())


def spaced(value: Rec) -> bytes:
    return json.dumps(value).encode() + b"\n"


def torn(value: Rec) -> bytes:
    """The beginning of a record, to which the next one is glued."""
    return compact(value)[:90]


def crlf(value: Rec) -> bytes:
    return compact(value)[:-1] + b"\r\n"


PIECES: list[Callable[[Rec], bytes]] = [
    compact,
    compact,
    compact,
    pretty,
    escaped,
    spaced,
    torn,
    crlf,
    lambda value: b"\0\0\0" + compact(value),
    lambda value: b"\n  \n",
    lambda value: b"garbage task-1\n",
    lambda value: b"\xef\xbb\xbf" + compact(value),
    lambda value: b"  " + compact(value),
    lambda value: pretty(value)[:150] + b"\n" + compact({**value, "event_type": "task_created"}),
]


TASKS = ["task-1", "task-2", 'task "quoted"', "task/slash", "täsk-é", "task\\back"]


@st.composite
def journals(draw: st.DrawFn) -> bytes:
    """The bytes of a file made of records of a few tasks, written in many ways."""
    content = b""
    for number in range(draw(st.integers(0, 14))):
        value = record(number, task_id=draw(st.sampled_from(TASKS)))
        content += draw(st.sampled_from(PIECES))(value)
    return content if draw(st.booleans()) else content.rstrip(b"\n")


def decoded(content: bytes, wanted: Callable[[Rec], bool]) -> list[tuple[int, int]]:
    """Offset and length of each record wanted, by decoding every byte."""
    decoder = Decoder()
    every = decoder.feed(content)[0] + decoder.take_last()[0]
    return sorted((one.offset, one.length) for one in every if wanted(one.record))


def found(directory: Path, sought: Search) -> list[tuple[int, int]]:
    """Offset and length of each hit, in order of the file."""
    places = [hits.hit_of(place) for place in hits.find(directory, sought).positions]
    return sorted((hit.offset, hit.length) for hit in places)


@st.composite
def tangles(draw: st.DrawFn) -> bytes:
    """Pretty-printed records of several writers, whose lines are mixed up here and there; blank lines, compact ones."""
    writers = []
    for number in range(draw(st.integers(1, 4))):
        form = draw(st.sampled_from([pretty, pretty, pretty, compact]))
        value = record(number, task_id=draw(st.sampled_from(TASKS[:2])))
        writers.append(form(value).splitlines(keepends=True) * draw(st.integers(1, 2)))
    lines: list[bytes] = []
    while any(writers):
        some = draw(st.sampled_from([lines_ for lines_ in writers if lines_]))
        run = draw(st.integers(1, 30))
        lines += some[:run]
        del some[:run]
    return b"".join(lines)

"""Pretty-printed records, and what is left when several writers print theirs into one file, line by line.

The legacy library writes a record over about 18 lines, one `write` each: `{` and `}` alone at the margin, the rest
indented. So a `{` opens an object inside whatever is open, an indented line belongs to the innermost object, and a
`}` closes it. A whole object is lifted out, and the one around it goes on as if it had been contiguous. An object
with a foreign line in it is not whole; nor is, then, the one around it, which misses that line.

A region reaches from where nothing is open to where nothing is open again. A record that has a region to itself is
taken as it is, unless another region near it was no such record; `read/interleaved_lines.py` judges the others.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from lineage_core.model import record as intact
from lineage_core.model.limits import MAX_DEPTH, MAX_LINE
from lineage_core.model.record import Found, Record, Rejected, excerpt
from lineage_core.read.interleaved_lines import PATIENCE, SharedTraits, refuse_doubled_keys

UNFINISHED = "unfinished"

_INDENT = re.compile(rb"\n([ \t]+)")
_WHOLE = re.compile(rb"\{\n(?: [^\n]*\n){1,999}\}(?=\n|\Z)")
_LATE_START = re.compile(rb'\{[ \t\r]*\n(?:  |\t)"lineage_id"')


class Fragment:
    """An object that is open: the lines that belong to it so far."""

    __slots__ = ("last", "lines", "nested", "size", "spoiled", "start")

    def __init__(self, start: int, line: bytes) -> None:
        self.start = start
        self.last = start + len(line)
        self.lines = [line]
        self.size = len(line) + 1
        self.nested = False  # another object stood inside
        self.spoiled = False  # a line of it may have gone elsewhere

    def rejected(self, reason: str) -> Rejected:
        """The fragment as quarantined bytes."""
        return Rejected(self.start, self.size - 1, reason, excerpt(b"\n".join(self.lines[:8])))


class OpenObjects:
    """The objects of one file that are open, innermost last, and lines that belong to none."""

    __slots__ = ("_begin", "_orphans", "_stack", "_traits")

    def __init__(self) -> None:
        self._traits = SharedTraits()
        self._stack: deque[Fragment] = deque()
        self._orphans: Fragment | None = None
        self._begin = 0  # of the region, while something is open

    @property
    def is_open(self) -> bool:
        """Whether the next line may belong to something that began before it."""
        return bool(self._stack) or self._orphans is not None

    @property
    def alone(self) -> bool:
        """Whether one object is open, and none around it."""
        return len(self._stack) == 1

    def settled(self, offset: int) -> int:
        """Where new OpenObjects would have to begin to go on alike; `offset`: where the next line begins."""
        return self._traits.oldest(self._begin if self.is_open else offset)

    def take_whole(self, text: bytes, start: int, offset: int, found: list[Found]) -> int:
        """Take a record whose lines follow each other in `text` from `start` on, which is at `offset` of the file.

        Nothing is open. Returns the record's length, or 0 if it is not as simple as that.
        """
        match = _WHOLE.match(text, start)
        if match is None or b'{"' in (raw := match[0]):
            return 0
        self._traits.begin(offset)
        if self._traits.suspect:
            return 0
        try:
            at, record = self._read(raw, alone=True)
        except ValueError:
            return 0
        self._traits.end(offset, offset + len(raw))
        found.append(Found(offset, len(raw), at, record))
        return len(raw)

    def open(self, offset: int, line: bytes, rejected: list[Rejected]) -> None:
        """A `{` at the margin: the line begins at the offset, in bytes. What it ends unfinished goes to `rejected`."""
        self.end_orphans(rejected)
        if self._stack:
            self._stack[-1].nested = True
        else:
            self._begin_region(offset)
        self._stack.append(Fragment(offset, line))

    def inner(self, offset: int, line: bytes, rejected: list[Rejected]) -> None:
        """An indented line: part of the innermost object, or of one whose beginning is lost."""
        if self._stack:
            top = self._stack[-1]
            top.lines.append(line)
            top.last = offset + len(line)
            top.size += len(line) + 1
            if top.size > MAX_LINE:
                self._stack.pop()
                rejected.append(top.rejected(f"longer than {MAX_LINE >> 20} MiB"))
                self._lose(top.last)
        elif line.isspace():
            pass
        elif self._orphans is None:
            self._begin_region(offset)
            self._orphans = Fragment(offset, line)
        else:
            if len(self._orphans.lines) < 8:
                self._orphans.lines.append(line)
            self._orphans.size = offset + len(line) + 1 - self._orphans.start

    def close(self, offset: int, line: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        """A `}` at the margin, in the line at the offset: the innermost object ends.

        It goes to `found`, or to `rejected` if it is no event.
        """
        if not self._stack:
            self.inner(offset, line, rejected)
            self.end_orphans(rejected)
            return
        fragment = self._stack.pop()
        fragment.lines.append(line)
        fragment.size += len(line) + 1
        end = offset + len(line)
        raw = b"\n".join(fragment.lines)
        alone = fragment.start == self._begin and not fragment.nested
        try:
            if fragment.spoiled:
                raise ValueError("a line of it is lost among another writer's")
            at, record = self._read(raw, alone=alone)
        except ValueError as error:
            late = 0 if fragment.nested else _late_start(raw)
            if late:
                try:
                    at, record = self._read(raw[late:], alone=False)
                except ValueError:
                    late = 0
            if late:
                found.append(Found(fragment.start + late, len(raw) - late, at, record))
                rejected.append(Rejected(fragment.start, late, intact.NOT_JSON, excerpt(raw[:late])))
            else:
                rejected.append(fragment.rejected(str(error) if alone else f"tangled: {error}"))
            self._lose(end)
        else:
            found.append(Found(fragment.start, end - fragment.start, at, record))
            if not self._stack:
                self._traits.end(self._begin, end)

    def _read(self, raw: bytes, *, alone: bool) -> tuple[int, Record]:
        """The time and the record of a closed object; raises ValueError, which says why it is no event."""
        at, record = intact.read(raw)
        if not alone or not _keys_are_single(raw, record):
            refuse_doubled_keys(raw)
        self._traits.learn(record, alone=alone)
        if not alone or self._traits.suspect:
            self._traits.refuse_mixture(raw, record, alone=alone)
        return at, record

    def _begin_region(self, offset: int) -> None:
        self._begin = offset
        self._traits.begin(offset)

    def _lose(self, end: int) -> None:
        """An object that was open is none: it may hold a line of the object around it. It ends at `end`."""
        if self._stack:
            self._stack[-1].spoiled = True
        else:
            self._traits.end(self._begin, end)

    def spoil(self) -> None:
        """Here stands something that is no whole object: it may hold a line of the object around it."""
        if self._stack:
            self._stack[-1].spoiled = True

    def lift(self) -> None:
        """A whole compact record stands inside the innermost object."""
        if self._stack:
            self._stack[-1].nested = True

    def end_orphans(self, rejected: list[Rejected]) -> None:
        """The lines without an object end here."""
        if self._orphans:
            rejected.append(self._orphans.rejected("the beginning of the record is lost"))
            self._traits.end(self._begin, self._begin + self._orphans.size)
            self._orphans = None

    def give_up(self, offset: int, rejected: list[Rejected]) -> None:
        """Objects that got no line of their own for too long, seen from `offset`, will not be finished."""
        while self._stack and offset - self._stack[0].last > PATIENCE:
            rejected.append(self._stack.popleft().rejected(UNFINISHED))
            if not self._stack:
                self._traits.end(self._begin, offset)

    def flush(self, rejected: list[Rejected]) -> None:
        """The file ends here: what is open will not be finished."""
        self.end_orphans(rejected)
        rejected.extend(fragment.rejected(UNFINISHED) for fragment in self._stack)
        self._stack.clear()
        self._traits = SharedTraits()


def own_lines(raw: bytes) -> bytes:
    """The lines of a pretty-printed record without those of the records that stand inside it."""
    own, depth = [], 0
    for line in raw.split(b"\n"):
        mark = line[:1]
        if mark == b"{" and len(line.rstrip()) == 1:
            depth += 1
        if depth == 1 and ((mark in b"{}" and len(line.rstrip()) == 1) or mark in b" \t"):
            own.append(line)
        if mark == b"}":
            depth -= 1
    return b"\n".join(own)


def _keys_are_single(raw: bytes, record: Record) -> bool:
    """Whether a glance shows that no key occurs twice in an object of the record that `raw` is."""
    indent = _INDENT.search(raw)
    if indent is None or raw.count(b"\n" + indent[1] + b'"') != len(record):
        return False
    return raw.count(b"{") + raw.count(b"[") > MAX_DEPTH or raw.count(b'":') == _keys(record)


def _keys(value: dict[str, Any]) -> int:
    """How many members the objects in a value have, those in arrays apart."""
    count = len(value)
    for inner in value.values():
        if type(inner) is dict:
            count += _keys(inner)
    return count


def _late_start(raw: bytes) -> int:
    """Where in the lines of a broken object another one begins, glued to a torn line; 0 if none does."""
    last = 0
    for match in _LATE_START.finditer(raw):
        last = match.start()
    return last

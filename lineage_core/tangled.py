"""Pretty-printed records, and what is left when several writers print theirs into one file, line by line.

The legacy library writes a record over about 18 lines, one `write` each: `{` and `}` alone at the margin, the rest
indented. So a `{` opens an object inside whatever is open, an indented line belongs to the innermost object, and a
`}` closes it. A whole object is lifted out, and the one around it goes on as if it had been contiguous. An object
with a foreign line in it is not whole; nor is, then, the one around it, which misses that line.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from lineage_core import intact
from lineage_core.codec import MAX_LINE
from lineage_core.habits import Habits, refuse_doubled_keys
from lineage_core.intact import Found, Rejected, excerpt

PATIENCE = 64 * 1024
"""Bytes of other writers' lines after which an object that got no line of its own is given up."""


UNFINISHED = "unfinished"

_INDENT = re.compile(rb"\n([ \t]+)")
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


class Tangle:
    """The objects of one file that are open, innermost last, and lines that belong to none."""

    __slots__ = ("_habits", "_orphans", "_stack", "_suspect")

    def __init__(self) -> None:
        self._habits = Habits()
        self._stack: deque[Fragment] = deque()
        self._orphans: Fragment | None = None
        self._suspect = 0  # the offset up to which lines of several writers may be mixed

    @property
    def start(self) -> int | None:
        """Where the oldest object begins that is not decided yet; None when nothing is open."""
        if self._stack:
            return self._stack[0].start
        return self._orphans.start if self._orphans else None

    @property
    def empty(self) -> bool:
        """Whether nothing is open and nothing was learned: a new Tangle would do as well."""
        return self.start is None and self._habits.empty

    def take_whole(self, text: bytes, start: int, offset: int, found: list[Found]) -> int:
        """Take a record whose lines follow each other in `text` from `start` on, which is at `offset` of the file.

        Returns its length, or 0 if it is not as simple as that.
        """
        end = text.find(b"\n}\n", start)
        raw = text[start : end + 2]
        if end < 0 or self.start is not None or offset < self._suspect:
            return 0
        if raw.count(b"\n ") != raw.count(b"\n") - 1 or b'{"' in raw:
            return 0
        try:
            at, record = self._read(raw, False)
        except ValueError:
            return 0
        found.append(Found(offset, len(raw), at, record))
        return len(raw)

    def open(self, offset: int, line: bytes, rejected: list[Rejected]) -> None:
        """A `{` at the margin."""
        self.end_orphans(rejected)
        if self._stack:
            self._stack[-1].nested = True
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
                self.spoil(offset)
        elif line.isspace():
            pass
        elif self._orphans is None:
            self._orphans = Fragment(offset, line)
        else:
            if len(self._orphans.lines) < 8:
                self._orphans.lines.append(line)
            self._orphans.size = offset + len(line) + 1 - self._orphans.start

    def close(self, offset: int, line: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        """A `}` at the margin: the innermost object ends."""
        if not self._stack:
            self.inner(offset, line, rejected)
            self.end_orphans(rejected)
            return
        fragment = self._stack.pop()
        fragment.lines.append(line)
        fragment.size += len(line) + 1
        raw = b"\n".join(fragment.lines)
        tangled = fragment.nested or bool(self._stack) or fragment.start < self._suspect
        try:
            if fragment.spoiled:
                raise ValueError("a line of it is lost among another writer's")
            at, record = self._read(raw, tangled)
        except ValueError as error:
            self.spoil(offset)
            self._suspect = offset + PATIENCE
            late = 0 if fragment.nested else _late_start(raw)
            if late:
                try:
                    at, record = self._read(raw[late:], True)
                except ValueError:
                    pass
                else:
                    found.append(Found(fragment.start + late, len(raw) - late, at, record))
                    rejected.append(Rejected(fragment.start, late, intact.NOT_JSON, excerpt(raw[:late])))
                    return
            rejected.append(fragment.rejected(f"tangled: {error}" if tangled else str(error)))
        else:
            found.append(Found(fragment.start, offset + len(line) - fragment.start, at, record))

    def _read(self, raw: bytes, tangled: bool) -> tuple[int, dict[str, Any]]:
        """The time and the record of a closed object; raises ValueError, which says why it is no event."""
        at, record = intact.read(raw)
        if tangled:
            self._habits.refuse_mixture(raw, record)
            return at, record
        indent = _INDENT.search(raw)
        if indent and raw.count(b"\n" + indent[1] + b'"') != len(record):
            refuse_doubled_keys(raw)
        self._habits.learn(record)
        return at, record

    def spoil(self, offset: int) -> None:
        """At `offset` stands something that is no whole object: it may hold a line of the object around it."""
        if self._stack:
            self._stack[-1].spoiled = True
            self._suspect = offset + PATIENCE

    def lift(self) -> None:
        """A whole compact record stands inside the innermost object."""
        if self._stack:
            self._stack[-1].nested = True

    def end_orphans(self, rejected: list[Rejected]) -> None:
        """The lines without an object end here."""
        if self._orphans:
            rejected.append(self._orphans.rejected("the beginning of the record is lost"))
            self._suspect = self._orphans.start + self._orphans.size + PATIENCE
            self._orphans = None

    def give_up(self, offset: int, rejected: list[Rejected]) -> None:
        """Objects that got no line of their own for too long, seen from `offset`, will not be finished."""
        while self._stack and offset - self._stack[0].last > PATIENCE:
            rejected.append(self._stack.popleft().rejected(UNFINISHED))
            self._suspect = offset + PATIENCE

    def flush(self, rejected: list[Rejected]) -> None:
        """The file ends here: what is open will not be finished."""
        self.end_orphans(rejected)
        rejected.extend(fragment.rejected(UNFINISHED) for fragment in self._stack)
        self._stack.clear()


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


def _late_start(raw: bytes) -> int:
    """Where in the lines of a broken object another one begins, glued to a torn line; 0 if none does."""
    last = 0
    for match in _LATE_START.finditer(raw):
        last = match.start()
    return last

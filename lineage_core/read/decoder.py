"""Bytes -> records. Decoding never raises on data, and takes time and memory linear in what it is given.

| bytes | policy |
|---|---|
| a compact line with the required fields | an event (`record.check` says which fields) |
| a pretty-printed record, whole, also with whole records between its lines | an event |
| a torn line with a record glued to it | the record; the torn part is quarantined |
| pretty-printed records whose lines are mixed up | quarantined, one by one |
| an unfinished last line, a pretty-printed record in progress | held until it is finished |
| a whole record at the end of a file, without a newline | an event, as soon as `take_last` asks for it |
| blank lines, CRLF, a byte order mark | ignored |
| NUL bytes | quarantined; the record after them is kept |
| not UTF-8, lone surrogates | kept, U+FFFD in their place |
| integers from 2^64 | kept, as floats; exports keep the spelling |
| NaN, Infinity, numbers beyond a double | not JSON: quarantined |
| a key twice in a compact record | kept, the last one counts, as in jq; in a pretty-printed one quarantined |
| `null`, `123`, `[]`, `{}`, an array of records | whole JSON but no event: quarantined |
| over 100 levels of nesting | kept, `…` in place of what is deeper; over 1,024 levels: quarantined |
| a line or record over 16 MiB | skipped in bounded memory and counted once |
| anything else | quarantined line by line |
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice

import orjson

from lineage_core.base.clock import FIRST, LAST, clamped
from lineage_core.model.limits import MAX_LINE
from lineage_core.model.record import (
    EPOCH,
    MICROSECOND,
    NOT_JSON,
    SURELY_SHALLOW,
    TOO_DEEP,
    Found,
    Rejected,
    check,
    excerpt,
    read,
    shallow,
)
from lineage_core.read.line_recovery import ends_whole, may_hold_record, whole_objects
from lineage_core.read.pretty_printed import OpenObjects

__all__ = ["Decoder", "Found", "Rejected", "check"]

_BLOCK = 1 << 20
_BLANKS = b" \t\r"
_BOM = b"\xef\xbb\xbf"
_SOLID = re.compile(rb"[^ \t\r]")
_NUL_RUN = re.compile(rb"\0+")
_NULS = "NUL bytes"


class Decoder:
    """The records of one file, fed in pieces of any size. Feeding it in other pieces gives the same records.

    offset: where in its file the first byte stands that will be fed; a line must begin there.
    """

    BLOCK = 1 << 16
    """Bytes that are best fed at once: so little that the records are still in the processor's cache when they are
    used."""

    __slots__ = ("_head", "_held", "_open_objects", "_parts", "_size", "_start")

    def __init__(self, offset: int = 0) -> None:
        self._open_objects = OpenObjects()
        # The line that is not finished:
        self._start = offset
        self._size = 0
        self._parts: list[bytes] = []  # its bytes, or what is kept of them when it is too long
        self._held = 0  # how many these are; -1 when nothing is kept until a NUL comes
        self._head = b""  # its beginning when it is too long

    @property
    def settled(self) -> int:
        """The offset before which everything is decided: a new Decoder that starts there goes on alike."""
        return self._open_objects.settled(self._start)

    @property
    def end(self) -> int:
        """The offset after the last byte that was fed."""
        return self._start + self._size

    @property
    def fresh(self) -> bool:
        """Whether nothing is held: a new decoder that starts at `end` would do as well."""
        return self.settled == self.end

    @property
    def is_open(self) -> bool:
        """Whether a pretty-printed record is in progress."""
        return self._open_objects.is_open

    def feed(self, data: bytes) -> tuple[list[Found], list[Rejected]]:
        """The records and the quarantined bytes that are decided by this piece of the file."""
        found: list[Found] = []
        rejected: list[Rejected] = []
        if len(data) <= _BLOCK:
            self._feed(data, found, rejected)
        else:
            for start in range(0, len(data), _BLOCK):
                self._feed(data[start : start + _BLOCK], found, rejected)
        return found, rejected

    def flush(self) -> tuple[list[Found], list[Rejected]]:
        """What is left at a real end of the file: a last record without a newline, and what will not be finished."""
        found: list[Found] = []
        rejected: list[Rejected] = []
        if self._size:
            self._end_line(found, rejected)
            self._start -= 1  # there was no newline
        self._open_objects.flush(rejected)
        return found, rejected

    def take_last(self) -> tuple[list[Found], list[Rejected]]:
        """The last record of what was fed, if only its newline is missing; it is not given again when that comes.

        To be asked at the end of a file, whether or not it may grow.
        """
        found: list[Found] = []
        rejected: list[Rejected] = []
        line = b"".join(self._parts) if self._size and not self._head else b""
        if (self._open_objects.alone and line.rstrip(_BLANKS) == b"}") or ends_whole(line):
            self._end_line(found, rejected)
            self._start -= 1  # the newline, if it comes, is a blank line
        return found, rejected

    def _feed(self, data: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        start, stop = 0, data.rfind(b"\n")
        if stop < 0:
            self._hold(data)
            return
        if self._size:
            start = data.find(b"\n")
            self._hold(data[:start])
            self._end_line(found, rejected)
            start += 1
        if start <= stop:
            self._lines(data[start:stop], found, rejected)
        self._hold(data[stop + 1 :])

    def _hold(self, data: bytes) -> None:
        """Keep the bytes of the unfinished line. When it is too long, only what follows its last NUL is kept."""
        if not data:
            return
        self._size += len(data)
        if self._size > MAX_LINE:
            if not self._head:
                data = b"".join([*self._parts, data])
                self._head, self._held = data[:320], -1
            nul = data.rfind(b"\0")
            if nul >= 0:
                data, self._parts, self._held = data[nul + 1 :], [], 0
            if self._held < 0 or self._held + len(data) > MAX_LINE:
                self._parts, self._held = [], -1
                return
        self._parts.append(data)
        self._held += len(data)

    def _end_line(self, found: list[Found], rejected: list[Rejected]) -> None:
        """A newline follows the bytes that were held."""
        line = b"".join(self._parts)
        if self._head:
            lost = self._size - len(line)
            rejected.append(Rejected(self._start, lost, f"longer than {MAX_LINE >> 20} MiB", excerpt(self._head)))
            self._open_objects.spoil()
            self._start += lost
        self._parts, self._size, self._held, self._head = [], 0, 0, b""
        self._lines(line, found, rejected)

    def _lines(self, text: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        """Decode whole lines, the first of which begins at _start; `text` is without the last one's newline."""
        loads, moment, new, keep = orjson.loads, datetime.fromisoformat, tuple.__new__, found.append
        open_objects, base, offset = self._open_objects, self._start, self._start
        is_open = open_objects.is_open  # a pretty-printed record, in which any line may belong
        lines = iter(text.split(b"\n"))
        for line in lines:
            length = len(line)
            if is_open and line[:1] == b" " and b'{"' not in line:
                open_objects.inner(offset, line, rejected)  # most lines of a pretty-printed record
                offset += length + 1
                continue
            if not is_open and length > 1:
                try:  # nearly every line is a whole compact record: no call here that can be avoided
                    record = loads(line)
                    actor = record["actor"]
                    if (
                        type(record["lineage_id"]) is str
                        and type(record["task_id"]) is str
                        and type(record["event_type"]) is str
                        and type(actor["type"]) is str
                        and type(actor["id"]) is str
                    ):
                        at = (moment(record["timestamp"]) - EPOCH) // MICROSECOND
                        if not FIRST <= at <= LAST:
                            at = clamped(at)
                        if length > SURELY_SHALLOW:
                            record = shallow(record, line)
                        keep(new(Found, (offset, length, at, record)))
                        offset += length + 1
                        continue
                except (ValueError, TypeError, KeyError):
                    pass
            elif line == b"{" and not is_open and (size := open_objects.take_whole(text, offset - base, offset, found)):
                next(islice(lines, text.count(b"\n", offset - base, offset - base + size) - 1, None))
                offset += size + 1
                continue
            if line:
                self._odd_line(offset, line, found, rejected)
                is_open = open_objects.is_open
            offset += length + 1
        self._start = offset

    def _odd_line(self, offset: int, line: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        """A line that is no whole compact record, or any line while a pretty-printed record is open."""
        open_objects, start = self._open_objects, 0  # of what is left of the line
        while True:
            mark = line[start : start + 1]
            if mark in b" \t":
                text = line[start:].strip(_BLANKS)
                if not text:
                    return
                if not may_hold_record(text) or (text[:1] == b"{" and open_objects.is_open):
                    open_objects.inner(offset + start, line[start:], rejected)
                    return
            open_objects.give_up(offset + start, rejected)
            solid = _SOLID.search(line, start + 1)  # what follows the mark
            if mark == b"{" and not solid:
                open_objects.open(offset + start, line[start:], rejected)
                return
            if mark == b"}" and (not solid or open_objects.is_open):
                if solid and solid[0] != b"{":
                    open_objects.spoil()  # `},`: it was a value inside another
                open_objects.close(offset + start, b"}", found, rejected)
                if not solid:
                    return
                start = solid.start()
            elif line.startswith(_BOM, start):
                start += 3
            elif nuls := _NUL_RUN.match(line, start):
                self._reject(offset + start, nuls[0], _NULS, rejected)
                start = nuls.end()
            else:
                break
            if start == len(line):
                return
        rest = line[start:]
        if rest != b"\r":
            self._odd_record(offset + start, rest, found, rejected)

    def _odd_record(self, offset: int, line: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        """A line that may be or hold compact records, whole or torn."""
        open_objects = self._open_objects
        open_objects.end_orphans(rejected)
        try:
            at, record = read(line)
        except ValueError as error:
            reason = str(error)
        else:
            open_objects.lift()
            found.append(Found(offset, len(line), at, record))
            return
        done = 0
        for start, stop in whole_objects(line) if reason in (NOT_JSON, TOO_DEEP) else ():
            try:
                at, record = read(line[start:stop])
            except ValueError:
                continue
            if line[done:start].strip(_BLANKS):
                self._reject(offset + done, line[done:start], reason, rejected)
            found.append(Found(offset + start, stop - start, at, record))
            done = stop
        if line[done:].strip(_BLANKS):
            self._reject(offset + done, line[done:], reason, rejected)

    def _reject(self, offset: int, raw: bytes, reason: str, rejected: list[Rejected]) -> None:
        self._open_objects.spoil()
        rejected.append(Rejected(offset, len(raw), reason if raw.strip(b"\0") else _NULS, excerpt(raw)))

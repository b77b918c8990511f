"""Raw search: which records of the journal hold a text, without decoding the others.

A JSON string stands in a compact record as its bytes between quotes, so the bytes of a file are searched in blocks
and only lines that match are decoded, beside those with an escape in which the text could hide. A line that is not
one whole compact record (pretty-printed, torn, glued) makes the decoder pass over its whole file instead. Files are
read, never mapped: a mapped file that shrinks kills the process.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from lineage_core.base.errors import JournalError
from lineage_core.base.regex import Pattern
from lineage_core.model.record import Record, read
from lineage_core.query.search_terms import Search
from lineage_core.read.compression import unpack
from lineage_core.read.decoder import Decoder, Found
from lineage_core.read.journal_files import pieces, why
from lineage_core.read.line_recovery import ends_whole

BLOCK = 1 << 18
"""Bytes searched at once: they stay in the processor's cache."""

LONGEST = 1 << 25
"""A line longer than that is left to the decoder, which skips it in bounded memory."""

_DENSE = 64  # backslashes in a block from which on a regular expression finds the escapes faster
_ESCAPE = re.compile(rb"\\u")
_PRETTY = frozenset(b" \t}")


class OddFileError(Exception):
    """The file has lines that mean nothing by themselves: only the decoder can tell its records."""


FoundBytes = tuple[Found, bytes]
"""A record and its bytes as they stand in the file."""


def search(fd: int, packed: bool, sought: Search, start: int = 0, stop: int | None = None) -> Iterator[FoundBytes]:
    """The records wanted whose lines begin in a range of the bytes of an open file (of a packed one in all of it).

    start, stop: in bytes; None is the end.
    Raises OddFileError when the range cannot be judged by itself, and JournalError when it cannot be read.
    """
    reading = _reading(sought)
    takes_all = sought._replace(grep=None, hosts=()) == Search()
    wanted = _wanted(sought)
    try:
        for offset, room, end in _packed_blocks(fd) if packed else _blocks(fd, start, stop):
            records = reading(offset, room, end)
            yield from records if takes_all else filter(wanted, records)
    except OSError as error:
        raise JournalError(why(error)) from error


def decode(fd: int, packed: bool, sought: Search) -> Iterator[FoundBytes]:
    """The records wanted of a whole open file, each byte decoded. Raises JournalError, after the good beginning."""
    return (record for record in filter(_wanted(sought), decoded(fd, packed)) if sought.reads(record[1]))


def _wanted(sought: Search) -> Callable[[FoundBytes], bool]:
    """Whether a record is an answer, `grep` apart: one with an escape may hold the texts or not."""
    quoted = _quoted(sought)

    def wanted(record: FoundBytes) -> bool:
        found, raw = record
        if not sought.wants(found):
            return False
        return not quoted or any(text in raw for text in quoted) or _in_strings(sought, found.record)

    return wanted


def _quoted(sought: Search) -> list[bytes]:
    """The texts that are looked for as they stand in a compact record, unless it escapes any of them."""
    return [f'"{text}"'.encode() for text in sought.needles] + [f'"{text}'.encode() for text in sought.prefixes]


def _in_strings(sought: Search, record: Record) -> bool:
    """Whether a string of a decoded record is one of the needles or begins with one of the prefixes."""
    left: list[object] = [record]
    while left:
        value = left.pop()
        if isinstance(value, str):
            if value in sought.needles or value.startswith(sought.prefixes):
                return True
        elif isinstance(value, dict):
            left += value
            left += value.values()
        elif isinstance(value, list):
            left += value
    return False


def decoded(fd: int, packed: bool) -> Iterator[FoundBytes]:
    """The records of a whole open file. Raises JournalError, after the good beginning."""
    decoder = Decoder()
    recent, recent_from = b"", 0  # what the records still to come may span
    try:
        ended = decoder.flush if packed else decoder.take_last
        for data in chain(unpack(fd, BLOCK) if packed else pieces(fd, BLOCK), [b""]):
            gone = max(0, decoder.settled - recent_from, len(recent) - LONGEST)
            recent, recent_from = recent[gone:] + data, recent_from + gone
            for found in (decoder.feed(data) if data else ended())[0]:
                yield found, recent[found.offset - recent_from :][: found.length]
    except OSError as error:
        raise JournalError(why(error)) from error


def _blocks(fd: int, start: int, stop: int | None) -> Iterator[tuple[int, bytearray, int]]:
    """Blocks of whole lines, those that begin from `start` on and before `stop`: the offset, a room that is used
    again for the next block, and where in it the lines end.

    A line without a newline at the end of the file is not finished and left out, unless it ends with a whole record.
    """
    size = os.fstat(fd).st_size
    limit = size if stop is None else min(stop, size)
    offset = _line_start(fd, start)
    room = bytearray(BLOCK)
    while offset < limit:
        got = os.preadv(fd, [room], offset)
        end = room.rfind(b"\n", 0, got) + 1
        if offset + end > limit:  # the line that passes the limit begins before it: it is ours
            end = room.find(b"\n", limit - offset - 1, end) + 1
        if end:
            yield offset, room, end
            offset += end
        elif got < len(room):
            if got and ends_whole(bytes(room[:got])):
                yield offset, room[:got] + b"\n", got + 1
            return
        elif len(room) >= LONGEST:
            raise OddFileError
        else:
            room = bytearray(2 * len(room))


def _packed_blocks(fd: int) -> Iterator[tuple[int, bytearray, int]]:
    """The same of a packed file."""
    offset, room = 0, bytearray()
    for data in unpack(fd, BLOCK):
        room += data
        end = room.rfind(b"\n") + 1
        if end:
            yield offset, room, end
            offset, room = offset + end, room[end:]
        elif len(room) >= LONGEST:
            raise OddFileError
    if room:
        yield offset, room + b"\n", len(room) + 1


def _line_start(fd: int, start: int) -> int:
    """The first byte from `start` on that begins a line."""
    at = start - 1
    while at >= 0:
        data = os.pread(fd, BLOCK, at)
        newline = data.find(b"\n")
        if newline >= 0 or not data:
            return at + newline + 1
        at += len(data)
    return 0


Reading = Callable[[int, bytearray, int], Iterable[FoundBytes]]
"""Gives the records of a block that may be wanted, all that `grep` and the needles ask for among them."""


def _reading(sought: Search) -> Reading:
    texts = [*sought.needles, *sought.prefixes]
    if texts and not any("\ufffd" in text for text in texts):  # which stands for bytes that are no text
        return _by_needles(sought)
    return _by_pattern(sought, sought.grep) if sought.grep is not None else _every_record


def _by_needles(sought: Search) -> Reading:
    needles = _quoted(sought)
    texts = "".join([*sought.needles, *sought.prefixes])
    any_escape = any(character in '"\\/' or character < " " for character in texts)
    escapes = _backslashes if any_escape else _unicode_escapes

    def reading(offset: int, room: bytearray, stop: int) -> Iterator[FoundBytes]:
        hits = escapes(room, stop)
        for needle in needles:
            hit = room.find(needle, 0, stop)
            while hit >= 0:
                hits.append(hit)
                hit = room.find(needle, hit + 1, stop)
        end = 0
        for hit in sorted(hits):
            if hit >= end:
                begin = room.rfind(b"\n", 0, hit) + 1
                end = room.find(b"\n", hit, stop)
                yield from _records(offset + begin, bytes(room[begin:end]), sought)

    return reading


def _by_pattern(sought: Search, pattern: Pattern) -> Reading:
    def reading(offset: int, room: bytearray, stop: int) -> Iterator[FoundBytes]:
        for line in bytes(room[: stop - 1]).split(b"\n"):
            if line[:2] != b'{"' or pattern.found_in(line.decode("utf-8", "replace")):
                yield from _records(offset, line, sought)
            offset += len(line) + 1

    return reading


def _every_record(offset: int, room: bytearray, stop: int) -> Iterable[FoundBytes]:
    block = bytes(room[:stop])
    found, rejected = Decoder(offset).feed(block)
    if len(found) == block.count(b"\n") and not rejected:  # whole compact records only
        return ((one, block[(begin := one[0] - offset) : begin + one[1]]) for one in found)
    records: list[FoundBytes] = []
    for line in block[:-1].split(b"\n"):
        records += _records(offset, line, Search())
        offset += len(line) + 1
    return records


def _backslashes(room: bytearray, stop: int) -> list[int]:
    """The offsets of backslashes, one for each line that has any."""
    hits = []
    hit = room.find(b"\\", 0, stop)
    while hit >= 0:
        hits.append(hit)
        hit = room.find(b"\\", room.find(b"\n", hit, stop), stop)
    return hits


def _unicode_escapes(room: bytearray, stop: int) -> list[int]:
    """The offsets of what looks like `\\u` escapes."""
    hits: list[int] = []
    seen = 0
    hit = room.find(b"\\", 0, stop)
    while hit >= 0:
        if room[hit + 1] == 0x75:
            hits.append(hit)
        seen += 1
        if seen == _DENSE:
            return hits + [match.start() for match in _ESCAPE.finditer(room, hit + 1, stop)]
        hit = room.find(b"\\", hit + 1, stop)
    return hits


def _records(offset: int, line: bytes, sought: Search) -> Iterator[FoundBytes]:
    """The records of one line that `grep` matches. Raises OddFileError if the lines around it could have a part."""
    if line[:2] == b'{"':
        try:
            at, record = read(line)
        except ValueError:
            pass
        else:
            if sought.reads(line):
                yield Found(offset, len(line), at, record), line
            return
    elif not line.strip(b" \t\r"):
        return
    elif line[0] in _PRETTY or not line[1:].strip(b" \t\r"):
        raise OddFileError
    for found in Decoder(offset).feed(line + b"\n")[0]:
        raw = line[found.offset - offset :][: found.length]
        if sought.reads(raw):
            yield found, raw

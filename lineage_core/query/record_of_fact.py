"""The record behind a fact, read again from disk, laid out for reading.

Payloads stay on disk. This looks where the fact says, in its file and the renamed and archived copies of it; what
stands there is only taken if it is the event of the fact. Else the event is searched for in the whole directory.
"""

from __future__ import annotations

import re
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.model.facts import Fact, digest_of
from lineage_core.model.limits import MAX_DEPTH
from lineage_core.model.record import parse
from lineage_core.query.journal_search import find, found_of, records
from lineage_core.query.search_terms import Search
from lineage_core.read.compact_record import one_line, record_bytes
from lineage_core.read.moved_files import read_again

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_OPENING, _CLOSING = "{[", "}]"


def record_text(directory: Path, fact: Fact) -> str:
    """The fact's record as indented JSON with the values spelled as they were written; or, in one line, why not."""
    try:
        return pretty(raw_record(directory, fact).decode("utf-8", "replace"))
    except JournalError as error:
        return str(error)


def raw_record(directory: Path, fact: Fact) -> bytes:
    """The fact's record as one compact line. Raises JournalError if it is nowhere in the directory any more."""
    raw = read_again(
        directory, fact.file, fact.offset, fact.length, lambda raw: digest_of(parse(one_line(raw))) == fact.digest
    )
    if raw is None:
        found = find(directory, Search((fact.lineage_id,), since=fact.at, until=fact.at + 1))
        same = (raw for hit, raw in records(found) if digest_of(found_of(hit, raw).record) == fact.digest)
        raw = next(same, None)
    if raw is None:
        raise JournalError(f"the record is no longer in {directory}: it stood in {fact.file} at byte {fact.offset}")
    return record_bytes(raw)


def pretty(text: str) -> str:
    """JSON text, one value a line, indented by two; numbers and strings keep their spelling.

    What is nested deeper than MAX_DEPTH stays on one line.
    """
    out: list[str] = []
    depth = 0
    before = ""
    for piece in _PIECE.findall(text):
        if piece in _CLOSING:
            depth -= 1
            if before not in _OPENING and depth < MAX_DEPTH:
                out.append("\n" + "  " * depth)
        elif before and (before in _OPENING or before == ",") and depth <= MAX_DEPTH:
            out.append("\n" + "  " * depth)
        out.append(": " if piece == ":" else piece)
        if piece in _OPENING:
            depth += 1
        before = piece
    return "".join(out)

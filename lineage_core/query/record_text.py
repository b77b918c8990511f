"""The record behind a fact, read again from disk, laid out for reading.

Payloads stay on disk; this looks only into the file that the fact names, or its renamed or archived copy.
"""

from __future__ import annotations

import re
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.model.facts import Fact
from lineage_core.model.limits import MAX_DEPTH
from lineage_core.read.decoder import record_bytes
from lineage_core.read.journal_files import copies_of, read_record

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_OPENING, _CLOSING = "{[", "}]"


def record_text(directory: Path, fact: Fact) -> str:
    """The fact's record as indented JSON with the values spelled as they were written; or, in one line, why not."""
    try:
        return pretty(raw_record(directory, fact).decode("utf-8", "replace"))
    except JournalError as error:
        return str(error)


def raw_record(directory: Path, fact: Fact) -> bytes:
    """The fact's record as one compact line. Raises JournalError if its file is gone or holds something else now."""
    problem = JournalError(f"{fact.file} is no longer in {directory}")
    for path in copies_of(directory, fact.file):
        try:
            raw = record_bytes(read_record(path, fact.offset, fact.length))
        except JournalError as error:
            problem = error
            continue
        if fact.lineage_id.encode() in raw:
            return raw
        problem = JournalError(f"{path} holds another record at byte {fact.offset} now")
    raise problem


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

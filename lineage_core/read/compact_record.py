"""A record of any form on one compact line, every value spelled as it was written. Pure."""

from __future__ import annotations

import re

from lineage_core.model.limits import MAX_DEPTH
from lineage_core.read.pretty_printed import own_lines

_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)

_TOKEN = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', re.DOTALL)


def record_bytes(raw: bytes) -> bytes:
    """The record in `raw` (the bytes that a Found spans) on one compact line, every value spelled as it was written.

    No newline at the end. Bytes that are not UTF-8 become U+FFFD; what is nested too deeply becomes `…`.
    """
    if b"\n{" in raw:  # whole records stand between its lines
        raw = own_lines(raw)
    text = _TOKEN.sub(lambda match: match[1] or b"", raw.decode("utf-8", "replace").encode())
    return _prune(text) if text.count(b"{") + text.count(b"[") > MAX_DEPTH else text


def one_line(raw: bytes) -> bytes:
    """A record as it was written; a pretty-printed one compact, on one line; one that is nested too deeply cut."""
    return record_bytes(raw) if b"\n" in raw or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH else raw


def _prune(text: bytes) -> bytes:
    depth, start, pieces = 0, 0, []
    for match in _BRACKET.finditer(text):
        bracket = match[0][:1]
        if bracket in b"{[":
            depth += 1
            if depth == MAX_DEPTH + 1:
                pieces += [text[start : match.start()], '"…"'.encode()]
        elif bracket in b"}]":
            if depth == MAX_DEPTH + 1:
                start = match.end()
            depth -= 1
    return b"".join([*pieces, text[start:]])

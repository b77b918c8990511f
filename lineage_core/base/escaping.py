"""Text from disk is hostile: the one place where it becomes safe to show, and safe to put into JSON or CSV.

Hostile are the characters that a terminal, an editor or a spreadsheet obeys instead of showing: C0 controls, DEL, C1
controls, bidirectional controls, line and paragraph separators, and lone surrogates, which no encoding has bytes for.
Unseen are those that show nothing (Unicode's Default_Ignorable_Code_Point, and format controls): two names that differ
by one of them must not look the same.
"""

from __future__ import annotations

import re

_HOSTILE = (
    "\x00-\x1f\x7f-\x9f"  # C0 with tab and newline, DEL, C1 with NEL
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks, embeddings, overrides and isolates
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff"  # surrogates
)
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS = "\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"  # seen by what they do to letters and emoji, not to ASCII
_UNSHOWABLE = re.compile(f"[{_HOSTILE}{_UNSEEN}]|(?:(?<=[ -~])|^)(?!\ufe0f\u20e3)[{_JOINERS}]")  # not in a keycap: 1️⃣
_NOT_JSON_SAFE = re.compile(f"(?![\t\n])[{_HOSTILE}]")  # tab and newline occur between the tokens of JSON text
_FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")  # the wide forms too: spreadsheets take them for the narrow ones


def visible(text: str, limit: int | None = None) -> str:
    """`text` on one line with a visible escape (`\\x1b`, `\\u202e`) for each hostile or unseen character; tab is blank.

    limit: the most characters to return; a longer text ends in `…`.
    """
    if limit is not None and len(text) > limit:
        shown = visible(text[:limit])
        return shown[: limit - 1] + "…" if limit else ""
    if text.isascii() and text.isprintable():
        return text
    shown = _UNSHOWABLE.sub(_escape, text)
    if limit is not None and len(shown) > limit:
        return shown[: limit - 1] + "…" if limit else ""
    return shown


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 9:
        return " "
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_safe(text: str) -> str:
    """JSON text with hostile characters inside its strings as `\\u` escapes: the same value, safe for a terminal."""
    if text.isprintable():
        return text
    return _NOT_JSON_SAFE.sub(lambda match: " " if match[0] == "\r" else f"\\u{ord(match[0]):04x}", text)


def csv_cell(text: str) -> str:
    """`text` as the content of a CSV cell: visible escapes, and no start that a spreadsheet takes for a formula.

    Quoting is the CSV writer's; numbers of our own need not go through here.
    """
    shown = visible(text)
    return "'" + shown if text[:1] in _FORMULA_STARTS or text.lstrip()[:1] in _FORMULA_STARTS else shown

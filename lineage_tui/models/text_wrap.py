"""Long text in lines that fit, for reading: nothing is cut, and line breaks of the text break the line.

The text is made safe first (`lineage_core.base.terminal_cells.shown`), so that what is measured is what is shown.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lineage_core.base.terminal_cells import cell_width, head, shown

_BREAK = re.compile(r"\r\n|[\n\r]")
_BITS = re.compile(r"\\(?:r\\n|.)|[^\\]+|\\")
_KEY = re.compile(r'\s*"(?:[^"\\]|\\.)*": ')


def wrap(text: str, cells: int, most: int | None = None) -> list[str]:
    """The text in lines of at most so many cells, broken at blanks where there are any.

    most: the most lines; what does not fit into them is cut with an ellipsis.
    """
    lines: list[str] = []
    for part in _BREAK.split(text):
        lines += _fold(shown(part.replace("\t", "    ")), max(1, cells))
        if most is not None and len(lines) > most:
            return [*lines[: most - 1], head(lines[most - 1], cells - 1) + "…"]
    return lines


def _fold(text: str, cells: int) -> list[str]:
    """One line of safe text in pieces."""
    lines: list[str] = []
    while cell_width(text) > cells:
        piece = head(text, cells) or text[0]
        gap = piece.rfind(" ")
        if len(text) > len(piece) and text[len(piece)] == " ":
            gap = len(piece)
        if gap > len(piece) // 2:
            piece = piece[:gap]
        lines.append(piece)
        text = text[len(piece) :]
        if text.startswith(" "):
            text = text[1:]
    return [*lines, text]


class RecordLine(NamedTuple):
    """A line of a record as it is shown. key: the name with which it begins, with the colon; text: what follows."""

    key: str
    text: str


def record_lines(lines: list[str], cells: int) -> list[RecordLine]:
    """The lines of indented JSON in lines of at most so many cells.

    A line break inside a string, which JSON writes as `\\n`, breaks the line; the `\\n` is shown all the same.
    """
    out: list[RecordLine] = []
    for line in lines:
        key = match[0] if (match := _KEY.match(line)) else line[: len(line) - len(line.lstrip())]
        rest, key = line[len(key) :], shown(key)
        indent = min(cell_width(key) + 1, cells // 3)
        first = True
        for part in _parts(rest):
            room = cells - (cell_width(key) if first else indent)
            if first and room < min(len(part), cells // 3):
                out.append(RecordLine(key, ""))
                first, room = False, cells - indent
            for piece in _fold(shown(part), max(8, room)):
                out.append(RecordLine(key if first else " " * indent, piece))
                first = False
    return out


def _parts(text: str) -> list[str]:
    """A JSON value, cut after the line breaks in its strings; tabs that begin such a line as blanks."""
    if "\\n" not in text:
        return [text]
    parts = [""]
    for bit in _BITS.findall(text):
        indents = bit == "\\t" and not parts[-1].strip() and len(parts) > 1
        parts[-1] += "    " if indents else bit
        if bit in ("\\n", "\\r\\n"):
            parts.append("")
    return [part for part in parts if part]

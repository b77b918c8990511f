"""Long text in lines that fit, for reading: nothing is cut, and line breaks of the text break the line.

The text is made safe first (`sanitize.visible`), so that what is measured is what is shown.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from lineage_core.base.escaping import visible

_BREAK = re.compile(r"\r\n|[\n\r]")
_BITS = re.compile(r"\\(?:r\\n|.)|[^\\]+|\\")
_KEY = re.compile(r'\s*"(?:[^"\\]|\\.)*": ')


def wrap(text: str, width: int, most: int | None = None) -> list[str]:
    """The text in lines of at most `width` cells, broken at blanks where there are any.

    most: the most lines; what does not fit into them is cut with an ellipsis.
    """
    lines: list[str] = []
    for part in _BREAK.split(text):
        lines += _fold(visible(part.replace("\t", "    ")), max(1, width))
        if most is not None and len(lines) > most:
            last = lines[most - 1]
            while last and cell_len(last) > width - 1:
                last = last[:-1]
            return [*lines[: most - 1], last + "…"]
    return lines


def _fold(text: str, width: int) -> list[str]:
    """One line of safe text in pieces."""
    lines: list[str] = []
    while len(text) > width or cell_len(text) > width:
        head = text[:width] if text.isascii() else chop_cells(text[: width + 1], width)[0]
        gap = head.rfind(" ")
        if len(text) > len(head) and text[len(head)] == " ":
            gap = len(head)
        if gap > width // 2:
            head = head[:gap]
        lines.append(head)
        text = text[len(head) :]
        if text.startswith(" "):
            text = text[1:]
    return [*lines, text]


class RecordLine(NamedTuple):
    """A line of a record as it is shown. key: the name with which it begins, with the colon; text: what follows."""

    key: str
    text: str


def record_lines(lines: list[str], width: int) -> list[RecordLine]:
    """The lines of indented JSON in lines of at most `width` cells.

    A line break inside a string, which JSON writes as `\\n`, breaks the line; the `\\n` is shown all the same.
    """
    out: list[RecordLine] = []
    for line in lines:
        key = match[0] if (match := _KEY.match(line)) else line[: len(line) - len(line.lstrip())]
        indent = min(cell_len(visible(key)) + 1, width // 3)
        first = True
        for part in _parts(line[len(key) :]):
            room = width - (cell_len(visible(key)) if first else indent)
            if first and room < min(len(part), width // 3):
                out.append(RecordLine(visible(key), ""))
                first, room = False, width - indent
            for piece in _fold(visible(part), max(8, room)):
                out.append(RecordLine(visible(key) if first else " " * indent, piece))
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

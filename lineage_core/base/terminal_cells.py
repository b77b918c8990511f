"""The cells that text takes on a terminal, and text made to fit into them: for the commands and the screen alike.

Most characters take one cell, wide ones two, marks that stand on another character none (Unicode's UAX #11 and general
categories, as the terminals and the libraries wcwidth and rich have them). On sequences terminals differ: the emoji of
a family, joined, take two cells on one and six on another. So what would make a sequence of characters wider or
narrower than its characters is not sent to a terminal at all, and every terminal shows columns as they were meant.
"""

from __future__ import annotations

import re
import unicodedata

from lineage_core.base.escaping import visible

_JOINERS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]|(?<=[^ ])[\U0001f3fb-\U0001f3ff]")
"""Joiners, variation selectors, and skin tones behind an emoji."""

_UNSURE = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
"""Regional indicators, two of which are a flag or two letters; skin tones alone."""

_NEWER_EMOJI = re.compile(  # wide, assigned since Unicode 14, which is all that Python 3.11 knows
    "[\U0001f6d8\U0001f6dc\U0001fa75-\U0001fa77\U0001fa87-\U0001fa8a\U0001fa8e\U0001fa8f\U0001faad-\U0001faaf"
    "\U0001fabb-\U0001fabf\U0001fac6\U0001fac8\U0001facd-\U0001facf\U0001fada-\U0001fadc\U0001fadf"
    "\U0001fae8-\U0001faea\U0001faef\U0001faf7\U0001faf8]"
)
_WIDE_SINCE_16 = re.compile("[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]")

PLAIN = str.maketrans("…·›→←↑↓⇧–—≤≥×─│", "~->><^v^--<>x-|")
"""Decorations that words and figures are written with, and the ASCII character in place of each: as wide."""

_known: dict[str, int] = {}


def shown(text: str, limit: int | None = None) -> str:
    """`text` as it can be shown on one line of any terminal: visible (see there), and as wide as its characters.

    limit: the most characters to return; a longer text ends in `…`. A mark without a character to stand on gets a
    dotted circle, flags are the letters of their countries, what this Python does not know is U+FFFD.
    """
    text = visible(text, limit)
    if text.isascii():
        return text
    text = _UNSURE.sub(_named, _JOINERS.sub("", text))
    if any(_width(char) < 0 for char in text):
        text = "".join("\ufffd" if _width(char) < 0 else char for char in text)
    return "◌" + text if text and not _width(text[0]) else text


def _named(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(code - 0x1F1E6 + ord("A")) if code <= 0x1F1FF else "\ufffd"


def named(name: str) -> str:
    """A name as it can be seen: in quotes if it is blank."""
    return name if name.replace("\u2800", "").strip() else f'"{name}"'  # a braille pattern without dots is blank too


def cell_width(text: str) -> int:
    """The cells that a text takes, once it is `shown`."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    """The cells of a character: 0, 1 or 2; -1: not known."""
    known = _known.get(char)
    if known is None:
        known = _known[char] = _look_up(char)
    return known


def _look_up(char: str) -> int:
    code = ord(char)
    if (
        (0x20000 <= code <= 0x3FFFD and code & 0xFFFE != 0xFFFE)
        or _NEWER_EMOJI.match(char)
        or _WIDE_SINCE_16.match(char)
    ):
        return 2  # the planes of ideographs are wide, assigned or not
    category = unicodedata.category(char)
    if category == "Cn":
        return -1
    if category in ("Mn", "Me", "Mc") or 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:
        return 0  # marks; vowels and finals of Hangul, which stand in the cells of the consonant before them
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """`text`, shown, in exactly so many cells: padded, or cut with an ellipsis. right: aligned to the right."""
    if cells <= 0:
        return ""
    text = shown(text, 4 * cells)
    size = cell_width(text)
    if size > cells:
        text = head(text, cells - 1).rstrip()
        return text + " " * (cells - 1 - cell_width(text)) + "…"
    padding = " " * (cells - size)
    return padding + text if right else text + padding


def head(text: str, cells: int) -> str:
    """As much of a (shown) text as fits into so many cells, with the marks on its last character."""
    if text.isascii():
        return text[:cells]
    for at, char in enumerate(text):
        cells -= _width(char)
        if cells < 0:
            return text[:at]
    return text


def tail(text: str, cells: int) -> str:
    """As much of the end of a (shown) text as fits into so many cells; it does not begin with a mark."""
    start = len(text)
    for at in range(len(text) - 1, -1, -1):
        cells -= _width(text[at])
        if cells < 0:
            break
        if _width(text[at]):
            start = at
    return text[start:]

"""Text for people: coloured pieces, links and aligned tables, on a terminal or not. All text from events becomes safe
here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from lineage_core.base.escaping import visible
from lineage_core.base.file_uri import file_uri
from lineage_core.base.terminal_cells import PLAIN, cell_width, shown

if TYPE_CHECKING:
    from pathlib import Path


PIPED_WIDTH = 100
"""Columns that text may use when stdout is no terminal."""

_COLOURS = {
    "head": "1",
    "muted": "2",
    "bad": "31",
    "failed": "31",
    "zombie": "35",
    "completed": "32",
    "success": "32",
    "running": "36",
    "run": "36",
    "blocked": "33",
    "partial": "33",
    "escalated": "33",
    "assigned": "35",
}


class FileLink(NamedTuple):
    """Text that names a file or directory, which a terminal may open (OSC 8)."""

    text: str
    path: Path


class UrlLink(NamedTuple):
    """Text that leads to an address of the web. url: without anything that a terminal obeys."""

    text: str
    url: str


Piece = str | tuple[str, str] | FileLink | UrlLink
"""Text as it came, or the same with a role that gives it a colour (a status, `head`, `muted`, `bad`)."""

Line = Piece | Sequence[Piece]


class Paper(NamedTuple):
    """What text is written on. width: columns; colour: whether escape sequences are welcome; ascii: no other signs;
    links: whether files become hyperlinks."""

    width: int = PIPED_WIDTH
    colour: bool = False
    ascii: bool = False
    links: bool = False


def paper_of(stream: TextIO, ascii_only: bool = False) -> Paper:
    """The paper that a stream is: a terminal has its width and colours, unless `NO_COLOR` is set."""
    ascii_only = ascii_only or not _takes_unicode(stream)
    if not stream.isatty():
        return Paper(ascii=ascii_only)
    try:
        width = int(os.environ.get("COLUMNS", "")) or PIPED_WIDTH
    except ValueError:
        try:
            width = os.get_terminal_size(stream.fileno()).columns or PIPED_WIDTH
        except OSError:
            width = PIPED_WIDTH
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    # A console of Linux has no mouse to follow a link with; FORCE_HYPERLINK=0 is for terminals that show the sequence.
    links = colour and os.environ.get("TERM", "") not in ("", "linux") and os.environ.get("FORCE_HYPERLINK") != "0"
    return Paper(max(20, width), colour, ascii_only, links)


def _takes_unicode(stream: TextIO) -> bool:
    if (stream.encoding or "").lower().replace("-", "") in ("utf8", "utf16"):
        return True
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return False


def render(line: Line, paper: Paper) -> str:
    """A line of text as it goes to the terminal: hostile characters visible, colours of ours only."""
    pieces = [line] if isinstance(line, str) or _is_piece(line) else line
    text = "".join(_piece(piece, paper) for piece in pieces).rstrip()  # type: ignore[arg-type]
    return text.translate(PLAIN) if paper.ascii else text


def _is_piece(line: Line) -> bool:
    return isinstance(line, FileLink | UrlLink) or (
        isinstance(line, tuple) and len(line) == 2 and all(isinstance(part, str) for part in line)
    )


def _piece(piece: Piece, paper: Paper) -> str:
    if isinstance(piece, str):
        return shown(piece)
    if isinstance(piece, FileLink | UrlLink):
        text, uri = shown(piece.text), file_uri(piece.path) if isinstance(piece, FileLink) else visible(piece.url)
        return f"\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\" if paper.links else text
    text, role = shown(piece[0]), piece[1]
    code = _COLOURS.get(role) if paper.colour else None
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def _safe(piece: Piece) -> tuple[str, str] | FileLink | UrlLink:
    if isinstance(piece, FileLink | UrlLink):
        return piece._replace(text=shown(piece.text))
    return (shown(piece), "") if isinstance(piece, str) else (shown(piece[0]), piece[1])


def table(headers: Sequence[str], rows: Sequence[Sequence[Piece]], right: Iterable[int] = ()) -> Iterator[Line]:
    """Aligned columns under their headers. right: the columns that are aligned to the right."""
    to_right = frozenset(right)
    safe = [[_safe(piece) for piece in row] for row in rows]
    widths = [max([len(head), *(cell_width(row[at][0]) for row in safe)]) for at, head in enumerate(headers)]
    heads: list[tuple[str, str] | FileLink | UrlLink] = [(header, "head") for header in headers]
    for row in [heads, *safe]:
        line: list[Piece] = []
        for at, piece in enumerate(row):
            blank = " " * (widths[at] - cell_width(piece[0]))
            line += [blank, piece] if at in to_right else [piece, blank]
            line.append("  ")
        yield line

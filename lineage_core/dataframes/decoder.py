"""The decoder of `read/decoder.py`, which takes plain lines many at once. What it finds is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from polars import col

from lineage_core.dataframes.parsed_block import ReadLines
from lineage_core.model.record import Found, Rejected
from lineage_core.native import library
from lineage_core.read.plain_lines import Edges, PlainLineDecoder

if TYPE_CHECKING:
    from lineage_core.native.cutter import RawCut


def fast_way() -> ReadLines:
    """The fast way that there is here."""
    if library() is not None:
        from lineage_core.dataframes.native_lines import natively

        return natively
    from lineage_core.dataframes.lines_without_c import by_expressions

    return by_expressions


class DecodedPiece(list[Found]):
    """Records of a piece that were decoded one by one; and the events of its plain lines, their file's name missing.

    raws: plain lines of which events are still to be made (`native_lines.together`).
    """

    def __init__(self, found: list[Found]) -> None:
        super().__init__(found)
        self.events: list[pl.DataFrame] = []
        self.raws: list[RawCut] = []


class FrameDecoder(PlainLineDecoder):
    """Decodes one file; `feed` gives a DecodedPiece.

    ids: whether its events have their lineage_id. way: how plain lines are read, if not as is best here. raw: whether
    events of small pieces may be left to be made.
    """

    __slots__ = ("_events", "_ids", "_raw", "_raws", "_read_lines")

    def __init__(self, offset: int = 0, *, ids: bool = False, way: ReadLines | None = None, raw: bool = False) -> None:
        super().__init__(offset)
        self._ids = ids
        self._raw = raw and library() is not None
        self._read_lines = way or fast_way()
        self._events: list[pl.DataFrame] = []
        self._raws: list[RawCut] = []

    def feed(self, data: bytes) -> tuple[list[Found], list[Rejected]]:
        """The records and the quarantined bytes that are decided by this piece of the file."""
        found, rejected = super().feed(data)
        piece = DecodedPiece(found)
        piece.events, self._events = self._events, []
        piece.raws, self._raws = self._raws, []
        return piece, rejected

    def take_lines(self, block: bytes, base: int) -> Edges | None:
        """As PlainLineDecoder has it."""
        if self._raw:
            from lineage_core.dataframes.native_lines import raw_lines

            if (raw := raw_lines(block, base)) is not None:
                self._raws.append(raw)
                return raw.odd
        lines = self._read_lines(block, base, self._ids)
        if lines is None:
            return None
        self._events.append(lines.events)
        return lines.odd

    def withdraw(self, offsets: list[int]) -> None:
        """As PlainLineDecoder has it."""
        left = ~col("offset").is_in(offsets)
        if self._raws:
            self._raws[-1] = self._raws[-1].filter(left)
        else:
            self._events[-1] = self._events[-1].filter(left)

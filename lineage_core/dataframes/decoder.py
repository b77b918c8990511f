"""The decoder of `read/decoder.py`, which takes plain lines many at once. What it finds is the same."""

from __future__ import annotations

import polars as pl
from polars import col

from lineage_core.dataframes.lines import ReadLines
from lineage_core.model.record import Found, Rejected
from lineage_core.native import library
from lineage_core.read.decoder import Decoder


def fast_way() -> ReadLines:
    """The fast way that there is here."""
    if library() is not None:
        from lineage_core.dataframes.native_lines import natively

        return natively
    from lineage_core.dataframes.fast_path import by_expressions

    return by_expressions


class DecodedPiece(list[Found]):
    """Records of a piece that were decoded one by one; and the events of its plain lines, their file's name missing."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[pl.DataFrame] = []


class FrameDecoder(Decoder):
    """Decodes one file; `feed` gives a DecodedPiece.

    ids: whether its events have their lineage_id. way: how plain lines are read, if not as is best here.
    """

    __slots__ = ("_ids", "_read_lines")

    def __init__(self, offset: int = 0, *, ids: bool = False, way: ReadLines | None = None) -> None:
        super().__init__(offset)
        self._ids = ids
        self._read_lines = way or fast_way()

    def feed(self, data: bytes) -> tuple[list[Found], list[Rejected]]:
        """The records and the quarantined bytes that are decided by this piece of the file."""
        taken: DecodedPiece = DecodedPiece()
        rejected: list[Rejected] = []
        begin, stop = 0, data.rfind(b"\n") + 1
        if self._size:  # an unfinished line goes on
            begin = data.find(b"\n") + 1 or len(data)
            self._general(data[:begin], taken, rejected)
        if begin < stop:
            self._lines_of(data[begin:stop], taken, rejected)
        self._general(data[max(begin, stop) :], taken, rejected)
        return taken, rejected

    def _general(self, data: bytes, taken: DecodedPiece, rejected: list[Rejected]) -> None:
        if data:
            found, bad = super().feed(data)
            taken += found
            rejected += bad

    def _lines_of(self, block: bytes, taken: DecodedPiece, rejected: list[Rejected]) -> None:
        """Take whole lines: plain ones many at once, the others, and those inside something open, one by one."""
        base = self.end
        lines = self._read_lines(block, base, self._ids)
        if lines is None:
            self._general(block, taken, rejected)
            return
        odd = [*lines.odd, (len(block), len(block))]
        general: list[int] = []  # where the lines begin that went the general way without being odd
        at, n = 0, 0  # how far; the first odd line from there on
        while True:
            if self.fresh:  # what comes before the next odd line is plain
                at = odd[n][0]
                self._start = base + at
            if at == len(block):
                break
            begin, step = at, 1
            while at < len(block):
                for _ in range(step):
                    if at == odd[n][0]:
                        n += 1
                    else:
                        general.append(base + at)
                    at = block.find(b"\n", at) + 1
                    if at == len(block):
                        break
                while at == odd[n][0] < len(block):  # odd lines that follow each other go together
                    at, n = odd[n][1] + 1, n + 1
                self._general(block[begin:at], taken, rejected)
                begin, step = at, 2 * step
                if self.fresh:
                    break
        events = lines.events
        taken.events.append(events.filter(~col("offset").is_in(general)) if general else events)

"""The decoder of `read/decoder.py`, which takes plain lines the fast way. What it finds is the same."""

from __future__ import annotations

from bisect import bisect_left

import polars as pl
from polars import col

from lineage_core.dataframes.fast_path import plain
from lineage_core.model.record import Found, Rejected
from lineage_core.read.decoder import Decoder

_HINT = b'{"lineage_id":"'


class DecodedPiece(list[Found]):
    """Records of a piece that were decoded one by one; and the events of its plain lines, their file's name missing."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[pl.DataFrame] = []


class FrameDecoder(Decoder):
    """Decodes one file; `feed` gives a DecodedPiece."""

    __slots__ = ()

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
        """Take whole lines: plain ones fast, the others, and those that stand inside something open, one by one."""
        base = self.end
        cut = plain(block, base) if _HINT in block else None
        if cut is None:
            self._general(block, taken, rejected)
            return
        starts = [*cut.lines["start"], base + len(block)]
        odd = cut.lines.with_row_index("line").filter(~col("fine"))["line"].to_list()
        general: list[int] = []  # where the lines begin that went the general way
        line, last = 0, len(starts) - 1
        while True:
            if self.fresh:  # what comes before the next odd line is plain
                at = bisect_left(odd, line)
                line = odd[at] if at < len(odd) else last
                self._start = starts[line]
            step = 1
            while line < last:
                upto = min(line + step, last)
                at = bisect_left(odd, upto)
                while at < len(odd) and odd[at] == upto:  # odd lines that follow each other go together
                    at, upto = at + 1, upto + 1
                self._general(block[starts[line] - base : starts[upto] - base], taken, rejected)
                general += starts[line:upto]
                line, step = upto, 2 * step
                if self.fresh:
                    break
            if line == last:
                break
        events = cut.events
        taken.events.append(events.filter(~col("offset").is_in(general)) if general else events)

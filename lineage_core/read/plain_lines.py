"""The decoder of `read/decoder.py` for those who take plain lines many at once, in a faster way. What it finds is the
same."""

from __future__ import annotations

from lineage_core.model.record import Found, Rejected
from lineage_core.read.decoder import Decoder

Edges = list[tuple[int, int]]
"""Lines of a block, by their starts and ends (without the newline) in it."""


class PlainLineDecoder(Decoder):
    """Decodes one file; `feed` gives what did not go the faster way, which a subclass has: `take_lines`, `withdraw`."""

    BLOCK = 1 << 20  # of which few lines become records

    __slots__ = ()

    def take_lines(self, block: bytes, base: int) -> Edges | None:
        """Take the plain lines of a block that ends with a newline and stands at `base` of the file; gives the others
        that are not blank. None: the whole block is to be decoded."""
        raise NotImplementedError

    def withdraw(self, offsets: list[int]) -> None:
        """Take back the lines that were taken last and begin at these offsets of the file: they stand inside of
        something open, and were decoded."""
        raise NotImplementedError

    def feed(self, data: bytes) -> tuple[list[Found], list[Rejected]]:
        """The records and the quarantined bytes that are decided by this piece of the file, but for plain lines."""
        found: list[Found] = []
        rejected: list[Rejected] = []
        begin, stop = 0, data.rfind(b"\n") + 1
        if self._size:  # an unfinished line goes on
            begin = data.find(b"\n") + 1 or len(data)
            self._general(data[:begin], found, rejected)
        if begin < stop:
            self._block(data[begin:stop], found, rejected)
        self._general(data[max(begin, stop) :], found, rejected)
        return found, rejected

    def _general(self, data: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        if data:
            some, bad = super().feed(data)
            found += some
            rejected += bad

    def _block(self, block: bytes, found: list[Found], rejected: list[Rejected]) -> None:
        """Take whole lines: plain ones many at once, the others, and those inside something open, one by one."""
        base = self.end
        edges = self.take_lines(block, base)
        if edges is None:
            self._general(block, found, rejected)
            return
        odd = [*edges, (len(block), len(block))]
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
                self._general(block[begin:at], found, rejected)
                begin, step = at, 2 * step
                if self.fresh:
                    break
        if general:
            self.withdraw(general)

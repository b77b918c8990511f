"""What is known of a group of tasks or runs: the last ones that ended, those that are open, curves of both. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator

from lineage_core.forecast.learning_samples import Sample
from lineage_core.forecast.survival import Curve, Span

LAST = 500
"""Of a group so many that ended well are learned from: the last ones."""

_STALE = 12  # a curve is made again after one change for so many that it is made of
_CUTS = 8  # parts into which the waits of a group are cut


class GroupHistory:
    """The last samples of a group that ended, those that are open, and their curves as of when these were made.

    done: how many of the ended ones ended well. median: the middle of how long they ran, in microseconds.
    """

    __slots__ = ("_changes", "_cuts", "_made_at", "_running", "_since", "_waiting", "done", "exits", "median", "open")

    def __init__(self) -> None:
        self.exits: deque[Sample] = deque()
        self.open: dict[str, Sample] = {}
        self.done = 0
        self.median = 0
        self._since = -(1 << 62)  # what ended before is forgotten
        self._changes = 1 << 30
        self._made_at = 0
        self._running: Curve | None = None
        self._waiting: dict[int, Curve] = {}
        self._cuts = [-1]

    def put(self, sample: Sample) -> None:
        """Take in one that ended; what is more than LAST is forgotten."""
        self.exits.append(sample)
        self.done += sample.done
        self._changes += 1
        while self.done > LAST:
            gone = self.exits.popleft()
            self.done -= gone.done
            self._since = gone.ended or 0

    def refresh(self, now: int, *, fully: bool) -> None:
        """Forget the curves if much has changed since they were made."""
        grown = now - self._made_at > max(1, self.median) // 4
        if self._changes * _STALE < len(self.exits) and not (fully and (self._changes or grown)):
            return
        self._changes, self._made_at = 0, now
        self._running = None
        self._waiting.clear()
        waits = sorted(one.started - one.begun for one in self.exits if one.done and one.started is not None)
        cuts = [waits[len(waits) * part // _CUTS] for part in range(1, _CUTS)] if waits else []
        self._cuts = [-1, *dict.fromkeys(cut for cut in cuts if cut > 0)]
        curve = self.running(now)
        self.median = curve.middle(0.5) or max(0, curve.ages[-1])

    def running(self, now: int) -> Curve:
        """How long what has started takes."""
        if self._running is None:
            self._running = Curve(self._spans(now))
        return self._running

    def waiting(self, elapsed: int, now: int) -> Curve:
        """How long it takes from creation to end, of those that had not begun at about that age."""
        cut = self._cuts[bisect_right(self._cuts, elapsed) - 1]
        if cut not in self._waiting:
            self._waiting[cut] = Curve(self._whole_spans(cut, now))
        return self._waiting[cut]

    def _spans(self, now: int) -> Iterator[Span]:
        since = self._since
        for one in self.exits:
            if one.started is not None and one.ended is not None:
                yield max(0, since - one.started), one.ended - one.started, one.done
        for one in self.open.values():
            if one.started is not None:
                yield max(0, since - one.started), now - one.started, False

    def _whole_spans(self, cut: int, now: int) -> Iterator[Span]:
        since = self._since
        for _, _, begun, started, ended, done in (*self.exits, *self.open.values()):
            end = ended if ended is not None else now
            if (started if started is not None else end) - begun > cut:
                yield since - begun if since > begun else 0, end - begun, done and ended is not None

"""What is usual for a type of worker: how long the ones that ended were silent between two words of theirs.

Silence is compared with silence: the gaps between a worker's start, its progress events and its own end. The end that
the zombie cleanup logged is no word of the worker, and the wait from spawn to start is none of its silences.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from lineage_core.state import Worker, WorkerEnd

KEPT = 200
"""Workers of a type that are looked at: those that ended last."""

KEPT_GAPS = 50
"""Gaps of a worker that are looked at: its last ones."""

ENOUGH = 5
"""Gaps from which on something is called usual."""


class Usual(NamedTuple):
    """Gaps in microseconds: half of them are at most `median` long, 95 of 100 at most `p95`."""

    median: int
    p95: int


def gaps_of(worker: Worker) -> tuple[int, ...]:
    """The silences of a worker that ended by itself, the last ones; empty for any other."""
    if worker.ended_at is None or worker.end is WorkerEnd.ZOMBIE:
        return ()
    words = [at for at, _ in worker.progress[-KEPT_GAPS:]]
    if worker.started_at is not None and len(words) < KEPT_GAPS:
        words.append(worker.started_at)
    return tuple(after - before for before, after in pairwise(sorted((*words, worker.ended_at))))


class UsualSilence:
    """The usual silences by worker type."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[Any, tuple[int, tuple[int, ...]]]] = {}
        self._known: dict[str, Usual] = {}
        self._stale: set[str] = set()

    def take(self, kind: str, worker: Any, ended_at: int, gaps: tuple[int, ...]) -> None:
        """Note the gaps of a worker in place of those noted before. worker: its key, one to be ordered by."""
        ended = self._ended.setdefault(kind, {})
        if ended.get(worker) == (ended_at, gaps):
            return
        ended[worker] = (ended_at, gaps)
        if len(ended) > 2 * KEPT:
            newest = sorted(ended.items(), key=_when, reverse=True)[:KEPT]
            self._ended[kind] = dict(newest)
        self._stale.add(kind)

    def of(self, kind: str) -> Usual | None:
        """What is usual for a type, as of the last `settle`; None while too little is known."""
        if (known := self._known.get(kind)) is not None:
            return known
        newest = sorted(self._ended.get(kind, {}).items(), key=_when, reverse=True)[:KEPT]
        gaps = sorted(gap for _, (_, of_one) in newest for gap in of_one)
        if len(gaps) < ENOUGH:
            return None
        usual = self._known[kind] = Usual(gaps[(len(gaps) - 1) // 2], gaps[(len(gaps) * 95 + 99) // 100 - 1])
        return usual

    def known(self, kind: str) -> Usual | None:
        """What `of` last said about a type; None if it was not asked since the last `settle` that concerned it."""
        return self._known.get(kind)

    def settle(self) -> None:
        """Let what was noted since the last call count."""
        for kind in self._stale:
            self._known.pop(kind, None)
        self._stale.clear()


def _when(item: tuple[Any, tuple[int, tuple[int, ...]]]) -> tuple[int, Any]:
    return (item[1][0], item[0])

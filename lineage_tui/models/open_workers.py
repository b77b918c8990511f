"""The open workers of many tasks, by the rule that watches them and since when: how many are stuck, and who has just
become so, without a look at all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from lineage_core.rules.silence import WATCHES, ZOMBIE, Watch
from lineage_tui.models.sorted_list import SortedList

K = TypeVar("K", bound=Hashable)


class OpenWorkers(Generic[K]):
    """Open workers by key; the keys of one vigil can be compared with each other."""

    def __init__(self) -> None:
        self._watches: dict[K, Watch] = {}
        self._warned: dict[str, SortedList[K]] = {rule: SortedList(self._warned_at) for rule in WATCHES}
        self._dead: dict[str, SortedList[K]] = {rule: SortedList(self._dead_at) for rule in WATCHES}

    def __len__(self) -> int:
        return len(self._watches)

    def get(self, key: K) -> Watch | None:
        """How a worker is watched, if it is."""
        return self._watches.get(key)

    def put(self, key: K, watch: Watch | None) -> None:
        """Watch a worker like this from now on; None: it has ended, or is gone."""
        old = self._watches.get(key)
        if old == watch:
            return
        if old is not None:
            self._warned[old.rule].remove(key)
            if old.dead_at is not None:
                self._dead[old.rule].remove(key)
            del self._watches[key]
        if watch is not None:
            self._watches[key] = watch
            self._warned[watch.rule].add(key)
            if watch.dead_at is not None:
                self._dead[watch.rule].add(key)

    def counts(self, now: int) -> Counter[str]:
        """How many workers there are of each word of `Watch.word`."""
        counts: Counter[str] = Counter()
        for rule in WATCHES:
            dead = self._dead[rule].rank((now + 1,))
            counts[ZOMBIE] += dead
            counts[rule] += self._warned[rule].rank((now + 1,)) - dead
        return counts

    def crossed(self, before: int, now: int) -> Iterator[K]:
        """The workers whose word is another one now than it was before."""
        for ranked in (*self._warned.values(), *self._dead.values()):
            for rank in range(ranked.rank((before + 1,)), ranked.rank((now + 1,))):
                yield ranked[rank]

    def _warned_at(self, key: K) -> tuple[int, K]:
        return self._watches[key].warned_at, key

    def _dead_at(self, key: K) -> tuple[int, K]:
        return self._watches[key].dead_at or 0, key

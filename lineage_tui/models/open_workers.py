"""The open workers of many tasks, by the rule that watches them and since when: how many are stuck, and who has just
become so, without a look at all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import Generic, TypeVar

from lineage_core.rules.silence import WORDS, Watch, levels
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.sorted_list import SortedList

K = TypeVar("K", bound=Hashable)


class OpenWorkers(Generic[K]):
    """Open workers by key; the keys of one vigil can be compared with each other."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self._watches: dict[K, Watch] = {}
        self._by_rule: dict[str, SortedList[K]] = {rule: SortedList(self._rank) for rule in WORDS}

    def __len__(self) -> int:
        return len(self._watches)

    def put(self, key: K, watch: Watch | None) -> None:
        """Watch a worker like this from now on; None: it has ended, or is gone."""
        old = self._watches.get(key)
        if old == watch:
            return
        if old is not None:
            self._by_rule[old.rule].remove(key)
            del self._watches[key]
        if watch is not None:
            self._watches[key] = watch
            self._by_rule[watch.rule].add(key)

    def counts(self, now: int) -> Counter[str]:
        """How many workers there are of each word of `Watch.word`."""
        counts: Counter[str] = Counter()
        for rule, ranked in self._by_rule.items():
            steps = [(ranked.rank((now - after + 1,)), word) for after, word in levels(rule, self.thresholds)]
            for (count, word), (worse, _) in pairwise([*steps, (0, "")]):
                counts[word] += count - worse
        return counts

    def crossed(self, before: int, now: int) -> Iterator[K]:
        """The workers whose word is another one now than it was before."""
        for rule, ranked in self._by_rule.items():
            for after, _ in levels(rule, self.thresholds):
                for place in range(ranked.rank((before - after + 1,)), ranked.rank((now - after + 1,))):
                    yield ranked[place]

    def _rank(self, key: K) -> tuple[int, K]:
        return (self._watches[key].since, key)

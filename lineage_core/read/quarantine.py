"""Counts quarantined bytes, each piece once, however often its file is read: from its start again after it was
truncated, or packed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from lineage_core.model.record import Rejected

REMEMBERED = 100_000
"""Pieces that are known again; of more, the ones seen last."""


class Quarantine:
    """count: how many pieces. reasons, files: the same by reason, and by the canonical name of the file."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.files: Counter[str] = Counter()
        self._seen: dict[int, tuple[str, int]] = {}

    @property
    def count(self) -> int:
        """How many pieces were quarantined."""
        return self.reasons.total()

    def positions(self) -> Iterator[tuple[str, int]]:
        """The file and the offset of each piece that is remembered."""
        return iter(list(self._seen.values()))

    def add(self, file: str, rejected: Iterable[Rejected]) -> None:
        """Count what was quarantined in a file (its canonical name), unless it was before."""
        for one in rejected:
            key = hash((file, one.offset, one.length, one.excerpt))
            if key in self._seen:
                continue
            self._seen[key] = file, one.offset
            if len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]
            self.reasons[one.reason] += 1
            self.files[file] += 1

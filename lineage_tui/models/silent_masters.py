"""Which masters say nothing, as tasks change: what is late of each is kept, so that nobody looks at all tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding
from lineage_core.rules.silent_masters import TOGETHER, LastWords, is_of_master, master_finding, silent_master
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.settings.acknowledgements import Key


class SilentMasters:
    """The masters of a state. silent: those that say nothing, and what is late of them."""

    def __init__(self, state: State, thresholds: Thresholds) -> None:
        self.silent: dict[str, Finding] = {}
        self._thresholds = thresholds
        self._words = LastWords(state)
        self._late: dict[str, dict[Key, Finding]] = {}  # by master

    def put(self, row: TaskRow) -> None:
        """Take in what changed in a task."""
        self._words.put(row)

    def turn_back(self) -> set[str]:
        """The state is now as it was at an earlier time; the masters to `hear` once the findings are those of then."""
        self._words.turn_back()
        return {*self.silent, *self._late}

    def note(self, before: Iterable[Finding | None], keys: Iterable[Key], fresh: Mapping[Key, Finding]) -> set[str]:
        """Take in the findings of a task, in place of those that it had before under these keys; the masters of which
        something else is late now."""
        masters: set[str] = set()
        for key, one in zip(keys, before, strict=True):
            if one is not None and is_of_master(one) and one.of is not None:
                masters.add(one.of)
                self._late[one.of].pop(key, None)
        for key, one in fresh.items():
            if is_of_master(one) and one.of is not None:
                masters.add(one.of)
                self._late.setdefault(one.of, {})[key] = one
        return masters

    def hear(self, master: str, now: int) -> dict[Key, Finding]:
        """Find out whether a master is silent; what is late of it if that changed, else nothing."""
        mine = self._late.get(master, {})
        late = list(mine.values())
        last = self._words.of(master, now) if len(late) >= TOGETHER else None
        was = master in self.silent
        if last is not None and silent_master(master, late, last, now, self._thresholds):
            self.silent[master] = master_finding(master, late, last, now)
        elif was:
            del self.silent[master]
        return mine if was != (master in self.silent) else {}

    def of(self, finding: Finding) -> str:
        """The silent master that a finding waits for; empty if there is none."""
        return finding.of or "" if is_of_master(finding) and finding.of in self.silent else ""

    def unseen(self, acknowledged: Callable[[Key], bool]) -> int:
        """How many are silent, without those of which all that is late was acknowledged."""
        return sum(not all(map(acknowledged, self._late[master])) for master in self.silent)

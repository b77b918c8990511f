"""How much needs a person, counted finding by finding as they come and go."""

from __future__ import annotations

from collections import Counter

from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.stuck_work import AT_ONCE, crowd
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.attention_item import LONG_AGO, AttentionItem
from lineage_tui.settings.acknowledgements import Key


class AttentionCounts:
    """The numbers of a set of findings.

    of_rule: by rule and severity how many are recent and not acknowledged. alone: how many are late and not folded
    under a silent master. seen: how many are acknowledged. old: how many are past or long ago. urgent_in: by session
    how many are `late`, `zombie` and `escalated`, and not acknowledged.
    """

    def __init__(self) -> None:
        self.of_rule: Counter[tuple[str, Severity]] = Counter()
        self.alone = self.seen = self.old = 0
        self.urgent_in: dict[str, Counter[str]] = {}
        self._group: dict[Key, str] = {}  # the session in which each was counted: its task may be in another since
        self._zombies: dict[Key, Finding] = {}
        self._crowd: Finding | None = None
        self._crowd_stale = False

    def crowd(self, thresholds: Thresholds) -> Finding | None:
        """That there are many zombies at once, if there are."""
        if self._crowd_stale:
            self._crowd, self._crowd_stale = crowd(self._zombies.values(), thresholds), False
        return self._crowd

    def add(self, item: AttentionItem, session: str) -> None:
        """Count a finding, of a task in this session."""
        if _is_zombie(item.finding):
            self._zombies[item.key], self._crowd_stale = item.finding, True
        self._group[item.key] = session
        self._count(item, session, 1)

    def remove(self, item: AttentionItem) -> None:
        """Count a finding no more; it must be as it was when it was added."""
        if _is_zombie(item.finding):
            del self._zombies[item.key]
            self._crowd_stale = True
        self._count(item, self._group.pop(item.key), -1)

    def _count(self, item: AttentionItem, session: str, by: int) -> None:
        finding = item.finding
        if item.acknowledged:
            self.seen += by
            return
        if item.rank[0] == LONG_AGO:
            self.old += by
        elif not item.silent:
            self.of_rule[finding.rule, finding.severity] += by
        late = finding.late_since is not None
        if late and not item.silent:
            self.alone += by
        numbers = self.urgent_in.setdefault(session, Counter())
        words = {"late": late, "zombie": _is_zombie(finding), "escalated": finding.rule == "escalated"}
        for word in [word for word, is_so in words.items() if is_so]:
            numbers[word] += by


def _is_zombie(finding: Finding) -> bool:
    return finding.severity is Severity.BAD and finding.rule in AT_ONCE

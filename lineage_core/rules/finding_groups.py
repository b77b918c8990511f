"""What findings have in common: those of one cause are one line with a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lineage_core.base.clock import ago
from lineage_core.model.expectations import Finding, Severity
from lineage_core.rules.stuck_work import AT_ONCE

SEVERAL = 3
"""So many findings of one cause are one line."""

ZOMBIES = "zombie"
"""The name of a cause for workers that are given up for dead, by whichever rule."""


class Cause(NamedTuple):
    """What findings have in common. name: the rule, or ZOMBIES; what: see `Finding.cause`; past: whether it is over."""

    name: str
    what: str
    past: bool = False


class Fold(NamedTuple):
    """A line: findings of one cause, the most urgent first, or one finding that stands alone (cause: None)."""

    cause: Cause | None
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The most urgent one."""
        return self.findings[0]

    @property
    def tasks(self) -> list[str]:
        """The tasks that it is about, each once."""
        each = (one for found in self.findings for one in (found.under or (found,)))
        return list(dict.fromkeys(one.task_id for one in each if one.task_id))

    def sentence(self, now: int) -> str:
        """What is the matter, for people."""
        if self.cause is None:
            return self.first.sentence
        text = says(self.cause.name, self.cause.what, len(self.findings))
        return f"{text}, the first {ago(min(one.since for one in self.findings), now)} ago"


_SENTENCES: Mapping[str, str] = {
    ZOMBIES: "{n} zombie workers ({what})",
    "silent": "{n} workers are silent ({what})",
    "never-started": "{n} workers were spawned and have not started ({what})",
    "orphaned": "{n} workers are open though their tasks have ended ({what})",
    "found-dead": "{n} workers were found dead by the cleanup ({what})",
    "failed": "{n} tasks failed: {what}",
    "unassigned": "{n} tasks are queued, and {what} has assigned none of them",
    "unstarted": "{n} tasks are assigned to {what} and not started",
    "idle": "{n} tasks run under {what} with nobody at work",
    "parent-waiting": "{n} tasks wait for {what} though all their subtasks have ended",
    "handoff-unaccepted": "{n} handoffs were offered to {what} and not accepted",
    "handoff-uncompleted": "{n} handoffs were accepted by {what} and not completed",
    "blocked": "{n} tasks are blocked: {what}",
}
"""By the name of a cause."""


def says(name: str, what: str, count: int) -> str:
    """What so many findings of one cause say together."""
    return _SENTENCES[name].replace("{n}", f"{count:,}").replace("{what}", what)


def cause_of(one: Finding) -> Cause | None:
    """What a finding has in common with others; None for what stands alone."""
    if not one.cause or (one.rule not in _SENTENCES):
        return None
    zombie = one.severity is Severity.BAD and one.rule in AT_ONCE
    return Cause(ZOMBIES if zombie else one.rule, one.cause, one.severity is Severity.PAST)


def folded(findings: Iterable[Finding], several: int = SEVERAL) -> list[Fold]:
    """Findings as lines: those of one cause together where the most urgent of them stands."""
    findings = list(findings)
    groups: dict[Cause, list[Finding]] = {}
    for one in findings:
        if (cause := cause_of(one)) is not None:
            groups.setdefault(cause, []).append(one)
    lines: list[Fold] = []
    for one in findings:
        cause = cause_of(one)
        if cause is None or len(groups[cause]) < several:
            lines.append(Fold(None, (one,)))
        elif one is groups[cause][0]:
            lines.append(Fold(cause, tuple(groups[cause])))
    return lines


def counted(lines: Sequence[Fold]) -> int:
    """How many findings the lines stand for, those that are folded under others too."""
    return sum(max(1, len(one.under)) for line in lines for one in line.findings)

"""What is expected next, and what was found wrong, as plain data. `rules/` derives both; times are microseconds since
the epoch, UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from lineage_core.model.task_parts import RemarkRule

LateName = Literal[
    "unassigned", "unstarted", "idle", "never-started", "silent", "warned", "handoff-unaccepted", "handoff-uncompleted",
    "blocked", "escalated", "parent-waiting", "master-silent", "feed-silent",
]  # fmt: skip
"""What can be late, as the settings name it (`late_settings.LATE`)."""

PatternName = Literal[
    "failed", "new-error", "crowd", "orphaned", "found-dead", "ping-pong", "retries-in-vain", "deadlock", "same-worker"
]
"""What no correct run shows."""

AnomalyName = Literal["fails-more", "takes-longer", "unseen-error", "gone-quiet", "more-tasks", "fewer-tasks"]
"""What statistics hold for not normal (`forecast/anomalies.py`)."""

RuleName = LateName | PatternName | RemarkRule | AnomalyName | Literal["feed"]
"""Which rule a finding is of; `feed`: the journal cannot be read whole."""

LimitBy = Literal["set", "usual", "own", "default"]
"""What says after how long something is late."""


class UsualLength(NamedTuple):
    """What is usual: 99 of 100 of so many `known` things alike, which ended well, took at most `time`
    (microseconds)."""

    time: int
    known: int


class Limit(NamedTuple):
    """After how long something is late. after: microseconds.

    by: what says so: `set` by the operator, `usual` for its kind, its `own` pauses, or the `default`. default: of its
    name. own: the pause that it has had itself, 0 while too few are known. usual: what is usual for its kind. source:
    the setting, where one speaks.
    """

    after: int
    by: LimitBy
    default: int
    own: int = 0
    usual: UsualLength | None = None
    source: str = ""


class Expectation(NamedTuple):
    """What must happen next to something that is open.

    name: a key of `late_settings.LATE`. subject: the run's worker, the handoff or the task that it is about. of: by
    whom it is expected: a master, a worker, a task, `coordinator`, `a person`; None where nobody is known.
    what: what is expected, in a few words. since: from when on. due: when it is late; None for what is never late by
    itself, since something else is expected first. why: what makes it late at once, else empty. limit: what `due` comes
    from; None where it is late at once or never.
    """

    name: LateName
    task_id: str
    subject: str
    of: str | None
    what: str
    since: int
    due: int | None
    why: str = ""
    limit: Limit | None = None

    def late(self, now: int) -> bool:
        """Whether its time is over."""
        return self.due is not None and self.due <= now


class Severity(StrEnum):
    """How urgent a finding is. PAST: it happened, and its task is over."""

    BAD = "bad"
    WARNING = "warning"
    PAST = "past"


class Finding(NamedTuple):
    """A late expectation, or a pattern that no correct run shows.

    rule: the name of the expectation or pattern. task_id: empty for what concerns several. subject: the worker,
    handoff, task or master that it is about. since: when that began. sentence: what is the matter, for people.
    late_since: when its time was over; None for a pattern and for a warning that comes before. of: by whom something
    is expected. waiting: how many open tasks wait for it. under: the findings that this one stands for. cause: what it
    has in common with others (a worker type, an error without ids and numbers, who is expected to act), by which they
    fold; empty for what stands alone. times: how often it happened, of what happens again and again.
    """

    rule: RuleName
    severity: Severity
    task_id: str
    subject: str
    since: int
    sentence: str
    late_since: int | None = None
    of: str | None = None
    waiting: int = 0
    under: tuple[Finding, ...] = ()
    cause: str = ""
    times: int = 0

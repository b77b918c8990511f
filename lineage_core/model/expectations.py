"""What is expected next, and what was found wrong, as plain data. `rules/` derives both; times are microseconds since
the epoch, UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Expectation(NamedTuple):
    """What must happen next to something that is open.

    name: a key of `settings.late.LATE`. subject: the run's worker, the handoff or the task that it is about. of: by
    whom it is expected: a master, a worker, a task, `coordinator`, `a person`; None where nobody is known.
    what: what is expected, in a few words. since: from when on. due: when it is late; None for what is never late by
    itself, since something else is expected first. why: what makes it late at once, else empty.
    """

    name: str
    task_id: str
    subject: str
    of: str | None
    what: str
    since: int
    due: int | None
    why: str = ""

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
    is expected. waiting: how many open tasks wait for it. under: the findings that this one stands for.
    """

    rule: str
    severity: Severity
    task_id: str
    subject: str
    since: int
    sentence: str
    late_since: int | None = None
    of: str | None = None
    waiting: int = 0
    under: tuple[Finding, ...] = ()

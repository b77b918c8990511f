"""The parts of a task, as plain data: status, phases, runs of workers, handoffs, attempts, owners, waits, failures.

Times are microseconds since the epoch, UTC; `meaning/fold.py` derives all of it from facts.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, NamedTuple


class Status(StrEnum):
    """The status of a task. UNKNOWN: no event that tells one has been seen."""

    UNKNOWN = "unknown"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the task is over (until it is started again)."""
        return self in ENDED


ENDED = frozenset((Status.COMPLETED, Status.FAILED, Status.CANCELLED))


class Phase(NamedTuple):
    """A stretch of a task's lifecycle in one status. end: None while it lasts."""

    status: Status
    start: int
    end: int | None


MarkKind = Literal["escalated", "reassigned"]

REASSIGNED: Final = "reassigned"
"""The kind of mark that a reassignment leaves."""

RemarkRule = Literal["ends-disagree", "spawned-twice", "unblocked-by-other", "accepted-by-other"]
"""The patterns that the fold itself sees."""


class Mark(NamedTuple):
    """An escalation or reassignment, worth seeing on a timeline. text: a few words."""

    at: int
    kind: MarkKind
    text: str


class WorkerEnd(StrEnum):
    """How a worker ended. ZOMBIE: the cleanup found it silent and logged `zombie_timeout`."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    ZOMBIE = "zombie"


@dataclass(slots=True)
class Worker:
    """One run of a worker in a task: from its first event to its end. An id that begins again after its end has a
    further run.

    number: which run of this id in this task, from 1. attempt: which attempt of the task it belongs to, from 0.
    last_at: its last word (progress, start, end), else when it was spawned. ended_at, end: the first end of the
    strongest kind. percent: 0-100, None before the first progress. tokens: the largest total that it reported;
    input_tokens, output_tokens: its parts, if it told them.
    duration_ms: as it reported. length: from start to end in microseconds: by its own clock if one actor logged both.
    retry_of: the id of the worker of the same type, or the same id, whose run failed last before this one began.
    progress: its progress events, as (time, percent). begun: clock and logged time of its start, for `length`.
    words: when it said something (not when a cleanup said that it is dead). pause: see `RunRow`; None: `words` tell it.
    era: how many times the task had been reopened when it began. host: that of its first event; empty where there is
    one directory.
    """

    worker_id: str
    number: int = 1
    attempt: int = 0
    worker_type: str | None = None
    master: str | None = None
    spawned_at: int | None = None
    started_at: int | None = None
    first_at: int = 0
    last_at: int = 0
    heard: bool = False
    ended_at: int | None = None
    end: WorkerEnd | None = None
    percent: float | None = None
    step: str | None = None
    error: str | None = None
    tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_budget: int | None = None
    duration_ms: float | None = None
    length: int | None = None
    retry_of: str | None = None
    progress: list[tuple[int, float]] = field(default_factory=list)
    words: array[int] = field(default_factory=lambda: array("q"))
    pause: int | None = None
    begun: tuple[str, int] | None = None
    era: int = 0
    host: str = ""

    @property
    def open(self) -> bool:
        """Whether its end has not been seen."""
        return self.ended_at is None

    @property
    def failed(self) -> bool:
        """Whether it ended in failure, a zombie included."""
        return self.end in (WorkerEnd.FAILED, WorkerEnd.ZOMBIE)


@dataclass(slots=True)
class Handoff:
    """One handing-over of a task between two masters; of several events of one kind the first counts.

    to_master: to whom it was offered. accepted_by: who took it, which is the owner from then on.
    """

    handoff_id: str
    from_master: str | None = None
    to_master: str | None = None
    created_at: int | None = None
    accepted_at: int | None = None
    accepted_by: str | None = None
    completed_at: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether it was offered and neither accepted nor completed."""
        return self.created_at is not None and self.accepted_at is None and self.completed_at is None


@dataclass(slots=True)
class Attempt:
    """One run of a task: a start and the end after it.

    started_at: None if its start was not logged. ended_at: the first end of its outcome. others: the outcomes that
    other ends of it named. partial: its end says that only a part was done. tokens_said: the largest total of its ends.
    length: from start to end in microseconds: by its own clock if one actor logged both.
    failed_at, error, host: the first of its ends that says failed, why, and where it was logged. begun: clock and
    logged time of its start.
    """

    started_at: int | None = None
    ended_at: int | None = None
    outcome: Status | None = None
    others: tuple[Status, ...] = ()
    partial: bool = False
    tokens_said: int | None = None
    length: int | None = None
    failed_at: int | None = None
    error: str | None = None
    begun: tuple[str, int] | None = None
    host: str = ""


class Owner(NamedTuple):
    """A stretch in which a master had the task. end: None for the present owner."""

    master: str
    start: int
    end: int | None


class Wait(NamedTuple):
    """Something that a blocked task waits for.

    name: the task that `blocked_by` names, or that the reason seems to name (then `inferred`: it counts only if it is
    known); None: the reason names none. reason: as it was logged.
    """

    name: str | None
    since: int
    reason: str | None
    inferred: bool = False


class Waited(NamedTuple):
    """A wait that is over, and when it ended: by an unblock, or with the attempt."""

    wait: Wait
    until: int


class Remark(NamedTuple):
    """A pattern that no correct run shows. rule: its name, for programs; text: one sentence."""

    rule: RemarkRule
    at: int
    text: str


class Failure(NamedTuple):
    """A failed attempt (worker_id: None) or run; it is listed for ever. number: of the attempt, or of the run of its
    worker, from 1. retried: whether another attempt, or a run of the same id or type, followed. error: why, as logged.
    """

    worker_id: str | None
    number: int
    at: int
    retried: bool
    error: str | None
    host: str = ""

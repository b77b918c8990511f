"""What the events say: tasks, workers, handoffs and phases, as plain data.

Everything here is derived from facts by `state/fold.py`. Nothing depends on "now": ages, zombies and open bars are
computed where they are shown, from this and a clock. Times are microseconds since the epoch, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


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


class Mark(NamedTuple):
    """A moment worth seeing on a timeline. kind: escalated, reassigned, progress, retry, … ; text: a few words."""

    at: int
    kind: str
    text: str


class WorkerEnd(StrEnum):
    """How a worker ended. ZOMBIE: the cleanup found it silent and logged `zombie_timeout`."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    ZOMBIE = "zombie"


@dataclass(slots=True)
class Worker:
    """One worker of one task.

    percent: 0-100, None before the first progress. tokens: total tokens it reported. duration_ms: as it reported.
    retry_of: the id of the worker of the same type that failed last before this one was spawned; its own if it was
    spawned again.
    progress: its progress events, as (time, percent).
    """

    worker_id: str
    worker_type: str | None = None
    master: str | None = None
    spawned_at: int | None = None
    started_at: int | None = None
    last_at: int = 0
    ended_at: int | None = None
    end: WorkerEnd | None = None
    percent: float | None = None
    step: str | None = None
    error: str | None = None
    tokens: int | None = None
    token_budget: int | None = None
    duration_ms: float | None = None
    retry_of: str | None = None
    progress: list[tuple[int, float]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether its end has not been seen."""
        return self.ended_at is None

    @property
    def first_at(self) -> int:
        """When it was first heard of."""
        times = [t for t in (self.spawned_at, self.started_at) if t is not None]
        return min(times) if times else (self.progress[0][0] if self.progress else self.last_at)

    @property
    def failed(self) -> bool:
        """Whether it ended in failure, a zombie included."""
        return self.end in (WorkerEnd.FAILED, WorkerEnd.ZOMBIE)


@dataclass(slots=True)
class Handoff:
    """One handing-over of a task between two masters; waiting from created_at to accepted_at.

    If it was offered more than once: since it was offered last.
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
class Task:
    """One task, derived from the facts applied so far.

    since: when the present status began. reason: why it is blocked, failed, cancelled or escalated, newest word.
    escalation: why it is escalated, as long as it is. last_failed: of each worker type, the worker that failed last.
    parent_id: by `parent_task_id`. parent_event: the lineage_id that caused its creation.
    tokens_said, duration_ms: what its own completion reported. unordered: event types that are not among the 18.
    """

    task_id: str
    status: Status = Status.UNKNOWN
    since: int = 0
    first_at: int = 0
    last_at: int = 0
    created_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    attempts: int = 0
    escalated: bool = False
    escalation: str | None = None
    before_block: Status | None = None
    task_type: str | None = None
    priority: str | None = None
    creator: str | None = None
    master: str | None = None
    session: str | None = None
    trace: str | None = None
    parent_id: str | None = None
    parent_event: str | None = None
    reason: str | None = None
    tokens_said: int | None = None
    duration_ms: float | None = None
    events: int = 0
    blocked_by: tuple[str, ...] = ()
    related: dict[str, None] = field(default_factory=dict)
    deliverables: dict[str, None] = field(default_factory=dict)
    tags: dict[str, None] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    workers: dict[str, Worker] = field(default_factory=dict)
    handoffs: dict[str, Handoff] = field(default_factory=dict)
    last_failed: dict[str, str] = field(default_factory=dict)
    # Where the fold stands: the order key of the last fact, and the digests of the facts that share its time.
    last_key: tuple[int, str, int, str, int] = (-(1 << 62), "", 0, "", 0)
    last_digests: set[int] = field(default_factory=set)

    @property
    def tokens(self) -> int | None:
        """Total tokens: what the task's completion said, else the sum over its workers; None if nobody said."""
        if self.tokens_said is not None:
            return self.tokens_said
        known = [w.tokens for w in self.workers.values() if w.tokens is not None]
        return sum(known) if known else None

    @property
    def percent(self) -> float | None:
        """How far it is, 0-100: the mean over its open workers, else over all; None without a progress.

        A completed task is at 100, whatever its workers said last.
        """
        if self.status is Status.COMPLETED:
            return 100.0
        of = [w for w in self.workers.values() if w.open] or list(self.workers.values())
        known = [w.percent for w in of if w.percent is not None]
        return sum(known) / len(of) if known else None

    def row(self) -> TaskRow:
        """The summary that lists, filters and counts use."""
        open_workers = failed = retries = 0
        silent_since: int | None = None
        for worker in self.workers.values():
            if worker.ended_at is None:
                open_workers += 1
                if silent_since is None or worker.last_at < silent_since:
                    silent_since = worker.last_at
            elif worker.failed:
                failed += 1
            if worker.retry_of is not None:
                retries += 1
        waiting = [h.created_at for h in self.handoffs.values() if h.waiting and h.created_at is not None]
        return TaskRow(
            self.task_id,
            self.status,
            self.since,
            self.first_at,
            self.last_at,
            self.started_at,
            self.ended_at,
            self.attempts,
            self.escalated,
            self.task_type,
            self.priority,
            self.master,
            self.session,
            self.trace,
            self.parent_id,
            self.parent_event,
            self.reason,
            self.escalation,
            self.blocked_by,
            self.percent,
            len(self.workers),
            open_workers,
            failed,
            retries,
            silent_since,
            len(self.handoffs),
            min(waiting, default=None),
            self.tokens,
            self.events,
        )


class TaskRow(NamedTuple):
    """One line per task: what lists, filters, sorting and counting need without touching the facts.

    escalation: why it is escalated, as long as it is (a block that came later has its own word, `reason`).
    silent_since: when the quietest of its open workers was last heard of. handoff_since: when the oldest handoff
    that nobody accepted was offered. events: distinct events.
    """

    task_id: str
    status: Status
    since: int
    first_at: int
    last_at: int
    started_at: int | None
    ended_at: int | None
    attempts: int
    escalated: bool
    task_type: str | None
    priority: str | None
    master: str | None
    session: str | None
    trace: str | None
    parent_id: str | None
    parent_event: str | None
    reason: str | None
    escalation: str | None
    blocked_by: tuple[str, ...]
    percent: float | None
    workers: int
    open_workers: int
    failed_workers: int
    retries: int
    silent_since: int | None
    handoffs: int
    handoff_since: int | None
    tokens: int | None
    events: int

    @property
    def group(self) -> str:
        """The heading it stands under: its session, else its trace, else `no session`."""
        return self.session or self.trace or "no session"

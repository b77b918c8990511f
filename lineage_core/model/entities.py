"""What the events say: tasks, workers, handoffs and phases, as plain data.

Everything here is derived from facts by `meaning/fold.py`. Nothing depends on "now": ages, zombies and open bars are
computed where they are shown, from this and a clock. Times are microseconds since the epoch, UTC.
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
    progress: its progress events, as (time, percent). begun: actor and logged time of its start, for `length`.
    words: when it said something (not when a cleanup said that it is dead).
    era: how many times the task had been reopened when it began.
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
    begun: tuple[str, int] | None = None
    era: int = 0

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


class Attempt(NamedTuple):
    """One run of a task: a start and the end after it.

    started_at: None if its start was not logged. ended_at: the first end of its outcome. others: the outcomes that
    other ends of it named. partial: its end says that only a part was done. tokens_said: the largest total of its ends.
    length: from start to end in microseconds: by its own clock if one actor logged both.
    failed_at, error: the first of its ends that says failed, and why. begun: actor and logged time of its start.
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


@dataclass(slots=True)
class Task:
    """One task, derived from its facts by `meaning/fold.py`. Times are effective ones: never before their causes.

    since: when the present status began. reason: why it is blocked, failed, cancelled or escalated, newest word.
    escalation: why it is escalated, as long as nobody but `escalated_by` has answered.
    parent_id: by `parent_task_id`. parent_event: the lineage_id that caused its creation.
    duration_ms: what its own completion reported. master: the present owner, which is the last of `owners`.
    trace: as the first event that tells one has it; parent_span: the span that this event names as its cause, in hex.
    runs: of all its workers, in the order in which they began; workers: the last run of each id.
    waits: what it waits for, by name (or by reason, where none is named). waited: the waits that are over.
    ended: how its last attempt ended, unless it was started or reopened since. given_at: when it was assigned last.
    going: whether an attempt has begun and not ended. working: open runs that began since it was reopened last, of
    which `era` counts how often.
    times: of all its events. heard: when each master last did something to it. logged: the first and the last time of
    its events as their actors' clocks had it; None: `first_at` and `last_at`, which are effective times.
    skews: by actor, how far its clock is behind (microseconds; negative: ahead), as far as causes tell.
    remarks: patterns that no correct run shows.
    """

    task_id: str
    status: Status = Status.UNKNOWN
    since: int = 0
    first_at: int = 0
    last_at: int = 0
    created_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    ended: Status | None = None
    given_at: int | None = None
    escalated: bool = False
    escalated_at: int = 0
    escalated_by: str | None = None
    escalation: str | None = None
    task_type: str | None = None
    priority: str | None = None
    creator: str | None = None
    session: str | None = None
    trace: str | None = None
    parent_span: str | None = None
    parent_id: str | None = None
    parent_event: str | None = None
    reason: str | None = None
    duration_ms: float | None = None
    events: int = 0
    era: int = 0
    going: bool = False
    working: int = 0
    related: dict[str, None] = field(default_factory=dict)
    deliverables: dict[str, None] = field(default_factory=dict)
    tags: dict[str, None] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    owners: list[Owner] = field(default_factory=list)
    waits: dict[str, Wait] = field(default_factory=dict)
    waited: list[Waited] = field(default_factory=list)
    runs: list[Worker] = field(default_factory=list)
    workers: dict[str, Worker] = field(default_factory=dict)
    handoffs: dict[str, Handoff] = field(default_factory=dict)
    last_failed: dict[str, str] = field(default_factory=dict)
    times: array[int] = field(default_factory=lambda: array("q"))
    logged: tuple[int, int] | None = None
    heard: dict[str, int] = field(default_factory=dict)
    skews: dict[str, int] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    # Where the fold stands: the order key of the last fact, the digests of the facts that share its time, and whether
    # the facts so far were plain (see `meaning/plain_order.py`).
    last_key: tuple[int, str, int, str, int] = (-(1 << 62), "", 0, "", 0)
    last_digests: set[int] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    plain: bool = True

    @property
    def master(self) -> str | None:
        """The present owner."""
        return self.owners[-1].master if self.owners else None

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The tasks that `blocked_by` named and that it still waits for."""
        if not self.waits:
            return ()
        return tuple(wait.name for wait in self.waits.values() if wait.name is not None and not wait.inferred)

    @property
    def partial(self) -> bool:
        """Whether it ended with only a part done."""
        return self.ended is not None and self.attempts[-1].partial

    @property
    def skew(self) -> int:
        """How far the clock is off that is off most: microseconds behind, negative if ahead."""
        return max(self.skews.values(), key=abs) if self.skews else 0

    @property
    def tokens(self) -> int | None:
        """Total tokens; None if nobody said.

        Each attempt counts what its ends said or the sum of its runs, whichever is larger; what the last end said
        stands for the task if it is larger than the sum of its attempts.
        """
        counts: dict[int, int] = {}
        for run in self.runs:
            if run.tokens is not None:
                counts[run.attempt] = counts.get(run.attempt, 0) + run.tokens
        said: int | None = None
        for number, attempt in enumerate(self.attempts):
            if attempt.tokens_said is not None:
                said = attempt.tokens_said
                counts[number] = max(counts.get(number, 0), said)
        total = sum(counts.values()) if counts else None
        return max(total, said) if total is not None and said is not None else total

    @property
    def failures(self) -> list[Failure]:
        """Every attempt and run that failed, in the order of time."""
        found = [
            Failure(None, number, attempt.failed_at, number < len(self.attempts), attempt.error)
            for number, attempt in enumerate(self.attempts, 1)
            if attempt.failed_at is not None
        ]
        last: dict[str, int] = {}  # when the last run of a type and of an id began
        for run in self.runs:
            for kind in (f"id {run.worker_id}", f"type {run.worker_type}"):
                last[kind] = max(run.first_at, last.get(kind, run.first_at))
        for run in self.runs:
            if run.failed and run.ended_at is not None:
                kinds = [f"id {run.worker_id}", *([f"type {run.worker_type}"] if run.worker_type else [])]
                again = run is not self.workers[run.worker_id] or any(last[kind] >= run.ended_at for kind in kinds)
                found.append(Failure(run.worker_id, run.number, run.ended_at, again, run.error))
        return sorted(found, key=lambda one: (one.at, one.worker_id or "", one.number))

    def owner_at(self, at: int) -> str | None:
        """The master that had the task at a time; before the first, the first."""
        found = self.owners[0].master if self.owners else None
        for owner in self.owners:
            if owner.start <= at:
                found = owner.master
        return found

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
        at_work: list[str] = []
        failed = dead = retries = 0
        silent_since = unstarted_since = None
        for run in self.runs:
            if run.ended_at is None:
                at_work.append(run.worker_id)
                silent_since = run.last_at if silent_since is None else min(silent_since, run.last_at)
                if not run.heard:
                    unstarted_since = run.last_at if unstarted_since is None else min(unstarted_since, run.last_at)
            elif run.failed:
                failed += 1
                dead += run.end is WorkerEnd.ZOMBIE
            if run.retry_of is not None:
                retries += 1
        lost = 0
        for attempt in self.attempts:
            if attempt.failed_at is not None:
                lost += 1
        moves = 0
        for mark in self.marks:
            moves += mark.kind == REASSIGNED
        owners = self.owners
        offered = taken = None
        for handoff in self.handoffs.values():
            if handoff.waiting and handoff.created_at is not None:
                offered = handoff.created_at if offered is None else min(offered, handoff.created_at)
            elif handoff.accepted_at is not None and handoff.completed_at is None:
                taken = handoff.accepted_at if taken is None else min(taken, handoff.accepted_at)
        return TaskRow(
            self.task_id,
            self.status,
            self.since,
            self.first_at,
            self.last_at,
            self.started_at,
            self.ended_at,
            len(self.attempts),
            lost,
            self.ended is not None and self.attempts[-1].partial,
            self.escalated,
            self.escalated_at if self.escalated else None,
            self.task_type,
            self.priority,
            owners[-1].master if owners else None,
            (owners[0].master,) if len(owners) == 1 else tuple(dict.fromkeys([owner.master for owner in owners])),
            self.session,
            self.trace,
            self.parent_id,
            self.parent_event,
            self.reason,
            self.escalation,
            self.blocked_by,
            tuple(self.waits.values()) if self.waits else (),
            self.percent,
            len(self.workers),
            len(self.runs),
            tuple(at_work) if at_work else (),
            failed,
            dead,
            retries,
            silent_since,
            unstarted_since,
            len(self.handoffs),
            moves,
            offered,
            taken,
            self.tokens,
            self.skew,
            len(self.remarks),
            self.events,
            self.logged,
        )


class TaskRow(NamedTuple):
    """One line per task: what lists, filters, sorting and counting need without touching the facts.

    failed_attempts, failed_workers: failures that are listed for ever, retried or not. masters: all that had it.
    escalation: why it is escalated, as long as it is (a block that came later has its own word, `reason`).
    blocked_by: as `blocked_by` named; waits: all that it waits for. workers: how many ids; at_work: the ids of its open
    runs. failed_workers, found_dead: runs that failed, and those of them that the cleanup found dead.
    silent_since: when the quietest of its open workers was last heard of, or spawned; unstarted_since: when the one was
    spawned that has said nothing for longest. handoff_since: when the oldest handoff that nobody accepted was offered;
    taken_since: when the oldest was accepted that is not completed. reassigned: how often it was. skew: see `Task`.
    events: distinct events. logged: see `Task`.
    """

    task_id: str
    status: Status
    since: int
    first_at: int
    last_at: int
    started_at: int | None
    ended_at: int | None
    attempts: int
    failed_attempts: int
    partial: bool
    escalated: bool
    escalated_at: int | None
    task_type: str | None
    priority: str | None
    master: str | None
    masters: tuple[str, ...]
    session: str | None
    trace: str | None
    parent_id: str | None
    parent_event: str | None
    reason: str | None
    escalation: str | None
    blocked_by: tuple[str, ...]
    waits: tuple[Wait, ...]
    percent: float | None
    workers: int
    runs: int
    at_work: tuple[str, ...]
    failed_workers: int
    found_dead: int
    retries: int
    silent_since: int | None
    unstarted_since: int | None
    handoffs: int
    reassigned: int
    handoff_since: int | None
    taken_since: int | None
    tokens: int | None
    skew: int
    remarks: int
    events: int
    logged: tuple[int, int] | None

    @property
    def open_workers(self) -> int:
        """How many runs have not ended."""
        return len(self.at_work)

    @property
    def first_logged(self) -> int:
        """The earliest time that an event of it was logged with."""
        return self.first_at if self.logged is None else self.logged[0]

    @property
    def last_logged(self) -> int:
        """The latest time that an event of it was logged with."""
        return self.last_at if self.logged is None else self.logged[1]

    @property
    def group(self) -> str:
        """The heading it stands under: its session, else its trace, else `no session`."""
        return self.session or self.trace or "no session"

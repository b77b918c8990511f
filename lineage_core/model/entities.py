"""What the events say of tasks, as plain data: a task with all its parts, and its row, which lists and rules need.

Everything here is derived from facts by `meaning/fold.py`. Nothing depends on "now": ages, zombies and open bars are
computed where they are shown, from this and a clock. Times are microseconds since the epoch, UTC.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

from lineage_core.model.task_parts import (
    Attempt,
    Failure,
    Handoff,
    Mark,
    Owner,
    Phase,
    Remark,
    Status,
    Wait,
    Waited,
    Worker,
)


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
    skews: by host (where there is one directory, by actor), how far its clock is behind (microseconds; negative:
    ahead), as far as causes tell. hosts: those that its events came from, the first one first.
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
    hosts: dict[str, None] = field(default_factory=dict)
    # Where the fold stands: the order key of the last fact, the digests of the facts that share its time, and whether
    # the facts so far were plain (see `meaning/in_order_check.py`).
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
            Failure(None, number, attempt.failed_at, number < len(self.attempts), attempt.error, attempt.host)
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
                found.append(Failure(run.worker_id, run.number, run.ended_at, again, run.error, run.host))
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


class RunRow(NamedTuple):
    """Of a run that is open or was found dead: what the rules ask of it. ended_at: when it was found dead. pause: its
    own usual pause (see `meaning/pauses.py`), in microseconds; the others as `Worker` has them."""

    worker_id: str
    worker_type: str | None
    master: str | None
    last_at: int
    heard: bool
    percent: float | None
    pause: int
    ended_at: int | None


class TaskRow(NamedTuple):
    """One line per task: what lists, filters, sorting and counting need without touching the facts.

    failed_attempts, failed_workers: failures that are listed for ever, retried or not. masters: all that had it.
    escalation: why it is escalated, as long as it is (a block that came later has its own word, `reason`).
    blocked_by: as `blocked_by` named; waits: all that it waits for. workers: how many ids; watched: its open runs, and
    those that the cleanup found dead. failed_workers: runs that failed. handoff_since: when the oldest handoff that
    nobody accepted was offered; taken_since: when the oldest was accepted that is not completed. reassigned: how often
    it was. skew: see `Task`.
    events: distinct events. logged, hosts: see `Task`.
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
    watched: tuple[RunRow, ...]
    failed_workers: int
    retries: int
    handoffs: int
    reassigned: int
    handoff_since: int | None
    taken_since: int | None
    tokens: int | None
    skew: int
    remarks: int
    events: int
    logged: tuple[int, int] | None
    hosts: tuple[str, ...] = ()

    @property
    def at_work(self) -> tuple[str, ...]:
        """The ids of its open runs."""
        return tuple([run.worker_id for run in self.watched if run.ended_at is None]) if self.watched else ()

    @property
    def open_workers(self) -> int:
        """How many runs have not ended."""
        return len(self.at_work)

    @property
    def silent_since(self) -> int | None:
        """When the quietest of its open runs was last heard of, or spawned."""
        return min([run.last_at for run in self.watched if run.ended_at is None], default=None)

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

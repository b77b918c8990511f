"""What the queries about one task answer, as typed dictionaries: task, duration, timeline, summary, wait.

Times are ISO-8601 in UTC, durations whole milliseconds, `None` is what is not known. Only type checkers need this
module: whoever names these types imports it under `TYPE_CHECKING`.
"""

from __future__ import annotations

from typing import TypedDict

from lineage_core.model.row_types import ExpectationJson, FailureJson, HandoffJson, PhaseJson, TaskJson, WorkerJson


class OwnerJson(TypedDict):
    """A stretch in which a master had a task. end: None for the present owner."""

    master: str
    start: str | None
    end: str | None
    duration_ms: int | None


class CostJson(TypedDict):
    """What a task cost one master."""

    master: str
    duration_ms: int | None
    tokens: int | None
    runs: int
    failures: int


class AttemptJson(TypedDict):
    """An attempt of a task, from 1."""

    attempt: int
    started_at: str | None
    ended_at: str | None
    outcome: str | None
    other_outcomes: list[str]
    partial: bool
    duration_ms: int | None
    tokens: int | None


class WaitJson(TypedDict):
    """Something that a task waits for. known: whether there is a task of that name; None: it is not named."""

    task_id: str | None
    since: str | None
    reason: str | None
    inferred: bool
    known: bool | None


class WaitedJson(TypedDict):
    """Something that a task waited for until a time."""

    task_id: str | None
    since: str | None
    until: str | None
    reason: str | None
    inferred: bool


class SkewJson(TypedDict):
    """How far the clock of an actor or host is behind; negative: ahead."""

    actor: str
    behind_ms: int | None


class RemarkJson(TypedDict):
    """A pattern that no correct run shows."""

    rule: str
    at: str | None
    text: str


class TaskDetailsJson(TypedDict):
    """What a row of a task only counts, by DETAIL_KEYS of `present/task_rows.py`."""

    owners: list[OwnerJson]
    cost: list[CostJson]
    attempts: list[AttemptJson]
    failures: list[FailureJson]
    waits: list[WaitJson]
    waited: list[WaitedJson]
    skews: list[SkewJson]
    remarks: list[RemarkJson]


class MarkJson(TypedDict):
    """An escalation or a reassignment."""

    at: str | None
    kind: str
    text: str


class LinkJson(TypedDict):
    """Another task: parent, subtask, blocked by, blocks, related or named by. status: None if it was not looked up."""

    task_id: str
    relation: str
    status: str | None


class TaskDocument(TaskDetailsJson):
    """All that `lineage task` tells, but the events. now: one sentence."""

    task: TaskJson
    now: str
    phases: list[PhaseJson]
    workers: list[WorkerJson]
    handoffs: list[HandoffJson]
    marks: list[MarkJson]
    links: list[LinkJson]
    deliverables: list[str]
    tags: list[str]


class DurationPartJson(TypedDict):
    """A part that the time of a task went to: phase, worker or handoff. share: of the elapsed time, 0 to 1."""

    part: str
    name: str
    duration_ms: int | None
    spawn_ms: int | None
    share: float | None
    status: str | None
    open: bool


class TimelinePartJson(TypedDict):
    """A bar or mark of a timeline. offset_ms: from the beginning of the timeline."""

    lane: str
    name: str
    what: str
    kind: str
    start: str | None
    end: str | None
    offset_ms: int | None
    duration_ms: int | None
    text: str


class TimelineDocument(TypedDict):
    """All that `lineage timeline` tells."""

    task_id: str
    status: str
    start: str | None
    end: str | None
    elapsed_ms: int | None
    parts: list[TimelinePartJson]


class SummaryJson(TypedDict):
    """All that `lineage summary` tells. by_type: how many events of each type."""

    task_id: str
    status: str
    paragraph: str
    first_at: str | None
    ended_at: str | None
    elapsed_ms: int | None
    events: int
    attempts: int
    workers: int
    failed_workers: int
    retries: int
    handoffs: int
    tokens: int | None
    deliverables: list[str]
    by_type: dict[str, int]


class WaitAnswerJson(TypedDict):
    """All that `lineage wait` tells."""

    task_id: str
    status: str
    timed_out: bool
    reason: str | None
    ended_at: str | None
    elapsed_ms: int | None
    now: str
    expects: list[ExpectationJson]
    late_since: str | None

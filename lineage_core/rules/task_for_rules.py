"""A task as the rules ask of it: made from its row where that tells enough, else derived from its facts, which takes
ten times as long. A test holds both to the same findings."""

from __future__ import annotations

from lineage_core.meaning.pauses import ENOUGH
from lineage_core.meaning.task_row import task_of
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.task_parts import Status
from lineage_core.rules.late_sentences import SKEW_SAID
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State


def task_for_rules(state: State, row: TaskRow, now: int, limits: Thresholds) -> Task | None:
    """A task to ask `expectations` and `check` about; None if it is not known (any more). Hold the lock of the state
    while you look at it."""
    return task_of(row) if row_suffices(row, now, limits) else state.task(row.task_id)


def row_suffices(row: TaskRow, now: int, limits: Thresholds) -> bool:
    """Whether the row of a task tells all that the rules ask."""
    if row.remarks or row.last_at > now:
        return False
    if row.status.ended:
        return True
    if row.handoff_since is not None or row.taken_since is not None or may_be_pattern(row, limits):
        return False
    idle = row.status in (Status.RUNNING, Status.UNKNOWN) and not row.open_workers
    return not idle or (row.events <= ENOUGH and abs(row.skew) < SKEW_SAID)


def may_be_pattern(row: TaskRow, limits: Thresholds) -> bool:
    """Whether an open task may show ping-pong or retries in vain."""
    return row.retries >= limits.retries or row.handoffs + row.reassigned >= limits.bounces

"""What is another now than it was at a time: the tasks between two states, each with what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.model.entities import TaskRow
from lineage_core.present.sentences import counted, short
from lineage_core.state.state_as_of import Past
from lineage_core.state.store import State


class Change(NamedTuple):
    """A task that is another now. before: None if it was not known then. words: what changed, each in a few words."""

    row: TaskRow
    before: TaskRow | None
    words: tuple[str, ...]


def changes(past: Past, now: State) -> list[Change]:
    """The tasks that changed since the time at which `past` stands, those that ended badly first, then the newest."""
    found = []
    for task_id in past.between(past.at, past.last):
        row, before = now.rows.get(task_id), past.rows.get(task_id)
        if row is not None and row != before:
            found.append(Change(row, before, tuple(words_of(before, row))))
    return sorted(found, key=lambda one: (_rank(one), -one.row.last_at, one.row.task_id))


def _rank(change: Change) -> int:
    """Where a change is listed: failures, then what needs somebody, then other changes of the status, then the rest."""
    row, before = change.row, change.before
    if row.status == "failed" and (before is None or before.status != "failed"):
        return 0
    if row.escalated or row.status == "blocked":
        return 1
    return 2 if before is None or before.status != row.status else 3


def words_of(before: TaskRow | None, row: TaskRow) -> Iterator[str]:
    """What changed of a task."""
    if before is None:
        yield f"new, {row.status.value}"
    elif before.status != row.status:
        yield f"{before.status.value} → {row.status.value}"
    if row.escalated and not (before is not None and before.escalated):
        yield "escalated"
    if before is not None and before.master != row.master:
        yield f"owner {short(before.master) or '-'} → {short(row.master) or '-'}"
    for noun, now, then in (
        ("failed attempt", row.failed_attempts, before.failed_attempts if before else 0),
        ("failed run", row.failed_workers, before.failed_workers if before else 0),
        ("retry", row.retries, before.retries if before else 0),
        ("worker", row.workers, before.workers if before else 0),
        ("event", row.events, before.events if before else 0),
    ):
        if now > then:
            yield f"{counted(now - then, noun)} more" if before is not None else counted(now, noun)

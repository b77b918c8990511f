"""The subtasks of a task, counted."""

from __future__ import annotations

from lineage_core.model.entities import Status
from lineage_core.present.task_rows import Family
from lineage_core.state.store import State


def family_of(state: State, task_id: str) -> Family:
    """The parent that a task is shown under, and how many subtasks it has and how many of them completed."""
    rows = [row for child in state.subtasks.children(task_id) if (row := state.rows.get(child)) is not None]
    return Family(state.subtasks.parent(task_id), len(rows), sum(row.status is Status.COMPLETED for row in rows))

"""The family of a task: its parent, and its subtasks counted."""

from __future__ import annotations

from lineage_core.meaning.rollup import rollup
from lineage_core.present.task_rows import Family
from lineage_core.state.store import State


def family_of(state: State, task_id: str, now: int) -> Family:
    """The parent that a task is shown under, and what its subtasks come to. now: microseconds since the epoch."""
    parent = state.subtasks.parent(task_id)
    children = state.subtasks.children(task_id)
    if not children:
        return Family(parent)
    rows = [row for child in children if (row := state.rows.get(child)) is not None]
    return Family(parent, rollup(rows, now), rollup([*rows, state.rows[task_id]], now))

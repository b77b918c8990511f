"""The family of a task: its parent, and its subtasks counted."""

from __future__ import annotations

from lineage_core.meaning.money import Prices, cost_of, together
from lineage_core.meaning.rollup import rollup
from lineage_core.present.task_rows import Family
from lineage_core.state.store import State

MOST_PRICED = 200
"""Subtasks of which it is looked up what they cost: each has to be derived."""


def family_of(state: State, task_id: str, now: int, prices: Prices | None = None) -> Family:
    """The parent that a task is shown under, and what its subtasks come to. now: microseconds since the epoch. prices:
    of tokens, if what they cost is to be told."""
    parent = state.subtasks.parent(task_id)
    children = state.subtasks.children(task_id)
    if not children:
        return Family(parent)
    rows = [row for child in children if (row := state.rows.get(child)) is not None]
    whole = [*rows, state.rows[task_id]]
    money = None
    if prices is not None and len(rows) <= MOST_PRICED:
        tasks = [task for row in whole if (task := state.task(row.task_id)) is not None]
        money = together(cost_of(task, prices) for task in tasks)
    return Family(parent, rollup(rows, now), rollup(whole, now), money)

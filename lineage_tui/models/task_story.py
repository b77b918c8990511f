"""What the pane shows of a task, gathered from a state: its heading, and its timeline with its subtasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lineage_core.forecast.phrases import TOO_FEW
from lineage_core.meaning.money import Prices
from lineage_core.meaning.rollup import WORST_FIRST
from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Status
from lineage_core.present.timeline import Timeline, timeline
from lineage_core.rules.blocking_chains import deadlock
from lineage_core.rules.expectations import Others, expectations
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usually
from lineage_core.state.parents import family_of
from lineage_core.state.store import State
from lineage_tui.models.task_brief import TaskBrief, brief
from lineage_tui.theme.styles import Styles

SUBTASKS = 100
"""Subtasks that get a lane in the timeline of their parent: the worst first, of the others the newest."""

DEEP = 20
"""Ancestors that are looked up."""


class Judges(NamedTuple):
    """What judges a task besides its own events. others: the other tasks; usually: what silence is usual for a worker
    type; forecast: when a task will end, in words; empty if nothing can be said. prices: of tokens, if any."""

    others: Others
    thresholds: Thresholds
    usually: Usually
    forecast: Callable[[str], str]
    prices: Prices | None = None


class Shown(NamedTuple):
    """What a timeline is made of: it is made again when one of these rows is another one."""

    row: TaskRow
    subtasks: tuple[TaskRow, ...]


def shown_of(state: State, row: TaskRow) -> Shown:
    """The rows that the timeline of a task depends on."""
    children = [child for name in state.subtasks.children(row.task_id) if (child := state.rows.get(name)) is not None]
    children.sort(key=lambda child: (WORST_FIRST.index(child.status), -child.first_at, child.task_id))
    return Shown(row, tuple(children[:SUBTASKS]))


def timeline_of(state: State, shown: Shown) -> Timeline | None:
    """The timeline of a task; None if there is no such task. The state must be locked."""
    task = state.task(shown.row.task_id)
    return timeline(task, shown.subtasks) if task is not None else None


def ancestors_of(state: State, task_id: str) -> list[str]:
    """What a task is part of: its root first, its parent last."""
    found: list[str] = []
    parent = state.subtasks.parent(task_id)
    while parent is not None and len(found) < DEEP:
        found.insert(0, parent)
        parent = state.subtasks.parent(parent)
    return found


def brief_of(state: State, task_id: str, now: int, judges: Judges, looks: Styles) -> TaskBrief:
    """The heading of a task that is in the state. The state must be locked. now: microseconds since the epoch."""
    task = state.task(task_id)
    assert task is not None
    found = brief(
        task,
        state.rows,
        now,
        judges.thresholds,
        judges.usually,
        looks,
        family_of(state, task_id, now, judges.prices),
        expectations(task, judges.others, now, judges.thresholds),
        deadlock(task_id, judges.others) if task.status is Status.BLOCKED else (),
        ancestors_of(state, task_id),
        judges.prices,
    )
    ends = judges.forecast(task_id)
    if ends == TOO_FEW:  # it says nothing: last, where there is room
        return found._replace(figures=(*found.figures, ends))
    return found._replace(figures=(ends, *found.figures)) if ends else found

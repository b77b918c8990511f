"""What a line of the screen names besides itself: the task it is part of, what blocks it, the cause of an event …"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_core.base.terminal_cells import named
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact
from lineage_core.present.sentences import say
from lineage_core.state.store import State
from lineage_tui.models.fact_lookup import last_fact, part_of


class Subject(NamedTuple):
    """Something on the screen. below: a worker or handoff of the task; fact: an event of it."""

    task_id: str
    below: str | None = None
    fact: Fact | None = None


class Link(NamedTuple):
    """A way from one place to another. what: how they hang together; text: the name of the other."""

    what: str
    text: str
    to: Subject


def links(state: State, at: Subject) -> list[Link]:
    """What the line of a place names, as far as it has been seen; what stands nearest first, each once."""
    with state.lock:
        task = state.task(at.task_id)
        if task is None:
            return []
        if at.fact is not None:
            found = _of_event(state, task, at.fact)
        elif at.below is not None:
            found = _of_part(task, at.below)
        else:
            found = _of_task(state, task)
        firsts: dict[object, Link] = {}
        for link in found:
            if link.to != at and link.to.task_id in state.rows:
                fact = link.to.fact
                firsts.setdefault((*link.to[:2], fact.digest if fact is not None else None), link)
    return list(firsts.values())


def _to_task(what: str, task_id: str) -> Link:
    return Link(what, named(task_id), Subject(task_id))


def _to_event(what: str, task_id: str, fact: Fact) -> Link:
    return Link(what, say(fact.event_type, fact.actor_id, fact.data), Subject(task_id, None, fact))


def _of_task(state: State, task: Task) -> Iterator[Link]:
    yield from (_to_task("blocked by", name) for name in task.blocked_by)
    parent = state.subtasks.parent(task.task_id)
    if parent is not None:
        yield _to_task("part of", parent)
        cause = _fact(state, parent, task.parent_event)
        if cause is not None:
            yield _to_event("caused by", parent, cause)
    yield from (_to_task("related", name) for name in task.related)
    yield from (_to_task("subtask", name) for name in sorted(state.subtasks.children(task.task_id)))


def _of_part(task: Task, ident: str) -> Iterator[Link]:
    worker = task.workers.get(ident)
    if worker is not None and worker.retry_of is not None:
        yield Link("retry of", worker.retry_of, Subject(task.task_id, worker.retry_of))
    for other in task.workers.values():
        if worker is not None and other.retry_of == ident:
            yield Link("retried by", other.worker_id, Subject(task.task_id, other.worker_id))
    yield _to_task("of task", task.task_id)


def _of_event(state: State, task: Task, fact: Fact) -> Iterator[Link]:
    for home in dict.fromkeys((task.task_id, state.subtasks.parent(task.task_id))):
        if home is not None and (cause := _fact(state, home, fact.parent)) is not None:
            yield _to_event("caused by", home, cause)
            break
    ident = part_of(fact)
    if ident in task.workers:
        yield Link("worker", ident, Subject(task.task_id, ident))
        yield from (link for link in _of_part(task, ident) if link.to.below is not None)
    elif ident in task.handoffs:
        yield Link("handoff", ident, Subject(task.task_id, ident))
    for what, value in (
        ("blocked by", fact.data.get("blocked_by")),
        ("part of", fact.data.get("parent_task_id")),
        ("related", fact.extra.get("related_task_ids")),
    ):
        names = value if isinstance(value, list) else [value]
        yield from (_to_task(what, name) for name in names if isinstance(name, str))
    yield _to_task("of task", task.task_id)


def _fact(state: State, task_id: str, lineage_id: str | None) -> Fact | None:
    """The event of a task that has this id, if there is one."""
    if lineage_id is None:
        return None
    return last_fact(state, task_id, lineage_id, lambda fact: fact.lineage_id == lineage_id)

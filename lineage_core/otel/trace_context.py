"""Where the spans of a task belong: its trace, the span above it, and the traces of tasks that it has to do with.

One trace a root task. A task is in the trace that it states itself, else in that of its parent; a root that states
none has one by the hash of its id.
"""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Attempt
from lineage_core.otel import ids
from lineage_core.otel.spans import Link
from lineage_core.state.store import State


class TraceContext(NamedTuple):
    """parent_id: the span above the attempts of a task, in the same trace; remote: whether it is another program's.

    root: the task at the top. links: the span of the parent, if that is in another trace.
    """

    trace_id: str
    root: str
    parent_id: str | None = None
    remote: bool = False
    links: tuple[Link, ...] = ()


class Traces:
    """The traces of the tasks of a state. Of tasks that are not known, too: they are named by others.

    What was found is remembered until `forget`, which is to be called when parents or traces may have changed.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, tuple[str, str]] = {}

    def forget(self) -> None:
        """Look again from now on."""
        self._known.clear()

    def trace_of(self, task_id: str) -> tuple[str, str]:
        """The trace of a task and the task at its top: a root, or one that states the trace."""
        path, at = [], task_id
        while (found := self._known.get(at)) is None:
            path.append(at)
            row = self._state.rows.get(at)
            if row is not None and (own := ids.stated(row.trace)) is not None:
                found = own[0], at
                break
            parent = self._state.subtasks.parent(at)
            if parent is None:
                found = ids.trace_id(at), at
                break
            at = parent
        self._known.update(dict.fromkeys(path, found))
        return found

    def parent_of(self, task_id: str) -> str | None:
        """The task that a task is a subtask of."""
        return self._state.subtasks.parent(task_id)

    def knows(self, task_id: str) -> bool:
        """Whether there is such a task."""
        return task_id in self._state.rows

    def context(self, task: Task) -> TraceContext:
        """The trace of a task, its span in it, and the span above."""
        trace, root = self.trace_of(task.task_id)
        own = ids.stated(task.trace)
        parent = self._state.subtasks.parent(task.task_id)
        if parent is not None:
            above = self.attempt_at(parent, task.created_at if task.created_at is not None else task.first_at)
            if above.trace_id == trace:
                return TraceContext(trace, root, above.span_id)
            return self._caused(task, TraceContext(trace, root, links=(above,)), own)
        return self._caused(task, TraceContext(trace, root), own)

    def _caused(self, task: Task, context: TraceContext, own: tuple[str, str | None] | None) -> TraceContext:
        """With the span of another program above, if the task states one."""
        span = ids.span_or_none(own[1] or task.parent_span) if own is not None else None
        return context._replace(parent_id=span, remote=True) if span is not None else context

    def attempt_at(self, task_id: str, at: int | None = None, **attributes: str) -> Link:
        """The attempt of a task that was going at a time, as a link; the first where the time or the task tells none.

        attributes: of the link, in place of that it is the parent.
        """
        number = 1
        if at is not None and task_id in self._state.rows and (task := self._state.task(task_id)) is not None:
            number = number_at(task.attempts, at)
        given = attributes or {"kind": "parent"}
        named = {f"cortex.link.{key}": value for key, value in given.items()} | {"cortex.task.id": task_id}
        return Link(self.trace_of(task_id)[0], ids.attempt_id(task_id, number), {**named})


def begin_of(attempt: Attempt) -> int | None:
    """When an attempt began, as far as that is known: else when it ended."""
    return attempt.started_at if attempt.started_at is not None else attempt.ended_at


def number_at(attempts: list[Attempt], at: int) -> int:
    """Which attempt was the last to begin up to a time, from 1; the first, if none had begun."""
    begun = [number for number, one in enumerate(attempts, 1) if (begin := begin_of(one)) is not None and begin <= at]
    return begun[-1] if begun else 1


def number_from(attempts: list[Attempt], at: int) -> int:
    """Which attempt is the first to begin at a time or later, from 1; the last, if none does."""
    for number, one in enumerate(attempts, 1):
        if (begin := begin_of(one)) is not None and begin >= at:
            return number
    return max(1, len(attempts))

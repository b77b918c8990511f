"""Long lists in pages, as Relay's cursor connections have it: `edges`, `pageInfo`, `first` and `after`."""

from __future__ import annotations

import heapq
from typing import Any

import strawberry

from lineage_core.present.rows import worker_row
from lineage_core.web.graph.pages import PageInfo, cursor_of, key_of, page_info, page_size
from lineage_core.web.graph.task_parts import Worker, made
from lineage_core.web.graph.types import Info, Task, state_of, task_from


@strawberry.type
class TaskEdge:
    cursor: str
    node: Task


@strawberry.type(description="tasks, those last heard of first")
class TaskConnection:
    edges: list[TaskEdge]
    page_info: PageInfo
    total_count: int


@strawberry.type
class WorkerEdge:
    cursor: str
    node: Worker


@strawberry.type(description="runs of workers, those last heard of first")
class WorkerConnection:
    edges: list[WorkerEdge]
    page_info: PageInfo
    total_count: int


def task_connection(info: Info, words: str, first: int, after: str | None) -> TaskConnection:
    """The tasks that a filter matches."""
    from lineage_core.base import clock
    from lineage_core.query import filter_parser
    from lineage_core.query.filter_terms import FilterContext

    size, start = page_size(first), key_of(after)
    state = state_of(info)
    with state.lock:
        limits = info.context["service"].settings.limits
        wanted = filter_parser.parse(words, FilterContext(state, clock.now(), limits)) if words.strip() else None
        chosen = [row for row in state.rows.values() if wanted is None or wanted.matches(row)]
        left = [row for row in chosen if start is None or (-row.last_at, row.task_id) > (-start[0], start[1])]
        page = heapq.nsmallest(size + 1, left, key=lambda row: (-row.last_at, row.task_id))
        edges = [TaskEdge(cursor=cursor_of(row.last_at, row.task_id), node=task_from(info, row)) for row in page[:size]]
    return TaskConnection(
        edges=edges,
        page_info=page_info([edge.cursor for edge in edges], len(page) > size, after),
        total_count=len(chosen),
    )


def worker_connection(info: Info, open_only: bool, first: int, after: str | None) -> WorkerConnection:
    """The runs of all workers."""
    from lineage_core.base import clock
    from lineage_core.model.entities import Task as CoreTask
    from lineage_core.state.top_n import top_n

    size, start = page_size(first), key_of(after)
    state, now = state_of(info), clock.now()

    def items(task: CoreTask) -> list[tuple[int, dict[str, Any]]]:
        found: list[tuple[int, dict[str, Any]]] = []
        for run in task.runs:
            name = f"{task.task_id} {run.worker_id} {run.number}"
            if (run.open or not open_only) and (start is None or (-run.last_at, name) > (-start[0], start[1])):
                found.append((run.last_at, {**worker_row(task.task_id, run, now), "name": name}))
        return found

    with state.lock:
        rows = [
            row
            for row in state.rows.values()
            if (row.open_workers if open_only else row.runs) and (start is None or row.first_at <= start[0])
        ]
        total = sum(row.open_workers if open_only else row.runs for row in state.rows.values())
        page = top_n(state, rows, items, size + 1)
    page.sort(key=lambda item: (-item[0], item[1]["name"]))
    edges = [WorkerEdge(cursor=cursor_of(at, row["name"]), node=made(Worker, row)) for at, row in page[:size]]
    return WorkerConnection(
        edges=edges, page_info=page_info([edge.cursor for edge in edges], len(page) > size, after), total_count=total
    )

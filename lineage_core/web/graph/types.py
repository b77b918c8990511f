"""What the graph is made of. Fields are documented by the same words as the keys of the queries' rows."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import strawberry
from strawberry.scalars import JSON

from lineage_core.base import clock
from lineage_core.model.entities import Task as CoreTask
from lineage_core.model.entities import TaskRow
from lineage_core.model.record import parse
from lineage_core.present.host_columns import HOST, HOSTS
from lineage_core.present.rows import EVENT_KEYS, event_row, handoff_row, phase_row, worker_row
from lineage_core.present.sentences import waiting_for
from lineage_core.present.task_rows import TASK_KEYS
from lineage_core.query import journal_search
from lineage_core.query.event_query import EventQuery
from lineage_core.query.ids_with_host import Hosts, on_hosts
from lineage_core.query.records_with_host import tagged
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.read.compact_record import one_line
from lineage_core.state.store import State
from lineage_core.web.graph.pages import PageInfo, cursor_of, key_of, page_info, page_size
from lineage_core.web.graph.task_parts import Handoff, Long, Phase, TaskStatus, Time, Worker, described, made

Info = strawberry.Info[Any, None]


MOST_PARTS = 500
"""Workers, handoffs, phases or subtasks of one task that are told at most."""


@strawberry.type(description="something that was logged")
class Event:
    timestamp: str = described(EVENT_KEYS, "timestamp")
    lineage_id: str = described(EVENT_KEYS, "lineage_id")
    task_id: str = described(EVENT_KEYS, "task_id")
    event_type: str = described(EVENT_KEYS, "event_type")
    actor_type: str = described(EVENT_KEYS, "actor_type")
    actor_id: str = described(EVENT_KEYS, "actor_id")
    parent_lineage_id: str | None = described(EVENT_KEYS, "parent_lineage_id")
    session_id: str | None = described(EVENT_KEYS, "session_id")
    trace_id: str | None = described(EVENT_KEYS, "trace_id")
    event_data: JSON | None = strawberry.field(description="what else was logged")
    host: str | None = described(HOST, "host")

    @strawberry.field(description="the task that it belongs to")
    def task(self, info: Info) -> Task | None:
        return task_of(info, state_of(info).names.name(self.task_id, self.host or ""))


@strawberry.type
class EventEdge:
    cursor: str
    node: Event


@strawberry.type(description="events, the newest first")
class EventConnection:
    edges: list[EventEdge]
    page_info: PageInfo


@strawberry.type(description="something that needs somebody, or did")
class Finding:
    rule: str
    severity: str
    late: bool
    late_since: Time | None
    of: str | None
    waiting: int
    priority: str | None
    task_id: str | None
    subject: str
    master: str | None
    since: Time
    age_ms: Long
    sentence: str

    @strawberry.field(description="the task that it is about")
    def task(self, info: Info) -> Task | None:
        return task_of(info, self.task_id) if self.task_id else None


@strawberry.type(description="one task, derived from its events")
class Task:
    row: strawberry.Private[TaskRow]
    task_id: str = described(TASK_KEYS, "task_id")
    status: TaskStatus = described(TASK_KEYS, "status")  # type: ignore[valid-type]
    since: Time = described(TASK_KEYS, "since")
    first_at: Time = described(TASK_KEYS, "first_at")
    last_at: Time = described(TASK_KEYS, "last_at")
    started_at: Time | None = described(TASK_KEYS, "started_at")
    ended_at: Time | None = described(TASK_KEYS, "ended_at")
    elapsed_ms: Long = described(TASK_KEYS, "elapsed_ms")
    attempts: int = described(TASK_KEYS, "attempts")
    failed_attempts: int = described(TASK_KEYS, "failed_attempts")
    partial: bool = described(TASK_KEYS, "partial")
    escalated: bool = described(TASK_KEYS, "escalated")
    type: str | None = described(TASK_KEYS, "type")
    priority: str | None = described(TASK_KEYS, "priority")
    master: str | None = described(TASK_KEYS, "master")
    masters: list[str] = described(TASK_KEYS, "masters")
    session_id: str | None = described(TASK_KEYS, "session_id")
    trace_id: str | None = described(TASK_KEYS, "trace_id")
    parent_task_id: str | None = described(TASK_KEYS, "parent_task_id")
    late_since: Time | None = described(TASK_KEYS, "late_since")
    urgency: str | None = described(TASK_KEYS, "urgency")
    subtasks_done: int = described(TASK_KEYS, "subtasks_done")
    reason: str | None = described(TASK_KEYS, "reason")
    blocked_by: list[str] = described(TASK_KEYS, "blocked_by")
    progress_percentage: float | None = described(TASK_KEYS, "progress_percentage")
    runs: int = described(TASK_KEYS, "runs")
    open_workers: int = described(TASK_KEYS, "open_workers")
    failed_workers: int = described(TASK_KEYS, "failed_workers")
    retries: int = described(TASK_KEYS, "retries")
    tokens: Long | None = described(TASK_KEYS, "tokens")
    skew_ms: Long = described(TASK_KEYS, "skew_ms")
    hosts: list[str] = described(HOSTS, "hosts")
    event_count: int = strawberry.field(description=TASK_KEYS["events"])

    @strawberry.field(description="what it waits for, or how it ended, in one sentence")
    def now(self, info: Info) -> str:
        state = state_of(info)
        with state.lock:
            return waiting_for(_core(info, self.task_id), state.rows, clock.now())

    @strawberry.field(description="the runs of its workers, in the order in which they began")
    def workers(self, info: Info) -> list[Worker]:
        with state_of(info).lock:
            runs = _core(info, self.task_id).runs[:MOST_PARTS]
            return [made(Worker, worker_row(self.task_id, run, clock.now())) for run in runs]

    @strawberry.field(description="its handoffs")
    def handoffs(self, info: Info) -> list[Handoff]:
        with state_of(info).lock:
            handoffs = [*_core(info, self.task_id).handoffs.values()][:MOST_PARTS]
            return [made(Handoff, {**handoff_row(one, clock.now()), "task_id": self.task_id}) for one in handoffs]

    @strawberry.field(description="its phases")
    def phases(self, info: Info) -> list[Phase]:
        with state_of(info).lock:
            phases = _core(info, self.task_id).phases[:MOST_PARTS]
            return [made(Phase, {**phase_row(one, clock.now()), "status": one.status}) for one in phases]

    @strawberry.field(description="the task that it is a subtask of")
    def parent(self, info: Info) -> Task | None:
        return task_of(info, self.parent_task_id) if self.parent_task_id else None

    @strawberry.field(description="its subtasks")
    def subtasks(self, info: Info) -> list[Task]:
        state = state_of(info)
        with state.lock:
            children = sorted(state.subtasks.children(self.task_id))[:MOST_PARTS]
            return [task_from(info, state.rows[child]) for child in children if child in state.rows]

    @strawberry.field(description="its events, the newest first")
    def events(self, info: Info, first: int = 20, after: str | None = None) -> EventConnection:
        own, _ = _named(info, self.task_id) or (self.task_id, None)
        hosts = tuple(self.hosts) if len(state_of(info).names.names(own)) > 1 else ()
        return event_connection(info, EventQuery(tasks=(own,), hosts=hosts), first, after)


class Judged(NamedTuple):
    """The tasks as they are to be told in one second."""

    second: int
    tasks: JudgedTasks


def state_of(info: Info) -> State:
    """The tasks. Raises TimeoutError when the query has taken too long."""
    info.context["deadline"].check()
    state: State = info.context["service"].live.state
    return state


def _core(info: Info, task_id: str) -> CoreTask:
    task = state_of(info).task(task_id)
    assert task is not None  # there is a row of it
    return task


def task_of(info: Info, task_id: str) -> Task | None:
    """A task by its id."""
    state = state_of(info)
    with state.lock:
        row = state.rows.get(task_id)
        return task_from(info, row) if row is not None else None


def task_from(info: Info, row: TaskRow) -> Task:
    """A task of the graph; hold the lock of the state."""
    now = clock.now()
    judged: Judged | None = info.context.get("judged")
    if judged is None or judged.second != now // clock.SECOND:
        tasks = JudgedTasks(state_of(info), now, info.context["service"].settings.limits)
        judged = info.context["judged"] = Judged(now // clock.SECOND, tasks)
    of_graph = {"status": row.status, "hosts": list(row.hosts), "event_count": row.events, "row": row}
    return made(Task, {**judged.tasks.row(row), **of_graph})


def _named(info: Info, name: str) -> Hosts | None:
    """The id and the hosts that `id@host` stands for; None where it is no such name."""
    state, own = state_of(info), name.rpartition("@")[0]
    with state.lock:
        row = state.rows.get(name)
        return (own, frozenset(row.hosts)) if row is not None and own and name in state.names.names(own) else None


def event_connection(info: Info, query: EventQuery, first: int, after: str | None) -> EventConnection:
    """The events that a query matches."""
    size, start = page_size(first), key_of(after)
    info.context["deadline"].check()
    if start is not None:
        until = start[0] + 1 if query.until is None else min(query.until, start[0] + 1)
        query = query._replace(until=until)
    query = on_hosts(query, partial(_named, info))
    found = journal_search.find(info.context["service"].settings.directory, query.search())
    more = size + 1
    while True:
        newest = journal_search.newest(found, more)
        nodes = [(hit.at, event_from(tagged(raw, found.files[hit.rank].name))) for hit, raw in reversed(newest)]
        left = [(at, event) for at, event in nodes if start is None or _is_after(at, event, nodes, start)]
        if len(left) > size or len(newest) < more:
            break
        more *= 4  # many events share the time of the cursor
    edges = [EventEdge(cursor=cursor_of(at, event.lineage_id), node=event) for at, event in left[:size]]
    return EventConnection(edges=edges, page_info=page_info([edge.cursor for edge in edges], len(left) > size, after))


def _is_after(at: int, event: Event, nodes: list[tuple[int, Event]], start: tuple[int, str]) -> bool:
    """Whether an event comes after the one that a cursor names: it is older, or of its time and behind it."""
    if at != start[0]:
        return at < start[0]
    same = [one.lineage_id for when, one in nodes if when == at]
    return start[1] not in same or same.index(event.lineage_id) > same.index(start[1])


def event_from(raw: bytes) -> Event:
    """An event of the graph from its record."""
    record = parse(one_line(raw))
    row: dict[str, Any] = {**event_row(record), "host": record.get("host")}
    texts = {name: row[name] if isinstance(row[name], str) else None for name in _TEXTS}
    return made(Event, row | texts)


_TEXTS = ("parent_lineage_id", "session_id", "trace_id", "host")

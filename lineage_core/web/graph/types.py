"""What the graph is made of. Fields are documented by the same words as the keys of the queries' rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NewType, TypeVar

import strawberry
from strawberry.scalars import JSON

from lineage_core.base import clock
from lineage_core.model.entities import Status, TaskRow
from lineage_core.model.entities import Task as CoreTask
from lineage_core.model.record import parse
from lineage_core.present.rows import EVENT_KEYS, WORKER_KEYS, event_row, handoff_row, phase_row, worker_row
from lineage_core.present.sentences import waiting_for
from lineage_core.present.task_rows import TASK_KEYS
from lineage_core.query import journal_search
from lineage_core.query.block_search import one_line
from lineage_core.query.event_query import EventQuery
from lineage_core.query.judged_tasks import JudgedTasks
from lineage_core.state.store import State
from lineage_core.web.graph.pages import PageInfo, cursor_of, page_info, page_size, place_of

T = TypeVar("T")
Info = strawberry.Info[Any, None]

Time = NewType("Time", str)
Long = NewType("Long", int)

SCALARS: dict[object, Any] = {
    Time: strawberry.scalar(name="Time", description="ISO-8601 in UTC", serialize=lambda value: value),
    Long: strawberry.scalar(name="Long", description="an integer of up to 64 bits", serialize=lambda value: value),
}

TaskStatus = strawberry.enum(Status, name="TaskStatus", description="the status of a task")

MOST_PARTS = 500
"""Workers, handoffs, phases or subtasks of one task that are told at most."""


def told(keys: Mapping[str, str], key: str) -> Any:
    """A field with the description of a row's key."""
    return strawberry.field(description=keys[key])


@strawberry.type(description="a run of a worker in a task")
class Worker:
    worker_id: str = told(WORKER_KEYS, "worker_id")
    task_id: str = told(WORKER_KEYS, "task_id")
    run: int = told(WORKER_KEYS, "run")
    attempt: int = told(WORKER_KEYS, "attempt")
    worker_type: str | None = told(WORKER_KEYS, "worker_type")
    status: str = told(WORKER_KEYS, "status")
    master: str | None = told(WORKER_KEYS, "master")
    spawned_at: Time | None = told(WORKER_KEYS, "spawned_at")
    started_at: Time | None = told(WORKER_KEYS, "started_at")
    last_at: Time | None = told(WORKER_KEYS, "last_at")
    ended_at: Time | None = told(WORKER_KEYS, "ended_at")
    age_ms: Long | None = told(WORKER_KEYS, "age_ms")
    duration_ms: Long | None = told(WORKER_KEYS, "duration_ms")
    silent_ms: Long | None = told(WORKER_KEYS, "silent_ms")
    progress_percentage: float | None = told(WORKER_KEYS, "progress_percentage")
    current_step: str | None = told(WORKER_KEYS, "current_step")
    tokens: Long | None = told(WORKER_KEYS, "tokens")
    token_budget: Long | None = told(WORKER_KEYS, "token_budget")
    retry_of: str | None = told(WORKER_KEYS, "retry_of")
    error: str | None = told(WORKER_KEYS, "error")
    last_word: str = told(WORKER_KEYS, "last_word")


@strawberry.type(description="one handing-over of a task between two masters")
class Handoff:
    handoff_id: str
    task_id: str
    from_master: str | None
    to_master: str | None
    created_at: Time | None
    accepted_at: Time | None
    accepted_by: str | None
    completed_at: Time | None
    waited_ms: Long | None
    waiting: bool


@strawberry.type(description="a stretch of a task's lifecycle in one status")
class Phase:
    status: TaskStatus  # type: ignore[valid-type]
    start: Time
    end: Time | None
    duration_ms: Long


@strawberry.type(description="something that was logged")
class Event:
    timestamp: str = told(EVENT_KEYS, "timestamp")
    lineage_id: str = told(EVENT_KEYS, "lineage_id")
    task_id: str = told(EVENT_KEYS, "task_id")
    event_type: str = told(EVENT_KEYS, "event_type")
    actor_type: str = told(EVENT_KEYS, "actor_type")
    actor_id: str = told(EVENT_KEYS, "actor_id")
    parent_lineage_id: str | None = told(EVENT_KEYS, "parent_lineage_id")
    session_id: str | None = told(EVENT_KEYS, "session_id")
    trace_id: str | None = told(EVENT_KEYS, "trace_id")
    event_data: JSON | None = strawberry.field(description="what else was logged")

    @strawberry.field(description="the task that it belongs to")
    def task(self, info: Info) -> Task | None:
        return task_of(info, self.task_id)


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


@strawberry.type(description="when an open task or run is expected to end")
class Forecast:
    task_id: str
    worker_id: str | None
    status: str
    elapsed_ms: Long | None
    left_ms: Long | None
    left_low_ms: Long | None
    left_high_ms: Long | None
    end_at: Time | None
    slow: bool | None
    sentence: str


@strawberry.type(description="one task, derived from its events")
class Task:
    row: strawberry.Private[TaskRow]
    task_id: str = told(TASK_KEYS, "task_id")
    status: TaskStatus = told(TASK_KEYS, "status")  # type: ignore[valid-type]
    since: Time = told(TASK_KEYS, "since")
    first_at: Time = told(TASK_KEYS, "first_at")
    last_at: Time = told(TASK_KEYS, "last_at")
    started_at: Time | None = told(TASK_KEYS, "started_at")
    ended_at: Time | None = told(TASK_KEYS, "ended_at")
    elapsed_ms: Long = told(TASK_KEYS, "elapsed_ms")
    attempts: int = told(TASK_KEYS, "attempts")
    failed_attempts: int = told(TASK_KEYS, "failed_attempts")
    partial: bool = told(TASK_KEYS, "partial")
    escalated: bool = told(TASK_KEYS, "escalated")
    type: str | None = told(TASK_KEYS, "type")
    priority: str | None = told(TASK_KEYS, "priority")
    master: str | None = told(TASK_KEYS, "master")
    masters: list[str] = told(TASK_KEYS, "masters")
    session_id: str | None = told(TASK_KEYS, "session_id")
    trace_id: str | None = told(TASK_KEYS, "trace_id")
    parent_task_id: str | None = told(TASK_KEYS, "parent_task_id")
    late_since: Time | None = told(TASK_KEYS, "late_since")
    urgency: str | None = told(TASK_KEYS, "urgency")
    subtasks_done: int = told(TASK_KEYS, "subtasks_done")
    reason: str | None = told(TASK_KEYS, "reason")
    blocked_by: list[str] = told(TASK_KEYS, "blocked_by")
    progress_percentage: float | None = told(TASK_KEYS, "progress_percentage")
    runs: int = told(TASK_KEYS, "runs")
    open_workers: int = told(TASK_KEYS, "open_workers")
    failed_workers: int = told(TASK_KEYS, "failed_workers")
    retries: int = told(TASK_KEYS, "retries")
    tokens: Long | None = told(TASK_KEYS, "tokens")
    skew_ms: Long = told(TASK_KEYS, "skew_ms")
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
            return [Handoff(task_id=self.task_id, **handoff_row(one, clock.now())) for one in handoffs]

    @strawberry.field(description="its phases")
    def phases(self, info: Info) -> list[Phase]:
        with state_of(info).lock:
            phases = _core(info, self.task_id).phases[:MOST_PARTS]
            return [Phase(**phase_row(one, clock.now()) | {"status": one.status}) for one in phases]

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
        return event_connection(info, EventQuery(tasks=(self.task_id,)), first, after)


def made(kind: type[T], row: Mapping[str, Any]) -> T:
    """An object of a type of the graph, from a row that has more keys."""
    return kind(**{name: row[name] for name in kind.__annotations__ if name in row})


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
    assert task is not None  # there is a row of it, and none is ever taken away
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
    told_row = judged.tasks.row(row)
    told_row |= {"status": row.status, "event_count": row.events, "row": row}
    return made(Task, told_row)


def event_connection(info: Info, query: EventQuery, first: int, after: str | None) -> EventConnection:
    """The events that a query matches."""
    size, place = page_size(first), place_of(after)
    info.context["deadline"].check()
    if place is not None:
        until = place[0] + 1 if query.until is None else min(query.until, place[0] + 1)
        query = query._replace(until=until)
    found = journal_search.find(info.context["service"].settings.directory, query.search())
    more = size + 1
    while True:
        newest = journal_search.newest(found, more)
        nodes = [(hit.at, event_from(raw)) for hit, raw in reversed(newest)]
        left = [(at, event) for at, event in nodes if place is None or _is_after(at, event, nodes, place)]
        if len(left) > size or len(newest) < more:
            break
        more *= 4  # many events share the time of the cursor
    edges = [EventEdge(cursor=cursor_of(at, event.lineage_id), node=event) for at, event in left[:size]]
    return EventConnection(edges=edges, page_info=page_info([edge.cursor for edge in edges], len(left) > size, after))


def _is_after(at: int, event: Event, nodes: list[tuple[int, Event]], place: tuple[int, str]) -> bool:
    """Whether an event comes after the one that a cursor names: it is older, or of its time and behind it."""
    if at != place[0]:
        return at < place[0]
    same = [one.lineage_id for when, one in nodes if when == at]
    return place[1] not in same or same.index(event.lineage_id) > same.index(place[1])


def event_from(raw: bytes) -> Event:
    """An event of the graph from its record."""
    row = event_row(parse(one_line(raw)))
    texts = {name: row[name] if isinstance(row[name], str) else None for name in _TEXTS}
    return made(Event, row | texts)


_TEXTS = ("parent_lineage_id", "session_id", "trace_id")

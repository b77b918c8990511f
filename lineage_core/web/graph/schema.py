"""The schema: queries and subscriptions, within limits. `python -m lineage_core.web.graph.schema` writes it down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import orjson
import strawberry
from anyio import to_thread
from graphql import GraphQLError, GraphQLSyntaxError, parse
from strawberry.extensions import MaskErrors, MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.scalars import JSON
from strawberry.types import ExecutionContext, ExecutionResult

from lineage_core.base.errors import LineageError
from lineage_core.present.rows import handoff_row
from lineage_core.query.event_query import EventQuery
from lineage_core.web.graph import limits
from lineage_core.web.graph.connections import (
    TaskConnection,
    WorkerConnection,
    task_connection,
    worker_connection,
)
from lineage_core.web.graph.pages import page_size
from lineage_core.web.graph.task_parts import SCALARS, Forecast, Handoff, made
from lineage_core.web.graph.types import (
    Event,
    EventConnection,
    Finding,
    Info,
    Task,
    event_connection,
    event_from,
    state_of,
    task_from,
    task_of,
)

FILE = Path(__file__).with_name("schema.graphql")

DEFECT = "a defect of ours: the log of the server has it"

PAUSE = 0.25
"""Seconds between two rounds of tasks that changed."""


_KINDS = ("task", "type", "actor", "master", "worker", "session", "trace", "tag", "host")


@strawberry.input(description="which events: of each kind any of the values, with * for any text")
class EventFilter:
    task: list[str] = strawberry.field(default_factory=list)
    type: list[str] = strawberry.field(default_factory=list)
    actor: list[str] = strawberry.field(default_factory=list)
    master: list[str] = strawberry.field(default_factory=list)
    worker: list[str] = strawberry.field(default_factory=list)
    session: list[str] = strawberry.field(default_factory=list)
    trace: list[str] = strawberry.field(default_factory=list)
    tag: list[str] = strawberry.field(default_factory=list)
    host: list[str] = strawberry.field(default_factory=list)
    since: str | None = None
    until: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """The same as parameters of a query."""
        given = [(kind, value) for kind in _KINDS for value in getattr(self, kind)]
        return given + [(name, value) for name in ("since", "until") if (value := getattr(self, name))]


@strawberry.type(description="an event that landed, and the cursor to come back with")
class LiveEvent:
    cursor: str
    event: Event


def _asked(info: Info, query: str, pairs: list[tuple[str, str]]) -> Any:
    """The document of a query of the command line."""
    service = info.context["service"]
    info.context["deadline"].check()
    return orjson.loads(service.queries[query].answer(pairs, service.live.answering))


@strawberry.type
class Query:
    @strawberry.field(description="the tasks that a filter matches: words as of `lineage tasks`, like is:open")
    def tasks(self, info: Info, filter: str = "", first: int = 50, after: str | None = None) -> TaskConnection:
        return task_connection(info, filter, first, after)

    @strawberry.field(description="a task by its id")
    def task(self, info: Info, id: str) -> Task | None:
        return task_of(info, id)

    @strawberry.field(description="the runs of all workers")
    def workers(self, info: Info, open: bool = False, first: int = 50, after: str | None = None) -> WorkerConnection:
        return worker_connection(info, open, first, after)

    @strawberry.field(description="handoffs that nobody has accepted, the oldest first; or the newest of all")
    def handoffs(self, info: Info, waiting: bool = True, first: int = 50) -> list[Handoff]:
        from lineage_core.base import clock

        state, size = state_of(info), page_size(first)
        with state.lock:
            rows = [row for row in state.rows.values() if (row.handoff_since is not None if waiting else row.handoffs)]
            rows.sort(key=lambda row: (row.handoff_since or 0) if waiting else -row.last_at)
            found = []
            for row in rows[: size or 1]:
                task = state.task(row.task_id)
                found += [
                    made(Handoff, {**handoff_row(one, clock.now()), "task_id": row.task_id})
                    for one in (task.handoffs.values() if task is not None else ())
                    if one.waiting or not waiting
                ]
        return found[:size]

    @strawberry.field(description="the events that match")
    def events(
        self, info: Info, filter: EventFilter | None = None, first: int = 50, after: str | None = None
    ) -> EventConnection:
        query = EventQuery()
        if filter is not None:
            asked: dict[str, Any] = {f"{kind}s": tuple(getattr(filter, kind)) for kind in _KINDS}
            when = [(name, value) for name, value in filter.pairs() if name in ("since", "until")]
            times = info.context["service"].follow(when)
            query = EventQuery(**asked, since=times.since, until=times.until)
        return event_connection(info, query, first, after)

    @strawberry.field(description="what needs a person, the most urgent first")
    def attention(self, info: Info, first: int = 100) -> list[Finding]:
        rows = _asked(info, "attention", [("limit", str(page_size(first)))])["findings"]
        return [made(Finding, row) for row in rows]

    @strawberry.field(description="when open tasks and their runs are expected to end")
    def forecasts(self, info: Info, task: str | None = None, first: int = 100) -> list[Forecast]:
        pairs = [("task", task)] if task is not None else []
        rows = _asked(info, "forecast", [*pairs, ("limit", str(page_size(first)))])["tasks"]
        return [made(Forecast, row) for row in rows]

    @strawberry.field(description="rates, durations, failures, tokens: the document of `lineage stats --json`")
    def stats(self, info: Info, window: str = "all") -> JSON:
        return JSON(_asked(info, "stats", [("window", window)]))


@strawberry.type
class Subscription:
    @strawberry.subscription(description="events as they land; with a cursor, those that came since first")
    async def events(
        self, info: Info, filter: EventFilter | None = None, cursor: str | None = None
    ) -> AsyncGenerator[LiveEvent]:
        service = info.context["service"]
        pairs = filter.pairs() if filter is not None else []
        wanted = service.wanted(pairs)
        async for frame in service.stream.frames(wanted, cursor):
            info.context["deadline"] = limits.Deadline()
            *before, last = frame.events or [None]
            for one in before:  # the cursor holds after the last one: to come back in between would lose some
                yield LiveEvent(cursor="", event=event_from(one.shown))
            if last is not None:
                yield LiveEvent(cursor=frame.cursor, event=event_from(last.shown))

    @strawberry.subscription(description="tasks that change, each as it is by then")
    async def task_changes(self, info: Info, id: str | None = None) -> AsyncGenerator[Task]:
        live = info.context["service"].live
        version = live.version
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        stop = live.listen(lambda: loop.call_soon_threadsafe(changed.set))
        try:
            while True:
                await changed.wait()
                changed.clear()
                version, names = live.changed_since(version)
                for name in names or ():
                    if id in (None, name):
                        info.context["deadline"] = limits.Deadline()
                        with live.state.lock:
                            row = live.state.rows.get(name)
                            task = task_from(info, row) if row is not None else None
                        if task is not None:
                            yield task
                await asyncio.sleep(PAUSE)
        finally:
            stop()


class LimitedSchema(strawberry.Schema):
    """Executes queries in threads, within the limits."""

    async def execute(
        self, query: str | None, variable_values: dict[str, Any] | None = None, *args: Any, **named: Any
    ) -> ExecutionResult:
        try:
            if query and len(query) < 1 << 16:
                limits.check_cost(parse(query, max_tokens=limits.MOST_TOKENS), variable_values or {})
        except GraphQLSyntaxError:
            pass  # told below, with its place
        except (LineageError, GraphQLError, RecursionError) as error:
            return ExecutionResult(data=None, errors=[GraphQLError(str(error))])

        def work() -> ExecutionResult:
            return self.execute_sync(query, variable_values, *args, **named)

        return await to_thread.run_sync(work)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log defects of ours only."""
        ours = [one for one in errors if _is_defect(one)]
        if ours:
            super().process_errors(ours, execution_context)


def _is_defect(error: GraphQLError) -> bool:
    return error.original_error is not None and not isinstance(
        error.original_error, LineageError | GraphQLError | TimeoutError
    )


def make_schema() -> LimitedSchema:
    """The schema, with the limits of `graph/limits.py` on every query."""
    return LimitedSchema(
        query=Query,
        subscription=Subscription,
        extensions=[
            lambda: QueryDepthLimiter(max_depth=limits.DEEPEST),
            lambda: MaxAliasesLimiter(max_alias_count=limits.MOST_ALIASES),
            lambda: MaxTokensLimiter(max_token_count=limits.MOST_TOKENS),
            lambda: MaskErrors(
                should_mask_error=_is_defect, error_message="a defect of ours: the log of the server has it"
            ),
        ],
        config=strawberry.schema.config.StrawberryConfig(scalar_map=SCALARS),
    )


def text() -> str:
    """The schema in its language."""
    return make_schema().as_str() + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")

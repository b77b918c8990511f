"""The graph: queries, connections, subscriptions, and what is too much to ask."""

from __future__ import annotations

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect

from lineage_core.web.graph import schema
from tests.build import compact, record
from tests.cli.conftest import NOW, Ask
from tests.core.web.conftest import Served, serving


def graph(served: Served, query: str, **variables: Any) -> Any:
    """What a query answers, without errors."""
    answer = served.client.post("/graphql", json={"query": query, "variables": variables})
    told = answer.json()
    assert (answer.status_code, told.get("errors")) == (200, None)
    return told["data"]


def errors(served: Served, query: str, **variables: Any) -> str:
    """What a query is refused with."""
    answer = served.client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code in (200, 400), answer.text
    return " ".join(one["message"] for one in answer.json()["errors"])


def test_the_schema_file_is_current() -> None:
    assert schema.FILE.read_text() == schema.text(), "python -m lineage_core.web.graph.schema"


def test_a_task_with_all_that_hangs_on_it(served_legacy: Served) -> None:
    told = graph(
        served_legacy,
        """query ($id: String!) { task(id: $id) { taskId status now elapsedMs master masters workers { workerId status
        error } handoffs { handoffId waiting } phases { status start end } parent { taskId } subtasks { taskId }
        events(first: 3) { edges { node { eventType eventData } } pageInfo { hasNextPage } } } nothing: task(id: "x")
        { taskId } }""",
        id="task-a-rollout",
    )
    document = served_legacy.client.get("/api/v1/task?task=task-a-rollout").json()
    task = told["task"]
    assert told["nothing"] is None
    assert (task["now"], task["elapsedMs"]) == (document["now"], document["task"]["elapsed_ms"])
    assert [one["workerId"] for one in task["workers"]] == [one["worker_id"] for one in document["workers"]]
    assert [one["start"] for one in task["phases"]] == [one["start"] for one in document["phases"]]
    newest = [one["event_type"] for one in reversed(document["events"][-3:])]
    assert [one["node"]["eventType"] for one in task["events"]["edges"]] == newest
    assert task["events"]["pageInfo"]["hasNextPage"]


PAGE = "edges { cursor node { %s } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@pytest.mark.parametrize(
    ("field", "words", "key", "api"),
    [
        ("tasks", "", "taskId", "tasks"),
        ("tasks", 'filter: "status:failed"', "taskId", "tasks?filter=status:failed"),
        ("workers", "open: false", "workerId", "workers"),
        ("events", 'filter: {type: ["task_failed"]}', "lineageId", "events?type=task_failed"),
    ],
)
def test_pages_hold_everything_once_in_order(field: str, words: str, key: str, api: str, served: Served) -> None:
    found: list[str] = []
    after = None
    while True:
        page = graph(
            served,
            f"query ($after: String) {{ {field}({words} first: 7, after: $after) {{ {PAGE % key} }} }}",
            after=after,
        )[field]
        found += [edge["node"][key] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    snake = {"taskId": "task_id", "workerId": "worker_id", "lineageId": "lineage_id"}[key]
    rows = [row[snake] for row in served.client.get(f"/api/v1/{api}").json()]
    assert sorted(found) == sorted(rows)
    assert len(found) > 7


def test_attention_stats_forecasts_and_handoffs(served: Served, demo_dir: Path, ask: Ask, monkeypatch: Any) -> None:
    monkeypatch.setenv("LINEAGE_NOW", NOW)
    told = graph(
        served,
        "{ attention { rule sentence ageMs task { status } } stats forecasts(first: 3) { taskId sentence } "
        "handoffs { handoffId taskId waitedMs waiting } }",
    )
    document = ask("attention", "--json", demo_dir).json
    assert [one["sentence"] for one in told["attention"]] == [one["sentence"] for one in document["findings"]][:100]
    assert told["stats"]["total_events"] == ask("stats", "--json", demo_dir).json["total_events"]
    assert all(one["waiting"] for one in told["handoffs"])


TOO_MUCH = {
    "a hundred levels": (
        "{ tasks " + "{ edges { node { subtasks " * 100 + "{ taskId }" + " } } }" * 100 + " }",
        "nodes|depth|Syntax|Cannot",
    ),
    "a hundred parents": ('{ task(id: "x") ' + "{ parent " * 100 + "{ taskId }" + " }" * 100 + " }", "depth"),
    "a thousand aliases": ("{" + " ".join(f"a{n}: stats" for n in range(1000)) + "}", "[Aa]lias|token"),
    "two hundred aliases": ("{" + " ".join(f"a{n}: stats" for n in range(200)) + "}", "aliases"),
    "many nodes": (
        "{ tasks(first: 500) { edges { node { events(first: 500) { edges { node { taskId } } } } } } }",
        "nodes",
    ),
    "a large page": ("{ tasks(first: 501) { totalCount } }", "first is from 0 to 500"),
    "a circle": (
        "query { tasks { ...a } } fragment a on TaskConnection { ...b } fragment b on TaskConnection { ...a }",
        "itself",
    ),
    "many words": ("{ " + "task " * 3000 + " }", "token"),
    "no cursor": ('{ tasks(after: "x") { totalCount } }', "no cursor"),
    "no filter": ('{ tasks(filter: "nonsense:x") { totalCount } }', "unknown filter key"),
    "no time": ('{ events(filter: {since: "soon"}) { edges { cursor } } }', "time"),
    "no query": ("query {", "Syntax"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_asks_too_much_or_wrongly_is_refused_in_a_line(name: str, served_legacy: Served) -> None:
    query, word = TOO_MUCH[name]
    told = errors(served_legacy, query)
    assert re.search(word, told), told
    assert "Traceback" not in told
    assert graph(served_legacy, "{ tasks { totalCount } }") == {"tasks": {"totalCount": 2}}


def test_introspection_works_and_there_is_no_page(served_legacy: Served) -> None:
    from graphql import build_client_schema, get_introspection_query

    assert build_client_schema(graph(served_legacy, get_introspection_query()))
    answer = served_legacy.client.get("/graphql", headers={"accept": "text/html"})
    assert answer.status_code in (400, 404)
    assert "<script" not in answer.text


class Subscriber:
    """A client of graphql-transport-ws with one subscription."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def begin(self, query: str, **variables: Any) -> None:
        await self.connection.send('{"type":"connection_init"}')
        assert orjson.loads(await self.connection.recv())["type"] == "connection_ack"
        payload = {"query": query, "variables": variables}
        await self.connection.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}).decode())

    async def next(self) -> Any:
        told = orjson.loads(await asyncio.wait_for(self.connection.recv(), 120))
        assert told["type"] == "next", told
        assert not told["payload"].get("errors"), told
        return told["payload"]["data"]


async def test_subscriptions_tell_events_with_cursors_and_tasks_that_change(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    path = directory / "lineage-2026-11-22.jsonl"
    path.write_bytes(compact(record(1)))

    def append(number: int, **fields: Any) -> None:
        with path.open("ab") as file:
            file.write(compact(record(number, **fields)))

    async def write() -> None:
        try:
            while True:
                append(2, event_type="task_started", tags=[str(next(numbers))])
                await asyncio.sleep(0.05)
        finally:
            append(9, task_id="last", event_type="task_started")

    numbers = itertools.count()
    with serving(directory, tmp_path / "server") as one:
        protocol: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"], "open_timeout": 120}
        async with (
            connect(one.websocket + "graphql", **protocol) as first,
            connect(one.websocket + "graphql", **protocol) as second,
            connect(one.websocket + "ws/events", open_timeout=120) as beside,
        ):
            events, tasks = Subscriber(first), Subscriber(second)
            await events.begin('subscription { events(filter: {type: ["task_*"]}) { cursor event { taskId } } }')
            await tasks.begin("subscription { taskChanges { taskId status } }")
            await beside.recv()
            writing = asyncio.create_task(write())  # a subscription says nothing when it begins: until it is heard
            told = (await events.next())["events"]
            assert told["event"]["taskId"] == "task-2"
            assert (await tasks.next())["taskChanges"] == {"taskId": "task-2", "status": "RUNNING"}
            writing.cancel()
            while (told := (await events.next())["events"])["event"]["taskId"] != "last":
                pass
        append(3, event_type="task_completed")
        async with connect(one.websocket + "graphql", **protocol) as again:
            missed = Subscriber(again)
            await missed.begin(
                "subscription ($c: String) { events(cursor: $c) { event { taskId } } }", c=told["cursor"]
            )
            assert (await missed.next())["events"]["event"]["taskId"] == "task-3"
        assert "Traceback" not in one.log.read_text()

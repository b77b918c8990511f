"""Several hosts in the window: events with their host, a task of one host by its name, metrics by host."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect

from tests.build import record, write
from tests.core.web.conftest import Served, serving
from tests.core.web.test_graphql import errors, graph
from tests.core.web.test_metrics import samples


def event(number: int, **more: Any) -> dict[str, Any]:
    return record(number, task_id="task", **more)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`task` is another task on each of two hosts."""
    directory = tmp_path_factory.mktemp("hosts") / "lineage"
    write(directory / "db", event(1))
    write(directory / "web", event(2))
    return directory


@pytest.fixture(scope="module")
def served(hosts: Path) -> Iterator[Served]:
    with serving(hosts, hosts.parent / "server") as one:
        yield one


async def events(one: Served, query: str, write_more: Any, count: int) -> list[dict[str, Any]]:
    """The events of the next messages, when something is written after the first of them."""
    found: list[dict[str, Any]] = []
    async with connect(f"{one.websocket}ws/events?{query}", compression=None, open_timeout=120) as connection:
        await asyncio.wait_for(connection.recv(), 120)
        write_more()
        while len(found) < count:
            found += orjson.loads(await asyncio.wait_for(connection.recv(), 120))["events"]
    return found


async def test_live_events_have_their_host_and_are_asked_for_by_it(served: Served, hosts: Path) -> None:
    def more() -> None:
        write(hosts / "db", event(10))
        write(hosts / "web", event(11))
        write(hosts / "db", event(12), record(13, task_id="last"))

    found = await events(served, "", more, 4)
    assert {one["host"] for one in found} == {"db", "web"}
    found = await events(
        served, "host=w*", lambda: write(hosts / "db", event(14)) and write(hosts / "web", event(15)), 1
    )
    assert [one["host"] for one in found] == ["web"]


async def test_live_events_of_a_task_of_one_host(served: Served, hosts: Path) -> None:
    def more() -> None:
        write(hosts / "db", event(20))
        write(hosts / "web", event(21))

    found = await events(served, "task=task@web", more, 1)
    assert [one["host"] for one in found] == ["web"]

    def joins() -> None:  # a host that shares a session with the task of web, and tells so first
        write(hosts / "new", event(30, context={"session_id": "s"}))
        write(hosts / "web", event(31, context={"session_id": "s"}))
        write(hosts / "new", event(32))

    found = await events(served, "task=task@new", joins, 3)
    assert {one["host"] for one in found} == {"web", "new"}


def test_the_graph_has_hosts(served: Served) -> None:
    asked = "{ events(filter: {%s}) { edges { node { host taskId task { taskId hosts } } } } }"
    nodes = [edge["node"] for edge in graph(served, asked % 'host: ["w*"]')["events"]["edges"]]
    assert {node["host"] for node in nodes} == {"web"}
    assert all("web" in node["task"]["hosts"] for node in nodes)
    name = nodes[0]["task"]["taskId"]
    assert name.startswith("task@")
    nodes = [edge["node"] for edge in graph(served, asked % f'task: ["{name}"]')["events"]["edges"]]
    assert nodes and "db" not in {node["host"] for node in nodes}
    asked = "query ($id: String!) { task(id: $id) { events { edges { node { host } } } } }"
    for task, host in (("task", {"db"}), (name, {"web", "new"})):
        edges = graph(served, asked, id=task)["task"]["events"]["edges"]
        assert {edge["node"]["host"] for edge in edges} <= host
    assert "asked for alone" in errors(
        served, f'{{ events(filter: {{task: ["{name}", "x"]}}) {{ edges {{ cursor }} }} }}'
    )


def test_metrics_by_host(served: Served) -> None:
    found = samples(served.client.get("/metrics").text)
    assert sum(value for key, value in found.items() if key[0] == "lineage_host_tasks" and "host=db" in key) >= 1
    assert found["lineage_host_last_event_timestamp_seconds", "host=web"] > 1.7e9


def test_of_one_directory_there_are_no_hosts(served_legacy: Served) -> None:
    assert "lineage_host" not in served_legacy.client.get("/metrics").text
    asked = "{ events(first: 1) { edges { node { host } } } }"
    assert graph(served_legacy, asked)["events"]["edges"] == [{"node": {"host": None}}]

"""`/ws/events`: each client gets each event once, whatever happens to the connection, the server and the files."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.build import compact, pretty, record
from tests.core.web import ws_load
from tests.core.web.conftest import Served, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="module")
def journal(folder: Path) -> Path:
    """The daily file of a journal of three events."""
    directory = folder / "lineage"
    directory.mkdir()
    path = directory / "lineage-2026-11-22.jsonl"
    path.write_bytes(b"".join(compact(record(number)) for number in range(1, 4)))
    return path


@pytest.fixture(scope="module")
def one(folder: Path, journal: Path) -> Iterator[Served]:
    with serving(journal.parent, folder / "server") as served:
        yield served


class Client:
    """A client of `/ws/events`, with what it was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.cursor = ""

    async def take(self, count: int) -> list[str]:
        """The tasks of the next so many events."""
        tasks: list[str] = []
        while len(tasks) < count or not self.cursor:
            message = orjson.loads(await asyncio.wait_for(self.connection.recv(), 120))
            tasks += [event["task_id"] for event in message["events"]]
            self.cursor = message["cursor"]
        return tasks


@asynccontextmanager
async def client(one: Served, query: str = "") -> AsyncIterator[Client]:
    async with connect(
        f"{one.websocket}ws/events{query}", compression=None, max_size=None, ping_interval=None, open_timeout=120
    ) as connection:
        yield Client(connection)


def append(path: Path, *numbers: int, **fields: Any) -> None:
    with path.open("ab") as file:
        for number in numbers:
            file.write(compact(record(number, **fields)))


async def test_a_client_gets_what_comes_and_with_its_cursor_what_it_missed(one: Served, journal: Path) -> None:
    async with client(one) as first:
        assert await first.take(0) == []
        append(journal, 10, 11)
        assert await first.take(2) == ["task-10", "task-11"]
    append(journal, 12)
    async with client(one, f"?cursor={first.cursor}") as again:
        assert await again.take(1) == ["task-12"]
        append(journal, 13)
        assert await again.take(1) == ["task-13"]
    async with client(one, f"?cursor={first.cursor}") as later:
        assert await later.take(2) == ["task-12", "task-13"]


async def test_filters_are_those_of_follow(one: Served, journal: Path) -> None:
    async with (
        client(one, "?task=task-2*&type=task_*") as some,
        client(one, "?since=2026-11-22T08:00:00Z&worker=worker-2") as old,
        client(one, "?from-start=true&grep=worker-1%22") as start,
    ):
        await some.take(0)
        append(journal, 20)
        append(journal, 21, 30, event_type="task_started")
        assert await some.take(1) == ["task-21"]
        assert await old.take(1) == ["task-2"]
        assert await start.take(1) == ["task-1"]


async def test_a_pretty_printed_event_comes_as_it_was_written_on_one_line(one: Served, journal: Path) -> None:
    written = record(40, event_data={"number": 1.50, "text": "\u202e<b>"})
    async with client(one) as first:
        await first.take(0)
        with journal.open("ab") as file:
            file.write(pretty(written))
        text = await asyncio.wait_for(first.connection.recv(), 120)
        assert isinstance(text, str)
        assert "\u202e" not in text
        assert "\n" not in text
        assert orjson.loads(text)["events"] == [written]


async def test_a_cursor_holds_for_files_that_were_rotated_packed_and_made_anew(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    day, other = directory / "lineage-2026-11-21.jsonl", directory / "lineage-2026-11-22.jsonl"
    append(day, 1)
    append(other, 2)
    with serving(directory, tmp_path / "a") as one:
        async with client(one) as first:
            await first.take(0)
            append(day, 3)
            append(other, 4)
            assert sorted(await first.take(2)) == ["task-3", "task-4"]
    append(day, 5)
    append(other, 6)
    packed = directory / "archive" / "2026-11" / "lineage-2026-11-21.jsonl.gz"
    packed.parent.mkdir(parents=True)
    packed.write_bytes(gzip.compress(day.read_bytes()))
    day.unlink()
    other.rename(directory / "lineage-2026-11-22.jsonl.1")
    append(other, 7)
    with serving(directory, tmp_path / "b") as two:
        async with client(two, f"?cursor={first.cursor}") as again:
            assert sorted(await again.take(3)) == ["task-5", "task-6", "task-7"]
            append(other, 8)
            assert await again.take(1) == ["task-8"]


async def test_an_event_that_stands_in_two_files_comes_once_also_over_a_restart(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    daily, combined = directory / "lineage-2026-11-22.jsonl", directory / "task-lineage.jsonl"
    append(combined, 1)
    with serving(directory, tmp_path / "a") as one:
        async with client(one) as first:
            await first.take(0)
            append(daily, 2)
            append(combined, 2)
            append(daily, 3)
            assert await first.take(2) == ["task-2", "task-3"]
    append(combined, 3, 4)
    append(daily, 4)
    with serving(directory, tmp_path / "b") as two:
        async with client(two, f"?cursor={first.cursor}") as again:
            assert await again.take(1) == ["task-4"]
            append(daily, 5)
            assert await again.take(1) == ["task-5"]


@pytest.mark.parametrize("cursor", ["nonsense!", "AQ", "Ag", "AQAAAA", "A" * 20_000, "%00", "é"])
async def test_what_is_no_cursor_is_refused_or_holds_nothing(cursor: str, one: Served) -> None:
    try:
        async with client(one, f"?cursor={cursor}") as first:
            message = orjson.loads(await asyncio.wait_for(first.connection.recv(), 120))
            assert (
                "events" in message or message["error"] == "that is no cursor: give one that a message carried, or none"
            )
    except InvalidStatus as refused:
        assert refused.response.status_code == 400


@pytest.mark.parametrize(
    ("query", "word"), [("?task=x&nonsense=1", "no parameter"), ("?since=soon", "time"), ("?grep=(", "(")]
)
async def test_a_wrong_filter_is_told_and_the_connection_closed(query: str, word: str, one: Served) -> None:
    async with client(one, query) as first:
        assert word in orjson.loads(await first.connection.recv())["error"]
        with pytest.raises(ConnectionClosed) as closed:
            await first.connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.first
async def test_ten_clients_get_each_event_once_across_a_killed_server_and_beside_a_stalled_one(tmp_path: Path) -> None:
    report = await ws_load.load(
        tmp_path / "lineage", tmp_path / "server", clients=10, rate=500, seconds=10, restart=True
    )
    assert report.wrong == {}
    assert report.reconnects >= 10
    assert report.memory[1] < report.memory[0] + 150e6


async def test_a_client_that_stands_still_is_told_to_resume_and_costs_bounded_memory(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    path = directory / "lineage-2026-11-22.jsonl"
    append(path, 1)
    many, rounds = 12_000, 3
    with serving(directory, tmp_path / "server") as one:
        reader = ws_load.Reader(one.websocket)
        reading = asyncio.create_task(reader.run())
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # else the system may hold all for it
        small.connect(("127.0.0.1", one.port))
        async with connect(
            f"{one.websocket}ws/events",
            sock=small,
            compression=None,
            max_size=None,
            max_queue=1,
            ping_interval=None,
            open_timeout=120,
        ) as stalled:
            first = orjson.loads(await stalled.recv())
            stalled.transport.pause_reading()
            await reader.ready.wait()
            sizes = []
            for start in range(0, rounds * many, many):
                with path.open("ab") as file:
                    file.write(b"".join(ws_load.line(number) for number in range(start, start + many)))
                while len(reader.counts) < start + many:
                    await asyncio.sleep(0.01)
                sizes.append(ws_load.memory_of(one.process.pid))
            assert reader.wrong(rounds * many) == ""
            assert sizes[-1] < sizes[0] + 60e6
            stalled.transport.resume_reading()
            had, last = 0, first["cursor"]
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    message = orjson.loads(await stalled.recv())
                    if "error" in message:
                        assert message["error"] == "too slow: resume from cursor"
                    else:
                        had, last = had + len(message["events"]), message["cursor"]
                        assert had < rounds * many, "it got all, and was not told to resume"
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "too slow: resume from cursor")
        assert 0 < had < rounds * many
        async with client(one, f"?cursor={last}") as again:
            assert len(await again.take(rounds * many - had)) == rounds * many - had
        reading.cancel()
        os.kill(one.process.pid, signal.SIGTERM)
        assert one.process.wait(120) == 0

"""Many WebSocket readers of one server, while a writer writes: does each get each event once, and how fast?

    python -m tests.core.web.ws_load --clients 200 --rate 500 --seconds 60

The server is killed and started again half-way. `lineage follow` reads beside, and one client that reads nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from lineage_core.base import clock
from lineage_core.base.clock import SECOND
from tests.core.web.conftest import Served, serving
from tests.ports import unused_port
from tests.wallclock import now, today, wait_until


class Report(NamedTuple):
    """written: events. wrong: clients that did not get each once. delays: seconds from write to client, sorted; the
    same for `lineage follow`. reconnects: how often clients came back. memory: of the server, in bytes, before and
    after."""

    written: int
    wrong: dict[int, str]
    delays: list[float]
    follow_delays: list[float]
    reconnects: int
    memory: tuple[int, int]
    stalled: int

    def table(self) -> str:
        lines = ["| | p50 ms | p99 ms | max ms |", "|---|---|---|---|"]
        for name, delays in (("WebSocket", self.delays), ("lineage follow", self.follow_delays)):
            cells = [delays[int(len(delays) * part)] * 1000 for part in (0.5, 0.99)] + [delays[-1] * 1000]
            lines.append(f"| {name} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |")
        before, after = (size / 1e6 for size in self.memory)
        lines.append(f"\n{self.written} events, {len(self.wrong)} clients with a wrong count, {self.reconnects} ")
        lines[-1] += f"reconnects; server {before:.0f} -> {after:.0f} MB; the stalled client had {self.stalled} bytes"
        return "\n".join(lines)


def line(number: int) -> bytes:
    """An event that knows its number and when it was written."""
    at = now()
    record = {
        "lineage_id": f"lineage-{at:016d}{number:010d}",
        "task_id": f"task-{number % 50}",
        "event_type": "worker_progress",
        "timestamp": clock.format_timestamp(at),
        "actor": {"type": "worker", "id": f"worker-{number % 50}", "principal": "system"},
        "event_data": {"worker_id": f"worker-{number % 50}", "progress_percentage": number % 100, "number": number},
        "parent_lineage_id": None,
        "version": "1.0.0",
    }
    record["event_data"]["written"] = now() / SECOND  # type: ignore[index]
    return orjson.dumps(record) + b"\n"


@lru_cache(256)
def parsed(text: str) -> dict[str, Any]:
    """A message, with the number and the time of each event; readers that got the same share the work."""
    message: dict[str, Any] = orjson.loads(text)
    told = [event["event_data"] for event in message.get("events", ())]
    return message | {"events": [(data["number"], data["written"]) for data in told]}


class Reader:
    """A client that comes back with its cursor whenever the connection ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.counts: dict[int, int] = {}
        self.delays: list[float] = []
        self.cursor = ""
        self.connections = 0
        self.ready = asyncio.Event()

    async def run(self) -> None:
        while True:
            with suppress(OSError, ConnectionClosed, InvalidHandshake, EOFError):
                address = f"{self.url}ws/events" + (f"?cursor={self.cursor}" if self.cursor else "")
                async with connect(address, compression=None, max_size=None) as socket_:
                    self.connections += 1
                    async for message in socket_:
                        self.take(parsed(str(message)))
            await asyncio.sleep(0.05)

    def take(self, message: dict[str, Any]) -> None:
        if "cursor" not in message:
            return
        here = now() / SECOND
        for number, written in message["events"]:
            self.counts[number] = self.counts.get(number, 0) + 1
            self.delays.append(here - written)
        self.cursor = message["cursor"]
        self.ready.set()

    def wrong(self, written: int) -> str:
        missing = written - len(self.counts)
        doubled = sum(count > 1 for count in self.counts.values())
        return f"{missing} missing, {doubled} doubled" if missing or doubled else ""


def stalled_client(one: Served) -> socket.socket:
    """A WebSocket client that asks for all and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", one.port))
    key = b64encode(os.urandom(16)).decode()
    head = f"GET /ws/events HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    client.sendall(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    return client


def memory_of(pid: int) -> int:
    """The resident memory of a process, in bytes."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) * 1024
    return 0


class Follower(threading.Thread):
    """`lineage follow` beside, with the delay of each of its lines."""

    def __init__(self, directory: Path) -> None:
        super().__init__(daemon=True)
        command = [sys.executable, "-m", "lineage_core.cli", "follow", "--json", "--dir", str(directory)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.delays: list[float] = []

    def run(self) -> None:
        assert self.process.stdout is not None
        for row in self.process.stdout:
            if (written := orjson.loads(row)["event_data"].get("written")) is not None:
                self.delays.append(now() / SECOND - written)


async def load(directory: Path, folder: Path, *, clients: int, rate: int, seconds: float, restart: bool) -> Report:
    """Let `clients` read what a writer writes."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"lineage-{today()}.jsonl"
    path.write_bytes(b"")
    total = int(rate * seconds)
    follower = Follower(directory)
    follower.start()
    with ExitStack() as stack:
        one = stack.enter_context(serving(directory, folder, port=unused_port()))
        readers = [Reader(one.websocket) for _ in range(clients)]
        tasks = [asyncio.create_task(reader.run()) for reader in readers]
        await asyncio.gather(*(reader.ready.wait() for reader in readers))
        stalled = stalled_client(one)
        before = memory_of(one.process.pid)
        after = before
        began, written = time.monotonic(), 0
        with path.open("ab", buffering=0) as file:
            while written < total:
                due = min(total, int((time.monotonic() - began) * rate) + 1)
                for number in range(written, due):
                    file.write(line(number))
                written = due
                if restart and written >= total // 2:
                    restart, after = False, memory_of(one.process.pid)
                    one.process.kill()
                    one.process.wait()
                    again = await asyncio.to_thread(
                        stack.enter_context, serving(directory, folder / "again", port=one.port)
                    )
                    one = again
                await asyncio.sleep(1 / rate)
        deadline = time.monotonic() + 60
        while any(reader.wrong(total) for reader in readers) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        after = max(after, memory_of(one.process.pid))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        had = 0
        with suppress(OSError):
            stalled.setblocking(False)
            while piece := stalled.recv(1 << 16):
                had += len(piece)
        stalled.close()
    wait_until(lambda: len(follower.delays) >= total)
    follower.process.kill()
    follower.process.wait()
    follower.join()
    assert follower.process.stdout is not None
    follower.process.stdout.close()
    return Report(
        total,
        {number: said for number, reader in enumerate(readers) if (said := reader.wrong(total))},
        sorted(delay for reader in readers for delay in reader.delays),
        sorted(follower.delays),
        sum(reader.connections - 1 for reader in readers),
        (before, after),
        had,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--no-restart", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = asyncio.run(
            load(
                folder / "lineage",
                folder / "server",
                clients=args.clients,
                rate=args.rate,
                seconds=args.seconds,
                restart=not args.no_restart,
            )
        )
    print(report.table())
    sys.exit(bool(report.wrong))


if __name__ == "__main__":
    main()

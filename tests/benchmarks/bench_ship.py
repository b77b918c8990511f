"""Events a second through ship, broker and mirror, beside plain publish and beside rsync; and 10,000 hosts.

    python -m tests.benchmarks.bench_ship [--events 200000] [--hosts 10000] [--writes 200] [--server newest|debian]

1. A journal of so many events goes through `lineage ship`, a NATS server and `lineage mirror`, until the mirror is
   equal; the same bytes are published by nats-py in messages of the same size, each acknowledged; and copied by rsync.
   Seconds by the clock and of processor time, in one run.
2. One event after the other is written on a host: milliseconds until `lineage-tui`, at a pseudo-terminal over the
   mirror's directory, has sent its terminal a count of events with this one in it.
3. So many hosts with a few messages each, simulated by one publisher: seconds until a new mirror has all; resident
   memory of the broker and the mirror; seconds in which all hosts ask for their last message; and until a mirror that
   was killed is at work again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
from nats.js.api import StorageType, StreamConfig

from lineage_core import Journal
from lineage_core.demo.writer import backfill
from lineage_core.hosts.broker_message import Piece, identity_of
from lineage_core.hosts.message_limits import CHUNK
from lineage_core.hosts.subjects import JOURNAL, STREAM
from tests.benchmarks.bench_screen import Terminal
from tests.core.hosts.brokers import SERVERS, Field, Service, field, resident
from tests.wallclock import wait_until

DAY = "lineage-2026-11-22.jsonl"
_TICK = os.sysconf("SC_CLK_TCK")


def processor_time(pid: int) -> float:
    """Seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def pid_of(service: Service) -> int:
    assert service.process is not None
    return service.process.pid


def wait_for(path: Path, size: int) -> None:
    """Wait until a file is so large."""
    wait_until(lambda: path.exists() and path.stat().st_size >= size, 600)


def through_the_broker(place: Field, events: int) -> int:
    """A journal through ship, broker and mirror; its size."""
    backfill(place.folder / "made", events, days=1)
    data = b"".join(path.read_bytes() for path in sorted((place.folder / "made").glob("*.jsonl")))
    (place.journal("a") / DAY).write_bytes(data)
    mirror = place.mirror()
    server = int((place.server.folder / "pid").read_text())
    before = processor_time(pid_of(mirror)), processor_time(server)
    began = time.perf_counter()
    ship = place.ship("a")
    wait_for(place.mirror_directory / "a" / DAY, len(data))
    took = time.perf_counter() - began
    spent = [
        processor_time(pid_of(ship)),
        processor_time(pid_of(mirror)) - before[0],
        processor_time(server) - before[1],
    ]
    assert (place.mirror_directory / "a" / DAY).read_bytes() == data
    print(f"{events} events, {len(data) / 1e6:.0f} MB")
    print(f"ship, broker, mirror: {took:.2f} s, {events / took:.0f} events/s; processor {sum(spent):.2f} s", end="")
    print(f" (ship with its start {spent[0]:.2f}, mirror {spent[1]:.2f}, broker {spent[2]:.2f})")
    return len(data)


async def plain_publish(url: str, data: bytes) -> float:
    """Seconds to publish bytes, each message acknowledged."""
    client = await nats.connect(url, pending_size=8 << 20)
    stream = client.jetstream(timeout=30)
    await stream.add_stream(StreamConfig(name="PLAIN", subjects=["plain"], storage=StorageType.FILE))
    began, waiting = time.perf_counter(), []
    for start in range(0, len(data), CHUNK):
        waiting.append(await stream.publish_async("plain", data[start : start + CHUNK]))
        if len(waiting) >= 64:
            await waiting.pop(0)
    await asyncio.gather(*waiting)
    took = time.perf_counter() - began
    await client.close()
    return took


def beside(place: Field, events: int) -> None:
    """The same bytes by nats-py alone, and by rsync."""
    data = (place.journal("a") / DAY).read_bytes()
    used = time.process_time()
    took = asyncio.run(plain_publish(place.server.url, data))
    used = time.process_time() - used
    print(f"publish by nats-py alone: {took:.2f} s, {events / took:.0f} events/s; processor {used:.2f} s")
    if shutil.which("rsync"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(["rsync", "-a", f"{place.journal('a')}/", str(place.folder / "copy")], check=True)
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"rsync: {took:.2f} s, {events / took:.0f} events/s; processor {spent:.2f} s")


def latency(place: Field, writes: int) -> None:
    """From a write on a host to the drawn screen of who looks at the mirror."""
    journal = Journal(place.journal("b"), environ={})
    mirror, ship = place.mirror(), place.ship("b")
    journal.log("task_created", "task-first", "user-kim")
    wait_until(lambda: any((place.mirror_directory / "b").glob("*.jsonl")))
    program = str(Path(sys.executable).parent / "lineage-tui")
    terminal = Terminal([program, "--dir", str(place.mirror_directory), "--fresh"])
    try:
        terminal.wait_for(b"task-first")
        wait_until(lambda: bool(terminal.counts))
        took = []
        for _ in range(writes):
            shown = terminal.counts[-1][1]
            began = time.monotonic()
            journal.log("worker_progress", "task-first", "worker-1", "50")
            wait_until(lambda shown=shown: terminal.counts[-1][1] > shown, 30)  # type: ignore[misc]
            took.append(1000 * (terminal.counts[-1][0] - began))
            time.sleep(0.05)
    finally:
        terminal.close()
        ship.end()
        mirror.end()
    took.sort()
    half, most = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"write on a host -> the viewer's screen: p50 {half:.0f} ms, p99 {most:.0f} ms, max {took[-1]:.0f} ms")


async def simulated(url: str, hosts: int) -> None:
    """Three messages of each host."""
    client = await nats.connect(url, pending_size=8 << 20)
    stream = client.jetstream(timeout=30)
    lines = [b'{"host":%d,"n":%d,"text":"%s"}\n' % (0, n, b"x" * 950) for n in range(3)]
    waiting = []
    for number in range(3):
        for host in range(hosts):
            first = b'{"host":%d}\n' % host + lines[0]
            data = first if number == 0 else lines[number]
            start = 0 if number == 0 else len(first) + sum(map(len, lines[1:number]))
            piece = Piece(f"host-{host}", identity_of(first) or "", DAY, start, start + len(data), data)
            subject = f"{JOURNAL}.host-{host}"
            waiting.append(await stream.publish_async(subject, data, stream=STREAM, headers=piece.headers()))
            if len(waiting) >= 1000:
                await asyncio.gather(*waiting)
                waiting.clear()
    await asyncio.gather(*waiting)
    await client.close()


async def last_messages(url: str, hosts: int) -> float:
    """Seconds in which all hosts, 100 at a time, ask for their last message."""
    client = await nats.connect(url)
    stream = client.jetstream(timeout=30)
    began = time.perf_counter()
    for first in range(0, hosts, 100):
        names = [f"{JOURNAL}.host-{host}" for host in range(first, min(first + 100, hosts))]
        await asyncio.gather(*(stream.get_last_msg(STREAM, name, direct=True) for name in names))
    took = time.perf_counter() - began
    await client.close()
    return took


def many(place: Field, hosts: int) -> None:
    """Many hosts, simulated."""
    mirror = place.mirror()
    mirror.end()
    asyncio.run(simulated(place.server.url, hosts))
    began = time.perf_counter()
    mirror.start()
    root = place.mirror_directory
    whole = len(b'{"host":0}\n')
    wait_until(lambda: len(os.listdir(root)) >= hosts + 2, 900)
    wait_until(lambda: all((root / f"host-{n}" / DAY).stat().st_size > 2900 + whole for n in range(0, hosts, 97)), 900)
    took = time.perf_counter() - began
    memory = resident(pid_of(mirror)) / 1e6
    print(f"{hosts} hosts, {3 * hosts} messages: a new mirror has all in {took:.1f} s;", end="")
    print(f" resident: mirror {memory:.0f} MB, broker {place.server.memory() / 1e6:.0f} MB")
    print(f"all ask for their last message in {asyncio.run(last_messages(place.server.url, hosts)):.1f} s")
    mirror.kill()
    (root / ".mirror" / "status.json").unlink()
    began = time.perf_counter()
    mirror.start()
    wait_until((root / ".mirror" / "status.json").exists)
    print(f"a mirror that was killed is at work again in {time.perf_counter() - began:.1f} s")


@contextmanager
def room(server: str) -> Iterator[Field]:
    with tempfile.TemporaryDirectory() as folder, field(Path(folder), SERVERS[server]) as place:
        yield place


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--writes", type=int, default=200)
    parser.add_argument("--server", choices=sorted(SERVERS), default="newest")
    args = parser.parse_args()
    if args.events:
        with room(args.server) as place:
            through_the_broker(place, args.events)
            beside(place, args.events)
    with room(args.server) as place:
        latency(place, args.writes)
    if args.hosts:
        with room(args.server) as place:
            many(place, args.hosts)


if __name__ == "__main__":
    main()

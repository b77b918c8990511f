"""Hours of many hosts in one command, and what was lost.

    python -m tests.core.hosts.storm --minutes 10 --hosts 20 [--namespaces]

Each host has a writer, its own directory, and a shipper that reaches the broker through a proxy (or, in a network
namespace of its own, by a cable that is pulled); one mirror takes all, and a feed follows the mirror as the screen
does. Meanwhile the broker is killed, and loses its disk; hosts are cut off, and come back; shippers and the mirror are
killed; journals are rotated, archived and replaced. At the end every file of every host has to stand in the mirror
byte for byte, and the feed has to have each event once.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from lineage_core.state.feed import Feed
from lineage_core.state.store import State
from tests.core.hosts.brokers import LINEAGE, SERVERS, Field, contents, field
from tests.core.hosts.network import ADDRESS, Cable, go_inside
from tests.core.hosts.proxy import Proxy
from tests.wallclock import wait_until

_WRITER = r"""
import select, sys
from lineage_core.write.journal import Journal
journal, host, pause = Journal(sys.argv[1]), sys.argv[2], float(sys.argv[3])
n = 0
while not select.select([0], [], [], pause)[0]:
    when = f"2024-0{n % 9 + 1}-1{n % 7}T12:00:00.{n:06d}Z" if n % 5 == 0 else None
    task = f"task-{host}-{n // 50}"
    journal.log("worker_progress", task, f"w-{host}", str(n % 101), data={"current_step": f"step {n}"}, timestamp=when)
    n += 1
"""
_ID = re.compile(rb'"lineage_id":"([^"]+)"')


class Storm:
    """What befalls a field of hosts."""

    def __init__(self, place: Field, hosts: int, seed: int, stack: ExitStack, *, namespaces: bool) -> None:
        self.field = place
        self.rng = random.Random(seed)
        self.hosts = [f"host-{number}" for number in range(hosts)]
        self.done: Counter[str] = Counter()
        self.cut: dict[str, int] = {}  # host -> the step at which it is healed
        port = place.server.port
        self.ways: dict[str, Proxy | Cable] = {
            host: Cable(number, port) if namespaces else Proxy(port) for number, host in enumerate(self.hosts)
        }
        self.mirror = place.mirror()
        self.ships = {host: place.ship(host, url=way.url, prefix=way.prefix) for host, way in self.ways.items()}
        self.writers = []
        for host in self.hosts:
            pause = 0.02 * hosts
            command = [sys.executable, "-c", _WRITER, str(place.journal(host)), host, str(pause)]
            writer = subprocess.Popen(command, stdin=subprocess.PIPE)
            stack.callback(writer.kill)
            self.writers.append(writer)
        for way in self.ways.values():
            stack.callback(way.close)

    def step(self, number: int) -> None:
        """One thing happens."""
        for host in [host for host, until in self.cut.items() if until <= number]:
            del self.cut[host]
            self.ways[host].heal()
        chances: list[tuple[Callable[[], None], int]] = [
            (self.kill_broker, 2),
            (self.wipe_broker, 1),
            (lambda: self.cut_off(number), 3),
            (self.kill_shipper, 4),
            (self.kill_mirror, 2),
            (self.rotate, 4),
            (self.archive, 2),
            (self.replace, 2),
        ]
        what, weights = zip(*chances, strict=True)
        self.rng.choices(what, weights)[0]()

    def kill_broker(self) -> None:
        self.done["broker killed"] += 1
        self.field.server.kill()
        self.field.server.start()

    def wipe_broker(self) -> None:
        self.done["broker wiped"] += 1
        self.field.server.kill()
        self.field.server.wipe()
        self.field.server.start()

    def cut_off(self, number: int) -> None:
        host = self.rng.choice(self.hosts)
        if host not in self.cut:
            self.done["host cut off"] += 1
            self.cut[host] = number + self.rng.randrange(2, 8)
            self.ways[host].cut()

    def kill_shipper(self) -> None:
        self.done["shipper killed"] += 1
        ship = self.ships[self.rng.choice(self.hosts)]
        ship.kill()
        ship.start()

    def kill_mirror(self) -> None:
        self.done["mirror killed"] += 1
        self.mirror.kill()
        self.mirror.start()

    def _today(self) -> Path | None:
        """The newest daily file of some host."""
        journal = self.field.journal(self.rng.choice(self.hosts))
        return max(journal.glob("lineage-????-??-??.jsonl"), default=None)

    def rotate(self) -> None:
        path = self._today()
        if path is not None:
            self.done["rotated"] += 1
            for number in range(9, 0, -1):
                with suppress(FileNotFoundError):
                    path.with_name(f"{path.name}.{number}").rename(path.with_name(f"{path.name}.{number + 1}"))
            path.rename(path.with_name(f"{path.name}.1"))

    def archive(self) -> None:
        self.done["archived"] += 1
        journal = self.field.journal(self.rng.choice(self.hosts))
        subprocess.run([*LINEAGE, "archive", "--dir", str(journal)], check=False, capture_output=True)

    def replace(self) -> None:
        path = self._today()
        if path is not None:
            self.done["replaced"] += 1
            path.unlink()

    def calm(self) -> None:
        """Everything is well again, and the writers have finished."""
        for way in self.ways.values():
            way.heal()
        for writer in self.writers:
            writer.communicate()


def ids(directory: Path) -> set[bytes]:
    """The ids of all events that stand in the files of a directory, and in those below it."""
    found: set[bytes] = set()
    for name, data in contents(directory).items():
        found.update(_ID.findall(gzip.decompress(data) if name.endswith(".gz") else data))
    return found


def run(
    minutes: float, hosts: int, binary: str, folder: Path, seed: int, *, namespaces: bool = False
) -> dict[str, Any]:
    """The figures of a storm."""
    with ExitStack() as stack:
        place = stack.enter_context(field(folder, binary, address=ADDRESS if namespaces else "127.0.0.1"))
        storm = Storm(place, hosts, seed, stack, namespaces=namespaces)
        state = State()
        feed = Feed(place.mirror_directory, state, lambda: None)
        feed.start()
        stack.callback(feed.stop)
        wait_until(lambda: all(contents(place.mirror_directory / host) for host in storm.hosts), 120)
        began, steps = time.monotonic(), 0
        while time.monotonic() < began + 60 * minutes:
            storm.step(steps)
            steps += 1
            feed.take(1 << 20)
            until = time.monotonic() + storm.rng.uniform(0.2, 2.0)
            while time.monotonic() < until:
                feed.take(1 << 20)
                time.sleep(0.05)
        storm.calm()
        calm = time.monotonic()
        with suppress(AssertionError):
            wait_until(lambda: not any(place.differences(host) for host in storm.hosts), 120)
        healed = time.monotonic() - calm
        mirrored = ids(place.mirror_directory)
        with suppress(AssertionError):
            wait_until(lambda: feed.take(1 << 20) is not None and state.events >= len(mirrored), 120)
        written = set().union(*(ids(place.journal(host)) for host in storm.hosts))
        said = storm.mirror.lines() + "".join(ship.lines() for ship in storm.ships.values())
        return {
            "different files": {host: names for host in storm.hosts if (names := place.differences(host))},
            "events in the journals": len(written),
            "of them not in the mirror": len(written - mirrored),
            "events in the mirror": len(mirrored),
            "events on the screen": state.events,
            "quarantined on the screen": feed.health.rejected,
            "seconds until all was there": round(healed, 1),
            "happened": dict(storm.done),
            "told: behind": said.count("behind by"),
            "told: gaps": said.count("a gap: the bytes"),
            "told: silent": said.count("not heard of for"),
            "told: lost by the broker": said.count("the broker has lost"),
            "defects": said.count("defect"),
            "refused": said.count("refused"),
            "last lines": said[-2000:].splitlines()[-8:],
        }


def main() -> int:
    """Print the figures; 1 if anything was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--server", choices=sorted(SERVERS), default="newest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--namespaces", action="store_true", help="each host in a network namespace")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.namespaces and not args.inside:
        go_inside(["-m", "tests.core.hosts.storm", *sys.argv[1:], "--inside"])
    with tempfile.TemporaryDirectory() as folder:
        place = args.folder or Path(folder)
        figures = run(args.minutes, args.hosts, SERVERS[args.server], place, args.seed, namespaces=args.namespaces)
    print(json.dumps(figures, indent=1))
    lost = figures["different files"] or figures["of them not in the mirror"] or figures["defects"]
    return 1 if lost or figures["events in the mirror"] != figures["events on the screen"] else 0


if __name__ == "__main__":
    sys.exit(main())

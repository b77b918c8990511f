"""A burst: 50,000 events a second for ten seconds into the journal, read by the tailer alone and by the screen.

    python tests/benchmarks/bench_burst.py [--rate 50000] [--seconds 10]

1. tail: how many events a second the tailer finds in what a burst has left, beside orjson over the same lines.
2. screen: the burst is written line by line, one write an event, while the screen follows and `?` is typed again and
   again; how far it was behind when the last event was written, how long until all were counted, and how long the
   help took to appear and to go.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson
from bench_screen import Terminal

from lineage_core.read.tailer import Tailer

TASKS = 2000
WRITER = """
import os, sys, time
lines = open(sys.argv[1], "rb").read().splitlines(True)
rate = float(sys.argv[3])
fd = os.open(sys.argv[2], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
began = time.monotonic()
for n, line in enumerate(lines):
    os.write(fd, line)
    if n % 500 == 0:
        time.sleep(max(0, n / rate - (time.monotonic() - began)))
print(len(lines) / (time.monotonic() - began))
"""


class Figures(NamedTuple):
    """tailed: events a second found by the tailer. bare: lines a second decoded by orjson alone. written: events a
    second written. behind: seconds from the last write until all were counted on the screen. keys: seconds from each
    key until the help was there."""

    tailed: float
    bare: float
    written: float
    behind: float
    keys: list[float]


def lines(count: int) -> list[bytes]:
    """So many progress events, of TASKS tasks, all of this second."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    return [
        b'{"lineage_id":"lineage-%016d0000001000","task_id":"task-%d","event_type":"worker_progress","timestamp":"%s.%06dZ",'
        b'"actor":{"type":"worker","id":"worker-%d","principal":"system"},"event_data":{"worker_id":"worker-%d",'
        b'"progress_percentage":%d,"current_step":"linting"},"parent_lineage_id":null,"version":"1.0.0"}\n'
        % (n, n % TASKS, at.encode(), n % 1_000_000, n % TASKS, n % TASKS, n % 100)
        for n in range(count)
    ]


def measure(rate: float, seconds: float) -> Figures:
    """One burst."""
    count = int(rate * seconds)
    burst = lines(count)
    name = f"lineage-{time.strftime('%Y-%m-%d', time.gmtime())}.jsonl"
    with tempfile.TemporaryDirectory() as home:
        prepared, directory = Path(home) / "prepared", Path(home) / "lineage"
        directory.mkdir()
        prepared.write_bytes(b"".join(burst))

        began = time.monotonic()
        for line in burst:
            orjson.loads(line)
        bare = count / (time.monotonic() - began)
        (directory / name).write_bytes(prepared.read_bytes())
        began = time.monotonic()
        tailer = Tailer(directory)
        found = sum(len(batch.found) for batch in tailer.scan())
        tailed = found / (time.monotonic() - began)
        assert found == count
        tailer.close()
        (directory / name).unlink()

        terminal = Terminal([str(Path(sys.executable).parent / "lineage-tui"), "--dir", str(directory), "--fresh"])
        terminal.wait_for(b"No events yet")
        command = [sys.executable, "-c", WRITER, str(prepared), str(directory / name), str(rate)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        keys: list[float] = []
        ended = 0.0
        total = f"{count:,} events".encode()
        while total not in terminal.sent:
            if not ended and writer.poll() is not None:
                ended = time.monotonic()
            mark, pressed = len(terminal.sent), time.monotonic()
            terminal.key(b"?")
            while b"lineage-tui: keys" not in terminal.sent[mark:] and time.monotonic() < pressed + 60:
                time.sleep(0.002)
            keys.append(time.monotonic() - pressed)
            terminal.key(b"?")
            time.sleep(0.3)
        caught_up = time.monotonic()
        assert writer.stdout is not None
        written = float(writer.stdout.read())
        writer.wait()
        terminal.close()
        return Figures(tailed, bare, written, caught_up - (ended or caught_up), keys)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50_000)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    f = measure(args.rate, args.seconds)
    print(f"tailed {f.tailed:,.0f} events/s; orjson alone decodes {f.bare:,.0f} lines/s ({f.bare / f.tailed:.1f}x)")
    print(f"written {f.written:,.0f} events/s; all on the screen {f.behind:.1f} s after the last write")
    print(f"the help after a key: median {median(f.keys):.2f} s, slowest {max(f.keys):.2f} s of {len(f.keys)}")


if __name__ == "__main__":
    main()

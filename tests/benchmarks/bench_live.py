"""A day of events while the app follows: what each costs in memory and in processor time.

    python tests/benchmarks/bench_live.py [--events 400000] [--rate 5000] [--last 30]

The events of a day, as the demo makes them, are appended to the journal in their order and faster than they came, while
`lineage-tui` follows at a pseudo-terminal. Told is its memory at each eighth of them, and what an event added since the
first eighth; then, with all of that held, which share of a core 200 more events a second take.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench_screen import Terminal

TICKS = os.sysconf("SC_CLK_TCK")
RATE = 200


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def lines_of(directory: Path) -> Iterator[tuple[str, bytes]]:
    """The lines of a directory in their order, with the names of their files."""
    for path in sorted(directory.glob("*.jsonl")):
        with path.open("rb") as file:
            for line in file:
                yield path.name, line


def append(directory: Path, lines: Iterator[tuple[str, bytes]], count: int, rate: float) -> int:
    """Append so many lines, one write a tenth of a second; gives how many there were."""
    began, done = time.monotonic(), 0
    while done < count:
        together: dict[str, list[bytes]] = {}
        for _ in range(min(max(1, int(rate / 10)), count - done)):
            if (one := next(lines, None)) is None:
                return done
            together.setdefault(one[0], []).append(one[1])
            done += 1
        for name, some in together.items():
            with (directory / name).open("ab") as file:
                file.write(b"".join(some))
        time.sleep(max(0.0, began + done / rate - time.monotonic()))
    return done


def counted(terminal: Terminal, total: int) -> None:
    """Wait until the screen has counted so many events."""
    while not terminal.counts or terminal.counts[-1][1] < total:
        if terminal.process.poll() is not None:
            raise SystemExit(f"it ended: {bytes(terminal.sent[-500:])!r}")
        time.sleep(0.05)
    terminal.counts.clear()
    terminal.sent.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--rate", type=float, default=5000, help="events a second, until all are there")
    parser.add_argument("--last", type=float, default=30, help="seconds at 200 events/s in the end")
    args = parser.parse_args()
    programs = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as home:
        source, directory = Path(home) / "source", Path(home) / "lineage"
        directory.mkdir()
        more = int(args.last * RATE)
        words = ["demo", "--dir", str(source), "--backfill", str(args.events + more), "--days", "1"]
        subprocess.run([programs / "lineage", *words], check=True, stderr=subprocess.DEVNULL)
        lines = lines_of(source)
        terminal = Terminal([str(programs / "lineage-tui"), "--dir", str(directory), "--fresh"])
        terminal.wait_for(b"No events yet")
        pid, total, first = terminal.process.pid, 0, 0.0
        print(f"{'events':>10} {'memory':>9} {'an event more':>15} {'of a core, an event':>22}")
        for _ in range(8):
            before = processor_time(pid)
            done = append(directory, lines, args.events // 8, args.rate)
            total += done
            counted(terminal, total)
            time.sleep(3)  # until what is over has left memory
            memory = resident(pid)
            first = first or memory
            grown = (memory - first) * 1024 / (total - args.events // 8) if total > args.events // 8 else 0.0
            took = (processor_time(pid) - before) / done * 1e6
            print(f"{total:10,} {memory:6.0f} MB {grown:12.2f} kB {took:19.0f} us", flush=True)
        before, began = processor_time(pid), time.monotonic()
        total += append(directory, lines, more, RATE)
        counted(terminal, total)
        share = (processor_time(pid) - before) / (time.monotonic() - began)
        print(f"at {RATE} events/s, with all of that held: {share:.0%} of a core")
        terminal.close()


if __name__ == "__main__":
    main()

"""From a write to the screen, and from a key to a frame, over the real program at a pseudo-terminal.

    python tests/benchmarks/bench_screen.py [--tasks 100000] [--rate 200] [--events 1000] [--keys 200]

1. write -> screen: events are logged one by one through the journal; the time from each write until the program sends
   its terminal a count of events that this one is part of.
2. key -> frame: `j` and `k` are typed while the journal is written at the given rate and holds the given number of
   tasks; the time from the key's arrival in the program to the next frame that it has handed to the terminal.
Times are milliseconds.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

from lineage_core.write.journal import Journal

# The program as it is, with a clock around its keys and frames.
TIMED = """
import os, sys, time
from pathlib import Path
from lineage_tui.cli import FRAMES
os.environ.setdefault(*FRAMES)
from lineage_tui.app import LineageApp
from textual.events import Key

class Timed(LineageApp):
    CSS_PATH = Path(sys.modules["lineage_tui.app"].__file__).with_name("lineage.tcss")
    at = None
    frames = open(sys.argv[2], "w")
    async def on_event(self, event):
        if isinstance(event, Key):
            began = time.monotonic()
            await super().on_event(event)
            self.at = began
        else:
            await super().on_event(event)
    def _display(self, screen, renderable):
        super()._display(screen, renderable)
        if self.at is not None and renderable is not None:
            print((time.monotonic() - self.at) * 1000, file=self.frames, flush=True)
            self.at = None

Timed(Path(sys.argv[1])).run()
"""


_COUNT = re.compile(rb"([\d,]+) events ")


class Terminal:
    """A program at a pseudo-terminal of 120x36, and what it has sent."""

    def __init__(self, command: list[str]) -> None:
        self.started = time.monotonic()
        self.sent = bytearray()
        self.counts: list[tuple[float, int]] = []  # when a count of events was sent, and which
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            env=env | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(follower)
        self.leader = leader
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        tail = b""
        while True:
            try:
                data = os.read(self.leader, 1 << 16)
            except OSError:
                return
            now = time.monotonic()
            text = tail + data
            self.sent += data
            for match in _COUNT.finditer(text, max(0, len(tail) - 16)):
                self.counts.append((now, int(match[1].replace(b",", b""))))
            tail = text[-200:]

    def wait_for(self, word: bytes, seconds: float = 120.0) -> float:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if word in self.sent:
                return time.monotonic() - self.started
            time.sleep(0.002)
        raise SystemExit(f"waited {seconds} s for {word!r}; last sent: {bytes(self.sent[-300:])!r}")

    def key(self, key: bytes) -> None:
        os.write(self.leader, key)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        os.close(self.leader)


def spread(times: list[float]) -> str:
    cuts = quantiles(times, n=100, method="inclusive")
    return f"p50 {cuts[49]:7.1f}   p95 {cuts[94]:7.1f}   p99 {cuts[98]:7.1f}   max {max(times):7.1f}   n {len(times)}"


def write_to_screen(count: int, rate: float, poll: bool) -> list[float]:
    """Milliseconds from each write until a count with this event in it is sent to the terminal."""
    with tempfile.TemporaryDirectory() as home:
        journal = Journal(home)
        journal.log("task_created", "task-first", "user-kim")
        program = str(Path(sys.executable).parent / "lineage-tui")
        terminal = Terminal([program, "--dir", home, "--fresh", *(["--poll"] if poll else [])])
        terminal.wait_for(b"task-first")
        time.sleep(1)
        written: list[float] = []
        begin = time.monotonic()
        for number in range(count):
            written.append(time.monotonic())
            journal.log("worker_progress", f"task-{number % 50}", f"worker-{number % 50}", str(number % 100))
            time.sleep(max(0.0, begin + (number + 1) / rate - time.monotonic()))
        end = time.monotonic() + 10
        while time.monotonic() < end and (not terminal.counts or terminal.counts[-1][1] <= count):
            time.sleep(0.01)
        terminal.close()
        shown = iter(terminal.counts)
        at, total = next(shown)
        waited = []
        for number, wrote in enumerate(written, 2):  # the first event is number 1
            while total < number:
                at, total = next(shown)
            waited.append((at - wrote) * 1000)
        return waited


def key_to_frame(tasks: int, rate: float, keys: int) -> tuple[list[float], float]:
    """Milliseconds from each key to the next frame, and the seconds until all tasks were loaded."""
    with tempfile.TemporaryDirectory() as home:
        lineage = [str(Path(sys.executable).parent / "lineage"), "demo", "--dir", home]
        subprocess.run([*lineage, "--backfill", str(tasks * 11), "--days", "30"], check=True, stderr=subprocess.DEVNULL)
        log = Path(home) / "frames.log"
        script = Path(home) / "timed.py"
        script.write_text(TIMED)
        terminal = Terminal([sys.executable, str(script), home, str(log)])
        terminal.wait_for(b"live")
        loaded = time.monotonic() - terminal.started
        writer = subprocess.Popen([*lineage, "--rate", str(rate), "--shell-share", "0"], stderr=subprocess.DEVNULL)
        time.sleep(2)
        for number in range(keys):
            terminal.key(b"k" if number % 40 > 20 else b"j")
            time.sleep(0.05)
        time.sleep(0.5)
        writer.terminate()
        writer.wait()
        terminal.close()
        return [float(line) for line in log.read_text().split()], loaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--keys", type=int, default=200)
    args: Any = parser.parse_args()
    print(f"{args.events} events at {args.rate:g}/s")
    print("  write -> screen, inotify   ", spread(write_to_screen(args.events, args.rate, poll=False)))
    print("  write -> screen, polling   ", spread(write_to_screen(args.events // 4, args.rate / 4, poll=True)))
    frames, loaded = key_to_frame(args.tasks, args.rate, args.keys)
    print(f"{args.tasks} tasks, {args.rate:g} events/s; opened and read in {loaded:.1f} s")
    print("  key -> frame               ", spread(frames))


if __name__ == "__main__":
    main()

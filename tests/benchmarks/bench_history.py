"""How long it takes until a past is on the screen: cold, from the cache, and the first frame; and how it grows.

    python tests/benchmarks/bench_history.py [--events 10000,100000,1000000]

Each size is a directory that `lineage demo --backfill` writes over 30 days. Cold means that the caches of the user are
an empty directory. "decoded" is what merely decoding every line with orjson takes in one process, and "empty app" how
long a Textual app with one word on it takes to show it: what ours is compared with. Memory is the largest resident
size of the process, in MB, without the processes that help to fold.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench_screen import Terminal

LOAD = r"""
import re, sys, time
from pathlib import Path
from lineage_core.state.load import load
began = time.monotonic()
state = load(Path(sys.argv[1])).state
taken = time.monotonic() - began
print(taken, state.events, int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
DECODE = """
import sys, time
from pathlib import Path
import orjson
began = time.monotonic()
for path in Path(sys.argv[1]).glob("*.jsonl"):
    with open(path, "rb") as file:
        for line in file:
            orjson.loads(line)
print(time.monotonic() - began)
"""
EMPTY = """
from textual.app import App
from textual.widgets import Label

class Empty(App):
    def compose(self):
        yield Label("shown")

Empty().run()
"""


def python(code: str, *words: str, cache: Path) -> list[str]:
    """What a fresh interpreter prints, with the user's caches in `cache`."""
    env = os.environ | {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([sys.executable, "-c", code, *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()


def shown_after(command: list[str], word: bytes, cache: Path) -> float:
    """Seconds until a program has sent a word to its terminal."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    terminal = Terminal(command)
    try:
        return terminal.wait_for(word)
    finally:
        terminal.close()


class Figures(NamedTuple):
    """Seconds, and memory in MB: decoded by orjson alone; folded cold and from the cache; the newest task shown."""

    megabytes: float
    decoded: float
    cold: float
    cold_memory: int
    warm: float
    warm_memory: int
    first: float


def backfill(directory: str, events: int) -> None:
    """Write a past of so many events over 30 days."""
    lineage = str(Path(sys.executable).parent / "lineage")
    words = ["demo", "--dir", directory, "--backfill", str(events), "--days", "30"]
    subprocess.run([lineage, *words], check=True, stderr=subprocess.DEVNULL)


def empty_app(runs: int = 3) -> float:
    """Seconds until an empty Textual app has shown its word; the best run."""
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "empty.py"
        script.write_text(EMPTY)
        return min(shown_after([sys.executable, str(script)], b"shown", Path(home)) for _ in range(runs))


def measure(directory: str, events: int) -> Figures:
    """Everything over a directory of so many events."""
    program = str(Path(sys.executable).parent / "lineage-tui")
    with tempfile.TemporaryDirectory() as home:
        cache, none = Path(home) / "cache", Path(home) / "none"
        size = sum(p.stat().st_size for p in Path(directory).iterdir()) / 1e6
        lines = max(Path(directory).glob("*.jsonl")).read_bytes().splitlines()
        newest = next(line for line in reversed(lines) if b'"task_created"' in line)
        task = newest.split(b'"task_id":"')[1].split(b'"')[0]
        (decoded,) = python(DECODE, directory, cache=cache)
        cold, found, memory = python(LOAD, directory, cache=cache)
        assert int(found) == events, (found, events)
        warm, _, warm_memory = min(python(LOAD, directory, cache=cache) for _ in range(3))
        end = task[-12:]  # the beginning of an id is cut where there is little room
        first = min(shown_after([program, "--dir", directory, "--fresh"], end, none) for _ in range(2))
        return Figures(size, float(decoded), float(cold), int(memory), float(warm), int(warm_memory), first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", default="10000,100000,1000000")
    args = parser.parse_args()
    print(f"an empty Textual app shows its word after {empty_app():.2f} s")
    for events in map(int, args.events.split(",")):
        with tempfile.TemporaryDirectory() as directory:
            backfill(directory, events)
            f = measure(directory, events)
        print(f"{events:>9,} events ({f.megabytes:.0f} MB)")
        print(f"  decoded by orjson alone, one process   {f.decoded:7.2f} s")
        print(f"  folded, cold           {f.cold:7.2f} s   {f.cold / f.decoded:.2f}x   {f.cold_memory} MB")
        print(f"  folded, from the cache {f.warm:7.2f} s   {f.warm / f.decoded:.2f}x   {f.warm_memory} MB")
        print(f"  newest task on the screen, cold        {f.first:7.2f} s", flush=True)


if __name__ == "__main__":
    main()

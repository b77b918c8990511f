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
import time
from pathlib import Path

from bench_screen import Terminal

LOAD = """
import resource, sys, time
from pathlib import Path
from lineage_core.load import load
began = time.monotonic()
state = load(Path(sys.argv[1])).state
taken = time.monotonic() - began
print(taken, state.events, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
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


def measure(events: int) -> None:
    """One size: print its lines."""
    program = str(Path(sys.executable).parent / "lineage-tui")
    with tempfile.TemporaryDirectory() as home:
        directory, cache, none = (str(Path(home) / name) for name in ("lineage", "cache", "none"))
        lineage = str(Path(sys.executable).parent / "lineage")
        words = ["demo", "--dir", directory, "--backfill", str(events), "--days", "30"]
        subprocess.run([lineage, *words], check=True, stderr=subprocess.DEVNULL)
        size = sum(p.stat().st_size for p in Path(directory).iterdir()) / 1e6
        newest = max(Path(directory).glob("*.jsonl")).read_bytes().splitlines()[-1]
        task = newest.split(b'"task_id":"')[1].split(b'"')[0]
        (decoded,) = python(DECODE, directory, cache=Path(cache))
        cold, found, memory = python(LOAD, directory, cache=Path(cache))
        assert int(found) == events, (found, events)
        warm, _, warm_memory = min(python(LOAD, directory, cache=Path(cache)) for _ in range(3))
        first = min(shown_after([program, "--dir", directory, "--fresh"], task[:24], Path(none)) for _ in range(2))
        print(f"{events:>9,} events ({size:.0f} MB)")
        print(f"  decoded by orjson alone, one process   {float(decoded):7.2f} s")
        print(f"  folded, cold                           {float(cold):7.2f} s   {float(cold) / float(decoded):.2f}x"
              f"   {memory} MB")  # fmt: skip
        print(f"  folded, from the cache                 {float(warm):7.2f} s   {float(warm) / float(decoded):.2f}x"
              f"   {warm_memory} MB")  # fmt: skip
        print(f"  newest task on the screen, cold        {first:7.2f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", default="10000,100000,1000000")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "empty.py"
        script.write_text(EMPTY)
        began = time.monotonic()
        empty = min(shown_after([sys.executable, str(script)], b"shown", Path(home)) for _ in range(3))
        print(f"an empty Textual app shows its word after {empty:.2f} s ({time.monotonic() - began:.1f} s for three)")
    for events in args.events.split(","):
        measure(int(events))


if __name__ == "__main__":
    main()

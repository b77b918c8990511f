"""How much processor time a process takes to fold journal files into snapshots: with facts.c, without, orjson alone.

    python tests/benchmarks/bench_fold.py [--dir DIRECTORY] [--events 100000] [--files 3] [--half]

With --half one file is measured, of all that are not plain among the directory's tasks (retried, handed over twice, cut
off by midnight; see `meaning/in_order_check.py`) and as many that are.

All in one process, one file after the other, so that the ratios hold while the machine has other work. "samples" is the
part of it in which tasks are derived to tell what is usual; it is the same for a file of any size.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from bench_history import backfill

from lineage_core.base.clock import parse_timestamp
from lineage_core.meaning.fold import derive
from lineage_core.model.facts import fact_of
from lineage_core.native import facts
from lineage_core.state import snapshot_worker, snapshot_writer


def measure(paths: list[Path], folder: Path) -> dict[str, float]:
    """Seconds of processor time, by what took them."""
    took: dict[str, float] = {}

    def timed(name: str, do: Callable[..., Any], *words: Any) -> Any:
        began = time.process_time()
        try:
            return do(*words)
        finally:
            took[name] = took.get(name, 0) + time.process_time() - began

    available, samples = facts.available, snapshot_writer._samples
    assert available(), "there is no library in C"
    for path in paths:
        lines = path.read_bytes().splitlines()
        timed("orjson alone", lambda lines=lines: [None for line in lines if orjson.loads(line) is None])
        made = []
        for name, native in (("with C", True), ("without C", False)):
            facts.available = lambda native=native: native
            snapshot_writer._samples = lambda *words, name=name: timed(f"{name}, of that samples", samples, *words)
            part = snapshot_worker.Part(path, path.name, path.stat().st_size)
            timed(name, snapshot_worker.fold, [part], folder / "snapshot")
            made.append((folder / "snapshot").read_bytes())
        assert made[0] == made[1], path
    return took


def half_plain(paths: list[Path], target: Path) -> None:
    """Write a file of the lines of all tasks of journal files that are not plain, and of as many that are."""
    lines = [line for path in paths for line in path.read_bytes().splitlines()]
    places: dict[tuple[str, str], list[int]] = {}  # of a task's lines, by day: each file is folded alone
    for number, line in enumerate(lines):
        record = orjson.loads(line)
        places.setdefault((record["timestamp"][:10], record["task_id"]), []).append(number)
    sorts: dict[bool, list[list[int]]] = {True: [], False: []}
    for (_, task_id), some in places.items():
        made = [(n, orjson.loads(lines[n])) for n in some]
        told = [fact_of("f", n, 1, parse_timestamp(one["timestamp"]) or 0, one) for n, one in made]
        sorts[derive(task_id, told).plain].append(some)
    count = min(map(len, sorts.values()))
    chosen = sorted(n for some in sorts.values() for part in some[:: max(1, len(some) // count)][:count] for n in part)
    target.write_bytes(b"".join(lines[n] + b"\n" for n in chosen))
    print(f"{2 * count} tasks, {len(chosen)} events")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=3, help="how many of the directory's files, from the middle")
    parser.add_argument("--half", action="store_true", help="of all files, as many plain tasks as others")
    args = parser.parse_args()
    gc.disable()  # as the process that folds does
    with tempfile.TemporaryDirectory() as home:
        if (directory := args.dir) is None:
            directory = Path(home) / "lineage"
            backfill(str(directory), args.events)
        paths = sorted(directory.glob("*.jsonl"))
        begin = max(0, (len(paths) - args.files) // 2)
        chosen = paths[begin : begin + args.files]
        if args.half:
            chosen = [Path(home) / "lineage-2026-11-22.jsonl"]
            half_plain(paths, chosen[0])
        took = measure(chosen, Path(home))
    for name, seconds in sorted(took.items()):
        print(f"{name:32} {seconds:7.2f} s   {seconds / took['orjson alone']:6.2f}x orjson alone")


if __name__ == "__main__":
    main()

"""Every figure that is promised, in one table: ours beside what it is measured by, in the same run.

    python tests/benchmarks/speed_table.py [--events 1000000] [--runs 3] [--only first]

Prints Markdown, row by row as they are measured: what, what is to be reached, ours (the median of the runs), the peer
measured beside it, and the ratio. Caches of the user are an empty directory of this run; "cold" means without them.
Peers that are not installed (jq, DuckDB, lnav) are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import bench_burst
import bench_history
import bench_log
import bench_queries
import bench_screen
import bench_stats


def row(what: str, reach: str, ours: str, peer: str = "", ratio: str = "") -> None:
    print(f"| {what} | {reach} | {ours} | {peer} | {ratio} |", flush=True)


def times(ratio: float) -> str:
    """How many times as long as the peer ours takes, in words."""
    return f"{1 / ratio:.0f}x faster" if ratio < 0.67 else f"{ratio:.1f}x"


_NAMES = {"function": "`log_*` from bash", "function, data": "`log_*` with 200 bytes of JSON"}


def logging(runs: int, _events: int) -> None:
    measured = bench_log.measure(5 * runs)
    middle = {name: median(values) for name, values in measured.items()}
    for name in (
        *("function", "function, data", "the seed's own snippets", "1,000 recorded calls"),
        *("lineage log", "lineage log in Python"),
    ):
        peer, reach = bench_log.WANTED[name]
        ours, other = middle[name], middle[peer]
        what = _NAMES.get(name, f"`{name}`")
        row(what, reach, f"{ours:.2f} ms", f"{peer}: {other:.1f} ms", times(ours / other))


def writing(runs: int, _events: int) -> None:
    for poll, reach in ((False, "p99 50 ms"), (True, "p99 600 ms")):
        found = []
        for _ in range(runs):
            count, rate = (250, 50) if poll else (5000, 1000)
            cuts = quantiles(bench_screen.write_to_screen(count, rate, poll), n=100)
            found.append((cuts[98], cuts[49]))
        p99, p50 = median(p99 for p99, _ in found), median(p50 for _, p50 in found)
        name = "polling, 50 events/s" if poll else "inotify, 1,000 events/s"
        row(f"write → screen, {name}", reach, f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")


def burst(runs: int, _events: int) -> None:
    found = [bench_burst.measure(50_000, 10) for _ in range(runs)]
    tailed, bare = median(f.tailed for f in found), median(f.bare for f in found)
    row("tail burst", "50,000 events/s, none lost", f"{tailed:,.0f} events/s", f"orjson alone: {bare:,.0f}/s",
        f"{bare / tailed:.1f}x")  # fmt: skip
    written, behind = median(f.written for f in found), median(f.behind for f in found)
    slowest = median(max(f.keys) for f in found)
    row(f"{written:,.0f} events/s for 10 s on the screen", "usable, caught up, none lost",
        f"all shown {behind:.1f} s after the last; slowest key {slowest:.2f} s")  # fmt: skip


def history(runs: int, events: int) -> None:
    empty = bench_history.empty_app()
    sizes = [size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size <= events] or [events]
    for size in sizes:
        with tempfile.TemporaryDirectory() as directory:
            bench_history.backfill(directory, size)
            found = [bench_history.measure(directory, size) for _ in range(runs if size <= 1_000_000 else 1)]
        name = f"{size:,} events ({found[0].megabytes:,.0f} MB)"
        decoded = median(f.decoded for f in found)
        first, cold, warm = (median(getattr(f, key) for f in found) for key in ("first", "cold", "warm"))
        asked = size == 1_000_000
        row(f"newest task on the screen, {name}", "2x an empty app", f"{first:.2f} s", f"empty app: {empty:.2f} s",
            times(first / empty))  # fmt: skip
        row(f"folded cold, {name}", "4 s, 400 MB" if asked else "", f"{cold:.2f} s, {found[0].cold_memory} MB",
            f"orjson alone: {decoded:.2f} s", times(cold / decoded))  # fmt: skip
        row(f"folded from the cache, {name}", "0.5 s, 400 MB" if asked else "",
            f"{warm:.2f} s, {found[0].warm_memory} MB", f"orjson alone: {decoded:.2f} s",
            times(warm / decoded))  # fmt: skip


def queries(runs: int, events: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "lineage"
        bench_history.backfill(str(directory), events)
        given = bench_queries.given(directory)
        question = next(q for q in bench_queries.QUESTIONS if q.words == "task {task}")
        command = [*bench_queries.LINEAGE, *question.words.format(**given).split(), "--dir", str(directory)]
        ours = bench_queries.repeated(command, runs, scratch)[0]
        peers: dict[str, list[str] | str] = {}
        if shutil.which("jq") and question.jq:
            peers["jq"] = question.jq.format(**given)
        if importlib.util.find_spec("duckdb") and question.sql:
            peers["DuckDB"] = [sys.executable, "-c", bench_queries.DUCKDB, question.sql.format(**given)]
        taken = {name: bench_queries.repeated(peer, runs, scratch)[0] for name, peer in peers.items()}
        row(f"`lineage task T` over {events:,} events", "0.4 s", f"{ours:.2f} s",
            ", ".join(f"{name}: {seconds:.1f} s" for name, seconds in taken.items()),
            ", ".join(times(ours / seconds) for seconds in taken.values()))  # fmt: skip


def statistics(runs: int, events: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "lineage"
        bench_history.backfill(str(directory), events)
        found = []
        for number in range(runs):
            cache = Path(scratch) / f"cache-{number}"
            found.append([bench_stats.python(bench_stats.READ, str(directory), cache=cache)[0][1] for _ in range(2)])
        turns = bench_stats.python(bench_stats.REFRESH, str(directory), cache=cache)
        _, duck = bench_stats.python(bench_stats.DUCKDB, str(directory), cache=cache)[0]
        lnav = bench_stats.lnav(directory, Path(scratch))
    beside = f"DuckDB: {duck:.1f} s" + (f", lnav: {lnav:.1f} s" if lnav is not None else "")
    for at, (how, reach) in enumerate((("cold", "3 s"), ("from the cache", "0.5 s"))):
        ours = median(pair[at] for pair in found)
        row(f"first figures over {events:,} events, {how}", reach, f"{ours:.2f} s", beside, times(ours / duck))
    row("figures refreshed with 1,000 new events", "100 ms", f"{1000 * median(turn[0] for turn in turns):.0f} ms")


def keys(runs: int, _events: int) -> None:
    found = []
    for _ in range(runs):
        frames, _ = bench_screen.key_to_frame(100_000, 1000, 200)
        cuts = quantiles(frames, n=100)
        found.append((cuts[94], cuts[49]))
    p95, p50 = median(p95 for p95, _ in found), median(p50 for _, p50 in found)
    row("key → frame, 100,000 tasks, 1,000 events/s", "p95 30 ms", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms")


ROWS: tuple[Callable[[int, int], None], ...] = (logging, writing, burst, history, queries, statistics, keys)


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # programs are compiled once, as where they were installed
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="rows of: " + ", ".join(rows.__name__ for rows in ROWS))
    args = parser.parse_args()
    today, load = time.strftime("%Y-%m-%d", time.gmtime()), os.getloadavg()[0]
    print(f"{today}, {os.cpu_count()} cores of {_processor()}, Python {platform.python_version()}, load {load:.1f}, "
          f"medians of {args.runs} runs\n")  # fmt: skip
    print("| what | to reach | ours | beside it | ours / beside |\n|---|---|---|---|---|")
    for rows in ROWS:
        if rows.__name__.startswith(args.only):
            rows(args.runs, args.events)


def _processor() -> str:
    told = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
    return next((line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("Model name")), "")


if __name__ == "__main__":
    main()

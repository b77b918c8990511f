"""A lake of 10,000,000 events of 5 hosts over 30 days: to add them, and to ask, beside DuckDB on the same files.

    .venv/bin/python -m tests.benchmarks.bench_lake [--events N] [--dir DIR] [STEP ...]

1. make: the events are those of the demo, 200,000 of them, and copies with other ids, tasks and sessions.
2. sync: seconds, memory and bytes of `sync`, in a process of its own, and of a second one that finds nothing new.
3. kill: a second table is made by processes that are killed -9 at random; both tables have to hold the same.
4. ask: seconds, beside DuckDB on the same files.
5. compare: answers of `lineage` from the table have to be those from the journals, but for how many were alike of which
   the usual time was learned (`why` of what is expected): these are samples, of each file or of the newest tasks.

With --dir what was made stays, so that the steps can be run one by one.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
from deltalake import DeltaTable
from polars import col

from lineage_core.base import clock
from lineage_core.base.clock import DAY, SECOND
from lineage_core.demo.hosts import backfill_hosts
from lineage_core.lake import table_reader
from lineage_core.lake.table_schema import scanned
from lineage_core.query.event_query import EventQuery

BASE = 200_000
NOW = clock.parse_timestamp("2026-11-22T12:00:00Z") or 0
LATER = NOW + 2 * DAY  # all days are closed
PROGRAM = """
import resource, sys, time
from pathlib import Path
from lineage_core.lake.sync import sync
began = time.perf_counter()
done = sync(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"{done.events:,} events in {time.perf_counter() - began:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s"
      f" with the start, at most {used.ru_maxrss >> 10:,} MiB")
"""
QUESTIONS = (
    "events --task {task}",
    "events --type task_failed --host cortex-3 --since 2d",
    "events --type worker_failed --limit 1000",
    "failed --since 30h",
    "tasks --since 30h",
    "stats --window 30h --by host",
)
_NAMES = re.compile(rb'"(lineage-\d{16}|task-|worker-|session-|handoff-|trace-)')


def make(directory: Path, events: int) -> None:
    """The journals of five hosts."""
    backfill_hosts(directory, 5, min(events, BASE), days=30, clock=lambda: NOW)
    for path in sorted(directory.glob("*/*.jsonl")):
        text = path.read_bytes()
        with path.open("ab") as file:
            for copy in range(1, events // BASE):
                mark = b'"\\g<1>%02d' % (copy % 100)
                file.write(_NAMES.sub(mark, text))


def timed(what: str, ask: Callable[[], Any]) -> Any:
    """Ask three times; print the best."""
    took = []
    for _ in range(3):
        begin, cpu = time.perf_counter(), time.process_time()
        answer = ask()
        took.append((time.perf_counter() - begin, time.process_time() - cpu))
    print(f"{what:55} {min(took)[0]:8.3f} s {min(cpu for _, cpu in took):8.3f} s CPU   {str(answer)[:60]}", flush=True)
    return answer


def agree(one: Any, other: Any) -> bool:
    """Whether two documents are equal; sums of floats depend on their order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(agree(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(agree, one, other))
    return math.isclose(one, other) if isinstance(one, float) and isinstance(other, float) else bool(one == other)


def without_samples(tasks: list[Any]) -> list[Any]:
    """Tasks, without the evidence of the times by which things are expected in them."""
    return [one | {"expects": [item | {"why": None} for item in one["expects"]]} for one in tasks]


def syncing(hosts: Path, url: str) -> subprocess.Popen[str]:
    """A sync as a process."""
    command = [sys.executable, "-c", PROGRAM, str(hosts), url, str(LATER)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def size(folder: Path, pattern: str) -> str:
    return f"{sum(path.stat().st_size for path in folder.rglob(pattern)) >> 20:,} MiB"


def add(hosts: Path, url: str) -> None:
    """Sync twice."""
    print("sync:", syncing(hosts, url).communicate()[0].strip(), flush=True)
    print("again:", syncing(hosts, url).communicate()[0].strip(), flush=True)
    print(f"journals {size(hosts, '*.jsonl')}, Parquet {size(Path(url), '*.parquet')}", flush=True)


def kill(hosts: Path, url: str, other: str, kills: int) -> None:
    """Sync under kill -9; the table has to hold what the other one does, and each event of the journals once."""
    rng, done, commits = random.Random(18), 0, Path(url, "_delta_log")
    while True:
        run = syncing(hosts, url)
        seen = len([*commits.glob("*.json")]) + rng.randrange(3)  # so many commits later, or a moment after the start
        while run.poll() is None and len([*commits.glob("*.json")]) < seen:
            time.sleep(0.01)
        try:
            run.communicate(timeout=rng.uniform(0, 4) if done < kills else None)
            break
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.communicate()
            done += 1
    keys = ["file", "offset"]
    counts = []
    for one in (url, other):
        rows = scanned(one).select(
            rows=pl.len(),
            places=pl.struct(keys).n_unique(),
            ids=col("lineage_id").n_unique(),
            content=pl.struct("host", "task_id", "at", "record", *keys).hash(18).sum(),
        )
        counts.append(rows.collect(engine="streaming").row(0))
    lines = sum(path.read_bytes().count(b"\n") for path in hosts.glob("*/*.jsonl"))
    print(f"killed {done} times: {counts[0]}; never: {counts[1]} (rows, places, ids, hash); lines: {lines}", flush=True)
    assert counts[0] == counts[1] and counts[0][0] == counts[0][1] == lines


def ask(url: str, events: int) -> None:
    """Seconds, beside DuckDB."""
    task = a_task(url)
    files = f"read_parquet({[str(one) for one in DeltaTable(url).file_uris()]!r}, hive_partitioning=true)"
    ours = timed("one task: lineage", lambda: len(table_reader.events(url, EventQuery(tasks=(task,)), None)[0]))
    sql = f"""select record from {files} where task_id = '{task}' order by "at" """
    theirs = timed("one task: duckdb", lambda: len(duckdb.execute(sql).fetchall()))
    assert ours == theirs, (ours, theirs)
    failed = scanned(url).filter(col("event_type") == "task_failed").group_by("date", "host").len()
    ours = timed("failures by day and host: polars on the table", lambda: failed.collect().height)
    sql = f"select date, host, count(*) from {files} where event_type = 'task_failed' group by all"
    theirs = timed("failures by day and host: duckdb", lambda: len(duckdb.execute(sql).fetchall()))
    assert ours == theirs, (ours, theirs)
    query = EventQuery(types=("task_failed",), hosts=("cortex-3",))
    ours = timed("failures of a host: lineage events", lambda: len(table_reader.events(url, query, None)[0]))
    sql = f"""select record from {files} where event_type = 'task_failed' and host = 'cortex-3' order by "at" """
    theirs = timed("failures of a host: duckdb", lambda: len(duckdb.execute(sql).fetchall()))
    assert ours == theirs, (ours, theirs)
    timed("count of all: polars", lambda: scanned(url).select(pl.len()).collect().item())
    if events <= 1_000_000:
        timed("all tasks, with all they mean: load", lambda: len(table_reader.load(url).state.rows))
        timed("all frames, for stats", lambda: table_reader.frames(url).tasks.height)


def a_task(url: str) -> str:
    return str(scanned(url).select("task_id").slice(1000, 1).collect().item())


def compare(hosts: Path, url: str) -> None:
    """The same questions to both."""
    environ = os.environ | {"LINEAGE_NOW": clock.format_timestamp(NOW + 12 * 3600 * SECOND)}
    for words in QUESTIONS:
        given = []
        for where in (["--dir", str(hosts)], ["--lake", url]):
            begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [
                sys.executable,
                "-m",
                "lineage_core.cli",
                *words.format(task=a_task(url)).split(),
                "--json",
                *where,
            ]
            out = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environ).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            given.append((json.loads(out), f"{time.perf_counter() - begin:.1f} s, CPU {used:.1f} s"))
        (journals, one), (lake, two) = given
        same = agree(*(without_samples(one) if words.startswith("tasks") else one for one in (journals, lake)))
        print(
            f"{words:55} journals {one}; lake {two}; {len(out):,} bytes, {'equal' if same else 'NOT EQUAL'}", flush=True
        )
        assert same and journals


def main() -> None:
    """Make, add, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", metavar="STEP", nargs="*", default=["make", "sync", "kill", "ask", "compare"])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--dir", type=Path)
    args = parser.parse_args()
    with TemporaryDirectory(prefix="lineage-lake-") as temporary:
        home = args.dir or Path(temporary)
        hosts, url = home / "hosts", str(home / "table")
        steps: dict[str, Callable[[], None]] = {
            "make": lambda: make(hosts, args.events),
            "sync": lambda: add(hosts, url),
            "kill": lambda: kill(hosts, str(home / "killed"), url, args.kills),
            "ask": lambda: ask(url, args.events),
            "compare": lambda: compare(hosts, url),
        }
        for step in args.steps:
            steps[step]()


if __name__ == "__main__":
    main()

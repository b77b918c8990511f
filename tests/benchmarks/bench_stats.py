"""How long the figures take: cold, from the cache, and a refresh with 1,000 new events; beside DuckDB and lnav.

    python tests/benchmarks/bench_stats.py [--events 10000,100000,1000000] [--dir DIR] [--processor-time]

Each size is a directory that `lineage demo --backfill` writes over 30 days (or that of --dir). Every time is that of
a fresh process, after its imports. Cold means that the caches of the user are an empty directory. "decoded" is what
merely decoding every line with orjson takes. DuckDB (through its Python package) answers seven of our questions in
SQL over the same files, lnav (if installed) counts events by type. Memory is the largest resident size, in MB. With
--processor-time every time is that of all threads on the processor, which other work changes least; without lnav.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

DECODE = """
import sys, time
from pathlib import Path
import orjson
began = time.monotonic()
for path in Path(sys.argv[1]).glob("*.jsonl"):
    with open(path, "rb") as file:
        for line in file:
            orjson.loads(line)
print(time.monotonic() - began, 0)
"""
READ = """
import resource, sys, time
from pathlib import Path
from lineage_core import stats
from lineage_core.base import clock
from lineage_core.dataframes.reader import read_frames
from lineage_core.stats.all_figures import document
began = time.monotonic()
reader = read_frames(Path(sys.argv[1]))
read = time.monotonic() - began
cut = stats.Window(reader.frames, None, clock.now())
stats.failures(cut, "master"), stats.durations(cut, "worker_type"), stats.event_types(cut)
first = time.monotonic() - began
document(cut, 30 * clock.MINUTE)
every = time.monotonic() - began
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
reader.keep()
print(read, first, every, memory)
"""
REFRESH = """
import sys, time
from pathlib import Path
from random import Random
from lineage_core import stats
from lineage_core.base import clock
from lineage_core.demo.simulation import history
from lineage_core.demo.writer import record_of
from lineage_core.dataframes.reader import FrameReader
from lineage_core.write.journal import Journal
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.stats import PAGES
directory = Path(sys.argv[1])
reader, journal = FrameReader(directory), Journal(directory)
reader.refresh()
for turn in range(6):
    now = clock.now()
    events = history(900 + turn, now, 1000, clock.HOUR, run=f"turn{turn}x{now}")
    journal.append_many((record_of(event), event.at) for event in events)
    began = time.monotonic()
    reader.refresh()
    read = time.monotonic() - began
    times = []
    for window in ("24h", "all"):
        span = stats.WINDOWS[window]
        cut = stats.Window(reader.frames, None if span is None else now - span, now)
        for page in PAGES.values():
            began = time.monotonic()
            page(cut, Thresholds())
            times.append(time.monotonic() - began)
    if turn:  # the first one loads what is needed to go on
        print(read, *times)
"""
DUCKDB = """
import sys, time
import duckdb
columns = ("{lineage_id: 'VARCHAR', task_id: 'VARCHAR', event_type: 'VARCHAR', timestamp: 'TIMESTAMP', "
           "actor: 'STRUCT(type VARCHAR, id VARCHAR)', event_data: 'JSON', context: 'STRUCT(session_id VARCHAR)'}")
began = time.monotonic()
duck = duckdb.connect()
duck.execute("SET enable_progress_bar = false")
duck.execute(f"CREATE TABLE events AS SELECT * FROM read_ndjson('{sys.argv[1]}/*.jsonl', columns = {columns})")
read = time.monotonic() - began
LIFE = '''
    WITH life AS (
        SELECT task_id, event_data->>'worker_id' AS worker, any_value(event_data->>'worker_type') AS kind,
               max(timestamp) FILTER (event_type = 'worker_started') AS started,
               max(timestamp) FILTER (event_type IN ('worker_completed', 'worker_failed')) AS ended,
               count(*) FILTER (event_type = 'worker_failed') AS failed,
               last((event_data->'$.token_usage.total_tokens')::BIGINT ORDER BY timestamp) AS tokens
        FROM events WHERE event_type LIKE 'worker%' GROUP BY ALL)
'''
for question in (
    "SELECT event_type, count(*), max(timestamp) FROM events GROUP BY 1",
    "SELECT timestamp::DATE, hour(timestamp), count(*) FROM events GROUP BY ALL",
    LIFE + "SELECT kind, count(*), quantile_cont(epoch_ms(ended) - epoch_ms(started), [0.5, 0.95, 0.99]) "
    "FROM life GROUP BY 1",
    LIFE + "SELECT kind, sum(failed), count(*) FROM life GROUP BY 1",
    LIFE + "SELECT kind, sum(tokens) FROM life GROUP BY 1",
    "SELECT event_data->>'reason', count(*), min(timestamp), max(timestamp) FROM events "
    "WHERE event_type = 'task_failed' GROUP BY 1",
    "SELECT task_id, arg_max(event_type, timestamp), max(timestamp) FROM events "
    "WHERE event_type LIKE 'task%' GROUP BY 1",
):
    duck.execute(question).fetchall()
print(read, time.monotonic() - began)
"""
FORMAT = {
    "lineage_log": {
        "title": "lineage",
        "json": True,
        "file-pattern": r"lineage-.*\.jsonl",
        "timestamp-field": "timestamp",
        "body-field": "event_type",
        "line-format": [{"field": "timestamp"}, " ", {"field": "event_type"}],
        "value": {"task_id": {"kind": "string"}, "event_data": {"kind": "json", "hidden": True}},
    }
}
PANES = ("flow", "durations", "failures", "tokens", "workers", "health")


def python(code: str, *words: str, cache: Path, clock: str = "monotonic") -> list[list[float]]:
    """The numbers that a fresh interpreter prints, line by line, with the user's caches in `cache`.

    clock: the function of `time` that tells how long something took.
    """
    env = os.environ | {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code.replace("time.monotonic", f"time.{clock}"), *words],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return [[float(word) for word in line.split()] for line in done.stdout.splitlines()]


def lnav(directory: Path, home: Path) -> float | None:
    """Seconds that lnav takes to count events by type; None where it is not installed."""
    if not shutil.which("lnav"):
        return None
    formats = home / "formats" / "installed"
    formats.mkdir(parents=True, exist_ok=True)
    (formats / "lineage.json").write_text(json.dumps(FORMAT))
    files = [str(path) for path in sorted(directory.glob("*.jsonl"))]
    question = ";select log_body, count(*) from lineage_log group by 1"
    began = time.monotonic()
    subprocess.run(["lnav", "-n", "-I", str(home), "-c", question, *files], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(directory: Path, home: Path, clock: str) -> None:
    """One directory: print its lines. clock: as `python` has it."""
    run = partial(python, cache=home / "cache", clock=clock)
    size = sum(path.stat().st_size for path in directory.glob("*.jsonl"))
    events = sum(path.read_bytes().count(b"\n") for path in directory.glob("*.jsonl"))
    ((decoded, _),) = run(DECODE, str(directory))
    print(f"{events:>9,} events ({size / 1e6:.0f} MB), decoded by orjson alone in {decoded:.2f} s", flush=True)

    def line(what: str, taken: float, note: str = "") -> None:
        print(f"  {what:44} {taken:7.3f} s  {taken / decoded:5.2f}x  {note}", flush=True)

    for how in ("cold", "from the cache", "from the cache, again"):
        ((read, first, every, memory),) = run(READ, str(directory))
        line(f"frames read, {how}", read)
        line(f"first figures, {how}", first, f"{memory:.0f} MB with all")
        line(f"every figure, {how}", every)
    turns = run(REFRESH, str(directory))
    line("refresh with 1,000 new events: frames", median(turn[0] for turn in turns))
    for n, window in enumerate(("24h", "all")):
        for m, pane in enumerate(PANES):
            line(f"  + the pane {pane} of {window}", median(turn[1 + n * len(PANES) + m] for turn in turns))
    ((read, every),) = run(DUCKDB, str(directory))
    line("DuckDB: files into a table", read)
    line("DuckDB: with seven of the questions", every)
    taken = lnav(directory, home) if clock == "monotonic" else None
    if taken is not None:
        line("lnav: events by type", taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", default="10000,100000,1000000")
    parser.add_argument("--dir", type=Path, help="measure over a copy of this directory")
    parser.add_argument("--processor-time", action="store_true", help="of all threads, in place of time that passes")
    args = parser.parse_args()
    for count in [0] if args.dir else [int(word) for word in args.events.split(",")]:
        with tempfile.TemporaryDirectory() as home:
            directory = Path(home) / "lineage"
            if args.dir:
                shutil.copytree(args.dir, directory)
            else:
                words = ["demo", "--dir", str(directory), "--backfill", str(count), "--days", "30"]
                command = [sys.executable, "-m", "lineage_core.cli", *words]
                subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            measure(directory, Path(home), "process_time" if args.processor_time else "monotonic")


if __name__ == "__main__":
    main()

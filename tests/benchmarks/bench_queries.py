"""How long each query takes as a whole process, beside jq and DuckDB asked the same in the same run.

    python tests/benchmarks/bench_queries.py [--events 1000000] [--runs 3] [--dir DIR]

The journal is written by `lineage demo --backfill` over 30 days, or is that of --dir. "first" is with the caches of the
user deleted, "again" the median of the runs after it; point queries have no cache. A peer is run once if it takes
more than five seconds, else as often as ours. CPU is the sum over our processes, for the median run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
DUCKDB = """
import sys, duckdb
print(len(duckdb.sql(sys.argv[1]).fetchall()))
"""


class Question(NamedTuple):
    """A query of ours, and how jq (a shell command) and DuckDB (SQL) are asked the same; None: no fair way."""

    words: str
    jq: str | None
    sql: str | None


QUESTIONS = (
    Question("task {task}", "jq -c 'select(.task_id == \"{task}\")' {files}", "from {json} where task_id = '{task}'"),
    Question("timeline {task}", None, None),
    Question("duration {task}", None, None),
    Question("events --task {task}", None, None),
    Question(
        "events --type task_failed",
        "jq -c 'select(.event_type == \"task_failed\")' {files}",
        "from {json} where event_type = 'task_failed'",
    ),
    Question(
        "events --grep connection.refused",
        "jq -c 'select(tostring | test(\"connection.refused\"))' {files}",
        "select * from read_csv({list}, columns = {{'line': 'text'}}, delim = '\\0', quote = '', escape = '',"
        " header = false) where regexp_matches(line, 'connection.refused')",
    ),
    Question(
        "events --since 1d",
        "jq -c 'select(.timestamp > \"{yesterday}\")' {files}",
        "from {json} where timestamp > '{yesterday}'",
    ),
    Question("recent 20", "tail -n 20 {newest} | jq -c .", "from {json} order by timestamp desc limit 20"),
    Question(
        "tasks --limit 20",
        "jq -n 'reduce inputs as $e ({{}}; .[$e.task_id] = $e.event_type) | length' {files}",
        "select task_id, arg_max(event_type, timestamp) as status, max(timestamp) as last, count(*) from {json}"
        " group by task_id order by last desc limit 20",
    ),
    Question("workers --limit 20", None, None),
    Question(
        "failed --limit 20",
        "jq -c 'select(.event_type | endswith(\"_failed\"))' {files}",
        "from {json} where event_type like '%_failed' order by timestamp desc limit 20",
    ),
    Question("zombies", None, None),
    Question("chain {task}", None, None),
    Question(
        "stats",
        "jq -n 'reduce inputs as $e ({{}}; .[$e.event_type] += 1)' {files}",
        "select event_type, actor.id, count(*) from {json} group by all",
    ),
    Question("events --format jsonl", "jq -c . {files}", None),
    Question("tasks --format csv", None, None),
)
COLUMNS = (
    "{lineage_id: 'VARCHAR', task_id: 'VARCHAR', event_type: 'VARCHAR', timestamp: 'VARCHAR',"
    " actor: 'STRUCT(type VARCHAR, id VARCHAR)', event_data: 'JSON', parent_lineage_id: 'VARCHAR'}"
)


def timed(command: Sequence[str] | str, cache: str) -> tuple[float, float]:
    """Seconds of wall clock and of CPU that a command takes, its output read and thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"XDG_CACHE_HOME": cache},
        check=False,
    )
    taken = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{command} failed: {done.stderr.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def repeated(command: Sequence[str] | str, runs: int, cache: str) -> tuple[float, float]:
    """The median run of a command; one that takes over five seconds is run once."""
    results = [timed(command, cache)]
    while len(results) < runs and results[0][0] < 5:
        results.append(timed(command, cache))
    return median(wall for wall, _ in results), median(cpu for _, cpu in results)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--only", default="", help="only questions that begin with this")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = args.dir or Path(scratch) / "lineage"
        if not args.dir:
            words = ["demo", "--dir", str(directory), "--backfill", str(args.events), "--days", "30"]
            subprocess.run([*LINEAGE, *words], check=True)
        measure(directory, args.runs, args.only, scratch)


def given(directory: Path) -> dict[str, str]:
    """What the questions are filled in with: a task in the middle of the journal, and its files for each peer."""
    files = sorted(directory.glob("lineage-*.jsonl"))
    middle = files[len(files) // 2].read_bytes()[: 1 << 20].split(b'"task_id":"')[1].partition(b'"')[0].decode()
    listed = "[" + ", ".join(f"'{path}'" for path in files) + "]"
    return {
        "task": middle,
        "files": f"{directory}/lineage-*.jsonl",
        "newest": str(files[-1]),
        "list": listed,
        "json": f"read_ndjson({listed}, columns = {COLUMNS})",
        "yesterday": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 86400)),
    }


def measure(directory: Path, runs: int, only: str, scratch: str) -> None:
    """Print the table."""
    files = sorted(directory.glob("lineage-*.jsonl"))
    size = sum(path.stat().st_size for path in files)
    filled = given(directory)
    duckdb = importlib.util.find_spec("duckdb") is not None
    jq = shutil.which("jq") is not None
    print(f"{size / 1e6:.0f} MB in {len(files)} files, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| query | first s | again s | CPU s | jq s | DuckDB s | jq / ours | DuckDB / ours |")
    print("|---|---|---|---|---|---|---|---|")
    for question in QUESTIONS:
        if not question.words.startswith(only):
            continue
        cache = tempfile.mkdtemp(dir=scratch)
        command = [*LINEAGE, *question.words.format(**filled).split(), "--dir", str(directory)]
        first, _ = timed(command, cache)
        again, cpu = repeated(command, runs, cache)
        by_jq = by_duckdb = None
        if jq and question.jq:
            by_jq = repeated(question.jq.format(**filled), runs, cache)[0]
        if duckdb and question.sql:
            by_duckdb = repeated([sys.executable, "-c", DUCKDB, question.sql.format(**filled)], runs, cache)[0]
        cells = [first, again, cpu, by_jq, by_duckdb, by_jq and by_jq / again, by_duckdb and by_duckdb / again]
        shown = " | ".join("-" if cell is None else f"{cell:.2f}" for cell in cells)
        print(f"| {question.words.replace('{task}', 'T')} | {shown} |", flush=True)


if __name__ == "__main__":
    main()

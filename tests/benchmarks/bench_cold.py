"""How much processor time a cold history takes, that of all processes which help to fold it, beside orjson alone.

    python tests/benchmarks/bench_cold.py [--dir DIRECTORY] [--events 1000000] [--half] [--runs 3]

With --half a directory is made of which half of the tasks are not of the sort that has one attempt, no handoff and no
reassignment: a quarter is begun again after a failure, a sixth handed over four times. Half of the ratio is what two
cores take, as far as the files keep both busy. Linux only: processes that outlive their starter are waited for here.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
from itertools import accumulate
from pathlib import Path
from statistics import median

from bench_history import DECODE, LOAD

from lineage_core.demo import scenarios, simulation, stuck_scenarios
from lineage_core.demo.writer import backfill

SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
BEGUN_AGAIN = {scenarios.reopened: 500, stuck_scenarios.ping_pong: 300, scenarios.handed_off: 170}


def make(directory: Path, events: int, *, half: bool) -> None:
    """Write a past of so many events over 30 days."""
    if half:
        weights = scenarios.WEIGHTS | BEGUN_AGAIN
        simulation._KINDS, simulation._CUMULATIVE = tuple(weights), tuple(accumulate(weights.values()))
    backfill(directory, events, days=30)


def took(code: str, directory: Path) -> float:
    """Seconds of processor time of a fresh interpreter with empty caches, and of all processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | {"XDG_CACHE_HOME": cache}
        subprocess.run([sys.executable, "-c", code, directory], env=env, capture_output=True, check=True)
        try:
            while True:
                os.wait()
        except ChildProcessError:
            pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--half", action="store_true", help="make half of the tasks such that are not plain")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as home:
        directory = args.dir or Path(home) / "lineage"
        if args.dir is None:
            make(directory, args.events, half=args.half)
        runs = [(took(DECODE, directory), took(LOAD, directory)) for _ in range(args.runs)]
    for alone, ours in runs:
        ratio = ours / alone
        print(f"orjson alone {alone:.2f} s, ours {ours:.2f} s: {ratio:.2f}x, on two cores {ratio / 2:.2f}x")
    print(f"median {median(ours / alone for alone, ours in runs):.2f}x")


if __name__ == "__main__":
    main()

"""The rows of the speed table over many hosts, beside one host with as many events, in one run.

    python tests/benchmarks/bench_hosts.py [--hosts 100] [--tasks 100000] [--rate 200] [--keys 120] [--dir DIR]

Folded cold and from the cache; the newest task on the screen, cold; a key to the next frame while events are written;
the first figures. Seconds by the clock and of processor time (with the processes that help), memory in MB.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import quantiles

from bench_history import LOAD
from bench_screen import TIMED, Terminal

LINEAGE = str(Path(sys.executable).parent / "lineage")
EVENTS_A_TASK = 11
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
FIGURES = """
import sys, time
from pathlib import Path
from lineage_core.dataframes.reader import read_frames
began = time.monotonic()
reader = read_frames(Path(sys.argv[1]))
reader.keep()
print(time.monotonic() - began, reader.frames.tasks.height)
"""


def asked(what: str, code: str, directory: Path) -> list[str]:
    """What a fresh interpreter prints; its seconds are printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    out = subprocess.run(
        [sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=True
    ).stdout
    with suppress(ChildProcessError):
        while True:
            os.wait()  # processes that it did not wait for: their time would not count
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  {what:32} {time.monotonic() - began:7.2f} s, {used:7.2f} s CPU   {' '.join(out.split()[1:])}", flush=True)
    return out.split()


def newest_task(directory: Path) -> bytes:
    """The end of the id of the task that was made last."""
    lines = [
        line
        for path in directory.rglob("*.jsonl")
        for line in path.read_bytes()[-200_000:].splitlines()[1:]
        if b'"task_created"' in line
    ]
    newest = max(lines, key=lambda line: line.split(b'"timestamp":"')[1][:26])
    return newest.split(b'"task_id":"')[1].split(b'"')[0][-12:]


def keys(directory: Path, hosts: int, rate: float, count: int) -> None:
    """A key to the next frame, over everything, while events are written."""
    with tempfile.TemporaryDirectory() as home:
        log, script = Path(home) / "frames.log", Path(home) / "timed.py"
        script.write_text(TIMED)
        terminal = Terminal([sys.executable, str(script), str(directory), str(log)])
        terminal.wait_for(b"live")
        print(f"  {'opened and read':32} {time.monotonic() - terminal.started:7.2f} s", flush=True)
        words = [LINEAGE, "demo", "--dir", str(directory), "--rate", str(rate)]
        words += ["--hosts", str(hosts)] if hosts > 1 else ["--shell-share", "0"]
        writer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        time.sleep(2)
        before = _used(terminal.process.pid)
        for number in range(count):
            terminal.key(b"k" if number % 40 > 20 else b"j")
            time.sleep(0.05)
        time.sleep(0.5)
        used = _used(terminal.process.pid) - before
        status = Path(f"/proc/{terminal.process.pid}/status").read_text()
        memory = int(status.split("VmRSS:")[1].split()[0]) >> 10
        writer.terminate()
        writer.wait()
        terminal.close()
        cuts = quantiles([float(line) for line in log.read_text().split()], n=100, method="inclusive")
        print(f"  key -> frame: p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms; {used:.2f} s CPU; {memory} MB resident")


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(directory: Path, hosts: int, tasks: int, rate: float, count: int) -> None:
    """Everything over one directory."""
    print(f"{hosts} host{'s' if hosts > 1 else ''}")
    if not directory.exists():
        words = ["demo", "--dir", str(directory), "--backfill", str(tasks * EVENTS_A_TASK), "--days", "30"]
        words += ["--hosts", str(hosts)] if hosts > 1 else []
        subprocess.run([LINEAGE, *words], check=True, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = str(Path(cache) / "first")
        terminal = Terminal([str(Path(sys.executable).parent / "lineage-tui"), "--dir", str(directory), "--fresh"])
        took = terminal.wait_for(newest_task(directory))
        terminal.close()
        print(f"  {'newest task on the screen, cold':32} {took:7.2f} s", flush=True)
        os.environ["XDG_CACHE_HOME"] = cache
        asked("folded, cold", LOAD, directory)
        asked("folded, from the cache", LOAD, directory)
        asked("frames for figures, cold", FIGURES, directory)
        asked("frames for figures, again", FIGURES, directory)
        keys(directory, hosts, rate, count)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--keys", type=int, default=120)
    parser.add_argument("--dir", type=Path, help="keep the directories here")
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    with tempfile.TemporaryDirectory() as temporary:
        for hosts in (1, args.hosts):
            measure((args.dir or Path(temporary)) / f"hosts-{hosts}", hosts, args.tasks, args.rate, args.keys)


if __name__ == "__main__":
    main()

"""What one logged event costs, in bash and as a process, beside loggers that fork jq and date as older ones do.

    python tests/benchmarks/bench_log.py [--rounds 15]

Everything is measured in turn, round by round, so that a busy machine slows all alike. A function is called many
times in a shell that has sourced the library; a command is a process. Shown is the median over the rounds, in
milliseconds, and what it is of the thing it is measured by.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import lineage_core

PACKAGE = Path(lineage_core.__file__).parent
LIBRARY = PACKAGE / "shell" / "lineage.sh"

DATA = (
    '{"priority":"high","type":"security","token_budget":12000,"repository":"acme/api","branch":"main",'
    '"token_usage":{"input_tokens":1200,"output_tokens":300,"total_tokens":1500},"deliverables":["a.txt","b"]}'
)
PRETTY = """{
  "priority": "high",
  "type": "security",
  "token_budget": 12000,
  "token_usage": {
    "input_tokens": 1200,
    "total_tokens": 1500
  },
  "deliverables": [
    "report \\"final\\".txt"
  ]
}"""

# The way the functions that hosts have today work: jq and date are started for each event, and two files written.
FORKING = r"""
log_forking() {
  local id ts event
  id="lineage-$(date +%s)$((RANDOM % 1000))"
  ts=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  event=$(jq -n --arg id "$id" --arg task "$1" --arg actor "$2" --arg ts "$ts" --argjson data "${3:-{\}}" \
    --arg principal "${CORTEX_PRINCIPAL:-system}" '{lineage_id: $id, task_id: $task, event_type: "task_created",
      timestamp: $ts, actor: {type: "user", id: $actor, principal: $principal}, event_data: $data,
      parent_lineage_id: null, version: "1.0.0"}')
  event=$(echo "$event" | jq 'if .parent_lineage_id == "" then .parent_lineage_id = null else . end')
  echo "$event" >> "$LINEAGE_DIR/forking-$(date +%Y-%m-%d).txt"
  echo "$event" >> "$LINEAGE_DIR/forking.txt"
}
"""
LOOP = "for (( i = 0; i < $1; i++ )); do {call}; done"


def processes(command: list[str], environ: dict[str, str], times: int = 3) -> float:
    """Milliseconds of one process, on average."""
    start = time.perf_counter()
    for _ in range(times):
        subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1000 / times


def in_shell(prologue: str, call: str, environ: dict[str, str], times: int) -> float:
    """Milliseconds of one call in a shell, without the start of the shell."""
    clock = "begin=${EPOCHREALTIME/[.,]/}\n%s\nend=${EPOCHREALTIME/[.,]/}; echo $(( end - begin ))"
    script = f"{prologue}\n{call} >/dev/null\n{clock % LOOP.format(call=call)}"
    words = ["bash", "-c", script, "bench", str(times)]
    told = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout
    return int(told.split()[-1]) / 1000 / times


WANTED = {
    "function": ("forking logger", "0.4 ms, 100x"),
    "function, data": ("forking logger, data", "2 ms, 25x"),
    "function, data from jq": ("forking logger, data", ""),
    "function, umlauts": ("forking logger", ""),
    "function, by Python": ("forking logger, data", ""),
    "lineage log": ("bash -c :", "at most 4x"),
    "lineage log --data": ("bash -c :", ""),
    "lineage log by symlink": ("bash -c :", ""),
    "lineage log in Python": ("python -c pass", "at most 4x"),
    "lineage log --data, Python": ("python -c pass", "at most 4x"),
}
"""What each is measured by, and what DESIGN asks for."""


def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of everything, one for each round."""
    if not shutil.which("jq"):
        sys.exit("needs jq")
    compileall.compile_dir(PACKAGE, quiet=1)  # as an installed package is
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        journal.mkdir()
        environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "LINEAGE_DIR": str(journal),
            "LINEAGE_PYTHON": sys.executable,
            "DATA": DATA,
            "PRETTY": PRETTY,
        }
        source = f'source "{LIBRARY}"'
        log = ["log", "task_created", "task-1", "user-kim"]
        launcher = str(LIBRARY.with_name("lineage"))
        linked = Path(folder) / "linked"
        linked.symlink_to(launcher)
        python = [sys.executable, "-m", "lineage_core.cli"]
        every = {
            "bash -c :": lambda: processes(["bash", "-c", ":"], environ),
            "python -c pass": lambda: processes([sys.executable, "-c", "pass"], environ),
            "forking logger": lambda: in_shell(FORKING, "log_forking task-1 user-kim", environ, 3),
            "forking logger, data": lambda: in_shell(FORKING, 'log_forking task-1 user-kim "$DATA"', environ, 3),
            "function": lambda: in_shell(source, "log_task_created task-1 user-kim", environ, 300),
            "function, data": lambda: in_shell(source, 'log_task_created task-1 user-kim "$DATA"', environ, 200),
            "function, data from jq": lambda: in_shell(source, 'log_task_created task-1 kim "$PRETTY"', environ, 200),
            "function, umlauts": lambda: in_shell(source, "log_task_failed task-1 a-master 'zu groß'", environ, 200),
            "function, by Python": lambda: in_shell(
                source, """log_task_created task-1 user-kim '{"a":"\\u00e9"}'""", environ, 3
            ),
            "source lineage.sh": lambda: processes(["bash", "-c", source], environ),
            "lineage log": lambda: processes([launcher, *log], environ),
            "lineage log --data": lambda: processes([launcher, *log, "--data", DATA], environ),
            "lineage log by symlink": lambda: processes([str(linked), *log], environ),
            "lineage log in Python": lambda: processes([*python, *log], environ),
            "lineage log --data, Python": lambda: processes([*python, *log, "--data", DATA], environ),
        }
        measured: dict[str, list[float]] = {name: [] for name in every}
        for _ in range(rounds):
            for name, once in every.items():
                measured[name].append(once())
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    measured = measure(parser.parse_args().rounds)
    middle = {name: median(values) for name, values in measured.items()}
    print(f"{'':28}{'median ms':>10}{'best ms':>10}   against")
    for name, values in measured.items():
        against, reach = WANTED.get(name, ("", ""))
        ratio = middle[name] / middle[against] if against else 0
        told = "" if not against else f"1/{1 / ratio:.0f} of {against}" if ratio < 1 else f"{ratio:.1f}x {against}"
        print(f"{name:28}{middle[name]:10.3f}{min(values):10.3f}   {told}{f' (reach: {reach})' if reach else ''}")


if __name__ == "__main__":
    main()

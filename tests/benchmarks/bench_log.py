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
# The calls of the seed's page of integration points as it prints them, DATA as its jq commands give it.
SEED = r"""
log_seed() {
  log_task_created "$T" "${CORTEX_PRINCIPAL:-user}" $'{\n  "priority": "high",\n  "type": "development"\n}'
  log_task_assigned "$T" coordinator-master development-master high
  log_task_started "$T" development-master '{}'
  log_worker_spawned "$T" development-master worker-1 scan-worker \
    $'{\n  "priority": "high",\n  "token_budget": 12000\n}'
  log_worker_started "$T" worker-1 scan-worker '{}'
  log_worker_completed "$T" worker-1 success \
    $'{\n  "token_usage": 1500,\n  "duration_ms": 42000,\n  "deliverables": [\n    "a.txt"\n  ]\n}'
  log_worker_failed "$T" worker-1 "exit 1" '{"error_type":"timeout","error_message":"no answer in 60 s"}'
  log_task_completed "$T" development-master success \
    $'{\n  "completion_status": "success",\n  "deliverables": [\n    "a.txt"\n  ],\n'\
$'  "token_usage": {\n    "total_tokens": 1500\n  },\n  "duration_ms": 42000\n}'
  log_task_failed "$T" development-master "build broke" '{"exit_code":1}'
  log_task_blocked "$T" security-master "Waiting for dependency: task-2" '{}'
  log_task_unblocked "$T" security-master "Dependency completed: task-2" '{}'
  log_task_reassigned "$T" security-master development-master "wrong specialist" '{}'
  log_task_escalated "$T" security-master "Requires manual review" '{}'
  log_task_cancelled "$T" coordinator-master "User requested cancellation" '{}'
  log_handoff_created "$T" handoff-1 security-master development-master '{}'
  log_handoff_accepted "$T" handoff-1 development-master '{}'
  log_handoff_completed "$T" handoff-1 development-master '{"completion_status":"success"}'
}
T=task-1
"""
SEED_CALLS = SEED.count('"$T"')

# What scripts of a month logged beside that, in the same share: escapes, odd numbers, colours, words that look like
# secrets, a password, a stack trace of 5 KB, and one call in a hundred that only Python can judge.
MIX = (
    SEED
    + r"""
log_mix() {
  local n; printf -v trace '  at worker.py line %d\\n' {1..180}
  for n in 1 2 3 4 5; do log_seed; done
  log_task_created "$T" kim '{"limits":{"max":5},"usage":{"max":3},"s":1,"ratio":1e-05}'
  log_worker_failed "$T" worker-1 $'\e[31merror\e[0m: token limit exceeded' '{"token_count":9000,"error_type":"limit"}'
  log_task_failed "$T" a-master 'wrong password for the registry' '{"note":"caf\u00e9 \ud83d\ude00"}'
  log_worker_failed "$T" worker-1 'broke' "{\"error_details\":{\"stack_trace\":\"$trace\"}}"
  log_worker_progress "$T" worker-1 33.5 '{"current_step":"l\u00e4uft"}'
  log_task_created "$T" kim '{"password":"hunter2"}'
  log_task_failed "$T" a-master 'curl -u kim:hunter2 https://host/api: 502'
}
"""
)
MIX_CALLS = 5 * SEED_CALLS + 7
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
    "the seed's own snippets": ("forking logger, data", "2 ms, 25x"),
    "1,000 recorded calls": ("forking logger, data", "2 ms"),
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
            "the seed's own snippets": lambda: in_shell(source + SEED, "log_seed", environ, 10) / SEED_CALLS,
            "1,000 recorded calls": lambda: in_shell(source + MIX, "log_mix", environ, 1000 // MIX_CALLS) / MIX_CALLS,
            "function, by Python": lambda: in_shell(
                source, """log_task_created task-1 user-kim '{"a":1,"a":2}'""", environ, 3
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

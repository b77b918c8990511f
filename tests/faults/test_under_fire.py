"""Case 42: 20,000 events a second while somebody presses keys. How fast the answers are, tests/benchmarks measures."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.faults.pseudo_terminal import PtyProgram

TUI = [sys.executable, "-m", "lineage_tui.cli"]
RATE, SECONDS = 20_000, 3

# One write per event, at RATE events a second, as far as the machine goes.
_WRITER = f"""
import os, sys, time
line = (b'{{"lineage_id":"lineage-%d","task_id":"task-%d","event_type":"worker_progress","timestamp":'
        b'"2026-03-14T02:%02d:%02d.%06dZ","actor":{{"type":"worker","id":"w-%d"}},'
        b'"event_data":{{"worker_id":"w-%d","progress_percentage":%d}}}}\\n')
lines = [line % (n, n % 2000, n // 60000, n // 1000 % 60, n % 1000, n % 50, n % 50, n % 100)
         for n in range({RATE * SECONDS})]
fd = os.open(sys.argv[1], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
began = time.monotonic()
for n, text in enumerate(lines):
    os.write(fd, text)
    if n % 200 == 0:
        time.sleep(max(0, n / {RATE} - (time.monotonic() - began)))
"""


def test_keys_are_answered_and_nothing_is_lost_at_20_000_events_a_second(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    with PtyProgram([*TUI, "--dir", str(directory)], env={"LINEAGE_NOW": "2026-03-14T03:00:00Z"}) as app:
        app.wait_for("No events yet")
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(directory / "lineage-2026-03-14.jsonl")])
        app.wait_for("task-")
        answers = []
        while writer.poll() is None or len(answers) < 10:
            began = time.monotonic()
            app.keys("?")
            app.wait_for("lineage-tui: keys")
            answers.append(time.monotonic() - began)
            app.keys("?")
            app.wait_for("lineage-tui: keys", gone=True)
            app.keys("GkjgG")
        assert writer.returncode == 0
        app.wait_for(f"{RATE * SECONDS:,} events")
        app.keys("\x03")
        assert app.ends() == 130
    answers.sort()
    print(f"{len(answers)} keys: median {answers[len(answers) // 2]:.3f} s, slowest {answers[-1]:.3f} s")

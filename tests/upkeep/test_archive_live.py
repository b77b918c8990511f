"""Archiving while real processes write and a reader asks again and again: each event once, and never one less."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from lineage_core import clock
from lineage_core.archive import archive
from lineage_core.clock import DAY
from lineage_core.load import load
from lineage_core.shell_install import LIBRARY
from lineage_core.tail import Tailer
from lineage_core.validate import Validation

EVENTS = 250

BASH = f"""
source {LIBRARY}
for ((n = 0; n < {EVENTS}; n++)); do
    log_task_created "task-$1" "user-kim" && printf '%s\\n' "$LINEAGE_ID"
done
"""
PYTHON = f"""
import sys
from lineage_core.journal import Journal
for _ in range({EVENTS}):
    print(Journal().log("task_created", "task-" + sys.argv[1], "user-kim"))
"""


def test_each_event_is_read_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_DIR", str(tmp_path))
    commands = [["bash", "-c", BASH, "bash", f"bash-{n}"] for n in range(2)]
    commands += [[sys.executable, "-c", PYTHON, f"python-{n}"] for n in range(2)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    printed: list[str] = []
    collectors = [threading.Thread(target=lambda w=w: printed.extend(w.stdout)) for w in writers]
    next_month, runs = clock.now() + 40 * DAY, 0
    for collector in collectors:
        collector.start()
    while any(writer.poll() is None for writer in writers):
        assert [step for step in archive(tmp_path, next_month, 0) if step.word == "left"] == []
        runs += 1
    for collector in collectors:
        collector.join()
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    for writer in writers:
        writer.stdout.close()
    list(archive(tmp_path, next_month, 0))
    ids = [found.record["lineage_id"] for batch in Tailer(tmp_path).scan() for found in batch.found]
    assert Counter(ids) == Counter(line.strip() for line in printed)
    assert len(ids) == 4 * EVENTS
    assert runs > 3
    assert list(tmp_path.glob("lineage-*")) == []


def test_a_reader_that_asks_again_and_again_never_sees_less(tmp_path: Path) -> None:
    from lineage_core.demo import backfill

    backfill(tmp_path, 3000, days=20)
    whole = load(tmp_path)
    assert whole.state.events == 3000
    command = "import sys; from pathlib import Path; from lineage_core.archive import archive; "
    command += f"list(archive(Path(sys.argv[1]), {clock.now() + 40 * DAY}, 0))"
    with subprocess.Popen([sys.executable, "-c", command, str(tmp_path)]) as run:
        asked = 0
        while run.poll() is None or not asked:
            loaded = load(tmp_path)
            assert loaded.problems == {}
            assert loaded.state.events == 3000
            validation = Validation(tmp_path, now=clock.now())
            assert list(validation) == []
            assert validation.records - validation.copies == 3000
            asked += 1
    assert run.returncode == 0
    assert load(tmp_path).state.rows == whole.state.rows

"""Archiving while real processes write and a reader asks again and again: each event once, and never one less."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from lineage_core.base.clock import DAY
from lineage_core.integration.install import LIBRARY
from lineage_core.maintenance.archive import archive
from lineage_core.maintenance.validate import Validation
from lineage_core.read.tailer import Tailer
from lineage_core.state.load import load
from tests.wallclock import now, wait_until

pytestmark = pytest.mark.clock

RUNS = 8

BASH = f"""
source {LIBRARY}
until [[ -e $2 ]]; do
    log_task_created "task-$1" "user-kim" && printf '%s\\n' "$LINEAGE_ID"
done
"""
PYTHON = """
import os, sys
from lineage_core.write.journal import Journal
while not os.path.exists(sys.argv[2]):
    print(Journal().log("task_created", "task-" + sys.argv[1], "user-kim"))
"""


def test_each_event_is_read_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, stop = tmp_path / "lineage", tmp_path / "stop"
    monkeypatch.setenv("LINEAGE_DIR", str(journal))
    commands = [["bash", "-c", BASH, "bash", f"bash-{n}", str(stop)] for n in range(2)]
    commands += [[sys.executable, "-c", PYTHON, f"python-{n}", str(stop)] for n in range(2)]
    printed: list[str] = []
    next_month = now() + 40 * DAY
    with ExitStack() as running:
        writers = [running.enter_context(Popen(words, stdout=PIPE, text=True)) for words in commands]
        collectors = [threading.Thread(target=lambda w=w: printed.extend(w.stdout)) for w in writers]
        for collector in collectors:
            collector.start()
        for _ in range(RUNS):
            wait_until(lambda: list(journal.glob("lineage-*.jsonl")))
            assert [step for step in archive(journal, next_month, 0) if step.word == "left"] == []
        stop.touch()
        for collector in collectors:
            collector.join()
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    list(archive(journal, next_month, 0))
    ids = [found.record["lineage_id"] for batch in Tailer(journal).scan() for found in batch.found]
    assert Counter(ids) == Counter(line.strip() for line in printed)
    assert len(ids) >= RUNS
    assert list(journal.glob("lineage-*")) == []


def test_a_reader_that_asks_again_and_again_never_sees_less(tmp_path: Path) -> None:
    from lineage_core.demo import backfill

    backfill(tmp_path, 3000, days=20)
    whole = load(tmp_path)
    assert whole.state.events == 3000
    command = "import sys; from pathlib import Path; from lineage_core.maintenance.archive import archive; "
    command += f"list(archive(Path(sys.argv[1]), {now() + 40 * DAY}, 0))"
    with Popen([sys.executable, "-c", command, str(tmp_path)]) as run:
        asked = 0
        while run.poll() is None or not asked:
            loaded = load(tmp_path)
            assert loaded.problems == {}
            assert loaded.state.events == 3000
            validation = Validation(tmp_path, now=now())
            assert list(validation) == []
            assert validation.records - validation.copies == 3000
            asked += 1
    assert run.returncode == 0
    assert load(tmp_path).state.rows == whole.state.rows

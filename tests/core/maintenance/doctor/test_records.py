"""`lineage doctor` reports exactly the faults of records that were planted, each with what to do."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base import clock
from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.maintenance.doctor import Surroundings, Word, examine
from lineage_core.write.journal import Journal
from tests import build
from tests.core.maintenance.doctor.conftest import newest, oldest, only, problems
from tests.wallclock import now

pytestmark = pytest.mark.clock


def record(**changes: Any) -> dict[str, Any]:
    """A record of now."""
    made = {"lineage_id": f"lineage-{now():016d}0000001000", "task_id": "task-1", "event_type": "task_created",
            "timestamp": clock.format_timestamp(now()), "event_data": {}}  # fmt: skip
    return build.record(**made | changes)


def test_quarantined_bytes(journal: Path) -> None:
    lines = oldest(journal).read_bytes().splitlines(keepends=True)
    oldest(journal).write_bytes(b"".join([*lines[:3], b"garbage\n", *lines[3:]]))
    check, text, advice = only(journal)
    assert check == "records"
    assert text == f"1 quarantined piece, 7 bytes, the first at {oldest(journal).name}:4"
    assert advice == "`lineage validate` lists them"


def test_a_record_that_stands_twice(journal: Path) -> None:
    lines = oldest(journal).read_bytes().splitlines(keepends=True)
    with newest(journal).open("ab") as file:
        file.write(lines[0])
    check, text, _ = only(journal)
    assert check == "records"
    assert text.startswith("1 record stands twice")


def test_the_combined_file_of_the_legacy_library_is_no_double(journal: Path) -> None:
    shutil.copy(oldest(journal), journal / "task-lineage.jsonl")
    assert problems(journal) == []


def test_a_torn_end(journal: Path) -> None:
    with newest(journal).open("ab") as file:
        file.write(b'{"lineage_id":"lineage-1","tas')
    number = newest(journal).read_bytes().count(b"\n") + 1
    check, text, _ = only(journal)
    assert (check, text) == ("torn", f"1 torn end, the first at {newest(journal).name}:{number}")


def test_a_legacy_record_that_is_being_written_is_not_torn(journal: Path) -> None:
    with newest(journal).open("ab") as file:
        file.write(b'{\n  "lineage_id": "lineage-1",\n')
    os.utime(newest(journal), (now() / 1e6, now() / 1e6))  # as the clock has it that the doctor reads
    assert problems(journal) == []
    os.utime(newest(journal), (1, 1))
    assert only(journal)[0] == "torn"


def test_events_from_the_future(journal: Path) -> None:
    at = now() + 2 * HOUR + MINUTE
    Journal(journal).log("task_created", "task-1", "kim", timestamp=clock.format_timestamp(at))
    check, text, _ = only(journal)
    assert check == "clock"
    assert text.startswith("1 event up to 2h0")


def test_a_clock_that_went_back(journal: Path) -> None:
    at = now() - 30 * MINUTE
    back = record(lineage_id=f"lineage-{at:016d}0000001000")
    with newest(journal).open("ab") as file:
        file.write(json.dumps(record(task_id="task-2")).encode() + b"\n" + json.dumps(back).encode() + b"\n")
    check, text, _ = only(journal)
    assert check == "clock"
    assert text.startswith("the clock went back 1 time, by up to 30m")


def test_slow_writes_and_fast_ones(journal: Path) -> None:
    def log(took: int) -> None:
        Journal(journal).log("task_created", "task-1", "kim", data={"metadata": {"log_us": took}})

    for took in range(400, 500):
        log(took)
    (verdict,) = examine(Surroundings(journal, None, now()), ["times"])
    assert verdict.word is Word.OK
    assert verdict.values == {"count": 100, "p50_us": 450, "p95_us": 495, "p99_us": 499}
    for _ in range(10):
        log(90_000)
    assert only(journal)[:2] == ("times", "p50 0.5 ms, p95 90.0 ms, p99 90.0 ms of 110 calls")


def test_of_many_days_the_newest_are_read_unless_all_are_asked_for(journal: Path) -> None:
    (journal / "lineage-2020-01-01.jsonl").write_text("garbage\n")
    files = len(list(journal.iterdir()))  # two days span two dates, or three
    assert problems(journal, days=files - 1) == []
    (verdict,) = examine(Surroundings(journal, None, now(), days=files - 2), ["records"])
    assert verdict.values["files_left_out"] == 2
    assert only(journal, days=None, budget=None)[0] == "records"
    assert [v.values["files"] for v in examine(Surroundings(journal, None, now(), budget=10), ["records"])] == [1]

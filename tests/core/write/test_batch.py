"""`lineage log --batch`: what it writes is what readers take, and what is refused is told with its line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from lineage_core.cli import main
from lineage_core.model.record import Found
from lineage_core.read.journal_files import files
from lineage_core.read.numbered_lines import numbered
from lineage_core.write.batch import log_lines
from lineage_core.write.journal import Journal
from lineage_core.write.record_builder import MAX_ID

pytestmark = pytest.mark.clock

CREATED: dict[str, Any] = {"event_type": "task_created", "task_id": "task-1", "actor": "kim"}
PROGRESS: dict[str, Any] = {"event_type": "worker_progress", "task_id": "task-1"}


def logged(directory: Path, *lines: object, **environ: str) -> tuple[list[dict[str, Any]], str]:
    """What readers see of a batch, and what it says on stderr."""
    told, err = io.StringIO(), io.StringIO()
    raw = [json.dumps(line).encode() for line in lines]
    code = log_lines(raw, Journal(directory, environ=environ), environ, told, err)
    items = [
        item
        for file in (reversed(files(directory)) if directory.exists() else [])  # oldest day first
        for piece in numbered(file)
        for _, item in piece.items
    ]
    found = [item.record for item in items if isinstance(item, Found)]
    assert len(found) == len(items), "a reader sets aside what was written"
    assert sorted(told.getvalue().split()) == sorted(record["lineage_id"] for record in found)
    assert code == (1 if err.getvalue() else 0)
    return found, err.getvalue()


REFUSED = {
    "lineage_id is a number": CREATED | {"lineage_id": 5},
    "lineage_id 'one' has not the form": CREATED | {"lineage_id": "one"},
    "parent_lineage_id is a number": CREATED | {"parent_lineage_id": 5},
    "event_data.completion_status 'splendid': not one of": CREATED | {"event_data": {"completion_status": "splendid"}},
    "event_data.duration_ms is a string": CREATED | {"event_data": {"duration_ms": "long"}},
    "actor.type is a number": CREATED | {"actor": {"id": "kim", "type": 7}},
    "actor.type is null": CREATED | {"actor": {"id": "kim", "type": None}},
    "actor.id is empty": CREATED | {"actor": {"id": ""}},
    "tags is a string, not an array": CREATED | {"tags": "nightly"},
    "related_task_ids[] is a number": CREATED | {"related_task_ids": [1]},
    "context is an array": CREATED | {"context": []},
    f"task_id has {MAX_ID + 1} characters": CREATED | {"task_id": "x" * (MAX_ID + 1)},
    f"actor.id has {MAX_ID + 1} characters": CREATED | {"actor": "x" * (MAX_ID + 1)},
    "event_data.worker_id is a number": PROGRESS | {"event_data": {"worker_id": 7, "progress_percentage": 5}},
    "event_data.worker_id is empty": PROGRESS | {"event_data": {"worker_id": "", "progress_percentage": 5}},
    "event_data.worker_id has 2000": PROGRESS | {"event_data": {"worker_id": "w" * 2000, "progress_percentage": 5}},
    "from 0 to 100": PROGRESS | {"event_data": {"worker_id": "w", "progress_percentage": 101}},
    "unknown field 'owner'": CREATED | {"owner": "kim"},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_line_that_readers_could_not_take_is_refused_with_its_number_and_the_others_are_written(
    reason: str, tmp_path: Path
) -> None:
    found, said = logged(tmp_path / "journal", CREATED, REFUSED[reason], CREATED | {"task_id": "task-2"})
    assert [record["task_id"] for record in found] == ["task-1", "task-2"]
    assert said.startswith("lineage log: line 2: ") and said.count("\n") == 1
    assert reason in said


def test_what_the_words_may_be_a_line_may_be_too(tmp_path: Path) -> None:
    """Free data of any kind, a percentage as text, the longest id."""
    lines = [
        {"event_type": "task_completed", "task_id": "t" * MAX_ID, "actor": "kim",
         "event_data": {"completion_status": "partial", "mood": ["splendid"], "metadata": {"n": 1.50}}},
        PROGRESS | {"event_data": {"worker_id": "w", "progress_percentage": "99.50"}},
    ]  # fmt: skip
    found, said = logged(tmp_path, *lines)
    assert said == ""
    assert [record["event_data"] for record in found] == [
        {"completion_status": "partial", "mood": ["splendid"], "metadata": {"n": 1.5}},
        {"worker_id": "w", "progress_percentage": 99.5},
    ]


def test_the_error_of_a_worker_told_as_text_becomes_what_the_function_writes(tmp_path: Path) -> None:
    data = {"worker_id": "w", "error_details": "ran out of memory", "error_type": "oom"}
    (record,), _ = logged(tmp_path, {"event_type": "worker_failed", "task_id": "task-1", "event_data": data})
    assert record["event_data"] == {
        "worker_id": "w",
        "error_details": {"error_type": "oom", "error_message": "ran out of memory"},
    }


def test_ids_are_left_alone_whatever_they_look_like(tmp_path: Path) -> None:
    """Else a worker would have one name in a batch and another one in the events of its own script."""
    data = {"worker_id": "worker-sk-0123456789abcdefghijkl", "worker_type": "token=refresher-worker"}
    (record,), _ = logged(tmp_path, {"event_type": "worker_started", "task_id": "task-1", "event_data": data})
    assert record["event_data"] == data


def test_session_and_principal_are_for_each_line_and_what_is_for_one_event_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main_with(text: str, *words: str) -> int:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return main(["log", "--batch", "--dir", str(tmp_path), *words])

    assert main_with(json.dumps(CREATED), "--session", "s-1", "--trace", "t-1", "--principal", "ci") == 0
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text())
    assert record["context"] == {"session_id": "s-1", "trace_id": "t-1"}
    assert record["actor"]["principal"] == "ci"
    assert main_with(json.dumps(CREATED), "--tag", "x") == 2
    assert "--tag is for one event" in capsys.readouterr().err

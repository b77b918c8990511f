"""`lineage validate` names what is wrong with file and line, and finds nothing in what is sound."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_core import demo
from lineage_core.base.clock import HOUR, SECOND, format_timestamp
from lineage_core.cli import main
from lineage_core.maintenance.validate import Validation
from lineage_core.maintenance.validation_rules import RULES, Severity
from tests import build
from tests.build import DAILY
from tests.core.maintenance.closed_month import LEGACY, NOW, archive_all, november

BASE = 1795334628  # 2026-11-22T08:03:48Z


def record(number: int = 0, event_type: str = "task_created", **fields: Any) -> dict[str, Any]:
    """A record of second `number` of the day's work."""
    made = {"task_id": "task-1", "event_type": event_type, "timestamp": format_timestamp((BASE + number) * SECOND),
            "actor": {"type": "user", "id": "user-kim", "principal": "ops"}, "event_data": {}}  # fmt: skip
    return build.record(number * SECOND, **made | fields)


def life(*events: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of one task, a second apart, the first of which creates it."""
    told = [("task_created", {}), *events]
    return [record(n, event_type, event_data=data) for n, (event_type, data) in enumerate(told)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes records (or raw bytes) into the file of a day, one a line; gives the directory."""

    def write_lines(*lines: dict[str, Any] | bytes, name: str = DAILY) -> Path:
        return build.write(tmp_path, *(line + b"\n" if isinstance(line, bytes) else line for line in lines), name=name)

    return write_lines


def findings(directory: Path, **options: Any) -> list[tuple[str, int, str]]:
    """Rule, line and text of each finding."""
    return [(f.rule, f.line, f.text) for f in Validation(directory, now=NOW, **options)]


def rules(directory: Path, **options: Any) -> list[tuple[str, int]]:
    return [(rule, line) for rule, line, _ in findings(directory, **options)]


@pytest.mark.clock
def test_a_demo_is_found_to_be_without_fault(tmp_path: Path) -> None:
    demo.backfill(tmp_path, 3000, days=3, clock=lambda: NOW)
    assert findings(tmp_path) == []


def test_a_clean_legacy_directory_has_only_its_repeated_id(tmp_path: Path) -> None:
    validation = Validation(LEGACY, now=NOW)
    (finding,) = list(validation)
    assert (finding.rule, finding.file, finding.severity) == ("duplicate-id", DAILY, Severity.WARNING)
    lines = (LEGACY / DAILY).read_text().splitlines()
    assert lines[finding.line - 1] == "{"
    assert "lineage-1795334632252" in lines[finding.line]
    assert (validation.files, validation.records, validation.copies) == (2, 60, 30)


def test_of_the_tangled_sample_what_is_beyond_repair_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / DAILY).write_bytes((LEGACY.parent / "legacy-tangled.jsonl").read_bytes())
    validation = Validation(tmp_path, now=NOW)
    quarantined = [finding for finding in validation if finding.rule == "quarantined"]
    lines = (tmp_path / DAILY).read_text().splitlines()
    assert len(quarantined) == 4
    assert validation.records == 236
    assert all(lines[finding.line - 1].startswith("{") for finding in quarantined)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"event_type": "task_painted"}, "unknown-event-type"),
        ({"actor": {"type": "robot", "id": "r2"}}, "unknown-actor-type"),
        ({"surplus": 1}, "unknown-field"),
        ({"context": {"weather": "fine"}}, "unknown-field"),
        ({"event_type": "task_assigned"}, "missing-data"),
        ({"event_data": None}, "wrong-kind"),
        ({"event_data": {"priority": "urgent"}}, "bad-value"),
        ({"event_data": {"progress_percentage": 150}}, "bad-value"),
        ({"event_data": {"worker_id": 7}}, "wrong-kind"),
        ({"event_data": {"deliverables": ["a", 7]}}, "wrong-kind"),
        ({"tags": "nightly"}, "wrong-kind"),
        ({"lineage_id": "7"}, "bad-value"),
        ({"task_id": ""}, "bad-value"),
        ({"task_id": 7}, "wrong-kind"),
        ({"actor": "kim"}, "wrong-kind"),
        ({"timestamp": "yesterday"}, "bad-value"),
        ({"version": "2.0.0"}, "bad-value"),
        ({"timestamp": "2026-12-03T04:06:00Z"}, "clock-ahead"),
        ({"parent_lineage_id": "lineage-404"}, "orphan-parent"),
        ({"event_data": {"parent_task_id": "task-404"}}, "orphan-parent"),
    ],
)
def test_a_record_that_is_not_as_it_should_be(write: Callable[..., Path], change: dict[str, Any], rule: str) -> None:
    directory = write(record(), record(5, **{"task_id": "task-2"} | change))
    found = rules(directory)
    expected = {(rule, 2)}
    if rule == "clock-ahead":
        expected.add(("other-day", 2))
    if change.get("event_type"):
        expected.add(("not-created", 2)) if rule == "missing-data" else None
    assert set(found) == expected


@pytest.mark.parametrize("field", ["lineage_id", "task_id", "event_type", "timestamp", "actor"])
def test_a_field_that_every_event_has_is_missing(write: Callable[..., Path], field: str) -> None:
    odd = record(5, task_id="task-2")
    del odd[field]
    ((rule, line, text),) = findings(write(record(), odd))
    assert (rule, line) == ("missing-field", 2)
    assert text.startswith(f"{field} is missing")


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b'{"lineage_id":"lineage-1","task_i', [2]),
        (b"\0" * 40, [2]),
        (b"garbage\nmore garbage", [2, 3]),
        (b"\xff\xfe\x00", [2]),
        (b"[]", [2]),
    ],
)
def test_bytes_that_are_no_event(write: Callable[..., Path], raw: bytes, lines: list[int]) -> None:
    directory = write(record(), raw, record(5, "task_started", actor={"type": "master", "id": "m"}))
    assert rules(directory) == [("quarantined", line) for line in lines]


def test_a_torn_line_with_a_record_glued_to_it_is_one_finding(write: Callable[..., Path]) -> None:
    glued = b'{"lineage_id":"lineage-1","task_i' + json.dumps(record(5, task_id="task-2")).encode()
    directory = write(record(), glued)
    assert rules(directory) == [("quarantined", 2)]


def test_a_torn_end_without_a_newline_is_found(write: Callable[..., Path]) -> None:
    directory = write(record())
    with (directory / DAILY).open("ab") as file:
        file.write(b'{"lineage_id":"lineage-1","task_i')
    assert rules(directory) == [("quarantined", 2)]


W = {"worker_id": "worker-1", "worker_type": "scan-worker"}
DONE = {"worker_id": "worker-1", "completion_status": "success"}
FAILED = {"worker_id": "worker-1", "error_details": {"error_message": "broke"}}
ZOMBIE = {"worker_id": "worker-1", "error_details": {"error_message": "zombie_timeout"}}
WHY = {"reason": "because"}
H = {"handoff_id": "handoff-1", "from_master": "a-master", "to_master": "b-master"}
OK = {"completion_status": "success"}
START = ("task_started", {})
PROGRESS = ("worker_progress", {"worker_id": "worker-1", "progress_percentage": 9})
WORKED = [("worker_spawned", W), ("worker_started", W), ("worker_completed", DONE)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([START, ("task_completed", OK)], []),
        ([("task_completed", OK)], [("transition", 2)]),
        ([("task_unblocked", WHY)], [("transition", 2)]),
        ([START, ("task_blocked", WHY), ("task_completed", OK)], [("transition", 4)]),
        ([START, ("task_blocked", WHY), ("task_unblocked", WHY), ("task_completed", OK)], []),
        ([START, ("task_completed", OK), ("task_blocked", WHY)], [("transition", 4)]),
        ([START, ("task_completed", OK), ("task_failed", WHY)], [("transition", 4)]),
        ([START, ("task_completed", OK), ("task_completed", OK)], [("ended-again", 4)]),
        ([START, ("task_failed", WHY), START, ("task_completed", OK)], []),
        ([START, ("task_failed", WHY), ("worker_spawned", W)], [("transition", 4)]),
        ([("task_created", {"priority": "low"})], [("created-twice", 2)]),
        ([START, *WORKED], []),
        ([START, ("worker_spawned", W), ("worker_completed", DONE)], [("worker-not-started", 4)]),
        ([START, ("worker_spawned", W), ("worker_failed", FAILED)], [("worker-not-started", 4)]),
        ([START, ("worker_spawned", W), ("worker_failed", ZOMBIE)], []),
        ([START, ("worker_completed", DONE)], [("worker-not-started", 3)]),
        ([START, ("worker_started", W)], [("worker-not-spawned", 3)]),
        (
            [START, ("worker_spawned", W), PROGRESS, PROGRESS],
            [("worker-not-started", 4)],
        ),
        ([START, *WORKED, ("worker_failed", FAILED)], [("worker-ended", 6)]),
        ([START, *WORKED, PROGRESS], [("worker-ended", 6)]),
        ([START, ("handoff_created", H), ("handoff_accepted", H), ("handoff_completed", H)], []),
        ([START, ("handoff_accepted", H)], [("handoff-order", 3)]),
        ([START, ("handoff_created", H), ("handoff_completed", H)], [("handoff-order", 4)]),
        ([START, ("handoff_created", H), ("handoff_created", H)], [("handoff-order", 4)]),
    ],
)
def test_a_life_that_cannot_have_been(
    write: Callable[..., Path], events: list[Any], expected: list[tuple[str, int]]
) -> None:
    assert rules(write(*life(*events))) == expected


def test_a_task_that_nobody_created_and_one_created_late(write: Callable[..., Path]) -> None:
    never = [record(n, "task_started", task_id="task-never") for n in (0, 2)]
    late = [record(1, "task_started", task_id="task-late"), record(3, task_id="task-late")]
    directory = write(never[0], late[0], never[1], late[1])
    assert rules(directory) == [("not-created", 1), ("created-late", 4)]


def test_order_is_told_by_time_and_not_by_place(write: Callable[..., Path]) -> None:
    events = life(START, ("worker_spawned", W), ("worker_started", W), ("worker_completed", DONE))
    assert rules(write(*reversed(events))) == []


def test_one_id_for_two_events_is_told_once_and_copies_are_no_finding(write: Callable[..., Path]) -> None:
    one, other = record(), record(1, "task_started", lineage_id=record()["lineage_id"])
    directory = write(one, other, one)
    write(one, other, name="task-lineage.jsonl")
    validation = Validation(directory, now=NOW)
    assert [(f.rule, f.line, f.file) for f in validation] == [("duplicate-id", 2, DAILY)]
    assert (validation.records, validation.copies) == (5, 3)


def test_a_clock_that_went_back_is_told_from_an_event_that_is_late(write: Callable[..., Path]) -> None:
    late = record(20, task_id="task-2", timestamp="2026-11-22T01:00:00Z")
    back = record(-HOUR // 1_000_000, task_id="task-3")
    directory = write(record(), record(10, "task_started"), late, back, record(30, task_id="task-4"))
    ((rule, line, text),) = findings(directory)
    assert (rule, line) == ("clock-back", 4)
    assert text == "written 1h00m before the record that precedes it"


@pytest.mark.clock
def test_events_of_another_day_are_told_once_a_day_and_file_but_local_dates_are_not(
    write: Callable[..., Path],
) -> None:
    strays = [record(task_id=f"task-{hour}", timestamp=f"2026-11-{hour}") for hour in ("20T05:00:00Z", "20T07:00:00Z")]
    for number, stray in enumerate(strays):
        stray["lineage_id"] = f"lineage-{number}"
    local = record(task_id="task-3", timestamp="2026-11-21T10:30:00Z", lineage_id="lineage-3")
    assert rules(write(*strays, local)) == [("other-day", 1)]


def test_archived_files_are_checked_and_lines_are_those_of_their_content(tmp_path: Path) -> None:
    journal = november(tmp_path)
    day = journal / "lineage-2026-11-12.jsonl"
    with day.open("ab") as file:
        file.write(b"garbage\n")
    number = day.read_bytes().count(b"\n")
    archive_all(journal)
    (finding,) = [f for f in Validation(journal, now=NOW) if f.severity is Severity.ERROR]
    assert (finding.rule, finding.file) == ("quarantined", f"archive/2026-11/{day.name}.gz")
    assert finding.line == number


def test_a_damaged_archive_and_what_is_no_file_are_unreadable(write: Callable[..., Path]) -> None:
    directory = write(record())
    packed = gzip.compress(json.dumps(record(task_id="task-2", lineage_id="lineage-2")).encode() + b"\n")
    (directory / "lineage-2026-11-20.jsonl.gz").write_bytes(packed[:-4])
    (directory / "lineage-2026-11-19.jsonl").mkdir()
    (directory / "lineage-2026-11-18.jsonl").symlink_to(directory / "lineage-2026-11-18.jsonl")
    os.mkfifo(directory / "lineage-2026-11-17.jsonl")
    found = {(f.rule, f.file) for f in Validation(directory, now=NOW) if f.severity is Severity.ERROR}
    assert found == {
        ("unreadable", "lineage-2026-11-20.jsonl.gz"),
        ("unreadable", "lineage-2026-11-19.jsonl"),
        ("unreadable", "lineage-2026-11-18.jsonl"),
        ("unreadable", "lineage-2026-11-17.jsonl"),
    }


@pytest.mark.clock
def test_since_leaves_out_what_is_older_and_lives_that_began_before(write: Callable[..., Path]) -> None:
    old = [record(n, "task_blocked", event_data={"reason": 7}) for n in (0, 50)]
    new = life(("task_completed", OK))
    for number, event in enumerate(new, 100):
        event.update(task_id="task-new", timestamp=format_timestamp((BASE + number) * 1_000_000))
        event["lineage_id"] = f"lineage-{number}"
    directory = write(*old, *new)
    write(b"garbage", name="lineage-2026-11-01.jsonl")
    assert ("quarantined", 1) in rules(directory)
    assert rules(directory, since=(BASE + 40) * 1_000_000) == [("wrong-kind", 2), ("transition", 4)]


@pytest.mark.parametrize(
    ("odd", "plain", "strict"), [({}, 0, 0), ({"surplus": 1}, 0, 1), ({"event_data": {"worker_id": 7}}, 1, 1)]
)
def test_the_exit_code_is_1_for_errors_and_with_strict_for_warnings(
    write: Callable[..., Path], odd: dict[str, Any], plain: int, strict: int, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(write(record(**odd)))
    assert main(["validate", "--dir", directory]) == plain
    assert main(["validate", "--dir", directory, "--strict"]) == strict
    assert capsys.readouterr().err == ""


def test_the_formats_tell_the_same(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    directory = str(write(record(), b"\x1b]0;owned\x07 garbage", record(1, surplus=1, task_id="task-\x1b[31m")))
    assert main(["validate", "--dir", directory, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == {"quarantined": 1, "unknown-field": 1}
    assert (document["errors"], document["warnings"], document["records"]) == (1, 1, 2)
    assert [(f["file"], f["line"], f["rule"]) for f in document["findings"]] == [
        (DAILY, 2, "quarantined"),
        (DAILY, 3, "unknown-field"),
    ]
    main(["validate", "--dir", directory, "--format", "jsonl"])
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == document["findings"]
    main(["validate", "--dir", directory, "--format", "csv"])
    assert capsys.readouterr().out.splitlines()[0] == "rule,severity,file,line,offset,task_id,text"
    main(["validate", "--dir", directory])
    text = capsys.readouterr().out
    assert f"{DAILY}:2: error quarantined: " in text
    assert text.splitlines()[-1] == "2 records in 1 files, 0 of them copies: 1 errors, 1 warnings"
    assert "\x1b" not in text


def test_a_limit_shortens_the_list_and_not_the_counts(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(write(*[b"garbage"] * 30, record(surplus=1)))
    main(["validate", "--dir", directory, "--limit", "3", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert len(document["findings"]) == 4
    assert document["counts"] == {"quarantined": 30, "unknown-field": 1}
    main(["validate", "--dir", directory, "--limit", "3"])
    assert capsys.readouterr().out.endswith("; 27 not listed (--limit)\n")


def test_the_rules_are_listed_with_their_severity(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--rules", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [rule["name"] for rule in listed] == list(RULES)
    assert {rule["severity"] for rule in listed} == {"error", "warning"}


def test_a_directory_that_does_not_exist_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--dir", str(tmp_path / "nowhere")]) == 3
    assert "does not exist" in capsys.readouterr().err


def test_nothing_in_the_directory_is_touched(tmp_path: Path) -> None:
    journal = november(tmp_path / "lineage")
    before = {path: path.stat().st_mtime_ns for path in [journal, *journal.iterdir()]}
    list(Validation(journal, now=NOW))
    assert {path: path.stat().st_mtime_ns for path in [journal, *journal.iterdir()]} == before


def peak(directory: Path, count: int) -> int:
    """Bytes of memory that validating a directory of so many records takes at most, over what importing takes."""
    script = (
        "import resource, sys; from pathlib import Path; from lineage_core.maintenance.validate import Validation; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        f"v = Validation(Path(sys.argv[1]), now={NOW}); list(v); assert v.records == {count}, v.records; "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = subprocess.run([sys.executable, "-c", script, str(directory)], capture_output=True, text=True, check=True)
    return int(run.stdout) * 1024


def test_memory_grows_by_at_most_400_bytes_an_event(tmp_path: Path) -> None:
    demo.backfill(tmp_path, 30_000, days=2, clock=lambda: NOW)
    assert peak(tmp_path, 30_000) < 30_000 * 400 + (12 << 20)


def test_a_line_of_100_megabytes_is_told_in_bounded_memory(write: Callable[..., Path]) -> None:
    directory = write(record(), b"x" * 100_000_000, record(1, task_id="task-2"))
    assert peak(directory, 2) < 64 << 20
    assert rules(directory) == [("quarantined", 2)]

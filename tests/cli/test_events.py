"""`lineage events` and `lineage recent`: which events, in which order, in which spelling."""

import csv
import gzip
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage_core.query.newest_events import LAST_STRETCH
from tests.build import compact, pretty, record
from tests.cli.conftest import Ask


def write(directory: Path, name: str, *lines: bytes) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(b"".join(lines))
    return directory


def at(hour: int, number: int, **fields: Any) -> dict[str, Any]:
    """A record that was written in that hour of 22 November."""
    written = 1795305600000000 + hour * 3600_000000 + number
    told = {"timestamp": f"2026-11-22T{hour:02d}:00:00Z", "lineage_id": f"lineage-{written}0000001000"}
    return record(number, **told | fields)


def ids(asked: Any) -> list[str]:
    return [value["task_id"] for value in asked.json]


def test_numbers_keep_their_spelling(tmp_path: Path, ask: Ask) -> None:
    line = compact(record(1)).replace(b"12.5", b"1.50e1").replace(b'"note"', b'"big":18446744073709551616,"note"')
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", line)
    for form in ("json", "jsonl", "csv"):
        out = ask("events", "--format", form, directory).out
        assert "1.50e1" in out
        assert "18446744073709551616" in out
    assert "1.50e1" in ask("task", "task-1", "--json", directory).out
    assert "1.50e1" in ask("recent", "--json", directory).out


def test_jsonl_is_the_line_as_it_was_written(tmp_path: Path, ask: Ask) -> None:
    spaced = json.dumps(record(2)).encode() + b"\n"
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", compact(record(1)), spaced)
    assert ask("events", "--format", "jsonl", directory).out.encode() == compact(record(1)) + spaced


def test_a_pretty_printed_record_comes_on_one_line(tmp_path: Path, ask: Ask) -> None:
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", pretty(record(1)))
    assert ask("events", "--format", "jsonl", directory).out.encode() == compact(record(1))


def test_events_come_in_order_of_time_then_file_then_place(tmp_path: Path, ask: Ask) -> None:
    write(tmp_path, "lineage-2026-11-22.jsonl", *(compact(at(9, n, task_id=f"b{n}")) for n in (3, 1)))
    write(tmp_path, "lineage-2026-11-21.jsonl", compact(at(9, 2, task_id="a2")), compact(at(8, 4, task_id="a4")))
    write(tmp_path, "task-lineage.jsonl", compact(at(9, 5, task_id="c5")), compact(at(7, 6, task_id="c6")))
    assert ids(ask("events", "--json", tmp_path)) == ["c6", "a4", "a2", "b3", "b1", "c5"]


def test_an_event_counts_once_in_daily_combined_rotated_and_archived_files(legacy: Path, ask: Ask) -> None:
    before = ask("events", "--json", legacy)
    daily = legacy / "lineage-2026-11-22.jsonl"
    shutil.copy(daily, legacy / "lineage-2026-11-22.jsonl.1")
    month = legacy / "archive" / "2026-11"
    month.mkdir(parents=True)
    (month / "lineage-2026-11-22.jsonl.gz").write_bytes(gzip.compress(daily.read_bytes()))
    for question in (["events"], ["recent", "100"], ["events", "--limit", "100"]):
        assert ask(*question, "--json", legacy).out == before.out
    daily.unlink()
    assert sorted(map(str, ask("events", "--json", legacy).json)) == sorted(map(str, before.json))


def test_a_late_event_stands_at_its_time(tmp_path: Path, ask: Ask) -> None:
    lines = [compact(at(hour, hour, task_id=f"t{hour}")) for hour in (5, 9, 7)]
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *lines)
    assert ids(ask("events", "--json", directory)) == ["t5", "t7", "t9"]
    assert ids(ask("recent", "2", "--json", directory)) == ["t7", "t9"]


def test_an_id_written_with_escapes_is_found(tmp_path: Path, ask: Ask) -> None:
    line = compact(record(1)).replace(b'"task-1"', b'"t\\u0061sk-1"')
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", line, compact(record(2, task_id="ta")))
    assert len(ask("events", "--task", "task-1", "--json", directory).json) == 1
    assert ask("task", "task-1", "--json", directory).json["task"]["events"] == 1


def test_an_unfinished_last_line_is_left_out_until_it_is_finished(tmp_path: Path, ask: Ask) -> None:
    whole = compact(record(1)) + compact(record(2))
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", whole[:-2])
    for question in ("events", "recent"):
        assert ids(ask(question, "--json", directory)) == ["task-1"]
    write(tmp_path, "lineage-2026-11-22.jsonl", whole)
    for question in ("events", "recent"):
        assert ids(ask(question, "--json", directory)) == ["task-1", "task-2"]


def test_filters_of_one_kind_widen_and_of_two_kinds_narrow(ask: Ask) -> None:
    def many(*words: str) -> int:
        return len(ask("events", "--json", *words).json)

    spawned, started = many("--type", "worker_spawned"), many("--type", "worker_started")
    assert many("--type", "worker_spawned", "--type", "worker_started") == spawned + started
    assert many("--type", "worker_spawned", "--task", "task-a-rollout") == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--master", "security"], 3),
        (["--master", "security-master"], 3),
        (["--tag", "night*"], 1),
        (["--type", "*_created"], 2),
        (["--actor", "*-master", "--type", "handoff_*"], 1),
    ],
)
def test_masters_tags_and_patterns(words: list[str], expected: int, tmp_path: Path, ask: Ask) -> None:
    master = {"type": "master", "id": "security-master", "principal": "system"}
    values = [
        at(1, 1, event_type="task_created", actor={"type": "user", "id": "kim"}, event_data={}),
        at(2, 2, event_type="task_assigned", event_data={"master_id": "security-master"}),
        at(3, 3, event_type="task_started", actor=master, event_data={}, tags=["nightly", "x"]),
        at(4, 4, event_type="handoff_created", actor=master, event_data={"from_master": "security-master"}),
        at(5, 5, context={"session_id": "security"}),
    ]
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *map(compact, values))
    assert len(ask("events", *words, "--json", directory).json) == expected


def test_grep_reads_the_record_as_it_was_written(tmp_path: Path, ask: Ask) -> None:
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", compact(record(1)), pretty(record(2)))
    both = '"task_id":"task-[0-9]","event_type"'
    assert ids(ask("events", "--grep", both, "--json", directory)) == ["task-1", "task-2"]
    assert ids(ask("events", "--grep", "WORKER-2", "--json", directory)) == []
    assert ids(ask("events", "--grep", "(?i)WORKER-2", "--json", directory)) == ["task-2"]


def test_a_period_reaches_from_since_to_before_until(tmp_path: Path, ask: Ask) -> None:
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *(compact(at(hour, hour)) for hour in (5, 6, 7, 8)))
    two, eight = "2026-11-22T06:00:00Z", "2026-11-22T02:00:00-06:00"
    assert ids(ask("events", "--since", two, "--until", eight, "--json", directory)) == ["task-6", "task-7"]
    assert ids(ask("events", "--since", "3h", "--json", directory)) == ["task-6", "task-7", "task-8"]
    assert ids(ask("events", "--date", "today", "--limit", "1", "--json", directory)) == ["task-8"]
    assert ids(ask("events", "--date", "yesterday", "--json", directory)) == []


def test_a_local_date_in_a_file_name_hides_no_event(tmp_path: Path, ask: Ask) -> None:
    """The legacy library names a file by the host's date: west of Greenwich it holds events of the next UTC day."""
    directory = write(tmp_path, "lineage-2026-11-21.jsonl", compact(at(5, 1)))
    assert ids(ask("events", "--since", "2026-11-22T04:00:00Z", "--json", directory)) == ["task-1"]
    east = write(tmp_path / "east", "lineage-2026-11-23.jsonl", compact(at(20, 1)))
    assert ids(ask("events", "--until", "2026-11-22T21:00:00Z", "--json", east)) == ["task-1"]


def test_csv_is_one_row_an_event_and_no_cell_is_a_formula(tmp_path: Path, ask: Ask) -> None:
    actor, data = {"type": "user", "id": "@SUM(A1)"}, {"reason": "x,\n"}
    evil = at(1, 1, task_id="=1+1", actor=actor, tags=["a", "b"], event_data=data)
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", compact(evil))
    (row,) = csv.DictReader(io.StringIO(ask("events", "--format", "csv", directory).out))
    assert row["task_id"] == "'=1+1"
    assert row["actor_id"] == "'@SUM(A1)"
    assert json.loads(row["tags"]) == ["a", "b"]
    assert json.loads(row["event_data"]) == {"reason": "x,\n"}


def test_recent_gives_what_the_end_of_all_events_is(demo_dir: Path, ask: Ask) -> None:
    everything = ask("events", "--json", demo_dir).json
    assert len(everything) == 4000
    for number in (0, 1, 17, 700, 3999, 5000):
        asked = ask("recent", str(number), "--json", demo_dir)
        assert asked.json == everything[max(0, 4000 - number) :]
    worker = [value for value in everything if value["event_type"] == "worker_failed"]
    assert ask("recent", "5", "--type", "worker_failed", "--json", demo_dir).json == worker[-5:]


def test_recent_reads_only_the_end_of_a_large_file(tmp_path: Path, ask: Ask) -> None:
    lines = b"".join(compact(at(1, number)) for number in range(1000))
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", lines * 40, *(compact(at(2, n)) for n in range(30)))
    size = (directory / "lineage-2026-11-22.jsonl").stat().st_size

    def bytes_read() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = bytes_read()
    assert len(ask("recent", "10", "--json", directory).json) == 10
    assert bytes_read() - before < size / 4


def test_recent_finds_what_two_writers_put_out_of_order(tmp_path: Path, ask: Ask) -> None:
    """The newest event may stand before others of a slower writer, and in the file of another day."""
    lines = [compact(record(n, timestamp=f"2026-11-22T03:00:00.{n:03d}Z")) for n in range(900)]
    lines.insert(700, compact(at(4, 950, task_id="newest")))
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *lines)
    write(directory, "lineage-2026-11-21.jsonl", compact(at(5, 999, task_id="west")))
    asked = ask("recent", "3", "--json", directory)
    assert ids(asked) == ["task-899", "newest", "west"]


def test_recent_reads_on_while_older_bytes_hold_newer_events(tmp_path: Path, ask: Ask) -> None:
    """A file whose events stand in the opposite order: its newest ones are at its beginning."""
    times = [f"2026-11-22T0{9 - n // 1000}:00:00.{999 - n % 1000:03d}Z" for n in range(3000)]
    lines = [compact(record(n, timestamp=time)) for n, time in enumerate(times)]
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *lines)
    assert ids(ask("recent", "3", "--json", directory)) == ["task-2", "task-1", "task-0"]


@pytest.mark.parametrize("ids_of", ["their writing", "their host", "the legacy library"])
def test_recent_is_not_deceived_by_older_events_that_were_appended_later(ids_of: str, tmp_path: Path, ask: Ask) -> None:
    """Many of them, in perfect order: by their ids they were written later, or they are another host's."""

    def line(hour: int, minute: int, written: int) -> bytes:
        moment = 1795305600 + hour * 3600 + minute
        id_ = {"their writing": f"{1795390000000000 + written}0000001000", "their host": f"{moment}0000000000001000"}
        lineage_id = "lineage-" + id_.get(ids_of, f"{moment}{written % 100}")
        time = f"2026-11-22T{hour:02d}:{minute // 60:02d}:{minute % 60:02d}Z"
        return compact(record(written, timestamp=time, lineage_id=lineage_id, task_id=f"task-{hour}-{minute}"))

    lines = [line(15, minute, minute) for minute in range(900)]
    lines += [line(8, minute, 900 + minute) for minute in range(900)]
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *lines)
    assert ids(ask("recent", "2", "--json", directory)) == ["task-15-898", "task-15-899"]
    assert ids(ask("events", "--limit", "2", "--json", directory)) == ["task-15-898", "task-15-899"]


def test_recent_finds_a_few_events_before_a_large_block_that_happened_before_them(tmp_path: Path, ask: Ask) -> None:
    """By their ids the block was written later, which no sample could tell."""
    times = [f"2026-11-22T08:{n // 240:02d}:{n % 240 // 4:02d}Z" for n in range(12_000)]
    late = [compact(at(23, n, timestamp=time)) for n, time in enumerate(times)]
    lines = [*(compact(at(7, n)) for n in range(100)), compact(at(15, 1, task_id="live")), *late]
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", *lines)
    assert sum(map(len, late)) > LAST_STRETCH / 2
    assert ids(ask("recent", "1", "--json", directory)) == ["live"]


def test_limit_keeps_the_newest(demo_dir: Path, ask: Ask) -> None:
    everything = ask("events", "--json", demo_dir).json
    assert ask("events", "--limit", "9", "--json", demo_dir).json == everything[-9:]
    assert ask("events", "--limit", "0", "--json", demo_dir).json == []


def test_an_id_that_is_no_utf_8_is_found_as_its_record_shows_it(tmp_path: Path, ask: Ask) -> None:
    line = compact(record(1, task_id="task-X")).replace(b"task-X", b"task-\xff")
    directory = write(tmp_path, "lineage-2026-11-22.jsonl", line, compact(record(2)))
    for words in (["events", "--task"], ["task"], ["workers"], ["summary"], ["chain"]):
        asked = ask(*words, "task-\udcff", "--json", directory)  # as the shell gives the byte to Python
        assert (asked.code, asked.err) == (0, "")
        assert "task-\ufffd" in asked.out
    assert ask("task", "task-\udcfe\udcfe", directory).code == 1

"""Tailing a directory: what is new, in which order, from where (reliability cases 14, 28, 33)."""

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import parse_timestamp
from lineage_core.read.journal_files import files
from lineage_core.read.moved_files import copies_of, read_again
from lineage_core.read.tailer import Batch, Tailer
from lineage_core.state.store import State
from tests.build import compact, pretty, record
from tests.conftest import DATA
from tests.core.read.tailing import DAY, append, lines, numbers, rejected


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return tmp_path / DAY


def test_each_pass_gives_what_is_new(tmp_path: Path, day: Path) -> None:
    append(day, lines(1, 2))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1, 2]
    assert numbers(tailer) == []
    append(day, lines(3) + lines(4)[:100])
    assert numbers(tailer) == [3]
    append(day, lines(4)[100:])
    assert numbers(tailer) == [4]
    assert tailer.backlog == 0


def test_the_newest_day_comes_first_and_the_combined_file_last(tmp_path: Path) -> None:
    for number, date in enumerate(("2026-11-20", "2026-11-22", "2026-11-21"), 1):
        append(tmp_path / f"lineage-{date}.jsonl", lines(number))
    append(tmp_path / "task-lineage.jsonl", lines(4))
    archive = tmp_path / "archive" / "2026-10"
    archive.mkdir(parents=True)
    (archive / "lineage-2026-10-05.jsonl.gz").write_bytes(gzip.compress(lines(5)))
    (tmp_path / "lineage-2026-10-06.jsonl.archiving").write_bytes(lines(6))
    (tmp_path / "README.md").write_text("no journal file")
    (tmp_path / "lineage-2026-11-22.jsonl.tmp").write_bytes(lines(9))
    batches = list(Tailer(tmp_path).scan())
    assert [batch.found[0].record["task_id"] for batch in batches if batch.found] == [
        f"task-{number}" for number in (2, 3, 1, 6, 5, 4)
    ]
    assert {batch.file for batch in batches} == {
        "lineage-2026-11-20.jsonl",
        "lineage-2026-11-21.jsonl",
        "lineage-2026-11-22.jsonl",
        "lineage-2026-10-05.jsonl",
        "lineage-2026-10-06.jsonl",
        "task-lineage.jsonl",
    }
    assert [file.name for file in files(tmp_path)] == list(dict.fromkeys(batch.file for batch in batches))


def test_what_the_newest_day_gains_comes_before_more_history(tmp_path: Path, day: Path) -> None:
    append(day, lines(1))
    append(tmp_path / "lineage-2026-11-01.jsonl", lines(*range(100, 160)))
    order = []
    for turn, batch in enumerate(Tailer(tmp_path, block=4096).scan(), 2):
        order.append((batch.file, [int(found.record["task_id"][5:]) for found in batch.found]))
        if turn < 6:
            append(day, lines(turn))
    assert order[0] == (DAY, [1])
    assert [number for file, some in order if file == DAY for number in some] == [1, 2, 3, 4, 5]
    assert sum(len(numbers) for _, numbers in order) == 65
    assert [file for file, _ in order[-3:]] == ["lineage-2026-11-01.jsonl"] * 3


def test_a_batch_has_the_bytes_of_its_records_and_they_can_be_read_again(tmp_path: Path, day: Path) -> None:
    text = lines(1) + pretty(record(2)) + lines(3)
    day.write_bytes(text)
    packed = tmp_path / "archive" / "2026-11"
    packed.mkdir(parents=True)
    (packed / "lineage-2026-11-21.jsonl.gz").write_bytes(gzip.compress(text))
    for block in (1 << 16, 7, 100):
        for batch in Tailer(tmp_path, block=block).scan():
            for found in batch.found:
                raw = text[found.offset : found.offset + found.length]
                assert batch.raw(found) == raw
                assert read_again(tmp_path, batch.file, found.offset, found.length, raw.__eq__) == raw


def test_a_record_that_is_gone_is_none_and_never_another_one(tmp_path: Path, day: Path) -> None:
    raw = lines(1)
    assert read_again(tmp_path, DAY, 0, len(raw), raw.__eq__) is None
    day.write_bytes(b"short")
    assert read_again(tmp_path, DAY, 0, len(raw), raw.__eq__) is None
    day.write_bytes(lines(2))
    assert read_again(tmp_path, DAY, 0, len(raw), raw.__eq__) is None
    append(tmp_path / (DAY + ".1"), raw)
    assert read_again(tmp_path, DAY, 0, len(raw), raw.__eq__) == raw


def test_copies_of_a_file_are_found_by_its_name(tmp_path: Path, day: Path) -> None:
    assert copies_of(tmp_path / "missing", DAY) == []
    append(tmp_path / (DAY + ".1"), lines(1))
    append(day, lines(2))
    assert copies_of(tmp_path, DAY) == [day, tmp_path / (DAY + ".1")]


def test_backlog_tells_what_is_not_read_yet(tmp_path: Path, day: Path) -> None:
    append(day, lines(*range(50)))
    tailer = Tailer(tmp_path, block=4096)
    sizes = [tailer.backlog for _ in tailer.scan()]
    assert sizes == sorted(sizes, reverse=True)
    content = day.read_bytes()
    assert sizes[0] == len(content[content.rindex(b"\n", 0, 4096) + 1 :])  # a block ends with a line
    assert sizes[-1] == 0


# Start points


def test_from_the_end_only_what_comes_later_is_told(tmp_path: Path, day: Path) -> None:
    append(day, lines(1, 2) + lines(3)[:50])
    append(tmp_path / "task-lineage.jsonl", pretty(record(4)) + pretty(record(5))[:100])
    (tmp_path / "lineage-2026-10-01.jsonl.gz").write_bytes(gzip.compress(lines(6)))
    tailer = Tailer(tmp_path, from_end=True)
    assert numbers(tailer) == []
    append(day, lines(3)[50:])
    append(tmp_path / "task-lineage.jsonl", pretty(record(5))[100:])
    append(tmp_path / "lineage-2026-11-23.jsonl", lines(7))
    assert sorted(numbers(tailer)) == [3, 5, 7]


def test_from_the_end_of_a_file_with_a_very_long_last_line(tmp_path: Path, day: Path) -> None:
    long = compact(record(2, note="x" * 3_000_000))
    append(day, lines(1) + long[:2_000_000])
    tailer = Tailer(tmp_path, from_end=True)
    assert numbers(tailer) == []
    append(day, long[2_000_000:])
    assert numbers(tailer) == [2]


def test_since_leaves_out_older_records_and_does_not_open_older_files(tmp_path: Path, day: Path) -> None:
    append(day, compact(record(1, timestamp="2026-11-22T08:00:00Z")))
    append(day, compact(record(2, timestamp="2026-11-22T09:00:00Z")))
    append(tmp_path / "lineage-2026-11-21.jsonl", compact(record(3, timestamp="2026-11-22T08:30:00Z")))  # a local date
    append(tmp_path / "lineage-2026-11-19.jsonl", b"not to be opened\n")
    tailer = Tailer(tmp_path, since=parse_timestamp("2026-11-22T08:30:00Z"))
    assert sorted(numbers(tailer)) == [2, 3]
    assert rejected(Tailer(tmp_path, since=parse_timestamp("2026-11-22T08:30:00Z"))) == 0


@pytest.mark.clock
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "America/Los_Angeles"])
def test_midnight_in_any_time_zone_goes_to_the_right_file_and_is_not_missed(tmp_path: Path, zone: str) -> None:
    tailer = Tailer(tmp_path)
    for number, at in ((1, "2026-11-22T23:59:59.999999Z"), (2, "2026-11-23T00:00:00Z"), (3, "2026-11-22T23:59:59Z")):
        words = ["log", "task_created", f"task-{number}", "user-kim", "--dir", str(tmp_path)]
        subprocess.run(
            [sys.executable, "-m", "lineage_core.cli", *words],
            env={**os.environ, "TZ": zone, "LINEAGE_NOW": at},
            check=True,
            capture_output=True,
        )
        assert numbers(tailer) == [number]
    assert (tmp_path / DAY).read_bytes().count(b"\n") == 2
    assert (tmp_path / "lineage-2026-11-23.jsonl").read_bytes().count(b"\n") == 1


# Case 14


def test_the_same_events_in_daily_and_combined_file_are_one_each_in_any_order_of_arrival() -> None:
    batches: list[Batch] = list(Tailer(DATA / "legacy", block=3000).scan())
    states = []
    for seed in range(10):
        shuffled = batches[:]
        random.Random(seed).shuffle(shuffled)
        state = State()
        for batch in shuffled:
            state.merge(batch.file, batch.found)
        assert (state.events, state.records) == (30, 60)
        states.append({task_id: state.task(task_id) for task_id in state.rows})
    assert all(state == states[0] for state in states)


# Case 18


def test_checkpoints_survive_json(tmp_path: Path, day: Path) -> None:
    append(day, lines(1, 2) + pretty(record(3))[:200])
    (tmp_path / "lineage-2026-10-01.jsonl.gz").write_bytes(gzip.compress(lines(9)))
    first = Tailer(tmp_path)
    assert numbers(first) == [1, 2, 9]
    checkpoints: list[dict[str, Any]] = json.loads(json.dumps(first.checkpoints()))
    append(day, pretty(record(3))[200:] + lines(4))
    day.rename(tmp_path / f"{DAY}.1")
    append(day, lines(5))
    second = Tailer(tmp_path, checkpoints=checkpoints)
    assert sorted(numbers(second)) == [3, 4, 5]
    assert sorted(numbers(Tailer(tmp_path, checkpoints=second.checkpoints()))) == []


def test_checkpoints_that_make_no_sense_are_not_trusted(tmp_path: Path, day: Path) -> None:
    append(day, lines(1, 2))
    first = Tailer(tmp_path)
    assert numbers(first) == [1, 2]
    (told,) = first.checkpoints()
    for nonsense in (
        {},
        [{}],
        [{**told, "offset": "far"}],
        [{**told, "head": 5}],
        [{**told, "offset": 1 << 60}],
        [{**told, "last": "00"}],
        [{**told, "settled": told["offset"] + 1}],
    ):
        assert numbers(Tailer(tmp_path, checkpoints=nonsense)) == [1, 2]
    assert numbers(Tailer(tmp_path, checkpoints=[told])) == []

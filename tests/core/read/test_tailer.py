"""Tailing a directory through whatever happens to its files (reliability cases 14, 18, 21 to 25, 28, 33, 35)."""

import gzip
import json
import os
import random
import shutil
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import parse_timestamp
from lineage_core.read import compression
from lineage_core.read.journal_files import copies_of, files, read_again
from lineage_core.read.tailer import Batch, Tailer
from lineage_core.state.store import State
from tests.build import compact, pretty, record
from tests.conftest import DATA
from tests.wallclock import now

DAY = "lineage-2026-11-22.jsonl"


def lines(*numbers: int) -> bytes:
    return b"".join(compact(record(number)) for number in numbers)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def numbers(tailer: Tailer) -> list[int]:
    """The numbers of the records that one pass gives, in the order in which they come."""
    return [int(found.record["task_id"][5:]) for batch in tailer.scan() for found in batch.found]


def rejected(tailer: Tailer) -> int:
    return sum(len(batch.rejected) for batch in tailer.scan())


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
    assert sizes[0] == day.stat().st_size - 4096
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


def test_thousands_of_files_that_arrive_between_two_passes_are_found_in_one(tmp_path: Path, day: Path) -> None:
    append(day, lines(1))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1]
    for number in range(9000):
        date = f"{2100 + number // 336:04d}-{number % 336 // 28 + 1:02d}-{number % 28 + 1:02d}"
        (tmp_path / f"lineage-{date}.jsonl").write_bytes(lines(number + 2))
    before = len(os.listdir("/proc/self/fd"))
    found = Counter(numbers(tailer))
    assert found == Counter(range(2, 9002))
    assert len(os.listdir("/proc/self/fd")) <= before + 8
    append(tmp_path / "lineage-2200-01-01.jsonl", lines(9999))
    assert numbers(tailer) == [9999]
    append(tmp_path / "lineage-2126-10-12.jsonl", lines(10_000))
    seen: list[int] = []
    while not seen:  # listings of so many files have their share of the time
        seen = numbers(tailer)
    assert seen == [10_000]


# Case 21


def test_fifty_renames_with_the_old_file_still_written_lose_nothing(tmp_path: Path, day: Path) -> None:
    tailer = Tailer(tmp_path)
    written = 0
    seen: list[int] = []
    for turn in range(50):
        with day.open("ab", buffering=0) as old:
            old.write(lines(written))
            if turn % 3:
                seen += numbers(tailer)
            for back in range(turn, 0, -1):
                (tmp_path / f"{DAY}.{back}").rename(tmp_path / f"{DAY}.{back + 1}")
            day.rename(tmp_path / f"{DAY}.1")
            if turn % 4 == 0:
                seen += numbers(tailer)
            old.write(lines(written + 1))
            append(day, lines(written + 2))
            if turn % 5 == 0:
                seen += numbers(tailer)
            old.write(lines(written + 3))
            written += 4
    seen += numbers(tailer)
    assert sorted(seen) == list(range(written))


def test_what_is_added_to_a_file_after_it_was_moved_away_or_deleted_is_read(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    day = directory / DAY
    tailer = Tailer(directory)
    for turn, leave in enumerate((lambda: day.rename(tmp_path / "elsewhere"), day.unlink)):
        with day.open("ab", buffering=0) as old:
            old.write(lines(10 * turn))
            assert numbers(tailer) == [10 * turn]
            leave()
            old.write(lines(10 * turn + 1))
            append(day, lines(10 * turn + 2))
            assert sorted(numbers(tailer)) == [10 * turn + 1, 10 * turn + 2]
            old.write(lines(10 * turn + 3))
            assert numbers(tailer) == [10 * turn + 3]


def test_descriptors_stay_flat_over_many_rotations(tmp_path: Path, day: Path) -> None:
    def open_files() -> int:
        names = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
        return sum(name.startswith(str(tmp_path)) for name in names)

    tailer = Tailer(tmp_path)
    for turn in range(100):
        append(day, lines(turn))
        assert numbers(tailer) == [turn]
        if turn % 2:
            day.rename(tmp_path / f"{DAY}.{turn}")
        else:
            day.unlink()
        assert open_files() <= 4
    tailer.close()
    assert open_files() == 0


# Cases 22 to 24


def test_copied_and_truncated_with_a_writer_that_keeps_its_offset(tmp_path: Path, day: Path) -> None:
    tailer = Tailer(tmp_path)
    with day.open("wb", buffering=0) as writer:  # no O_APPEND: it goes on where it was, after a hole of NULs
        writer.write(lines(1, 2))
        assert numbers(tailer) == [1, 2]
        writer.write(lines(3))  # not read before the copy is made
        (tmp_path / f"{DAY}.1").write_bytes(day.read_bytes())
        os.truncate(day, 0)
        writer.write(lines(4))
        assert day.read_bytes().startswith(b"\0" * 1000)
        batches = list(tailer.scan())
        assert sorted(found.record["task_id"] for batch in batches for found in batch.found) == ["task-3", "task-4"]
        assert [bad.reason for batch in batches for bad in batch.rejected] == ["NUL bytes"]
        writer.write(lines(5))
        assert numbers(tailer) == [5]


@pytest.mark.parametrize(
    "content",
    [
        "(b'\\0' * (1 << 20) for _ in range(1 << 10))",
        "(b'x' * (1 << 20) for _ in range(1 << 10))",
        "itertools.chain([b'{\\n'], ((b'  \"x\": \"' + b'y' * 9000 + b'\",\\n') * 100 for _ in range(1 << 10)))",
    ],
    ids=["hole of NULs", "one line", "one pretty-printed record"],
)
def test_memory_stays_flat_over_a_gigabyte_of_nonsense(tmp_path: Path, day: Path, content: str) -> None:
    script = f"""
import itertools, resource, sys
from pathlib import Path
from lineage_core.read.tailer import Tailer
with open({str(day)!r}, "wb") as file:
    for piece in {content}:
        if piece.strip(b"\\0"):
            file.write(piece)
        else:
            file.seek(len(piece), 1)
    file.write(b"\\n" * (not piece.startswith(b"\\0")) + {lines(1)!r})
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print([found.record["task_id"] for batch in Tailer(Path({str(tmp_path)!r})).scan() for found in batch.found])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used)
"""
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    day.unlink()
    found, kilobytes = out.splitlines()
    assert found == "['task-1']"
    assert int(kilobytes) < 150_000


@pytest.mark.parametrize("size", [0, 100, 1000, 1001])
def test_truncated_and_grown_past_the_old_offset(tmp_path: Path, day: Path, size: int) -> None:
    append(day, lines(1, 2, 3))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1, 2, 3]
    os.truncate(day, size)
    append(day, b"\n" + lines(4, 5, 6, 7, 8))  # equally long records: the end of the old text looks the same
    assert {4, 5, 6, 7, 8} <= set(numbers(tailer))


@pytest.mark.clock
def test_truncated_and_grown_to_exactly_the_old_size(tmp_path: Path, day: Path) -> None:
    """Within the same tick of the clock, so that neither the size nor the time of change tells."""
    tailer = Tailer(tmp_path)
    present = now() * 1000 + 10**10
    for turn in range(100, 160, 3):
        day.write_bytes(lines(turn, turn + 1, turn + 2))
        os.utime(day, ns=(present, present))
        assert numbers(tailer) == [turn, turn + 1, turn + 2]
        assert day.stat().st_size == len(lines(100, 101, 102))


def test_a_file_with_another_beginning_is_another_file(tmp_path: Path, day: Path) -> None:
    append(day, lines(*range(10, 20)))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == list(range(10, 20))
    with day.open("r+b") as file:
        file.write(lines(30))
    append(day, lines(31))
    assert numbers(tailer) == [30, *range(11, 20), 31]


def test_deleted_and_made_again_with_the_same_inode(tmp_path: Path, day: Path) -> None:
    tailer = Tailer(tmp_path)
    inodes = []
    for turn in range(10):
        append(day, lines(turn))
        assert numbers(tailer) == [turn]
        inodes.append(day.stat().st_ino)
        tailer.close()  # or the inode stays taken
        day.unlink()
    assert len(set(inodes)) < 10, "this file system does not give inodes anew"


def test_an_inode_that_is_given_to_another_file_is_that_file(tmp_path: Path) -> None:
    tailer = Tailer(tmp_path)
    names, inodes = (DAY, "task-lineage.jsonl", "lineage-2026-11-23.jsonl"), []
    for turn in range(9):
        path = tmp_path / names[turn % 3]
        append(path, lines(turn))
        assert [(batch.file, batch.path) for batch in tailer.scan()] == [(path.name, path)]
        inodes.append(path.stat().st_ino)
        tailer.close()
        path.unlink()
    assert len(set(inodes)) < 9, "this file system does not give inodes anew"


def test_replaced_by_a_longer_file_under_the_same_inode_between_two_passes(tmp_path: Path, day: Path) -> None:
    append(day, lines(1, 2))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1, 2]
    with day.open("r+b") as file:
        file.write(lines(3, 4, 5))
    assert numbers(tailer) == [3, 4, 5]


def test_a_file_that_is_gone_is_not_taken_for_the_one_that_has_its_path_now(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    day = directory / DAY
    append(day, lines(1))
    tailer = Tailer(directory, block=700)
    assert numbers(tailer) == [1]
    shutil.copy(day, directory / f"{DAY}.1")
    os.truncate(day, 0)
    append(day, lines(2, 3))  # read by the descriptor that is kept
    shutil.rmtree(directory)
    directory.mkdir()
    append(day, lines(4))
    assert sorted(numbers(tailer)) == [2, 3, 4]
    assert numbers(tailer) == []


def test_the_same_where_the_file_of_its_path_is_replaced_once_more(tmp_path: Path, day: Path) -> None:
    append(day, lines(1))
    tailer = Tailer(tmp_path, block=700)
    assert numbers(tailer) == [1]
    with day.open("r+b") as kept:
        day.unlink()
        append(day, lines(2))
        assert numbers(tailer) == [2]
        kept.truncate(0)
        kept.write(lines(3, 4, 5))
        kept.flush()
        day.rename(tmp_path / "new")
        append(day, lines(2))
        (tmp_path / "new").unlink()
        append(day, lines(6))
        assert sorted(numbers(tailer)) == [3, 4, 5, 6]
    assert numbers(tailer) == []


@pytest.mark.parametrize("settle", [False, True])
def test_copied_and_truncated_between_the_listing_and_the_reading(tmp_path: Path, day: Path, settle: bool) -> None:
    older = tmp_path / "lineage-2026-11-21.jsonl"
    append(older, lines(1, 2))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1, 2]
    append(older, lines(3))
    append(day, lines(4))
    scan = tailer.scan()
    assert [found.record["task_id"] for found in next(scan).found] == ["task-4"]
    shutil.copy(older, f"{older}.1")
    os.truncate(older, 0)
    append(older, lines(5, 6, 7, 8))
    rest = [int(found.record["task_id"][5:]) for batch in scan for found in batch.found]
    if settle:
        rest += numbers(tailer)
        tailer = Tailer(tmp_path, checkpoints=tailer.checkpoints())
    assert sorted(rest + numbers(tailer)) == [3, 5, 6, 7, 8]
    assert numbers(tailer) == []


# Case 25


def test_the_directory_may_be_missing_and_come_and_go(tmp_path: Path) -> None:
    directory = tmp_path / "not" / "yet"
    tailer = Tailer(directory)
    for turn in range(3):
        assert numbers(tailer) == []
        assert tailer.missing
        assert tailer.problems == {}
        directory.mkdir(parents=True)
        assert numbers(tailer) == []
        assert not tailer.missing
        append(directory / DAY, lines(turn))
        assert numbers(tailer) == [turn]
        (directory / DAY).unlink()
        directory.rmdir()
        directory.parent.rmdir()
    assert not directory.exists()


def test_a_directory_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tailer = Tailer(tmp_path / "file")
    assert numbers(tailer) == []
    assert "Not a directory" in tailer.problems["."]


# Case 28


def pack(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "archive" / "2026-10" / "lineage-2026-10-01.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_an_archive_of_several_members_is_one_content(tmp_path: Path) -> None:
    text = lines(1, 2, 3)
    pack(tmp_path, gzip.compress(text[:700]) + gzip.compress(text[700:]) + b"\0" * 512 + gzip.compress(lines(4)))
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1, 2, 3, 4]
    assert tailer.problems == {}
    assert numbers(tailer) == []


def test_an_archive_cut_short_at_every_byte_gives_its_good_beginning_and_a_problem(tmp_path: Path) -> None:
    data = gzip.compress(lines(*range(1, 9)))
    for cut in range(1, len(data)):
        pack(tmp_path, data[:cut])
        tailer = Tailer(tmp_path)
        found = numbers(tailer)
        assert found == list(range(1, len(found) + 1))
        assert list(tailer.problems) == ["archive/2026-10/lineage-2026-10-01.jsonl.gz"]
    assert found == list(range(1, 9))
    assert "cut short" in tailer.problems["archive/2026-10/lineage-2026-10-01.jsonl.gz"]


def test_a_damaged_archive_gives_what_comes_before_the_damage(tmp_path: Path) -> None:
    pack(tmp_path, gzip.compress(lines(1, 2)) + b"damaged")
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1, 2]
    assert "damaged" in tailer.problems["archive/2026-10/lineage-2026-10-01.jsonl.gz"]
    assert numbers(tailer) == []
    assert tailer.problems, "a problem is told as long as it lasts"
    pack(tmp_path, gzip.compress(lines(1, 2, 3)))
    assert numbers(tailer) == [1, 2, 3]
    assert tailer.problems == {}


def test_a_bomb_is_read_to_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "UNPACK_FREE", 1 << 20)
    pack(tmp_path, gzip.compress(lines(1) + b"0" * 300_000_000, 9))
    tailer = Tailer(tmp_path)
    ends = [batch.end for batch in tailer.scan()]
    assert max(ends) < 120_000_000
    assert "times its size" in tailer.problems["archive/2026-10/lineage-2026-10-01.jsonl.gz"]


def test_a_record_at_the_end_of_an_archive_needs_no_newline(tmp_path: Path) -> None:
    pack(tmp_path, gzip.compress(lines(1) + lines(2).rstrip()))
    assert numbers(Tailer(tmp_path)) == [1, 2]


# Case 35


def test_what_cannot_be_read_is_told_and_does_not_hang_the_rest(tmp_path: Path, day: Path) -> None:
    append(day, lines(1))
    os.mkfifo(tmp_path / "lineage-2026-11-01.jsonl")
    (tmp_path / "lineage-2026-11-02.jsonl").mkdir()
    (tmp_path / "lineage-2026-11-03.jsonl").symlink_to("lineage-2026-11-03.jsonl")
    (tmp_path / "lineage-2026-11-04.jsonl").symlink_to("nowhere")
    (tmp_path / "lineage-2026-11-05.jsonl.lz4").write_bytes(b"")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "lineage-2026-11-06.jsonl"))
    listener.close()
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1]
    problems = {name[16:]: why for name, why in tailer.problems.items()}
    assert problems == {
        "01.jsonl": "not a file but a pipe",
        "02.jsonl": "not a file but a directory",
        "03.jsonl": "too many levels of symbolic links",
        "04.jsonl": "a symbolic link to nothing",
        "05.jsonl.lz4": "packed in a way that is not understood (gzip, xz, bzip2 and zstd are)",
        "06.jsonl": "not a file but a socket",
    }
    (tmp_path / "lineage-2026-11-01.jsonl").unlink()
    append(tmp_path / "lineage-2026-11-01.jsonl", lines(2))
    assert numbers(tailer) == [2]
    assert "lineage-2026-11-01.jsonl" not in tailer.problems


def test_a_file_without_permission_is_told_and_read_once_it_has_it(tmp_path: Path) -> None:
    """In a process of its own that is not root, for root may read anything."""
    append(tmp_path / DAY, lines(1))
    tmp_path.chmod(0o755)
    (tmp_path / DAY).chmod(0)
    script = f"""
import os, sys
from pathlib import Path
from lineage_core.read.tailer import Tailer
os.chdir({str(tmp_path)!r})
if os.getuid() == 0:
    os.setuid(65534)
tailer = Tailer(Path("."))
list(tailer.scan())
print(tailer.problems, flush=True)
sys.stdin.readline()
print([found.record["task_id"] for batch in tailer.scan() for found in batch.found], tailer.problems, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == f"{{'{DAY}': 'permission denied'}}\n"
        (tmp_path / DAY).chmod(0o644)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "['task-1'] {}\n"


def test_a_symbolic_link_and_a_hard_link_are_read_once(tmp_path: Path, day: Path) -> None:
    append(tmp_path / "target", lines(1))
    day.symlink_to("target")
    os.link(tmp_path / "target", tmp_path / f"{DAY}.1")
    tailer = Tailer(tmp_path)
    assert numbers(tailer) == [1]
    append(day, lines(2))
    assert numbers(tailer) == [2]


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

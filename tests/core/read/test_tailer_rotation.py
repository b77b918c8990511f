"""Tailing files that are renamed, truncated, replaced, deleted and made again (reliability cases 21 to 25)."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lineage_core.read.tailer import Tailer
from tests.core.read.tailing import DAY, append, lines, numbers
from tests.faults.pseudo_terminal import open_descriptors
from tests.wallclock import now


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return tmp_path / DAY


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
        return sum(name.startswith(str(tmp_path)) for name in open_descriptors(os.getpid()))

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

"""Tailing what is packed, damaged, closed to us, or no file (reliability cases 18, 35)."""

import gzip
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_core.read import compression
from lineage_core.read.tailer import Tailer
from tests.core.read.tailing import DAY, append, lines, numbers


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return tmp_path / DAY


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

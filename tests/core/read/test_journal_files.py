"""Which files are read: what writers, logrotate and people make, once each; what looks like one and is not is named."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.maintenance.doctor import Surroundings, examine
from lineage_core.read import compression
from lineage_core.read.compression import unpack
from lineage_core.read.journal_files import files, open_file
from lineage_core.read.tailer import Tailer
from lineage_core.state.load import load
from tests.build import compact, record
from tests.cli.conftest import ask  # noqa: F401  a fixture

DAY = "lineage-2026-11-22.jsonl"
DATE = "lineage-2026-11-22"

READ = [
    DAY,
    f"{DAY}.1",
    f"{DAY}-20261123",
    f"{DAY}-20261123.gz",
    f"{DAY}.1.gz",
    f"{DAY}.archiving",
    f"{DATE}.1.jsonl",
    f"{DATE}-20261129.jsonl",
    f"{DATE}-20261129-1795334628.jsonl",
    f"{DATE}.1.jsonl.gz",
    f"{DATE}-20261129.jsonl.gz",
    f"{DATE} (copy).jsonl",
    f"{DATE} (1).jsonl",
    f"{DATE} copy.jsonl",
    f"{DATE}-host2.jsonl",
    f"{DATE}_old.jsonl",
    f"{DATE}.sync-conflict-20261129-101010-ABCDEFG.jsonl",
    f"{DATE} (conflicted copy 2026-11-29).jsonl",
    f"{DATE}.ndjson",
    f"{DATE}.1.ndjson.gz",
    f"{DAY} (copy)",
    f"{DAY}.orig",
    f"{DAY}.xz",
    f"{DATE}.1.jsonl.bz2",
    "task-lineage.jsonl",
    "task-lineage.1.jsonl",
    "task-lineage-20261129.jsonl.gz",
    f"old/{DAY}.1",
    f"rotated/{DATE}-20261129.jsonl.gz",
    f"archive/2026-11/{DAY}.gz",
    f"archive/{DAY}.xz",
]

NAMED = [
    f"Copy of {DAY}",
    f"backup-{DAY}",
    f"{DAY}.bak",
    f"{DAY}~",
    "lineage-20261122.jsonl",
    "lineage.jsonl",
    "lineage-2026-11-22.log",
    "lineage-2026-11-22.json",
    "events.ndjson",
    f"old/Copy of {DAY}",
    "archive/2026-11/x.jsonl.gz",
]

NOT_READABLE = [f"{DAY}.zip", f"{DAY}.lz4", f"{DAY}.1.7z", f"old/{DAY}.zip"]

IGNORED = [
    f"{DAY}.tmp",
    f"{DAY}.part",
    f".{DAY}.swp",
    f".{DAY}.Xy12ab",
    "archive/.lock",
    f"archive/2026-11/{DAY}.gz.tmp",
    "archive/2026-11/events-2026-11.parquet",
    "README.md",
    f".snapshot/{DAY}",
    "notes.json",
]

PACKERS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


def put(directory: Path, name: str, content: bytes) -> None:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PACKERS.get(path.suffix, bytes)(content))


@pytest.mark.parametrize("name", READ)
def test_a_file_of_such_a_name_is_read(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, compact(record(1)))
    loaded = load(tmp_path)
    assert (list(loaded.state.rows), loaded.problems) == (["task-1"], {})


def test_copies_under_all_names_count_once_and_each_name_is_read(tmp_path: Path) -> None:
    for number, name in enumerate(READ):
        put(tmp_path, name, compact(record(999)) + compact(record(number)))
    state = load(tmp_path).state
    assert state.events == len(READ) + 1
    assert files(tmp_path)[0].path.name == DAY


@pytest.mark.parametrize("name", NAMED)
def test_what_may_be_a_journal_file_and_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, compact(record(1)))
    unread: dict[str, str] = {}
    assert files(tmp_path, None, unread) == []
    assert list(unread) == [name]
    told = [result.text for result in examine(Surroundings(tmp_path, None, 0), ["names"])]
    assert [text for text in told if text.startswith(f"{name}: ")]
    tailer = Tailer(tmp_path)
    assert list(tailer.scan()) == []
    assert list(tailer.unread) == [name]
    assert tailer.problems == {}


@pytest.mark.parametrize("name", NOT_READABLE)
def test_a_file_that_is_packed_otherwise_is_a_problem(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, b"PK")
    loaded = load(tmp_path)
    assert list(loaded.problems) == [name]
    assert "not understood" in loaded.problems[name]


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_somebody_elses_is_not_told_of(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, compact(record(1)))
    problems: dict[str, str] = {}
    unread: dict[str, str] = {}
    assert (files(tmp_path, problems, unread), problems, unread) == ([], {}, {})


def test_a_folder_that_is_a_link_to_its_own_directory_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path, DAY, compact(record(1)))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [file.path for file in files(tmp_path)] == [tmp_path / DAY]


ROTATIONS = {
    "plain": "",
    "compressed": "compress",
    "extension": "extension .jsonl",
    "extension compressed": "extension .jsonl\ncompress",
    "delayed": "extension .jsonl\ncompress\ndelaycompress",
    "dated": "dateext\ndateformat -%Y%m%d-%s",
    "dated before the extension": "dateext\ndateformat -%Y%m%d-%s\nextension .jsonl",
    "another folder": "olddir old\ncreateolddir 0700",
    "another folder, extension": "olddir old\ncreateolddir 0700\nextension .jsonl\ncompress",
    "copied": "copytruncate",
    "copied, extension": "copytruncate\nextension .jsonl",
    "xz": "compress\ncompresscmd /usr/bin/xz\ncompressext .xz",
    "bzip2": "compress\ncompresscmd /usr/bin/bzip2\ncompressext .bz2\nextension .jsonl",
}


@pytest.mark.parametrize("options", ROTATIONS.values(), ids=ROTATIONS)
def test_what_logrotate_makes_is_read_once_by_who_follows_and_by_who_comes_later(
    tmp_path: Path, options: str, need_tool: Callable[[str], str]
) -> None:
    logrotate = need_tool("logrotate")
    for command in ("xz", "bzip2"):
        options = options.replace(f"/usr/bin/{command}", shutil.which(command) or command)
    directory = tmp_path / "lineage"
    directory.mkdir(mode=0o700)
    config = tmp_path / "logrotate.conf"
    config.write_text(f"{directory}/*.jsonl {{\nrotate 9\nmissingok\n{options}\n}}\n")
    config.chmod(0o600)
    tailer = Tailer(directory)
    followed: list[str] = []
    turns = 1 if "dateext" in options else 3
    rotated = [logrotate, "--force", "--state", str(tmp_path / "state"), str(config)]
    for turn in range(turns + 1):
        if turn:
            # A glob takes in what was rotated with the extension, as on a real host; so rotate one file by name.
            config.write_text(f"{directory}/{DAY} {{\nrotate 9\nmissingok\n{options}\n}}\n")
            subprocess.run(rotated, check=True, capture_output=True)
        with (directory / DAY).open("ab") as file:
            file.write(b"".join(compact(record(100 * turn + number)) for number in range(20)))
        followed += [found.record["task_id"] for batch in tailer.scan() for found in batch.found]
    expected = [f"task-{100 * turn + number}" for turn in range(turns + 1) for number in range(20)]
    assert sorted(set(followed)) == sorted(expected)
    loaded = load(directory)
    assert sorted(loaded.state.rows) == sorted(expected)
    assert (loaded.state.events, loaded.problems, tailer.problems, tailer.unread) == (len(expected), {}, {}, {})
    tailer.close()


# Packed files


@pytest.mark.parametrize("name", ["xz", "bzip2", "zstd", "gzip"])
@pytest.mark.parametrize("block", [1, 100, 1 << 16])
def test_any_packer_and_several_streams_and_padding(tmp_path: Path, name: str, block: int, need_tool) -> None:
    parts = [b"".join(compact(record(number)) for number in range(start, start + 30)) for start in (0, 30)]
    packed = []
    for part in parts:
        done = subprocess.run([need_tool(name), "-c"], input=part, capture_output=True, check=True)
        packed.append(done.stdout)
    (tmp_path / "file").write_bytes(packed[0] + packed[1] + b"\0\0\0\0")
    fd = open_file(tmp_path / "file")
    try:
        pieces = list(unpack(fd, block))
    finally:
        os.close(fd)
    assert b"".join(pieces) == b"".join(parts)
    assert max(map(len, pieces)) <= max(block, 1)


@pytest.mark.parametrize("suffix", [".xz", ".bz2"])
def test_what_is_cut_short_gives_its_good_beginning_and_a_problem(tmp_path: Path, suffix: str) -> None:
    text = b"".join(compact(record(number)) for number in range(3000))
    whole = PACKERS[suffix](text)
    (tmp_path / f"{DAY}{suffix}").write_bytes(whole[: len(whole) * 9 // 10])
    loaded = load(tmp_path)
    assert list(loaded.problems) == [f"{DAY}{suffix}"]
    assert set(loaded.state.rows) < {f"task-{number}" for number in range(3000)}


@pytest.mark.parametrize("suffix", [".xz", ".bz2"])
def test_a_bomb_is_read_to_the_cap_whatever_packed_it(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "UNPACK_FREE", 1 << 20)
    (tmp_path / f"{DAY}{suffix}").write_bytes(PACKERS[suffix](compact(record(1)) + b"0" * 100_000_000))
    loaded = load(tmp_path)
    assert "unpacks to more than" in loaded.problems[f"{DAY}{suffix}"]
    assert list(loaded.state.rows) == ["task-1"]


def test_without_a_module_for_zstd_the_file_is_a_problem_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "_zstd", lambda: None)
    (tmp_path / f"{DAY}.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    assert "backports.zstd" in load(tmp_path).problems[f"{DAY}.zst"]


def test_every_query_reads_what_was_packed_by_zstd(tmp_path: Path, ask, need_tool) -> None:  # noqa: F811
    text = b"".join(compact(record(number)) for number in range(50))
    done = subprocess.run([need_tool("zstd"), "-c"], input=text, capture_output=True, check=True)
    (tmp_path / f"{DAY}.zst").write_bytes(done.stdout)
    asked = ask("events", "--format", "jsonl", tmp_path)
    assert [json.loads(line)["task_id"] for line in asked.lines] == [f"task-{number}" for number in range(50)]
    assert ask("tasks", "--json", tmp_path).code == 0


def test_a_file_that_is_renamed_while_its_folder_is_listed_is_never_left_out(tmp_path: Path) -> None:
    """`lineage archive` renames a file before it packs it: a reader that looks just then sees not one event less."""
    here, there = tmp_path / "lineage-2026-11-22.jsonl", tmp_path / "lineage-2026-11-22.jsonl.archiving"
    here.write_bytes(b"{}\n")
    turn = "import os, sys\nwhile os.getppid() == int(sys.argv[3]):\n"
    turn += "    os.rename(*sys.argv[1:3]); os.rename(*sys.argv[2:0:-1])"
    with subprocess.Popen([sys.executable, "-c", turn, here, there, str(os.getpid())]) as renaming:
        try:
            assert {len(files(tmp_path)) for _ in range(5000)} == {1}
        finally:
            renaming.kill()

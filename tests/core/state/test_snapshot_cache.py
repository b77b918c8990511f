"""What a directory held is folded by processes, which may fail: nothing is lost then, and nothing comes twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from lineage_core.read.journal_files import files, opened
from lineage_core.state import feed as feed_module
from lineage_core.state import snapshot_cache, snapshot_jobs
from lineage_core.state.feed import Feed
from lineage_core.state.load import load
from lineage_core.state.store import State
from tests.build import compact, record

COUNT = 14_000
DAY = "lineage-2026-11-22.jsonl"
KILLED = ("sh", "-c", "read line; kill -9 $$")

BOTH_READERS = """
import sys
from pathlib import Path
from lineage_core.state.load import load
from tests.core.state.test_snapshot_cache import followed
directory = Path(sys.argv[1])
state = load(directory).state
print(state.events, state.copies, *followed(directory))
"""


def followed(directory: Path) -> tuple[int, int]:
    """The events and copies that a feed finds, when it has found as many as there are lines."""
    lines = sum(path.read_bytes().count(b"\n") for path in directory.glob("*.jsonl*"))
    state = State()
    feed = Feed(directory, state, lambda: None)
    feed.start()
    try:
        end = time.monotonic() + 120
        while not feed.health.loaded or feed.health.backlog or state.events < lines:
            if time.monotonic() > end:
                break
            time.sleep(0.01)
    finally:
        feed.stop()
    return state.events, state.copies


def loaded(directory: Path) -> tuple[int, int]:
    """The events and copies that a query finds."""
    state = load(directory).state
    return state.events, state.copies


@cache  # all that is made for many tests is what cannot change: lines
def lines(start: int, count: int, *, step: int = 1) -> tuple[bytes, ...]:
    """Records of tasks that have four events each, `step` tasks at a time side by side."""
    return tuple(
        compact(record(n, task_id=f"task-{n % step + n // (4 * step) * step}")) for n in range(start, start + count)
    )


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A directory with one file that is large enough for a process to fold its beginning."""
    directory = tmp_path / "lineage"
    directory.mkdir()
    text = b"".join(lines(0, COUNT))
    assert len(text) > snapshot_cache.SMALL
    (directory / DAY).write_bytes(text)
    return directory


@pytest.mark.parametrize("read", [loaded, followed])
@pytest.mark.parametrize("folder", [("false",), KILLED])
def test_what_a_process_that_dies_was_to_fold_is_read_here(
    journal: Path, monkeypatch: pytest.MonkeyPatch, folder: tuple[str, ...], read: Callable[[Path], object]
) -> None:
    monkeypatch.setattr(snapshot_cache, "_FOLDER", folder)
    assert read(journal) == (COUNT, 0)


@pytest.mark.parametrize("read", [loaded, followed])
def test_a_file_whose_process_dies_takes_no_other_with_it(
    journal: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object]
) -> None:
    (journal / "lineage-2026-11-23.jsonl").write_bytes((journal / DAY).read_bytes().replace(b"task-", b"more-"))
    once = journal.parent / "once"
    script = f'[ -e "{once}" ] || {{ : > "{once}"; kill -9 $$; }}; exec "$@"'
    monkeypatch.setattr(snapshot_cache, "_FOLDER", ("sh", "-c", script, "sh", *snapshot_cache._FOLDER))
    state = load(journal).state
    assert (state.events, state.copies) == (2 * COUNT, 0)
    assert read(journal) == (2 * COUNT, 0)


def test_with_a_full_disk_for_the_cache_nothing_is_lost(
    journal: Path, tmp_path: Path, need_tool: Callable[[str], str]
) -> None:
    """With little room a snapshot cannot be written; the journal is read instead. Where no namespace is to be had, the
    cache cannot be written at all."""
    small = tmp_path / "small"
    small.mkdir()
    mount = f'mount -t tmpfs -o size=256k none "{small}" && exec "$@"'
    command = [need_tool("unshare"), "-rm", "sh", "-c", mount, "sh", sys.executable, "-c", BOTH_READERS, str(journal)]
    environment = os.environ | {"XDG_CACHE_HOME": str(small), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if "mount" in told.stderr or "unshare" in told.stderr:
        environment["XDG_CACHE_HOME"] = "/dev/full"
        told = subprocess.run(command[6:], env=environment, capture_output=True, text=True, check=False)
    assert told.stdout.split() == [str(COUNT), "0"] * 2, told.stderr


@pytest.mark.parametrize("read", [loaded, followed])
def test_a_snapshot_that_was_altered_is_made_up_for_even_if_it_cannot_be_folded_again(
    journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Callable[[Path], object]
) -> None:
    assert loaded(journal) == (COUNT, 0)
    (path,) = (tmp_path / "xdg_cache_home").rglob("*.snapshot")
    data = bytearray(path.read_bytes())
    data[-50] ^= 4
    path.write_bytes(data)
    monkeypatch.setattr(snapshot_cache, "_FOLDER", KILLED)
    assert read(journal) == (COUNT, 0)


def test_the_beginning_is_found_where_the_file_was_moved_meanwhile(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tailer follows the file to its new name, behind the beginning; so must whoever reads that."""
    moved = f'mv "{journal / DAY}" "{journal / DAY}.1"; exec "$@"'
    monkeypatch.setattr(snapshot_cache, "_FOLDER", ("sh", "-c", moved, "sh", *snapshot_cache._FOLDER))
    assert loaded(journal) == (COUNT, 0)


def test_a_file_that_was_replaced_meanwhile_does_not_stand_for_the_one_that_was_promised(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (journal / DAY).read_bytes()
    other = journal.parent / "other"
    other.write_bytes(text.replace(b"task-", b"more-").replace(b"lineage-", b"lineage-1"))
    script = f'cp "{journal / DAY}" "{journal / DAY}.1"; cat "{other}" > "{journal / DAY}"; exec "$@"'
    monkeypatch.setattr(snapshot_cache, "_FOLDER", ("sh", "-c", script, "sh", *snapshot_cache._FOLDER))
    assert loaded(journal) == (2 * COUNT, 0)


def test_a_file_with_pretty_printed_records_near_its_end_is_not_parted(journal: Path) -> None:
    """One of them may have begun before the part that is read first."""

    def parting(directory: Path) -> object:
        (file,) = files(directory)
        with opened(file.path) as fd:
            return snapshot_jobs._parting(file, fd, file.status.st_size - snapshot_jobs.RECENT)

    last = json.dumps(record(COUNT), indent=2)
    assert parting(journal) is not None
    with (journal / DAY).open("a") as out:
        out.write(last + "\n")
    assert parting(journal) is None


@pytest.mark.parametrize("read", [loaded, followed])
@pytest.mark.parametrize("name", ["directory", "file"])
def test_a_name_that_is_not_utf8_is_a_name(journal: Path, name: str, read: Callable[[Path], object]) -> None:
    odd = os.fsdecode(b"\xff")
    if name == "directory":
        journal = journal.rename(journal.with_name(odd))
    else:
        (journal / DAY).rename(journal / f"{DAY}.{odd}")
    assert read(journal) == (COUNT, 0)
    assert read(journal) == (COUNT, 0)  # from the cache


def test_history_is_not_folded_before_the_screen_has_taken_the_newest(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is newest comes first, and has the machine for itself until it is on the screen."""
    monkeypatch.setattr(feed_module, "HEAD_START", 60.0)
    feed = Feed(journal, State(), lambda: None)
    feed.start()
    try:
        end = time.monotonic() + 120
        while not feed.waiting:
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.5)
        assert 0 < feed.state.events < COUNT and not feed.health.loaded
        assert feed._history is not None and not feed._history._serving, "no process folds yet"
        assert f"task-{(COUNT - 1) // 4}" in feed.state.rows and "task-0" not in feed.state.rows
        feed.take(50)
        while not feed.health.loaded:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert feed.state.events == COUNT
    finally:
        feed.stop()


def fifo(path: Path, other: Path) -> None:
    os.mkfifo(path)


def directory_with_a_file(path: Path, other: Path) -> None:
    path.mkdir()
    (path / "file").touch()


def link_to_zeros(path: Path, other: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_itself(path: Path, other: Path) -> None:
    path.symlink_to(path.name)


def link_to_a_whole_one(path: Path, other: Path) -> None:
    path.symlink_to(other)


def another_users(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)


def empty(path: Path, other: Path) -> None:
    path.touch()


PLANTED = [
    fifo,
    directory_with_a_file,
    link_to_zeros,
    link_to_itself,
    link_to_a_whole_one,
    another_users,
    empty,
]


@pytest.mark.parametrize("plant", PLANTED)
def test_what_stands_in_the_place_of_a_snapshot_is_not_waited_for_nor_written_through(
    journal: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    assert loaded(journal) == (COUNT, 0)
    (snapshot,) = Path(os.environ["XDG_CACHE_HOME"]).rglob("*.snapshot")
    other = snapshot.rename(tmp_path / "other")
    before = other.read_bytes()
    plant(snapshot, other)
    plant(snapshot.with_name("of-a-file-that-is-gone.snapshot"), other)
    plant(snapshot.with_name("unfinished.part"), other)
    assert loaded(journal) == (COUNT, 0)
    assert loaded(journal) == (COUNT, 0)
    assert other.read_bytes() == before
    assert plant is directory_with_a_file or (snapshot.is_file() and not snapshot.is_symlink())

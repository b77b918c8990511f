"""The cache of the frames: right or not used; it may vanish, break or lie, the figures stay the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lineage_core import demo
from lineage_core.dataframes import reader as frame
from lineage_core.dataframes.reader import FrameReader, Frames
from lineage_core.dataframes.schema import FRAMES
from lineage_core.write.journal import Journal
from tests.core.state.test_snapshot_cache import PLANTED

KEYS = {
    "events": ["file", "offset"],
    "tasks": ["task_id"],
    "workers": ["task_id", "worker_id"],
    "handoffs": ["task_id", "handoff_id"],
    "phases": ["task_id", "start", "end", "status"],
    "costs": ["task_id", "master", "worker_type"],
}


def assert_same(some: Frames, others: Frames) -> None:
    for what in FRAMES:
        assert_frame_equal(some.of(what).sort(*KEYS[what]), others.of(what).sort(*KEYS[what]))
    assert (some.records, some.rejected) == (others.records, others.rejected)


def read(directory: Path, *, cached: bool = True) -> FrameReader:
    reader = FrameReader(directory, cached=cached)
    reader.refresh()
    reader.close()
    return reader


def truth(directory: Path) -> Frames:
    return read(directory, cached=False).frames


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lineage directory whose frames are kept."""
    monkeypatch.setattr(frame, "WORTH_KEEPING", 1)
    directory = tmp_path / "lineage"
    demo.backfill(directory, 1200, days=2)
    with next(iter(directory.glob("*.jsonl"))).open("ab") as file:
        file.write(b'{"torn\n')
    read(directory).keep()
    return directory


def cache(directory: Path) -> Path:
    found = list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.frames"))
    assert len(found) == 1
    return found[0]


def reads_no_journal(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Frames:
    """The frames, which must all come from the cache."""
    with monkeypatch.context() as patch:
        patch.setattr(FrameReader, "_laid", lambda *_: pytest.fail("the journal was read"))
        return read(directory).frames


def test_a_second_start_reads_the_cache_and_not_the_journal(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(reads_no_journal(journal, monkeypatch), truth(journal))


def test_what_was_logged_since_is_read_behind_the_cache(journal: Path) -> None:
    Journal(journal).log("task_failed", "task-new", "development-master", "out of paper")
    reader = read(journal)
    assert "task-new" in reader.frames.tasks["task_id"].cast(str).to_list()
    assert_same(reader.frames, truth(journal))


def test_the_cache_is_for_its_owner_only(journal: Path) -> None:
    path = cache(journal)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_deleted_cache_costs_only_time(journal: Path) -> None:
    cache(journal).unlink()
    assert_same(read(journal).frames, truth(journal))


@pytest.mark.parametrize("spoil", ["cut short", "emptied", "made longer", "another format", "replaced by a directory"])
def test_a_spoiled_cache_is_not_used(journal: Path, spoil: str) -> None:
    path = cache(journal)
    raw = path.read_bytes()
    match spoil:
        case "cut short":
            path.write_bytes(raw[: len(raw) // 2])
        case "emptied":
            path.write_bytes(b"")
        case "made longer":
            path.write_bytes(raw + raw)
        case "another format":
            path.write_bytes(raw.replace(b'"format":', b'"format":9', 1))
        case _:
            path.unlink()
            path.mkdir()
    assert_same(read(journal).frames, truth(journal))


def test_a_flipped_bit_anywhere_is_noticed(journal: Path) -> None:
    path = cache(journal)
    raw = path.read_bytes()
    expected = truth(journal)

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, len(raw) - 1), st.integers(0, 7))
    def check(place: int, bit: int) -> None:
        spoiled = bytearray(raw)
        spoiled[place] ^= 1 << bit
        path.write_bytes(spoiled)
        assert_same(read(journal).frames, expected)

    check()


@pytest.mark.parametrize("change", ["truncated", "replaced", "deleted", "altered before its end", "made again"])
def test_a_cache_of_files_that_changed_is_not_used(journal: Path, change: str) -> None:
    file = sorted(journal.glob("*.jsonl"))[0]
    raw = file.read_bytes()
    half = raw[: raw.index(b"\n", len(raw) // 2) + 1]
    match change:
        case "truncated":
            os.truncate(file, len(half))
        case "replaced":
            other = file.with_suffix(".new")
            other.write_bytes(raw[len(half) :])
            other.replace(file)
        case "deleted":
            file.unlink()
        case "altered before its end":
            file.write_bytes(raw[:-40] + b"x" * 39 + b"\n")
        case _:
            file.unlink()
            file.write_bytes(half)
    assert_same(read(journal).frames, truth(journal))


def test_a_file_that_was_moved_away_by_rotation_is_still_known(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sorted(journal.glob("*.jsonl"))[0]
    file.rename(file.with_name(file.name + ".1"))
    assert_same(reads_no_journal(journal, monkeypatch), truth(journal))


def test_a_journal_that_cannot_be_written_to_the_cache_is_read_all_the_same(
    journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(in_the_way))
    reader = read(journal)
    reader.keep()
    assert_same(reader.frames, truth(journal))


def test_the_viewer_leaves_no_trace_in_the_lineage_directory(journal: Path) -> None:
    before = {path: path.stat() for path in [journal, *journal.rglob("*")]}
    read(journal).keep()
    after = {path: path.stat() for path in [journal, *journal.rglob("*")]}
    assert {path: (s.st_size, s.st_mtime_ns) for path, s in before.items()} == {
        path: (s.st_size, s.st_mtime_ns) for path, s in after.items()
    }


@pytest.mark.parametrize("plant", PLANTED)
def test_what_stands_in_the_place_of_the_cache_is_not_waited_for_nor_written_through(
    journal: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    kept = cache(journal)
    other = kept.rename(tmp_path / "other")
    before = other.read_bytes()
    plant(kept, other)
    reader = read(journal)
    assert_same(reader.frames, truth(journal))
    reader.keep()
    assert_same(read(journal).frames, truth(journal))
    assert other.read_bytes() == before

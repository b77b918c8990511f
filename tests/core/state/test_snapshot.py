"""Caches are never trusted: whatever happens to a snapshot, it is refused or means the same, and is made again."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core import demo
from lineage_core.base.clock import parse_timestamp
from lineage_core.model.facts import Fact, FactSearch
from lineage_core.state import snapshot_cache
from lineage_core.state.feed import Feed
from lineage_core.state.load import load
from lineage_core.state.snapshot import DamagedError, Snapshot
from lineage_core.state.snapshot_worker import Part, fold, fold_again
from lineage_core.state.store import State
from lineage_core.write.journal import Journal

NOW = parse_timestamp("2026-03-14T03:00:00Z") or 0


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one file of events, and some that are none."""
    directory = tmp_path_factory.mktemp("snapshots") / "lineage"
    demo.backfill(directory, 30, days=0.1, clock=lambda: NOW)
    (file,) = directory.glob("lineage-*.jsonl")
    with file.open("ab") as out:
        out.write(b"no event\n")
    return directory


@pytest.fixture(scope="module")
def snapshot(journal: Path) -> bytes:
    """What is written for it."""
    target = journal.parent / "whole.snapshot"
    (file,) = journal.glob("lineage-*.jsonl")
    fold([Part(file, file.name, 1 << 30)], target)
    return target.read_bytes()


def told(data: bytes, path: Path) -> object:
    """Everything that a snapshot of these bytes tells, or None if it is refused."""
    path.write_bytes(data)
    try:
        opened = Snapshot(path)
        if not opened.sound():
            return None
        state = State()
        assert list(state.adopt(opened, 7)) or not opened.homes
        state.settle()
        facts = {task: state.facts(task) for task in state.rows}
        if state.problems:
            return None
        return opened.parts, opened.rejected, opened.homes, state.rows, facts, state.records
    except DamagedError:
        return None
    finally:
        path.unlink(missing_ok=True)


def test_a_snapshot_with_any_byte_flipped_is_refused_or_means_the_same(snapshot: bytes, tmp_path: Path) -> None:
    whole = told(snapshot, tmp_path / "a.snapshot")
    assert whole is not None
    for at in range(len(snapshot)):
        for bit in (1, 0x80):
            flipped = bytearray(snapshot)
            flipped[at] ^= bit
            assert told(bytes(flipped), tmp_path / "a.snapshot") in (None, whole), at


def test_a_snapshot_cut_anywhere_is_refused(snapshot: bytes, tmp_path: Path) -> None:
    for size in range(len(snapshot)):
        assert told(snapshot[:size], tmp_path / "a.snapshot") is None, size


@given(data=st.data())
def test_a_snapshot_with_anything_in_it_is_refused(
    snapshot: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    start = data.draw(st.integers(0, len(snapshot)))
    stop = data.draw(st.integers(start, min(len(snapshot), start + 200)))
    changed = snapshot[:start] + data.draw(st.binary(max_size=200)) + snapshot[stop:]
    path = tmp_path_factory.getbasetemp() / "drawn.snapshot"
    assert (told(changed, path) is None) == (changed != snapshot)


def followed(directory: Path) -> tuple[object, int]:
    """What a feed makes of a directory: its tasks with their facts, and how many records it took for that."""
    state = State()
    feed = Feed(directory, state, lambda: None)
    feed.start()
    try:
        expected = load(directory).state.events
        end = time.monotonic() + 120
        while state.events < expected or not feed.health.loaded or feed.health.backlog:
            assert time.monotonic() < end, (state.events, expected, feed.health)
            time.sleep(0.01)
    finally:
        feed.stop()
    return {task: [fact[:6] for fact in state.facts(task)] for task in state.rows}, state.records


def test_the_viewer_folds_again_what_was_altered_in_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_cache, "SMALL", 1000)
    directory = tmp_path / "lineage"
    demo.backfill(directory, 4000, days=3, clock=lambda: NOW)
    whole = followed(directory)
    snapshots = sorted((tmp_path / "xdg_cache_home").rglob("*.snapshot"))
    assert len(snapshots) >= 3
    for number, path in enumerate(snapshots):
        data = bytearray(path.read_bytes())
        at = (len(data) - 50, 200, len(data) // 2)[number % 3]  # in the facts, the header, the columns
        data[at] ^= 4
        path.write_bytes(data)
    assert followed(directory) == whole
    assert followed(directory) == whole, "what could not be used was folded again"
    assert all(told(path.read_bytes(), tmp_path / "a.snapshot") for path in snapshots)


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one file, of which a snapshot is cached."""
    monkeypatch.setattr(snapshot_cache, "SMALL", 1000)
    directory = tmp_path / "lineage"
    demo.backfill(directory, 1000, days=0.1, clock=lambda: NOW)
    load(directory)
    return directory


def facts_of(directory: Path) -> dict[str, list[Fact]]:
    """The facts of all tasks."""
    state = load(directory).state
    return {task: state.facts(task) for task in state.rows}


@pytest.mark.parametrize("moved", [False, True])
def test_facts_that_were_altered_are_made_again_from_the_journal_when_somebody_looks(
    moved: bool, cached: Path, tmp_path: Path
) -> None:
    whole = facts_of(cached)
    (path,) = (tmp_path / "xdg_cache_home").rglob("*.snapshot")
    good = path.read_bytes()
    opened = Snapshot(path)
    for at in range(opened._source[1], len(good), (len(good) - opened._source[1]) // 9):
        altered = bytearray(good)
        altered[at] ^= 4
        path.write_bytes(altered)
        state = load(cached).state
        (file,) = cached.iterdir()
        if moved:
            file.rename(cached / f"{file.name.removesuffix('.1')}.1")
        assert {task: state.facts(task) for task in state.rows} == whole
        assert not path.exists(), "it is not trusted again"


def test_facts_are_made_again_from_a_day_that_was_packed_meanwhile(cached: Path, tmp_path: Path) -> None:
    whole = facts_of(cached)
    alter_facts(tmp_path)
    state = load(cached).state
    (file,) = cached.iterdir()
    packed = cached / "archive" / "2026-03" / f"{file.name}.gz"
    packed.parent.mkdir(parents=True)
    packed.write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    assert {task: state.facts(task) for task in state.rows} == whole
    assert state.problems == {}


def test_facts_that_cannot_be_made_again_are_missed_and_it_is_said(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter_facts(tmp_path)
    monkeypatch.setattr(snapshot_cache, "fold_again", lambda directory, parts: None)
    state = State()
    feed = Feed(cached, state, lambda: None)
    feed.start()
    try:
        end = time.monotonic() + 120
        while not feed.health.loaded or not feed.health.problems:
            assert time.monotonic() < end
            time.sleep(0.01)
        (file,) = cached.iterdir()
        assert feed.health.problems == {file.name: "the cache of it was altered, and it is not there to be read again"}
        assert all(state.task(task) is not None for task in list(state.rows))
        assert feed.is_alive()
    finally:
        feed.stop()


def alter_facts(home: Path) -> None:
    """Flip a bit in each fact of the one snapshot that is cached."""
    (path,) = (home / "xdg_cache_home").rglob("*.snapshot")
    data, base = path.read_bytes(), Snapshot(path)._source[1]
    path.write_bytes(data[:base] + data[base:].replace(b"lineage-", b"lineagf-"))


def test_a_snapshot_is_the_same_whatever_the_seed_of_hashes(tmp_path: Path) -> None:
    """Else one that another process makes again could not stand in for it."""
    directory = tmp_path / "lineage"
    journal = Journal(directory)
    causes = [journal.log("task_created", "task-parent", "user-kim") for _ in range(20)]
    for number, cause in enumerate(causes):
        journal.log("task_created", f"task-{number}", "user-kim", parent=cause)
    (file,) = directory.iterdir()
    told = set()
    for seed in range(4):
        code = (
            "import sys; from pathlib import Path; from lineage_core.state.snapshot_worker import Part, fold\n"
            "file = Path(sys.argv[1]); fold([Part(file, file.name, 1 << 30)], Path(sys.argv[2]))"
        )
        target = tmp_path / "a.snapshot"
        command = [sys.executable, "-c", code, str(file), str(target)]
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": str(seed)}, check=True)
        told.add(target.read_bytes())
    assert len(told) == 1


def test_an_event_is_found_among_facts_that_were_altered(journal: Path, snapshot: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.snapshot"
    path.write_bytes(snapshot)
    opened = Snapshot(path)
    assert opened.sound()
    state = State()
    assert list(state.adopt(opened))
    wanted = {fact.lineage_id: task for task in state.rows for fact in state.facts(task)}
    base = opened._source[1]
    altered = snapshot[:base] + snapshot[base:].replace(b"lineage-1", b"lineage-2")
    path.write_bytes(altered)
    opened = Snapshot(path)
    opened.renew = partial(fold_again, journal)
    assert opened.sound() and opened.locate(FactSearch(set(wanted))) == wanted


def test_a_snapshot_is_not_written_through_a_symbolic_link(journal: Path, tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "a.snapshot"
    victim.write_text("mine")
    target.symlink_to(victim)
    (file,) = journal.glob("lineage-*.jsonl")
    fold([Part(file, file.name, 1 << 30)], target)
    assert victim.read_text() == "mine"
    assert not target.is_symlink()

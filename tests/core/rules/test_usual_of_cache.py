"""What is usual, from the samples that snapshots keep: for queries that fold one task only, and for all of history."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from lineage_core.base.clock import MINUTE
from lineage_core.rules.usual_durations import CachedUsual, UsualTimes
from lineage_core.state import snapshot_cache, snapshot_jobs
from lineage_core.state.load import load
from tests.build import assigned, completed, created, started
from tests.meaning_cases import NOW_AT, Case, write

KIND = ("unstarted", None, "dev-master")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty tasks of which the start took 45 minutes, in a directory that is large enough for a cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(snapshot_cache, "SMALL", 0)
    monkeypatch.setattr(snapshot_jobs, "RECENT", 0)
    for number in range(40):
        slow = [created(-9000), assigned(-8000), started(-8000 + 45 * 60), completed(-100)]
        write(tmp_path / "lineage", Case(slow, {}, now=0), f"task-{number}")
    return tmp_path / "lineage"


def test_a_query_for_one_task_knows_what_is_usual_from_the_cache_and_nothing_without_one(directory: Path) -> None:
    assert not CachedUsual(directory, NOW_AT).known
    assert CachedUsual(directory, NOW_AT).late(*KIND) is None
    load(directory)
    cached = CachedUsual(directory, NOW_AT)
    assert cached.known and cached.late(*KIND) == (45 * MINUTE, 40)
    assert CachedUsual(directory, NOW_AT - 10_000_000_000).late(*KIND) is None, "as of then it was not known"


def test_all_of_history_is_learned_from_not_only_what_was_heard_last(directory: Path) -> None:
    load(directory)
    state = load(directory).state
    assert len(state.snapshots) == 1
    usual = UsualTimes(state)
    usual.heard([*state.rows][:5])
    for _ in usual.learn():
        pass
    assert usual.late(*KIND) == (45 * MINUTE, 40), "each task once, though five were looked at as well"


def test_what_is_usual_may_be_asked_in_a_thread_while_it_is_learned(directory: Path) -> None:
    """As the title of the terminal is counted while the screen learns."""
    state = load(directory).state
    usual = UsualTimes(state)
    usual._lengths[KIND] = {f"task-of-old-{n}": [45 * MINUTE] for n in range(5000)}
    failures: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        try:
            while not stop.is_set():
                usual.late(*KIND)
                usual.of("scan-worker")
        except (RuntimeError, KeyError) as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        for _ in range(20):
            usual.heard(state.rows)
            for _ in usual.learn():
                pass
    finally:
        sys.setswitchinterval(before)
        stop.set()
        thread.join()
    assert failures == []
    assert usual.late(*KIND) == (45 * MINUTE, 5040)

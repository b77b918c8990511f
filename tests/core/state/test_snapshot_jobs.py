"""A large file is folded in parts: whatever it holds, they make the same of it as one reading from its start."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.state import snapshot_cache, snapshot_jobs
from lineage_core.state.load import load
from tests.build import compact, record
from tests.core.state.test_snapshot_cache import COUNT, DAY, KILLED, followed, lines, loaded

PART = 1 << 19


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_jobs, "PART", PART)
    monkeypatch.setattr(snapshot_jobs, "REFOLD", PART // 4)
    monkeypatch.setattr(snapshot_jobs, "RECENT", 1 << 17)


def journal_of(tmp_path: Path, content: bytes) -> Path:
    directory = tmp_path / "lineage"
    directory.mkdir()
    (directory / DAY).write_bytes(content)
    return directory


def snapshots() -> list[Path]:
    return sorted(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.snapshot"))


def known(directory: Path) -> tuple[object, ...]:
    """All that a query knows of a directory."""
    answer = load(directory)
    state = answer.state
    facts = {task: [fact[:6] for fact in state.facts(task)] for task in state.rows}
    return facts, dict(state.rows), state.events, state.copies, sorted((str(p), bad) for p, bad in answer.rejected)


def nasty(seed: int) -> bytes:
    """Records among what is none, some of them pretty-printed, in places of a file."""
    chance = random.Random(seed)
    parts = list(lines(0, COUNT, step=chance.choice((1, 50))))
    for _ in range(chance.randrange(40)):
        at = chance.randrange(len(parts))
        text = json.dumps(record(COUNT + at, task_id=f"odd-{at % 7}"), indent=2).encode()
        parts[at] = chance.choice(
            (
                text + b"\n" + parts[at],
                text[: chance.randrange(len(text))] + b"\n" + parts[at],  # it was never finished
                parts[at][: chance.randrange(len(parts[at]))] + parts[at],  # a torn line, and the next one behind it
                parts[at] + parts[at - 1],
                b"\0" * chance.randrange(5000) + b"no event\n" + parts[at],
                text.replace(b"\n", b"\n" + parts[at], 1) + b"\n",  # another writer's line inside of it
            )
        )
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(12))
def test_in_parts_a_file_is_what_it_is_as_a_whole(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = journal_of(tmp_path, nasty(seed))
    in_parts = known(directory)
    assert len(snapshots()) >= 4
    assert known(directory) == in_parts, "from the cache"
    monkeypatch.setattr(snapshot_cache, "SMALL", 1 << 40)
    assert in_parts == known(directory)


@pytest.mark.parametrize("read", [loaded, followed])
def test_what_is_cached_of_each_part_is_used(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = journal_of(tmp_path, b"".join(lines(0, COUNT)))
    assert read(directory) == (COUNT, 0)
    made = {path: path.stat().st_ino for path in snapshots()}
    monkeypatch.setattr(snapshot_cache, "_FOLDER", KILLED)
    monkeypatch.setattr(snapshot_cache.Unfolded, "batches", None)
    assert read(directory) == (COUNT, 0)
    assert {path: path.stat().st_ino for path in snapshots()} == made


def test_what_a_file_gained_is_all_that_is_folded(tmp_path: Path) -> None:
    text = lines(0, 2 * COUNT)
    directory = journal_of(tmp_path, b"".join(text[:COUNT]))
    assert loaded(directory) == (COUNT, 0)
    before = {path: path.stat().st_ino for path in snapshots()}
    with (directory / DAY).open("ab") as out:
        out.write(b"".join(text[COUNT:]))
    assert loaded(directory) == (2 * COUNT, 0)
    after = {path: path.stat().st_ino for path in snapshots()}
    assert len(after) > len(before)
    assert sum(after.get(path) == inode for path, inode in before.items()) >= len(before) - 1


@pytest.mark.parametrize("read", [loaded, followed])
@pytest.mark.parametrize("newest", [True, False])
def test_a_part_whose_process_dies_is_read_here(
    newest: bool, read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = journal_of(tmp_path, b"".join(lines(0, COUNT)))
    if not newest:
        (directory / "lineage-2026-11-23.jsonl").write_bytes(compact(record(COUNT, task_id="newer")))
    count = tmp_path / "count"
    script = f'echo >> "{count}"; [ "$(wc -l < "{count}")" -gt 2 ] || kill -9 $$; exec "$@"'
    monkeypatch.setattr(snapshot_cache, "_FOLDER", ("sh", "-c", script, "sh", *snapshot_cache._FOLDER))
    assert read(directory) == (COUNT + (not newest), 0)
    monkeypatch.setattr(snapshot_cache, "_FOLDER", KILLED)
    assert read(directory) == (COUNT + (not newest), 0)


def test_a_part_of_a_file_that_was_replaced_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = journal_of(tmp_path, b"".join(lines(0, COUNT)))
    (directory / "lineage-2026-11-23.jsonl").write_bytes(compact(record(COUNT, task_id="newer")))
    other = tmp_path / "other"
    other.write_bytes((directory / DAY).read_bytes().replace(b"task-", b"more-").replace(b"lineage-", b"lineage-1"))
    script = f'mv "{directory / DAY}" "{directory / DAY}.1"; cp "{other}" "{directory / DAY}"; exec "$@"'
    monkeypatch.setattr(snapshot_cache, "_FOLDER", ("sh", "-c", script, "sh", *snapshot_cache._FOLDER))
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert loaded(directory) == (2 * COUNT + 1, 0)

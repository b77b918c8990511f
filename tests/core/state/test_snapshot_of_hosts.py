"""The files of several hosts of a day in one snapshot: whatever they hold and whatever becomes of them, they mean what
merging them one by one means."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_core.native import facts
from lineage_core.read.decoder import Decoder
from lineage_core.read.journal_files import files
from lineage_core.state import snapshot_cache, snapshot_jobs, snapshot_of_hosts
from lineage_core.state.feed import Feed
from lineage_core.state.load import load
from lineage_core.state.snapshot import Snapshot
from lineage_core.state.snapshot_of_hosts import jobs_of_hosts
from lineage_core.state.snapshot_worker import Part, fold
from lineage_core.state.store import State
from tests.build import compact, record
from tests.core.state.test_snapshot_cache import KILLED

HOSTS = ("a", "b", "c", "d")
DAYS = ("lineage-2026-11-21.jsonl", "lineage-2026-11-22.jsonl", "lineage-2026-11-23.jsonl")


@pytest.fixture(autouse=True)
def cached_however_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(snapshot_cache, "SMALL", 0)
    monkeypatch.setattr(snapshot_jobs, "RECENT", 800)


def events_of(chance: random.Random, host: str, first: int, count: int) -> list[bytes]:
    """What a host logs: of few tasks, some of which others have too, by their sessions, handoffs, parents or copies."""
    lines = []
    for number in range(first, first + count):
        made: dict[str, Any] = record(number * 10 + HOSTS.index(host), task_id=chance.choice(("t", "u", f"own-{host}")))
        kind = chance.randrange(6)
        if kind == 0:
            made["context"] = {"session_id": chance.choice((f"of-{host}", "of-all"))}
        elif kind == 1:
            made |= {"event_type": "handoff_created", "event_data": {"handoff_id": f"handoff-{chance.randrange(40)}"}}
        elif kind == 2:
            parent = chance.choice(("t", "u", "own-a"))
            made |= {"event_type": "task_created", "event_data": {"parent_task_id": parent}}
        elif kind == 3 and chance.random() < 0.7:
            cause = record(chance.randrange(first + 10) * 10 + chance.randrange(4))["lineage_id"]
            made |= {"event_type": "task_created", "parent_lineage_id": cause}
        lines.append(compact(made))
        if chance.random() < 0.05:
            lines.append(chance.choice((b"no event\n", compact({**made, "note": "late"}), lines[-1], lines[0])))
    return lines


def hosts(tmp_path: Path, seed: int, count: int = 6) -> Path:
    """A directory of hosts."""
    chance, directory = random.Random(seed), tmp_path / "hosts"
    logged: list[bytes] = []
    for day, name in enumerate(DAYS):
        for host in HOSTS:
            if chance.random() < 0.8:
                lines = events_of(chance, host, 100 * day, chance.randrange(1, 2 * count))
                lines += chance.sample(logged, min(len(logged), chance.randrange(2)))  # another host's, copied
                logged += lines
                (directory / host).mkdir(parents=True, exist_ok=True)
                (directory / host / name).write_bytes(b"".join(lines))
    (directory / ".lineage-hosts").touch()
    return directory


def meaning(state: State) -> dict[str, object]:
    """All that a state tells."""
    tasks = {name: [fact[:6] for fact in state.facts(name)] for name in state.rows}
    parents = {name: state.subtasks.parent(name) for name in state.rows}
    names = {(own, host): state.names.name(own, host) for own in ("t", "u", "own-a", "t@b") for host in HOSTS}
    return {
        "facts": tasks,
        "rows": dict(state.rows),
        "parents": parents,
        "names": {key: name for key, name in names.items() if name in state.rows},
        "counts": {status: count for status, count in state.counts.items() if count},
        "told": (state.events, state.copies, state.heard),
    }


def plainly(directory: Path) -> State:
    """The state of a directory without any snapshot."""
    state = State()
    state.fold((file.name, Decoder().feed(file.path.read_bytes())[0]) for file in files(directory))
    return state


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("seed", range(40))
def test_from_snapshots_in_any_order_a_state_is_what_merging_makes(
    seed: int, native: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not native:
        monkeypatch.setattr(facts, "available", lambda: False)
    directory, chance = hosts(tmp_path, seed), random.Random(seed)
    listed = files(directory)
    jobs = jobs_of_hosts(listed, tmp_path)
    assert len(jobs) == len({file.date for file in listed}) < len(listed)
    state = State()
    for job in chance.sample(jobs, len(jobs)):
        if chance.random() < 0.3:  # by the tailer
            for part in job.parts:
                state.merge(part.file.name, Decoder().feed(part.file.path.read_bytes())[0], settle=False)
            continue
        fold([Part(part.file.path, part.file.name, part.file.status.st_size) for part in job.parts], job.target)
        snapshot = Snapshot(job.target)
        assert snapshot.sound()
        for _ in state.adopt(snapshot, chance.choice((1, 3, 1000))):
            pass
    state.settle_all()
    assert meaning(state) == meaning(plainly(directory))


def snapshots() -> list[Path]:
    return sorted(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.snapshot"))


def known(directory: Path) -> tuple[object, ...]:
    """All that a query tells of a directory."""
    answer = load(directory)
    return meaning(answer.state), sorted((str(path), bad) for path, bad in answer.rejected), answer.problems


def followed(directory: Path) -> tuple[object, ...]:
    """The same of a feed that has read all of it."""
    wanted = load(directory).state.events
    feed = Feed(directory, State(), lambda: None)
    feed.start()
    try:
        end = time.monotonic() + 120
        while not feed.health.loaded or feed.health.backlog or feed.state.events != wanted or feed.state._late:
            assert time.monotonic() < end, (feed.health, feed.state.events, wanted)
            time.sleep(0.01)
        files_of = Counter(name for name, _ in feed.quarantined_pieces())
    finally:
        feed.stop()
    return meaning(feed.state), files_of, feed.health.problems


def without_a_cache(read: Read, directory: Path) -> tuple[object, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_cache, "SMALL", 1 << 40)
        return read(directory)


Read = Callable[[Path], tuple[object, ...]]
both = pytest.mark.parametrize("read", [known, followed])


@both
@pytest.mark.parametrize("seed", range(3))
def test_a_day_of_all_hosts_is_one_snapshot_and_means_what_its_files_do(seed: int, read: Read, tmp_path: Path) -> None:
    directory = hosts(tmp_path, seed)
    wanted = without_a_cache(read, directory)
    assert read(directory) == wanted
    assert len(snapshots()) == len({path.name for path in directory.rglob("lineage-*")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_cache, "_FOLDER", KILLED)
        assert read(directory) == wanted, "from the cache"


def grow(path: Path) -> None:
    with path.open("ab") as out:
        out.write(compact(record(99_999, task_id="t", context={"session_id": "of-all"})))


def replace(path: Path) -> None:
    path.write_bytes(b"".join(events_of(random.Random(9), "a", 900, 40)))  # it looks as if it had grown


def replace_by_another_file(path: Path) -> None:
    replace(path.with_name("other"))
    path.with_name("other").rename(path)


def vanish(path: Path) -> None:
    path.unlink()


def pack(path: Path) -> None:
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def rename(path: Path) -> None:
    path.rename(path.with_name(path.name + ".1"))


def come(path: Path) -> None:
    (path.parent.parent / "new").mkdir()
    shutil.copyfile(path, path.parent.parent / "new" / path.name)


def be_linked(path: Path) -> None:
    path.with_name(path.name + ".1").hardlink_to(path)


@both
@pytest.mark.parametrize(
    "change", [grow, replace, replace_by_another_file, vanish, pack, rename, come, be_linked], ids=lambda f: f.__name__
)
def test_what_becomes_of_one_file_is_seen(change: Callable[[Path], None], read: Read, tmp_path: Path) -> None:
    directory = hosts(tmp_path, 1)
    read(directory)
    before = {path: path.stat().st_ino for path in snapshots()}
    change(sorted(directory.rglob(DAYS[1]))[0])
    wanted = without_a_cache(read, directory)
    for _ in range(2):
        assert read(directory) == wanted
    kept = [path for path in snapshots() if before.get(path) == path.stat().st_ino]
    assert len(kept) == len(before) - (change not in (grow, rename, be_linked)), "other days are as they were"


def test_what_files_gained_is_folded_when_it_is_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = hosts(tmp_path, 1)
    known(directory)
    before = {path: path.stat().st_ino for path in snapshots()}
    for path in directory.rglob(DAYS[2]):
        grow(path)
    known(directory)
    assert {path: path.stat().st_ino for path in snapshots()} == before
    monkeypatch.setattr(snapshot_of_hosts, "REFOLD", 300)
    wanted = known(directory)
    assert sum(path.stat().st_ino != inode for path, inode in before.items()) == 1
    assert wanted == without_a_cache(known, directory)


def test_files_that_are_large_together_have_several_snapshots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = hosts(tmp_path, 1)
    monkeypatch.setattr(snapshot_of_hosts, "TOGETHER", 3000)
    wanted = without_a_cache(known, directory)
    for _ in range(2):
        assert known(directory) == wanted
        assert 3 < len(snapshots()) < len(files(directory))


@both
def test_a_host_that_comes_later_makes_no_more_snapshots_of_a_day(read: Read, tmp_path: Path) -> None:
    directory = hosts(tmp_path, 1)
    for number in range(4):
        (directory / f"new{number}").mkdir()
        (directory / f"new{number}" / DAYS[2]).write_bytes(compact(record(5000 + number, task_id="t")))
        read(directory)
        assert len(snapshots()) == 3


@both
@pytest.mark.parametrize("where", ["header", "columns", "facts"])
def test_a_snapshot_that_was_altered_is_made_again(where: str, read: Read, tmp_path: Path) -> None:
    directory = hosts(tmp_path, 1)
    wanted = without_a_cache(read, directory)
    read(directory)
    path = snapshots()[0]
    data = bytearray(path.read_bytes())
    facts_at = Snapshot(path)._source[1]
    at = {"header": 100, "columns": facts_at - 100, "facts": (facts_at + len(data)) // 2}[where]
    data[at] ^= 4
    path.write_bytes(data)
    for _ in range(2):
        assert read(directory) == wanted


@both
@pytest.mark.parametrize("times", [1, 1000])
def test_a_process_that_dies_takes_nothing_with_it(
    times: int, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = hosts(tmp_path, 1)
    newest = files(directory)[0].path
    newest.write_bytes(b"".join(events_of(random.Random(9), "a", 900, 40)))
    assert [part for job in jobs_of_hosts(files(directory), tmp_path) for part in job.parts if part.promised]
    wanted = without_a_cache(read, directory)
    count = tmp_path / "count"
    script = f'echo >> "{count}"; [ "$(wc -l < "{count}")" -gt {times} ] || kill -9 $$; exec "$@"'
    monkeypatch.setattr(snapshot_cache, "_FOLDER", ("sh", "-c", script, "sh", *snapshot_cache._FOLDER))
    assert read(directory) == wanted
    assert read(directory) == wanted


@both
def test_a_file_that_cannot_be_read_is_left_out_and_told(read: Read, tmp_path: Path) -> None:
    directory = hosts(tmp_path, 1)
    path = sorted(directory.rglob(DAYS[1]))[0]
    packed = gzip.compress(path.read_bytes())
    path.with_name(path.name + ".gz").write_bytes(packed[:-20])
    path.unlink()
    wanted = without_a_cache(read, directory)
    for _ in range(2):
        assert read(directory) == wanted
    assert len(snapshots()) == 3


def test_as_of_a_time_none_is_used_that_holds_another_file(tmp_path: Path) -> None:
    """`--at` links the files that hold nothing later, and their snapshots."""
    directory = hosts(tmp_path, 1)
    known(directory)
    linked = [file for file in files(directory) if file.name != f"a/{DAYS[2]}"]
    assert len(linked) < len(files(directory))
    assert len(snapshot_cache.snapshots_of(directory, files(directory))) == 3
    assert len(snapshot_cache.snapshots_of(directory, linked)) == 2
    then = tmp_path / "then"
    for file in linked:
        (then / file.path.parent.name).mkdir(parents=True, exist_ok=True)
        (then / file.path.relative_to(directory)).symlink_to(file.path)
    wanted, *_ = without_a_cache(known, then)
    snapshot_cache.link_snapshots(snapshot_cache.snapshots_of(directory, linked), then)
    before = {path.stat().st_ino for path in snapshots()}
    assert known(then)[0] == wanted
    assert len({path.stat().st_ino for path in snapshots()} - before) == 1, "of the day of which a file is missing"


def test_an_id_that_is_what_another_task_is_called_loses_nothing(tmp_path: Path) -> None:
    directory = hosts(tmp_path, 1)
    (directory / "a" / DAYS[2]).write_bytes(
        b"".join(
            compact(record(7000 + n, task_id=one, event_type="task_created"))
            for n, one in enumerate(("v", "v@b", "v@c"))
        )
    )
    for host in ("b", "c"):
        (directory / host / DAYS[2]).write_bytes(compact(record(7000 + ord(host), task_id="v")))
    wanted = without_a_cache(known, directory)
    state = load(directory).state
    assert {name: row.events for name, row in state.rows.items() if "v" in name} == {"v": 1, "v@b": 2, "v@c": 2}
    assert known(directory) == wanted

"""Waking up: live where the system tells of changes, by polling where it does not (cases 17, 18, 19, 25)."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage_core.read import watcher as watch
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from tests.build import compact, record
from tests.faults.pseudo_terminal import open_descriptors
from tests.namespaces import in_namespace

DAY = "lineage-2026-11-22.jsonl"


def append(path: Path, number: int) -> None:
    with path.open("ab") as file:
        file.write(compact(record(number)))


class Follower(threading.Thread):
    """A thread that scans at each wake-up, as the app and `lineage follow` do."""

    def __init__(self, directory: Path, **options: bool) -> None:
        super().__init__()
        self.stopping = threading.Event()
        self.tailer = Tailer(directory)
        self.watcher = Watcher(directory, poll=0.05, stop=self.stopping, **options)
        self.seen: list[int] = []
        self.passes = 0
        self.modes: list[str] = []

    def run(self) -> None:
        waiting = True
        while waiting:
            for batch in self.tailer.scan():
                self.seen += [int(found.record["task_id"][5:]) for found in batch.found]
            self.passes += 1
            waiting = self.watcher.wait()
            if self.modes[-1:] != [self.watcher.mode]:
                self.modes.append(self.watcher.mode)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline, (self.seen, self.passes, self.watcher.mode, self.watcher.reason)
            time.sleep(0.002)


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    started: list[Follower] = []

    def start(directory: Path, **options: bool) -> Follower:
        follower = Follower(directory, **options)
        started.append(follower)
        follower.start()
        return follower

    yield start
    for follower in started:
        follower.stopping.set()
        follower.join(120)
        assert not follower.is_alive()
        follower.tailer.close()


Follow = Callable[..., Follower]


def test_an_append_wakes_the_watcher(tmp_path: Path, follow: Follow) -> None:
    follower = follow(tmp_path)
    follower.until(lambda: follower.watcher.mode == "live")
    for number in range(20):
        append(tmp_path / DAY, number)
        follower.until(lambda: len(follower.seen) > number)  # noqa: B023
    assert follower.seen == list(range(20))
    assert follower.watcher.reason == ""


def test_an_append_between_the_first_read_and_the_start_of_the_watch_is_seen_at_once(tmp_path: Path) -> None:
    tailer, watcher = Tailer(tmp_path), Watcher(tmp_path)
    assert list(tailer.scan()) == []
    append(tmp_path / DAY, 1)
    assert watcher.wait()
    assert [len(batch.found) for batch in tailer.scan()] == [1]
    watcher.close()


def test_with_nothing_to_tell_it_is_time_to_look_anyway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SLOW", 0.05)
    watcher = Watcher(tmp_path)
    assert [watcher.wait() for _ in range(4)] == [True] * 4
    assert watcher.mode == "live"
    watcher.close()


def test_a_directory_that_does_not_exist_yet_is_polled_and_then_watched(tmp_path: Path, follow: Follow) -> None:
    directory = tmp_path / "not" / "yet"
    follower = follow(directory)
    follower.until(lambda: follower.passes > 2)
    assert (follower.watcher.mode, follower.watcher.reason) == ("polling", "the directory does not exist yet")
    directory.mkdir(parents=True)
    append(directory / DAY, 1)
    follower.until(lambda: follower.seen == [1])
    follower.until(lambda: follower.watcher.mode == "live")
    append(directory / DAY, 2)
    follower.until(lambda: follower.seen == [1, 2])


def test_a_directory_that_is_removed_and_made_again_is_watched_again(tmp_path: Path, follow: Follow) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    follower = follow(directory)
    for number in range(0, 10, 2):
        follower.until(lambda: follower.watcher.mode == "live")
        append(directory / DAY, number)
        follower.until(lambda: number in follower.seen)  # noqa: B023
        if number % 4:
            shutil.rmtree(directory)
        else:
            directory.rename(tmp_path / f"old-{number}")
        directory.mkdir()
        append(directory / DAY, number + 1)
        follower.until(lambda: number + 1 in follower.seen)  # noqa: B023
    assert follower.seen == list(range(10))


def test_a_directory_that_is_made_again_with_the_same_inode_is_watched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inode is free only when nobody holds a file in it, so this is without a tailer."""
    monkeypatch.setattr(watch, "SLOW", 3600.0)
    monkeypatch.setattr(watch, "_identity", lambda directory: (1, 1))
    directory = tmp_path / "lineage"
    directory.mkdir()
    watcher = Watcher(directory, poll=0.01)
    assert watcher.wait()
    for number in range(5):
        append(directory / DAY, number)
        assert watcher.wait()
        (directory / DAY).unlink()
        directory.rmdir()
        directory.mkdir()
        first = watcher._notify
        while watcher._notify is first:
            assert watcher.wait()
        assert watcher.mode == "live"
    watcher.close()


def test_a_directory_whose_parent_is_moved_away_and_made_again_is_watched_again(
    tmp_path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SLOW", 0.1)
    directory = tmp_path / "coordination" / "lineage"
    directory.mkdir(parents=True)
    follower = follow(directory)
    follower.until(lambda: follower.watcher.mode == "live")
    directory.parent.rename(tmp_path / "old")
    directory.mkdir(parents=True)
    append(directory / DAY, 1)
    status = directory.stat()
    follower.until(lambda: follower.watcher._watched == [(status.st_dev, status.st_ino)])
    monkeypatch.setattr(watch, "SLOW", 3600.0)
    for number in (2, 3):
        append(directory / DAY, number)
        follower.until(lambda: number in follower.seen)  # noqa: B023
    assert follower.seen == [1, 2, 3]


def test_polling_can_be_asked_for(tmp_path: Path, follow: Follow) -> None:
    follower = follow(tmp_path, force_polling=True)
    append(tmp_path / DAY, 1)
    follower.until(lambda: follower.seen == [1])
    follower.until(lambda: follower.modes == ["polling"])
    assert follower.watcher.reason == "asked to"


def test_a_file_system_that_does_not_tell_is_polled(
    tmp_path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = subprocess.run(["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True).stdout
    assert watch._file_system(tmp_path.stat().st_dev) in (kind.strip(), "ext4", "overlay")
    monkeypatch.setattr(watch, "_REMOTE", {watch._file_system(tmp_path.stat().st_dev)})
    follower = follow(tmp_path)
    append(tmp_path / DAY, 1)
    follower.until(lambda: follower.seen == [1])
    follower.until(lambda: "does not tell of changes" in follower.watcher.reason)
    follower.until(lambda: follower.modes == ["polling"])


def test_stopping_ends_the_wait_soon_in_either_mode(tmp_path: Path) -> None:
    for force_polling in (False, True):
        stop = threading.Event()
        watcher = Watcher(tmp_path, poll=3600, force_polling=force_polling, stop=stop)
        if not force_polling:
            assert watcher.wait()
        ended = []
        thread = threading.Thread(target=lambda: ended.append(watcher.wait()))  # noqa: B023
        thread.start()
        stop.set()
        thread.join(120)
        assert ended == [False]
        assert watcher.wait() is False


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_without_inotify_it_polls_says_so_and_watches_as_soon_as_it_may(
    tmp_path: Path, limit: str, need_tool: Callable[[str], str]
) -> None:
    """In a user namespace whose limit goes down and up; without such, where the system call fails for good."""
    path = f"/proc/sys/user/{limit}"
    before = in_namespace(need_tool, "-Ur", f"echo 0 > {path}")
    call, error = ("init1", "EMFILE") if limit == "max_inotify_instances" else ("add_watch", "ENOSPC")
    fails = [need_tool("strace"), "-f", "-qq", "-o", "/dev/null", "-e", f"inject=inotify_{call}:error={error}"]
    script = f"""
import sys
from pathlib import Path
from lineage_core.read import watcher as watch
from lineage_core.read.tailer import Tailer
limit = Path({path if before else "/dev/null"!r})
limit.write_text("0")
watch.RETRY = 0.2
directory = Path({str(tmp_path)!r})
tailer, watcher = Tailer(directory), watch.Watcher(directory, poll=0.05)
seen = []
def step():
    for batch in tailer.scan():
        seen.extend(found.record["task_id"] for found in batch.found)
    assert watcher.wait()
step()
print(watcher.mode, watcher.reason, flush=True)
while not seen:
    step()
print(watcher.mode, seen, flush=True)
limit.write_text("1000")
while watcher.mode == "polling":
    step()
print(watcher.mode, flush=True)
while len(seen) < 2:
    step()
print(watcher.mode, seen, flush=True)
"""
    with subprocess.Popen(
        [*(before or fails), sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            mode, _, reason = process.stdout.readline().partition(" ")
            assert mode == "polling"
            assert reason.startswith("no watch to be had: ") and len(reason) > 25
            append(tmp_path / DAY, 1)
            assert process.stdout.readline() == "polling ['task-1']\n"
            if not before:
                return
            assert process.stdout.readline() == "live\n"
            append(tmp_path / DAY, 2)
            assert process.stdout.readline() == "live ['task-1', 'task-2']\n"
        finally:
            process.kill()


def test_watches_and_descriptors_stay_few_over_many_restarts(tmp_path: Path) -> None:
    def inotify() -> int:
        return sum("inotify" in name for name in open_descriptors(os.getpid()))

    before = inotify()
    for _ in range(20):
        watcher = Watcher(tmp_path)
        assert watcher.wait()
        watcher.close()
    deadline = time.monotonic() + 120
    while inotify() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert inotify() <= before  # fewer: another test's watcher is gone only now


def test_9000_files_that_arrive_while_the_reader_is_stopped_are_found_within_one_scan_period(tmp_path: Path) -> None:
    """Case 18, with a reader that is really stopped while the queue of notifications may overflow."""
    script = f"""
from pathlib import Path
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
directory = Path({str(tmp_path)!r})
tailer, watcher = Tailer(directory), Watcher(directory)
count = passes = 0
while True:
    before = count
    count += sum(len(batch.found) for batch in tailer.scan())
    passes += 1
    print(count, passes, flush=True)
    watcher.wait()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            process.stdout.readline()
            process.stdout.readline()
            process.send_signal(signal.SIGSTOP)
            for number in range(9000):
                date = f"{2100 + number // 336:04d}-{number % 336 // 28 + 1:02d}-{number % 28 + 1:02d}"
                append(tmp_path / f"lineage-{date}.jsonl", number)
            process.send_signal(signal.SIGCONT)
            stopped_at, found = None, 0
            while found < 9000:
                found, passes = map(int, process.stdout.readline().split())
                stopped_at = passes if stopped_at is None else stopped_at
            assert passes <= stopped_at + 2
        finally:
            process.kill()

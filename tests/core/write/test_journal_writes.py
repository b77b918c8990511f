"""The Python writer: ids, one write per event, whole lines, and what it says when it cannot write."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import parse_timestamp
from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.write import journal as module
from lineage_core.write.journal import Journal, append_line, new_id

AT = parse_timestamp("2026-11-22T08:03:48Z") or 0
DAY = "lineage-2026-11-22.jsonl"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A list whose one item is the present, in microseconds."""
    present = [1_764_460_800_000_000]
    monkeypatch.setattr(time, "time_ns", lambda: present[0] * 1000 + 999)
    monkeypatch.setattr(module, "_last_id", (0, 0))
    yield present


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "lineage", environ={})


def records(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_an_id_is_the_time_the_process_and_a_counter(clock: list[int]) -> None:
    pid = f"{os.getpid():07d}"
    assert new_id() == f"lineage-{clock[0]}{pid}000"
    assert new_id() == f"lineage-{clock[0]}{pid}001"
    clock[0] += 1
    assert new_id() == f"lineage-{clock[0]}{pid}000"


def test_ids_grow_when_the_clock_stands_still_or_goes_back(clock: list[int]) -> None:
    first = clock[0]
    ids = [new_id() for _ in range(1001)]
    assert ids[999].endswith("999")
    assert ids[1000] == f"lineage-{first + 1}{os.getpid():07d}000"
    clock[0] -= 3_600_000_000
    ids.append(new_id())
    assert ids == sorted(set(ids))
    assert re.fullmatch("lineage-[0-9]{26}", ids[-1])


def test_ids_of_many_threads_are_each_one() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.extend(new_id() for _ in range(500))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4000


def test_a_line_is_appended_by_one_write_and_nothing_stays_open(tmp_path: Path) -> None:
    before = descriptors()
    path = tmp_path / "a" / "b" / "file"
    append_line(path, b"one\n")
    append_line(str(path), b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert descriptors() == before


def test_a_torn_end_is_healed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"torn")
    append_line(path, b"one\n")
    append_line(path, b"two\n")
    assert path.read_bytes() == b"torn\none\ntwo\n"


def test_new_directories_are_the_owners_only_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        append_line(tmp_path / "a" / "b" / "file", b"one\n")
    finally:
        os.umask(mask)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/file")]
    assert modes == [0o700, 0o700, 0o644]


def test_a_directory_that_somebody_makes_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = os.mkdir
    monkeypatch.setattr(os, "mkdir", lambda path, mode: (make(path, mode), make(path, mode)))
    append_line(tmp_path / "a" / "b" / "file", b"one\n")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"one\n"


def test_a_directory_that_goes_away_again_and_again_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(module, "_make_directory", made.append)
    with pytest.raises(JournalError, match=f"cannot write {tmp_path}/a/file: its directory goes away as soon as it is"):
        append_line(tmp_path / "a" / "file", b"one\n")
    assert made == [f"{tmp_path}/a"] * 2


@pytest.fixture
def only_writable() -> Iterator[Path]:
    """A folder in which what has the mode 0222 may be written and not read: root becomes another user meanwhile."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o777)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if user == 0:
                os.seteuid(0)


def test_a_file_that_may_only_be_written_gets_a_blank_line_to_be_sure(only_writable: Path) -> None:
    path = only_writable / "file"
    path.write_bytes(b"")
    path.chmod(0o222)
    append_line(path, b"one\n")
    append_line(path, b"two\n")
    path.chmod(0o600)
    assert path.read_bytes() == b"one\n\ntwo\n"


def test_a_pipe_that_nobody_reads_is_not_waited_for(only_writable: Path) -> None:
    os.mkfifo(only_writable / "fifo")
    (only_writable / "fifo").chmod(0o222)
    with pytest.raises(JournalError, match=f"cannot write {only_writable}/fifo: No such device or address"):
        append_line(only_writable / "fifo", b"one\n")


def test_no_file_is_made_through_a_symbolic_link_but_one_that_is_there_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("other")
    (tmp_path / "other").symlink_to(tmp_path / "victim")
    with pytest.raises(
        JournalError, match=f"cannot write {tmp_path}/link: it is a symbolic link to {tmp_path}/victim, "
    ):
        append_line(tmp_path / "link", b"one\n")
    assert not (tmp_path / "victim").exists()
    (tmp_path / "victim").touch()
    append_line(tmp_path / "link", b"one\n")
    assert (tmp_path / "victim").read_bytes() == b"one\n"


def test_a_link_of_root_is_followed(only_writable: Path) -> None:
    """`/proc/mounts` is one."""
    assert module._linked_file("/proc/mounts") == "/proc/self/mounts"


def test_links_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(JournalError, match=f"^cannot write {tmp_path}/link: too many symbolic links$"):
        append_line(tmp_path / "link", b"one\n")


def test_a_link_of_another_user_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "mine").symlink_to(tmp_path / "file")
    append_line(tmp_path / "link", b"one\n")
    if os.geteuid() == 0:
        os.lchown(tmp_path / "mine", 12345, -1)
    else:  # only root can give a link away: so we become another
        user = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(JournalError, match=r"is a symbolic link that another user made$"):
        append_line(tmp_path / "link", b"two\n")
    assert (tmp_path / "file").read_bytes() == b"one\n"


def test_what_is_no_regular_file_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    before = descriptors()
    with pytest.raises(JournalError, match=f"cannot write {tmp_path}/fifo: it is not a regular file"):
        append_line(tmp_path / "fifo", b"one\n")
    with pytest.raises(JournalError, match=f"cannot write {tmp_path}: Is a directory"):
        append_line(tmp_path, b"one\n")
    assert descriptors() == before


def test_a_terminal_in_place_of_the_file_does_not_become_that_of_the_process(tmp_path: Path) -> None:
    main, other = os.openpty()
    name = os.ttyname(other)
    child = os.fork()
    if child == 0:
        os.setsid()  # who leads a session without a terminal gets the first one that it opens
        with contextlib.suppress(JournalError):
            append_line(name, b"one\n")
        os._exit(has_terminal())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(main)
    os.close(other)


def has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY))
    except OSError:
        return False
    return True


def test_slashes_more_than_one_are_as_one(tmp_path: Path) -> None:
    append_line(f"{tmp_path}//a///b//file", b"one\n")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"one\n"


@pytest.fixture
def limit() -> Iterator[int]:
    """Files may have 100 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_short_write_is_told_and_healed(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "file"
    append_line(path, b"x" * 79 + b"\n")
    with pytest.raises(JournalError, match=f"cannot write {path}: only 20 of 41 bytes fitted"):
        append_line(path, b"y" * 40 + b"\n")
    with pytest.raises(JournalError, match=f"cannot write {path}: File too large"):
        append_line(path, b"z\n")
    assert path.stat().st_size == limit


def test_an_event_goes_to_the_file_of_its_own_day(journal: Journal, tmp_path: Path) -> None:
    assert journal.directory == tmp_path / "lineage"
    first = journal.log("task_created", "task-1", "user-kim", timestamp="2026-11-22T23:59:59Z", tags=["a"])
    journal.log("task_failed", "task-1", "a-master", "it broke", timestamp="2026-11-23T02:00:00+01:00", parent=first,
                related=["task-2"], data={"n": 1}, lineage_id="lineage-7")  # fmt: skip
    (created,), (failed,) = records(journal.directory / DAY), records(journal.directory / "lineage-2026-11-23.jsonl")
    assert (created["lineage_id"], created["tags"], created["timestamp"]) == (
        first,
        ["a"],
        "2026-11-22T23:59:59.000000Z",
    )
    assert (failed["lineage_id"], failed["timestamp"]) == ("lineage-7", "2026-11-23T01:00:00.000000Z")
    assert (failed["parent_lineage_id"], failed["related_task_ids"]) == (first, ["task-2"])
    assert failed["event_data"] == {"n": 1, "reason": "it broke"}
    assert sorted(os.listdir(journal.directory)) == [DAY, "lineage-2026-11-23.jsonl"]


def test_the_time_is_the_present_or_when_the_call_began(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LINEAGE_NOW", "2026-11-22T10:00:00Z")
    journal.log("task_created", "task-1", "user-kim")
    journal.log("task_created", "task-1", "user-kim", began=AT)
    assert [each["timestamp"][11:19] for each in records(journal.directory / DAY)] == ["10:00:00", "10:00:00"]
    monkeypatch.delenv("LINEAGE_NOW")
    journal.log("task_created", "task-1", "user-kim", began=AT)
    assert records(journal.directory / DAY)[-1]["timestamp"] == "2026-11-22T08:03:48.000000Z"


def test_a_wrong_timestamp_is_told_and_nothing_is_written(journal: Journal) -> None:
    with pytest.raises(BadInputError, match=r"^timestamp 'noon' is not ISO-8601, like 2026-11-22T08:03:48Z$"):
        journal.log("task_created", "task-1", "user-kim", timestamp="noon")
    assert not journal.directory.exists()


def test_how_long_the_call_took_is_written_when_asked_for(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def metadata(data: dict[str, Any], environ: dict[str, str], began: int = AT) -> Any:
        journal.log(
            "task_created",
            "task-1",
            "user-kim",
            data=data,
            environ=environ,
            began=began,
            timestamp="2026-11-22T08:00:00Z",
        )
        return records(journal.directory / DAY)[-1]["event_data"].get("metadata")

    present = [AT + 250]
    monkeypatch.setattr(module.clock, "now", lambda: present[0])
    assert metadata({}, {"LINEAGE_TIMING": "1"}) == {"log_us": 250}
    assert metadata({"metadata": {"a": 1}}, {"LINEAGE_TIMING": "1"}) == {"a": 1, "log_us": 250}
    assert metadata({"metadata": {"a": []}}, {"LINEAGE_TIMING": "1"}) == {"a": [], "log_us": 250}
    assert metadata({}, {"LINEAGE_TIMING": "1"}, began=AT + 300) == {"log_us": 0}, "the clock went back"
    assert metadata({}, {"LINEAGE_TIMING": "0"}) is None
    assert metadata({}, {}) is None


def test_the_environment_of_a_call_counts_before_that_of_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path, environ={"CORTEX_SESSION_ID": "mine", "LINEAGE_WRITE_COMBINED": "1"})
    journal.log("task_created", "task-1", "user-kim", timestamp="2026-11-22T08:00:00Z")
    journal.log(
        "task_created", "task-1", "user-kim", timestamp="2026-11-22T08:00:00Z", environ={"CORTEX_SESSION_ID": "other"}
    )
    assert [each["context"]["session_id"] for each in records(tmp_path / DAY)] == ["mine", "other"]
    assert [each["context"]["session_id"] for each in records(tmp_path / "task-lineage.jsonl")] == ["mine"]


def test_each_line_goes_to_the_combined_file_too_when_asked_for(tmp_path: Path) -> None:
    for combined, environ, count in ((True, {}, 1), (None, {"LINEAGE_WRITE_COMBINED": "1"}, 1),
                                     (None, {"LINEAGE_WRITE_COMBINED": "0"}, 0), (None, {}, 0),
                                     (False, {"LINEAGE_WRITE_COMBINED": "1"}, 0)):  # fmt: skip
        folder = tmp_path / str(len(os.listdir(tmp_path)))
        journal = Journal(folder, combined=combined, environ=environ)
        journal.log("task_created", "task-1", "user-kim", timestamp="2026-11-22T08:00:00Z")
        journal.append({"lineage_id": "lineage-2"}, AT)
        assert len(records(folder / DAY)) == 2
        path = folder / "task-lineage.jsonl"
        assert (path.read_bytes() == (folder / DAY).read_bytes()) if count else not path.exists()


def test_what_is_wrong_is_kept_only_when_lenient(journal: Journal) -> None:
    with pytest.raises(BadInputError):
        journal.log("task_created", "task-1", "user-kim", data="{broken", timestamp="2026-11-22T08:00:00Z")
    journal.log("task_created", "task-1", "user-kim", data="{broken", timestamp="2026-11-22T08:00:00Z", lenient=True)
    assert records(journal.directory / DAY)[0]["tags"] == ["invalid-data"]


def test_nothing_is_written_beside_the_directories_of_hosts(tmp_path: Path) -> None:
    (tmp_path / ".lineage-hosts").touch()
    with pytest.raises(JournalError, match=f"^{tmp_path} holds the directories of hosts: log into one of these$"):
        Journal(tmp_path, environ={}).log("task_created", "task-1", "user-kim")
    assert os.listdir(tmp_path) == [".lineage-hosts"]


NEXT = AT + 86_400_000_000


def test_many_records_are_written_each_to_its_day(journal: Journal) -> None:
    before = descriptors()
    journal.directory.mkdir()
    (journal.directory / DAY).write_bytes(b"torn")
    each = [({"n": 1}, AT), ({"n": 2}, AT), ({"n": 3}, NEXT), ({"n": 4}, NEXT), ({"n": 5}, AT)]
    assert journal.append_many(iter(each)) == 5
    assert (journal.directory / DAY).read_bytes() == b'torn\n{"n":1}\n{"n":2}\n{"n":5}\n'
    assert (journal.directory / "lineage-2026-11-23.jsonl").read_bytes() == b'{"n":3}\n{"n":4}\n'
    assert journal.append_many([]) == 0
    assert descriptors() == before


def test_many_records_that_do_not_fit_are_told(journal: Journal, limit: int) -> None:
    before = descriptors()
    path = journal.directory / DAY
    with pytest.raises(JournalError, match=f"cannot write {path}: only 20 of 80 bytes fitted$"):
        journal.append_many([({"n": "x" * 71}, AT), ({"n": "y" * 71}, AT)])
    with pytest.raises(JournalError, match=f"cannot write {path}: File too large$"):
        journal.append_many([({}, AT), ({}, AT)])
    (journal.directory / "lineage-2026-11-23.jsonl").mkdir()
    with pytest.raises(JournalError, match=r"cannot write .*23\.jsonl: Is a directory$"):
        journal.append_many([({}, NEXT)])
    assert descriptors() == before


def test_a_full_disk_between_records_is_told(journal: Journal, limit: int) -> None:
    path = journal.directory / DAY
    with pytest.raises(JournalError, match=f"^cannot write {path}: File too large$"):
        journal.append_many([({"n": "x" * 91}, AT), ({}, AT)])


def test_a_child_has_a_lock_of_its_own() -> None:
    with module._id_lock:
        child = os.fork()
        if child == 0:
            new_id()  # would wait for ever for the lock of the parent
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0

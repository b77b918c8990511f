"""`lineage doctor` reports exactly the faults of files, disk and host that were planted, each with what to do."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from lineage_core.cli import main
from lineage_core.maintenance.doctor import Surroundings, Word, examine
from lineage_core.write.journal import Journal
from tests.build import record
from tests.core.maintenance.closed_month import LINEAGE
from tests.core.maintenance.doctor.conftest import newest, oldest, only, problems
from tests.namespaces import MOUNTS, in_namespace

pytestmark = pytest.mark.clock


INSTANCES = "/proc/sys/user/max_inotify_instances"


def test_a_file_over_100_megabytes(journal: Path) -> None:
    with (journal / "task-lineage.jsonl").open("w") as file:
        for number in range(7):
            data = {"metadata": {"note": str(number) * 15_000_000}}
            file.write(json.dumps(record(task_id=f"task-{number}", event_data=data)) + "\n")
    check, text, advice = only(journal)
    assert (check, text) == ("size", "over 100.0 MB: task-lineage.jsonl, the largest 105.0 MB")
    assert "lineage archive --combined" in advice


def test_the_size_limit_can_be_set(journal: Path) -> None:
    assert {check for check, *_ in problems(journal, size_limit=1000)} == {"size"}


@pytest.mark.parametrize(
    ("plant", "text"),
    [
        (lambda path: os.mkfifo(path), "not a file but a pipe"),
        (lambda path: path.mkdir(), "not a file but a directory"),
        (lambda path: path.symlink_to(path), "too many levels of symbolic links"),
        (lambda path: path.symlink_to("nothing"), "a symbolic link to nothing"),
        (lambda path: (path.parent / "x").touch() or path.symlink_to("x"), "is a symbolic link"),
        (lambda path: path.with_name(f"{path.name}.lz4").touch(), "packed in a way that is not understood"),
        (lambda path: path.with_name(f"{path.name}.archiving").touch(), "an archive run was ended in the middle"),
    ],
)
def test_what_is_named_like_a_journal_file_and_is_none(journal: Path, plant: Callable[[Path], None], text: str) -> None:
    plant(journal / "lineage-2020-01-01.jsonl")
    check, found, _ = only(journal)
    assert check == "names"
    assert "lineage-2020-01-01.jsonl" in found
    assert text in found


def test_what_a_killed_archive_run_left_is_told_unless_one_runs(journal: Path) -> None:
    import fcntl

    (journal / "archive" / "2020-01").mkdir(parents=True, mode=0o700)
    (journal / "archive" / "2020-01" / "lineage-2020-01-01.jsonl.gz.tmp").touch()
    (journal / "archive" / ".lock").touch()
    check, text, advice = only(journal)
    assert (check, advice) == ("names", "lineage archive")
    assert text.endswith("archive/2020-01/lineage-2020-01-01.jsonl.gz.tmp")
    with (journal / "archive" / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert problems(journal) == []


def test_an_archive_that_is_cut_short(journal: Path) -> None:
    packed = gzip.compress(oldest(journal).read_bytes())
    oldest(journal).with_suffix(".jsonl.gz").write_bytes(packed[:-20])
    oldest(journal).unlink()
    check, text, _ = only(journal)
    assert check == "records"
    assert text.endswith("cannot be read to its end: cut short")


def test_a_group_that_may_make_files_and_cannot_append(journal: Path) -> None:
    journal.chmod(0o770)
    for path in journal.iterdir():
        path.chmod(0o660)
    assert problems(journal) == []
    newest(journal).chmod(0o640)
    check, text, advice = only(journal)
    assert check == "permissions"
    assert text.startswith("group ")
    assert text.endswith(f"cannot append to {newest(journal).name}")
    assert "chmod g+w" in advice


def test_an_owner_who_cannot_append(journal: Path) -> None:
    if os.geteuid() == 0:
        os.chown(journal, 65534, 65534)  # its files still belong to root
    else:
        for path in journal.iterdir():
            path.chmod(0o400)
    check, text, _ = only(journal)
    assert check == "permissions"
    assert "who owns the directory, cannot append to" in text
    assert ("nobody" in text) == (os.geteuid() == 0)


def test_files_that_others_can_read_or_change(public: Path) -> None:
    mask = os.umask(0o022)
    try:
        Journal(public / "lineage").log("task_created", "task-1", "kim")
        path = newest(public / "lineage")
        assert problems(public / "lineage") == [], "a directory that we make is for its owner"
        (public / "lineage").chmod(0o755)
        assert only(public / "lineage")[1] == f"other users can read {path.name}"
        path.chmod(0o640)
        assert problems(public / "lineage") == []
        path.chmod(0o666)
        texts = [text for _, text, _ in problems(public / "lineage")]
        assert texts == [f"other users can change {path.name}", f"other users can read {path.name}"]
    finally:
        os.umask(mask)


@pytest.mark.parametrize(
    ("options", "text"), [("size=2m", "are needed for 30 days"), ("size=200m,nr_inodes=99", "inodes free")]
)
def test_a_disk_that_is_nearly_full(
    journal: Path, need_tool, options: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a small file system; where none is to be had, with its figures in place of the disk's."""
    if before := in_namespace(need_tool, "-rm", MOUNTS):
        disk = journal.parent / "disk"
        disk.mkdir()
        script = f"mount -t tmpfs -o {options} none {disk} && cp -a {journal} {disk}/ && {LINEAGE} doctor --json"
        run = subprocess.run(
            [*before, "sh", "-c", f"{script} --dir {disk}/lineage"], capture_output=True, text=True, check=False
        )
        checks = json.loads(run.stdout)["checks"]
        found = [(one["check"], one["text"]) for one in checks if one["word"] == "problem"]
    else:
        small, real = "size=2m" in options, os.statvfs(journal)
        figures = list(real)
        figures[3:5] = [500 if small else 50_000] * 2  # f_bfree, f_bavail
        figures[5:8] = [50_000 if small else 99] * 3  # f_files, f_ffree, f_favail
        figures[0:2] = [4096, 4096]
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(figures))
        found = [(check, said) for check, said, _ in problems(journal)]
    ((check, said),) = found
    assert check == "space"
    assert text in said


def test_no_inotify_instance_left(journal: Path, need_tool) -> None:
    """In a user namespace without one; where there is none to be had, the system call is made to fail."""
    ask = [sys.executable, "-m", "lineage_core.cli", "doctor", "--json", "--dir", str(journal)]
    if before := in_namespace(need_tool, "-Ur", f"echo 0 > {INSTANCES}"):
        words = [*before, "sh", "-c", f'echo 0 > {INSTANCES} && exec "$@"', "sh", *ask]
    else:
        words = [need_tool("strace"), "-f", "-qq", "-o", "/dev/null", "-e", "inject=inotify_init1:error=EMFILE", *ask]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    (problem,) = [check for check in json.loads(run.stdout)["checks"] if check["word"] == "problem"]
    assert run.returncode == 1
    assert problem["check"] == "watch"
    assert problem["values"]["max_user_instances"] == 0 or not before
    assert problem["values"]["mode"] == "polling"


def test_a_file_that_may_not_be_read_is_told(public: Path) -> None:
    journal = public / "lineage"
    Journal(journal).log("task_created", "task-1", "kim")
    path = newest(journal)
    told = public / "told"
    with told.open("w") as out, redirect_stdout(out):
        words = ["doctor", "--check", "records", "--json", "--dir", str(journal)]
        assert main(words) == 0
        path.chmod(0o000)
        if os.geteuid() == 0:
            os.chown(journal, 65534, 65534)
        child = os.fork()
        if not child:
            out.seek(0)
            out.truncate()
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os._exit(main(words))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    (verdict,) = json.loads(told.read_text())["checks"]
    assert verdict["text"] == f"{path.name} cannot be read to its end: permission denied"


@pytest.mark.parametrize(
    ("read", "beside"),
    [("prod/lineage", ["dev/lineage"]), ("lineage", ["prod/lineage", "staging/lineage"]), ("dev/lineage", ["lineage"])],
)
def test_a_history_that_is_split_among_environments_is_named(tmp_path: Path, read: str, beside: list[str]) -> None:
    coordination = tmp_path / "coordination"
    for name in (read, *beside):
        Journal(coordination / name).log("task_created", "task-1", "user-kim")
    (coordination / "empty" / "lineage").mkdir(parents=True)
    (coordination / "loop").symlink_to(coordination)
    told = [
        one for one in examine(Surroundings(coordination / read, None, 0), ["directory"]) if one.word is Word.PROBLEM
    ]
    assert [one.text for one in told] == [
        "this host has other histories, which are not read here: "
        + ", ".join(str(coordination / name) for name in sorted(beside))
    ]
    shutil.rmtree(coordination / beside[0])
    for name in beside[1:]:
        shutil.rmtree(coordination / name)
    told = [
        one for one in examine(Surroundings(coordination / read, None, 0), ["directory"]) if one.word is Word.PROBLEM
    ]
    assert told == []

"""Who has a file open for writing: as the kernel tells it, as /proc shows it, and where neither can."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineage_core.maintenance.open_writers import OpenWriters, WriterWait, look

HOLD = "import sys; file = open(sys.argv[1], sys.argv[2]); print(flush=True); sys.stdin.read()"


@contextmanager
def holding(path: Path, mode: str) -> Iterator[int]:
    """A process that has the file open; its id."""
    command = [sys.executable, "-S", "-c", HOLD, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"\n"
        yield holder.pid


@pytest.fixture(params=["leases", "no leases"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "no leases":
        monkeypatch.delattr(fcntl, "F_SETLEASE")
    (tmp_path / "day").write_text("{}\n")
    return tmp_path / "day"


def test_a_writer_is_seen_and_named(path: Path) -> None:
    with holding(path, "a") as writer:
        assert look(path) == OpenWriters(True, (writer,))
        assert f"(process {writer}) still has it open for writing" in WriterWait(path, patience=0).wait()


def test_readers_are_not_in_the_way(path: Path) -> None:
    with holding(path, "r"):
        assert WriterWait(path, patience=0).wait() == ""


def test_a_renamed_file_is_still_the_one_that_is_open(path: Path) -> None:
    with holding(path, "a") as writer:
        moved = path.rename(path.with_suffix(".archiving"))
        assert look(moved).writers == (writer,)


def test_a_writer_that_closes_the_file_ends_the_wait(path: Path) -> None:
    command = [sys.executable, "-S", "-c", HOLD.replace("sys.stdin.read()", "__import__('time').sleep(0.3)")]
    with subprocess.Popen([*command, str(path), "a"], stdout=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stdout.readline() == b"\n"
        assert WriterWait(path, patience=60).wait() == ""
        assert look(path) == OpenWriters(False)


def as_somebody_else(path: Path) -> tuple[OpenWriters, str]:
    """What a user sees who does not own the file and cannot see the processes of root."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        seen = look(path)
        said = WriterWait(path, patience=0, grace=0.05).wait()
        os.write(writer, repr((seen.open, seen.writers, said)).encode())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(writer)
    with os.fdopen(reader) as answer:
        opened, writers, said = eval(answer.read())
    return OpenWriters(opened, writers), said


def test_where_writers_cannot_be_seen_the_file_has_to_stay_as_it_is_for_a_while() -> None:
    """/etc/passwd is root's, whom nobody else may look at; no lease on it for others either."""
    seen, said = as_somebody_else(Path("/etc/passwd"))
    hidden = os.geteuid() == 0 or Path("/proc/1").stat().st_uid != os.geteuid()
    assert seen == OpenWriters(None if hidden else False)
    assert said == ""

"""Writing to a file that a person named: a regular file is whole or as it was, anything else stays what it is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.base.errors import JournalError
from lineage_core.base.output_file import output_file
from tests.cli.conftest import LEGACY

EXPORT = [sys.executable, "-m", "lineage_core.cli", "export", "tasks", "--dir", str(LEGACY), "--format"]
FORMATS = ("csv", "json", "jsonl", "html", "parquet")


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_NOW", "2026-11-22T08:10:00Z")


def write(path: Path, text: bytes = b"new\n") -> None:
    with output_file(path) as file:
        file.write(text)


def exported(form: str, path: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*EXPORT, form, "-o", str(path)], capture_output=True, check=False)


DEVICES = {"null": 3, "full": 7}
"""The minor numbers of memory devices, see null(4) and full(4)."""


def a_device(folder: Path, name: str = "null") -> Path:
    """A device that may be lost; without the right to make one, the system's, which such a user cannot replace."""
    path = folder / name
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, DEVICES[name]))
        path.write_bytes(b"")  # a mount may forbid devices
    except OSError:
        return Path("/dev", name)
    return path


@pytest.mark.parametrize("form", FORMATS)
def test_a_device_stays_a_device(form: str, tmp_path: Path) -> None:
    device = a_device(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(device)
    for path in (device, link):
        done = exported(form, path)
        assert (done.returncode, done.stderr) == (0, b"")
        assert stat.S_ISCHR(device.stat().st_mode)
    assert link.is_symlink()


@pytest.mark.parametrize("form", FORMATS)
def test_a_fifo_is_written_through(form: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(fifo.read_bytes()))
    reader.start()
    assert exported(form, fifo).returncode == 0
    reader.join(60)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert said and said[0] == subprocess.run([*EXPORT, form], capture_output=True, check=True).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["fifo"]


def test_the_process_substitution_of_a_shell_is_written_through(tmp_path: Path) -> None:
    script = '"$@" -o >(cat > "$0.part"; mv "$0.part" "$0"); while [ ! -e "$0" ]; do sleep 0.01; done'
    subprocess.run(["bash", "-c", script, tmp_path / "got", *EXPORT, "csv"], check=True, timeout=250)
    assert (tmp_path / "got").read_text().startswith("task_id,")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_the_name_of_a_descriptor_means_what_it_is_open_for(name: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    path = tmp_path / "log"
    path.write_text("before\n")
    with open(path, "a") as file:
        subprocess.run([*EXPORT, "csv", "-o", name], stdout=file, cwd=tmp_path, check=True)
    lines = path.read_text().splitlines()
    assert lines[0].startswith("before")
    assert lines[1].startswith("task_id,")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_mode_and_owner_stay(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    path.chmod(mode)
    before = path.stat()
    write(path)
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert path.read_bytes() == b"new\n"
    assert after.st_ino != before.st_ino  # it was replaced as a whole


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_follows_the_umask(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666 & ~umask


def test_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "real.csv"
    target.write_text("old")
    (tmp_path / "folder" / "middle").symlink_to("real.csv")
    first = tmp_path / "first"
    first.symlink_to("folder/middle")
    write(first)
    assert first.is_symlink() and (tmp_path / "folder" / "middle").is_symlink()
    assert target.read_bytes() == b"new\n"
    target.unlink()
    write(first, b"again\n")  # dangling
    assert first.is_symlink() and target.read_bytes() == b"again\n"


def test_a_file_with_two_names_keeps_both(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("something longer than before")
    os.link(tmp_path / "one", tmp_path / "two")
    write(tmp_path / "one")
    assert (tmp_path / "two").read_bytes() == b"new\n"


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    """Under the name that a temporary file used to have, of any process that may come."""
    victim = tmp_path / "victim"
    victim.write_text("safe")
    path = tmp_path / "x.csv"
    for pid in {os.getpid(), *range(os.getpid(), os.getpid() + 500)}:
        (tmp_path / f".x.csv.{pid}.part").symlink_to(victim)
    write(path)
    assert exported("csv", path).returncode == 0
    assert victim.read_text() == "safe"
    assert not path.is_symlink()


def as_nobody(work: Callable[[], None]) -> int:
    """Run a function in a child that may not do everything; its exit code."""
    pid = os.fork()
    if not pid:
        code = 70
        try:
            if os.geteuid() == 0:
                os.setegid(65534)
                os.seteuid(65534)
            work()
            code = 0
        except JournalError as error:
            code = int(error.exit_code)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_where_no_file_can_be_made_the_one_that_is_there_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, mode in (("mine", 0o666), ("closed", 0o444)):
        (folder / name).write_text("something longer than before")
        (folder / name).chmod(mode)
    for parent in (tmp_path, *list(tmp_path.parents)[:3]):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    folder.chmod(0o555)
    assert as_nobody(lambda: write(folder / "mine")) == 0
    assert (folder / "mine").read_bytes() == b"new\n"
    assert as_nobody(lambda: write(folder / "closed")) == 3
    assert (folder / "closed").read_bytes() == b"something longer than before"
    assert as_nobody(lambda: write(folder / "other")) == 3
    folder.chmod(0o755)


def test_a_link_of_somebody_else_in_a_shared_directory_is_judged_by_the_kernel(tmp_path: Path) -> None:
    """`fs.protected_symlinks`: on most hosts such a link is not followed; whatever opens a file decides it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("safe")
    (shared / "x.csv").symlink_to(victim)
    if os.geteuid() == 0:
        os.lchown(shared / "x.csv", 12345, 12345)
    shared.chmod(0o1777)
    try:
        os.close(os.open(shared / "x.csv", os.O_WRONLY))
        followed = True
    except PermissionError:
        followed = False
    if followed:
        write(shared / "x.csv")
    else:
        with pytest.raises(JournalError, match="cannot write"):
            write(shared / "x.csv")
    assert victim.read_text() == ("new\n" if followed else "safe")


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), output_file(path) as file:
        file.write(b"half")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    for bad in (tmp_path, tmp_path / "nowhere" / "x", a_device(tmp_path, "full")):
        with pytest.raises(JournalError, match="cannot write"):
            write(bad)


def test_a_name_as_long_as_a_name_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".csv")
    write(path)
    write(path, b"again\n")
    assert path.read_bytes() == b"again\n"


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("a.json", "json"), ("a.JSONL", "jsonl"), ("a.ndjson", "jsonl"), ("a.b.html", "html"),
     ("a.htm", "html"), ("a.parquet", "parquet")],
)  # fmt: skip
def test_the_name_tells_the_format(name: str, form: str, tmp_path: Path) -> None:
    command = [part for part in EXPORT if part != "--format"]
    subprocess.run([*command, "-o", tmp_path / name], check=True)
    subprocess.run([*EXPORT, form, "-o", tmp_path / "other"], check=True)
    told = [(tmp_path / one).read_bytes() for one in (name, "other")]
    assert told[0][:40] == told[1][:40]

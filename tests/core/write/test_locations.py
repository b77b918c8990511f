"""One rule for where the journal is, the same in bash, in the command and in Python; and which files are written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_core import JournalError
from lineage_core.base import clock
from lineage_core.write.journal import Journal
from tests.shell.bash_writer import LIBRARY
from tests.wallclock import SHIFT, now

WAYS = {
    "LINEAGE_DIR": ({"LINEAGE_DIR": "{0}/d", "CORTEX_HOME": "{0}/home", "CORTEX_ENV": "dev"}, (), "d"),
    "CORTEX_HOME": ({"CORTEX_HOME": "{0}/home"}, ("here/coordination",), "home/coordination/lineage"),
    "here": ({}, ("here/coordination",), "here/coordination/lineage"),
    "environments exist": ({"CORTEX_HOME": "{0}/h"}, ("h/coordination/dev/lineage",), "h/coordination/prod/lineage"),
    "environment told": ({"CORTEX_HOME": "{0}/h", "CORTEX_ENV": "dev"}, (), "h/coordination/dev/lineage"),
    "environment here": ({"CORTEX_ENV": "staging"}, ("here/coordination",), "here/coordination/staging/lineage"),
    "nowhere": ({}, (), None),
    "environment is a path": ({"CORTEX_HOME": "{0}/h", "CORTEX_ENV": "../../x"}, (), None),
}
WRITERS = {
    "function": ["bash", "-c", f'. "{LIBRARY}"; LINEAGE_STRICT=1; log_task_created task-1 kim'],
    "function, by Python": [
        "bash",
        "-c",
        f'. "{LIBRARY}"; LINEAGE_FORCE_PYTHON=1 LINEAGE_STRICT=1; log_task_created t k',
    ],
    "launcher": [str(LIBRARY.with_name("lineage")), "log", "task_created", "task-1", "kim"],
    "command": [sys.executable, "-m", "lineage_core.cli", "log", "task_created", "task-1", "kim"],
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("way", WAYS)
def test_all_writers_find_the_same_directory(way: str, writer: str, tmp_path: Path) -> None:
    environ, folders, expected = WAYS[way]
    for folder in ("here", *folders):
        (tmp_path / folder).mkdir(parents=True)
    base = {"PATH": os.environ["PATH"], "LINEAGE_PYTHON": sys.executable}
    told = subprocess.run(
        WRITERS[writer],
        env=base | {name: value.format(tmp_path) for name, value in environ.items()},
        cwd=tmp_path / "here", capture_output=True, text=True,
    )  # fmt: skip
    found = {str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("lineage-*.jsonl")}
    assert found == ({expected} if expected else set()), told.stderr
    assert told.returncode == (0 if expected else 3)
    assert told.stderr.count("\n") == (0 if expected else 1)


@pytest.mark.parametrize("forced", ["", "1"])
def test_an_installed_library_knows_its_checkout(forced: str, tmp_path: Path) -> None:
    library = tmp_path / "cx" / "scripts" / "lib" / "lineage.sh"
    library.parent.mkdir(parents=True)
    (tmp_path / "elsewhere" / "coordination" / "lineage").mkdir(parents=True)
    shutil.copy(LIBRARY, library)
    for start, word in (
        (tmp_path / "elsewhere", str(library)),
        (library.parent, "./lineage.sh"),
        (library.parent.parent, "lib/../lib/lineage.sh"),
    ):
        script = f'. "{word}"; cd "{tmp_path}/elsewhere"; LINEAGE_STRICT=1; log_task_created task-1 kim'
        environ = {"PATH": os.environ["PATH"], "LINEAGE_PYTHON": sys.executable, "LINEAGE_FORCE_PYTHON": forced}
        environ |= {"PYTHONPATH": str(LIBRARY.parents[2])}
        subprocess.run(["bash", "-c", script], env=environ, cwd=start, check=True)
    (daily,) = tmp_path.rglob("lineage-*.jsonl")
    assert daily.parent == tmp_path / "cx" / "coordination" / "lineage"
    assert daily.read_bytes().count(b'"task-1"') == 3


def linked(journal: Path, target: Path | str) -> list[Path]:
    """Links in the place of the daily files of today and of tomorrow: midnight may come before the writer does."""
    began = now()
    names = (f"lineage-{clock.utc_date(began + days * clock.DAY)}.jsonl" for days in (0, 1))
    links = [journal / name for name in names]
    for link in links:
        link.symlink_to(target)
    return links


@pytest.mark.clock
@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_that_another_user_made_is_not_written_through(writer: str, tmp_path: Path) -> None:
    journal, victim = tmp_path / "journal", tmp_path / "profile"
    journal.mkdir()
    victim.write_text("")
    environ = {"PATH": os.environ["PATH"], "LINEAGE_PYTHON": sys.executable, "LINEAGE_DIR": str(journal)} | SHIFT
    links = linked(journal, victim)
    if os.geteuid():  # it is ours, and followed: only root can make it another's
        subprocess.run(WRITERS[writer], env=environ, check=True, capture_output=True)
        return
    for link in links:
        os.lchown(link, 65534, 65534)
    told = subprocess.run(WRITERS[writer], env=environ, capture_output=True, text=True)
    assert victim.read_text() == ""
    assert told.returncode == 3
    assert "another user" in told.stderr
    for link in links:
        os.lchown(link, 0, 0)
    subprocess.run(WRITERS[writer], env=environ, check=True, capture_output=True)
    assert victim.read_bytes().count(b"\n") >= 1


def test_links_are_followed_to_their_end_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    journal = Journal(tmp_path)
    record = {"lineage_id": "lineage-1", "timestamp": "2026-11-22T00:00:00Z"}
    (tmp_path / "lineage-2026-11-22.jsonl").symlink_to("a")
    with pytest.raises(JournalError, match="too many symbolic links"):
        journal.append(record, 1_795_305_600_000_000)


@pytest.mark.clock
@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_to_nothing_is_named_with_what_to_do(writer: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    environ = {"PATH": os.environ["PATH"], "LINEAGE_PYTHON": sys.executable, "LINEAGE_DIR": str(journal)} | SHIFT
    journal.mkdir()
    links = linked(journal, "elsewhere/gone.jsonl")
    told = subprocess.run(WRITERS[writer], env=environ, capture_output=True, text=True)
    assert told.returncode == 3
    reason = f"it is a symbolic link to {journal}/elsewhere/gone.jsonl, which is not there"
    assert any(f"{link}: {reason}" in told.stderr for link in links)
    assert "make that file, or remove the link" in told.stderr
    assert sorted(journal.iterdir()) == links


def test_a_python_in_the_virtual_environment_of_a_checkout_knows_it(tmp_path: Path) -> None:
    checkout, elsewhere = tmp_path / "cx", tmp_path / "elsewhere"
    (checkout / "scripts" / "lib").mkdir(parents=True)
    (elsewhere / "coordination").mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    ask = "import sys; sys.path.append(sys.argv[1]); from lineage_core.write.locations import resolve; print(resolve())"
    words = [checkout / ".venv" / "bin" / "python", "-c", ask, LIBRARY.parents[2]]

    def asked() -> str:
        environ = {"PATH": os.environ["PATH"]}
        return subprocess.run(words, env=environ, cwd=elsewhere, check=True, capture_output=True, text=True).stdout

    assert asked() == "coordination/lineage\n", "no library of a checkout is beside it"
    (checkout / "scripts" / "lib" / "lineage.sh").write_text("")
    assert asked() == f"{checkout}/coordination/lineage\n"
    (checkout / "coordination" / "dev" / "lineage").mkdir(parents=True)
    assert asked() == f"{checkout}/coordination/prod/lineage\n"

"""Writers on a full disk, in a read-only directory, and where a name is no file."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.namespaces import MOUNTS, in_namespace
from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of, ids_of
from tests.shell.test_manners import ALL_CALLS
from tests.shell.writers import bash

FULL = r"""
set -euo pipefail
if [[ $NAMESPACE ]]; then
  mount -t tmpfs -o size=64k none "$SMALL"
  fill() { head -c 70000 /dev/zero >"$SMALL/ballast" 2>/dev/null || true; }
  clear() { rm "$SMALL/ballast"; }
else  # no disk of our own: no file may grow any more
  trap '' XFSZ
  fill() { ulimit -S -f 4; }
  clear() { ulimit -S -f unlimited; }
fi
export LINEAGE_DIR="$SMALL/journal"
log_task_created task-0 kim
fill
for i in {1..40}; do log_task_failed "task-$i" a-master "text $i text text text text text text text text text"; done
CALLS
echo "own work done"
log_task_created task-1 kim '{"a":1e5'
LINEAGE_STRICT=1 log_task_created task-1 kim 2>"$WORK/strict" || echo "strict $?"
clear
log_task_created task-again kim
log_task_started task-again a-master
cp -r "$LINEAGE_DIR" "$WORK/copy"
"""


READ_ONLY = r"""
set -euo pipefail
if [[ $NAMESPACE ]]; then
  mount -t tmpfs -o size=64k none "$SMALL"
  export LINEAGE_DIR="$SMALL/journal"
  BEFORE
  mount -o remount,ro "$SMALL"
else
  export LINEAGE_DIR=/proc/sys  # nobody can make a file there
fi
CALLS
log_task_created task-1 kim '{"a":1e5'
echo "own work done"
LINEAGE_STRICT=1 log_task_created task-1 kim 2>"$WORK/strict" || echo "strict $?"
"""


def unshared(
    script: str, need_tool: Any, tmp_path: Path, environ: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """A script with a small disk of its own; without such, with a limit for the size of files, and with a directory in
    which nobody can make one.
    """
    before = in_namespace(need_tool, "-rm", MOUNTS)
    small = tmp_path / "small"
    small.mkdir(exist_ok=True)
    return subprocess.run(
        [*(before or ()), "bash", "-c", f'source "$LIB"\n{script.replace("CALLS", ALL_CALLS)}'],
        env=environ | {"SMALL": str(small), "WORK": str(tmp_path), "NAMESPACE": "yes" if before else ""},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=250,
    )


@pytest.mark.parametrize("forced", ["0", "1"])
def test_a_full_disk_costs_one_warning_and_logging_recovers(
    forced: str, tmp_path: Path, environ: dict[str, str], need_tool: Any
):
    told = unshared(FULL, need_tool, tmp_path, environ | {"LINEAGE_FORCE_PYTHON": forced})
    assert told.returncode == 0, told.stderr
    assert told.stdout == "own work done\nstrict 3\n"
    assert told.stderr.count("lineage: cannot write") == told.stderr.count("\n") == 1, told.stderr
    assert "cannot write" in (tmp_path / "strict").read_text()
    content = content_of(tmp_path / "copy")
    assert len(content.torn) <= 1
    assert [record["task_id"] for record in content.read][-2:] == ["task-again", "task-again"]
    assert content.read[0]["task_id"] == "task-0"
    assert ids_of(content.read) == ids_of(content.records)


@pytest.mark.parametrize("forced", ["0", "1"])
@pytest.mark.parametrize("before", ["log_task_created task-0 kim", "mkdir $LINEAGE_DIR", ""])
def test_a_read_only_directory_costs_one_warning(
    forced: str, before: str, tmp_path: Path, environ: dict[str, str], need_tool: Any
):
    script = READ_ONLY.replace("BEFORE", before)
    told = unshared(script, need_tool, tmp_path, environ | {"LINEAGE_FORCE_PYTHON": forced})
    assert told.returncode == 0, told.stderr
    assert told.stdout == "own work done\nstrict 3\n"
    assert told.stderr.count("lineage: cannot") == told.stderr.count("\n") == 1, told.stderr


ODD = {
    "a directory": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a symlink to nothing": lambda path: path.symlink_to(path.parent / "elsewhere"),
    "a symlink to itself": lambda path: path.symlink_to(path),
    "a device": lambda path: path.symlink_to("/dev/full"),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("forced", ["0", "1"])
def test_what_is_no_file_is_told_and_does_not_hang_bash(odd: str, forced: str, tmp_path: Path, environ: dict[str, str]):
    journal = tmp_path / "journal"
    journal.mkdir()
    daily = journal / "lineage-2026-11-22.jsonl"
    ODD[odd](daily)
    told = bash(
        "unset EPOCHREALTIME; EPOCHREALTIME=1795334628.000001\n"
        "log_task_created task-1 kim; echo $?; log_task_created task-1 kim",
        environ | {"LINEAGE_FORCE_PYTHON": forced, "LINEAGE_NOW": "2026-11-22T08:03:48Z" if forced == "1" else ""},
    )
    assert told.stdout == "0\n"
    assert told.stderr.count("lineage: cannot write") == told.stderr.count("\n") == 1
    assert str(daily) in told.stderr
    assert not (journal / "elsewhere").exists()


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_file_is_told_and_does_not_hang_the_command(odd: str, tmp_path: Path, environ: dict[str, str]):
    journal = tmp_path / "journal"
    journal.mkdir()
    daily = journal / "lineage-2026-11-22.jsonl"
    ODD[odd](daily)
    command = [LIBRARY.with_name("lineage"), "log", "task_created", "task-1", "kim"]
    told = subprocess.run(
        command, env=environ | {"LINEAGE_NOW": "2026-11-22T08:03:48Z"}, capture_output=True, text=True, timeout=250
    )
    assert (told.returncode, told.stdout) == (3, "")
    assert told.stderr.startswith(f"lineage log: cannot write {daily}: ")
    assert told.stderr.count("\n") == 1
    assert not (journal / "elsewhere").exists()


def test_a_symlink_to_a_file_is_written_through(tmp_path: Path, environ: dict[str, str]):
    """An operator may keep the day elsewhere; only making a file through a link is refused."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    journal = tmp_path / "journal"
    journal.mkdir()
    bash("log_task_created task-1 kim", environ)
    (daily,) = journal.iterdir()
    daily.unlink()
    daily.symlink_to(elsewhere)
    bash("log_task_created task-1 kim; LINEAGE_FORCE_PYTHON=1 log_task_created task-1 kim", environ)
    assert elsewhere.read_bytes().count(b'"task-1"') == 2

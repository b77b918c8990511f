"""Kills, full disks, size limits, permissions and odd files: what a writer loses is at most its own event."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of, ids_of
from tests.shell.test_manners import ALL_CALLS


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LINEAGE_DIR": str(tmp_path / "journal"),
        "LINEAGE_PYTHON": sys.executable,
        "LIB": str(LIBRARY),
    }


def bash(script: str, environ: dict[str, str], **more: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", f'source "$LIB"\n{script}'], env=environ, capture_output=True, text=True, timeout=100, **more
    )


def python(script: str, environ: dict[str, str], **more: Any) -> "subprocess.CompletedProcess[str]":
    code = f"from lineage_core import Journal\njournal = Journal()\n{script}"
    return subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, **more)


WRITERS = {
    "bash": ["bash", "-c", 'source "$LIB"; for i in 1 2 3 4 5; do log_task_failed task-1 a-master "r $i"; done'],
    "combined": [
        "bash",
        "-c",
        'source "$LIB"; LINEAGE_WRITE_COMBINED=1; for i in 1 2 3 4 5; do log_task_failed task-1 a-master "r $i"; done',
    ],
    "forced": [
        "bash",
        "-c",
        'source "$LIB"; LINEAGE_FORCE_PYTHON=1; for i in 1 2; do log_task_failed task-1 a-master "r $i"; done',
    ],
    "launcher": [str(LIBRARY.with_name("lineage")), "log", "task_failed", "task-1", "a-master", "r"],
    "python": [
        sys.executable,
        "-c",
        "from lineage_core import Journal\nfor i in range(5): Journal().log('task_failed', 'task-1', 'a-master', 'r')",
    ],
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_killed_at_any_write_leaves_whole_lines(
    writer: str, tmp_path: Path, environ: dict[str, str], need_tool: Any
):
    strace = need_tool("strace")
    for nth in range(1, 30):
        journal = tmp_path / f"journal-{nth}"
        told = subprocess.run(
            [strace, "-f", "-qq", "-o", str(tmp_path / "calls"), "-e", f"inject=write:signal=KILL:when={nth}"]
            + WRITERS[writer],
            env=environ | {"LINEAGE_DIR": str(journal)},
            capture_output=True,
        )
        before = content_of(journal).records
        bash("log_task_started task-2 a-master", environ | {"LINEAGE_DIR": str(journal)})
        python("journal.log('task_started', 'task-2', 'a-master')", environ | {"LINEAGE_DIR": str(journal)})
        after = content_of(journal)
        assert after.torn == []
        assert len(after.records) == len(before) + 2
        assert ids_of(after.read) == ids_of(after.records)
        if told.returncode == 0 and nth > 1:
            break
    assert told.returncode == 0, "it ran to its end at last"
    assert len(before) in (1, 2, 5)


@pytest.mark.parametrize("healer", ["bash", "forced", "python", "launcher"])
def test_a_torn_end_is_healed_by_the_next_writer(healer: str, tmp_path: Path, environ: dict[str, str]):
    journal = tmp_path / "journal"
    bash("log_task_created task-1 kim; log_task_started task-1 a-master", environ)
    (daily,) = journal.iterdir()
    whole = daily.read_bytes()
    first = whole.index(b"\n{") + 1  # bash leaves a blank line in front
    for cut in [*range(first + 1, len(whole), 40), len(whole) - 1]:
        daily.write_bytes(whole[:cut])
        if healer == "python":
            python("journal.log('task_started', 'task-2', 'a-master')", environ)
        elif healer == "launcher":
            subprocess.run([LIBRARY.with_name("lineage"), "log", "task_started", "task-2", "a-master"], env=environ)
        else:
            bash(f"LINEAGE_FORCE_PYTHON={int(healer == 'forced')} log_task_started task-2 a-master", environ)
        content = content_of(journal)
        torn = 0 if cut == len(whole) - 1 else 1  # without its newline it is whole nevertheless
        assert len(content.torn) == torn
        assert [record["task_id"] for record in content.read] == ["task-1"] * (2 - torn) + ["task-2"]


def test_a_bash_writer_heals_what_another_tore_meanwhile(tmp_path: Path, environ: dict[str, str]):
    bash(
        """
        for i in 1 2 3; do
          log_task_created task-1 kim '{"a":1}'
          printf '{"lineage_id":"lineage-1","task_id":"to' >>"$LINEAGE_DIR"/lineage-*
        done
        log_task_started task-1 a-master
        """,
        environ,
    )
    content = content_of(tmp_path / "journal")
    assert (len(content.records), len(content.torn)) == (4, 3)


def test_a_write_cut_short_by_a_size_limit_is_told_and_healed_by_bash(tmp_path: Path, environ: dict[str, str]):
    for forced in "01":
        told = bash(
            f"""
            set -eu
            LINEAGE_FORCE_PYTHON={forced}
            trap '' XFSZ
            printf -v text '%0400d' 0
            ulimit -S -f 1
            for i in 1 2 3; do log_task_failed "task-$i" a-master "$text"; echo "id $i ${{LINEAGE_ID:+given}}"; done
            LINEAGE_STRICT=1 log_task_failed task-4 a-master "$text" 2>strict || echo "code $?"
            ulimit -S -f unlimited
            log_task_failed task-5 a-master "$text"
            log_task_failed task-6 a-master "$text"
            """,
            environ | {"LINEAGE_DIR": str(tmp_path / f"journal{forced}")},
            cwd=tmp_path,
        )
        assert told.returncode == 0, told.stderr
        assert told.stdout == "id 1 given\nid 2 \nid 3 \ncode 3\n"
        assert told.stderr.count("lineage: cannot write") == told.stderr.count("\n") == 1
        assert "cannot write" in (tmp_path / "strict").read_text()
        content = content_of(tmp_path / f"journal{forced}")
        assert [record["task_id"] for record in content.read] == ["task-1", "task-5", "task-6"]
        assert len(content.torn) == 1


def test_a_write_cut_short_by_a_size_limit_is_told_and_healed_by_python(tmp_path: Path, environ: dict[str, str]):
    told = python(
        "import resource, signal\n"
        "from lineage_core import JournalError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for limit in (1000, 1000, -1):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, -1))\n"
        "    try: journal.log('task_failed', 'task-1', 'a-master', 'x' * 600)\n"
        "    except JournalError as error: print(error)\n"
        "journal.log('task_failed', 'task-1', 'a-master', 'x')\n",
        environ,
    )
    assert told.stderr == ""
    assert "bytes fitted" in told.stdout
    content = content_of(tmp_path / "journal")
    assert len(content.read) == 3
    assert len(content.torn) == 1


FULL = r"""
set -euo pipefail
mount -t tmpfs -o size=64k none "$SMALL"
export LINEAGE_DIR="$SMALL/journal"
log_task_created task-0 kim
head -c 70000 /dev/zero >"$SMALL/ballast" 2>/dev/null || true
for i in {1..40}; do log_task_failed "task-$i" a-master "text $i text text text text text text text text text"; done
CALLS
echo "own work done"
log_task_created task-1 kim '{"a":1e5'
LINEAGE_STRICT=1 log_task_created task-1 kim 2>"$WORK/strict" || echo "strict $?"
rm "$SMALL/ballast"
log_task_created task-again kim
log_task_started task-again a-master
cp -r "$LINEAGE_DIR" "$WORK/copy"
"""
READ_ONLY = r"""
set -euo pipefail
mount -t tmpfs -o size=64k none "$SMALL"
export LINEAGE_DIR="$SMALL/journal"
BEFORE
mount -o remount,ro "$SMALL"
CALLS
log_task_created task-1 kim '{"a":1e5'
echo "own work done"
LINEAGE_STRICT=1 log_task_created task-1 kim 2>"$WORK/strict" || echo "strict $?"
"""


def unshared(
    script: str, need_tool: Any, tmp_path: Path, environ: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    unshare = need_tool("unshare")
    small = tmp_path / "small"
    small.mkdir(exist_ok=True)
    return subprocess.run(
        [unshare, "-rm", "bash", "-c", f'source "$LIB"\n{script.replace("CALLS", ALL_CALLS)}'],
        env=environ | {"SMALL": str(small), "WORK": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=110,
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
        command, env=environ | {"LINEAGE_NOW": "2026-11-22T08:03:48Z"}, capture_output=True, text=True, timeout=60
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


@pytest.mark.parametrize("umask", ["000", "022", "027", "077"])
@pytest.mark.parametrize("writer", ["bash", "forced", "python", "launcher"])
def test_a_directory_that_we_make_is_private_and_files_follow_the_umask(
    umask: str, writer: str, tmp_path: Path, environ: dict[str, str]
):
    journal = tmp_path / "new" / "journal"
    environ |= {"LINEAGE_DIR": str(journal), "LINEAGE_WRITE_COMBINED": "1"}
    if writer == "python":
        python(f"import os; os.umask(0o{umask}); journal.log('task_created', 'task-1', 'kim')", environ)
    elif writer == "launcher":
        command = f'umask {umask}; "{LIBRARY.with_name("lineage")}" log task_created task-1 kim'
        subprocess.run(["bash", "-c", command], env=environ, check=True, capture_output=True)
    else:
        bash(f"umask {umask}; LINEAGE_FORCE_PYTHON={int(writer == 'forced')} log_task_created task-1 kim", environ)
    for folder in (journal, journal.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len([*journal.iterdir()]) == 2
    for file in journal.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~int(umask, 8)


def test_a_directory_that_others_may_write_stays_as_it_is(tmp_path: Path, environ: dict[str, str]):
    journal = tmp_path / "journal"
    journal.mkdir()
    journal.chmod(0o2775)
    bash("umask 002; log_task_created task-1 kim; LINEAGE_FORCE_PYTHON=1 log_task_created task-1 kim", environ)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o2775
    (file,) = journal.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o664


HOSTILE = {
    "upward": "../../../etc/passwd",
    "absolute": "/etc/cron.d/x",
    "newline": 'x\n{"lineage_id":"lineage-1","task_id":"forged"}\n',
    "quotes": '","task_id":"forged","x":"',
    "control": "\x1b]0;owned\x07\x9b",
    "command": "$(touch owned)`touch owned`;touch owned",
    "format": "%s%n%d\\n",
    "glob": "*?[a-z]{a,b}~",
    "subscript": "a[$(touch owned)]",
    "dash": "-rf",
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("forced", ["0", "1"])
def test_no_id_is_ever_a_path_a_command_or_a_second_record(
    hostile: str, forced: str, tmp_path: Path, environ: dict[str, str]
):
    work = tmp_path / "work"
    work.mkdir()
    script = 'for f in 1 2; do log_handoff_created "$X" "$X" "$X" "$X"; log_worker_failed "$X" "$X" "$X"; done'
    settings = {"X": hostile, "LINEAGE_FORCE_PYTHON": forced, "CORTEX_PRINCIPAL": hostile, "CORTEX_SESSION_ID": hostile}
    told = bash(script, environ | settings, cwd=work)
    assert (told.stdout, told.stderr) == ("", "")
    content = content_of(tmp_path / "journal")
    kept = hostile.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    assert [record["task_id"] for record in content.read] == [kept] * 4
    assert {record["actor"]["id"] for record in content.read} == {kept}
    assert [path.name for path in tmp_path.iterdir()].count("journal") == 1
    assert len([*(tmp_path / "journal").iterdir()]) == 1
    assert [*work.iterdir()] == []


@pytest.mark.parametrize("forced", ["0", "1"])
def test_an_id_of_a_megabyte_is_cut_by_a_function_and_refused_by_the_command(
    forced: str, tmp_path: Path, environ: dict[str, str]
):
    script = 'printf -v x \'%01000000d\' 0; log_task_created "$x" kim; log_task_created task-1 "${x:0:1025}"'
    told = bash(script, environ | {"LINEAGE_FORCE_PYTHON": forced})
    assert told.stderr == ""
    first, second = content_of(tmp_path / "journal").read
    assert first["task_id"] == "0" * 1023 + "…" == second["actor"]["id"]
    assert first["tags"] == second["tags"] == ["invalid-data"]
    command = [str(LIBRARY.with_name("lineage")), "log", "task_created", "0" * 1025, "kim"]
    refused = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "the longest id is 1024" in refused.stderr


def test_a_script_that_uses_every_function_survives_everything_at_once(
    tmp_path: Path, environ: dict[str, str], need_tool: Any
):
    """No disk, no directory, no interpreter, no arguments, broken DATA: its own work is done all the same."""
    script = f"""
        set -euo pipefail
        {ALL_CALLS}
        log_task_created; log_worker_progress task-1
        get_task_lineage task-1 >/dev/null; get_lineage_by_type x >/dev/null; get_lineage_by_actor x >/dev/null
        get_lineage_stats >/dev/null
        echo "own work done"
    """
    nowhere = environ | {"LINEAGE_DIR": "/dev/null/journal", "LINEAGE_PYTHON": "/nonexistent/python"}
    for forced in "01":
        told = bash(script, nowhere | {"LINEAGE_FORCE_PYTHON": forced})
        assert (told.returncode, told.stdout) == (0, "own work done\n"), told.stderr
        assert told.stderr.count("\n") == 1, told.stderr

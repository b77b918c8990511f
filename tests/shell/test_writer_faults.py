"""Kills, full disks, size limits, permissions and odd files: what a writer loses is at most its own event."""

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of, ids_of
from tests.shell.test_manners import ALL_CALLS
from tests.shell.writers import WRITERS, bash, python


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


@pytest.mark.parametrize("writer", WRITERS)
def test_nothing_is_logged_beside_the_directories_of_hosts(writer: str, tmp_path: Path, environ: dict[str, str]):
    mirror = tmp_path / "journal"
    mirror.mkdir()
    (mirror / ".lineage-hosts").touch()
    told = subprocess.run(WRITERS[writer], env=environ, capture_output=True, text=True)
    assert f"{mirror} holds the directories of hosts: log into one of these" in told.stderr
    assert [path.name for path in mirror.iterdir()] == [".lineage-hosts"]


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
    script = 'printf -v x \'%01000000d\' 0; log_task_created "$x" kim; log_task_created task-1 "${x:0:1025}"\n'
    told = bash(
        f'{script}remembered="${{__lineage_parents[*]}}"; echo "${{#remembered}}"',
        environ | {"LINEAGE_FORCE_PYTHON": forced},
    )
    assert told.stderr == ""
    assert int(told.stdout) < 1000, "to look for parents takes longer with each id, to the square of its length"
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
    nowhere = environ | {"LINEAGE_DIR": "/dev/null/journal", "LINEAGE_PYTHON": "/proc/nonexistent/python"}
    for forced in "01":
        told = bash(script, nowhere | {"LINEAGE_FORCE_PYTHON": forced})
        assert (told.returncode, told.stdout) == (0, "own work done\n"), told.stderr
        assert told.stderr.count("\n") == 1, told.stderr

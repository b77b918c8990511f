"""Logging never ends a script: under any option, read-only variable, missing tool and limit the event is written.

Python is not to be had here, so what bash cannot decide is written in the simplest sure form, with one warning.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of

CALLS = r"""
log_task_created task-1 kim
log_task_created task-2 kim '{"a":1}'
log_task_failed task-3 a-master 'broke "x"' '{"a":[1,{"b":"\u00e9"}]}'
log_task_created task-4 kim '{"a":1,"a":2}'
echo own work done
"""


def run(folder: Path, setup: str, when: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """A script with the calls, which is set up before or after it sources the library."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "script.sh"
    steps = [setup, f". '{LIBRARY}'"] if when == "before" else [f". '{LIBRARY}'", setup]
    script.write_text("\n".join([*steps, CALLS]))
    base = {"PATH": os.environ["PATH"], "LINEAGE_DIR": str(folder / "journal"), "LINEAGE_PYTHON": "/proc/nonexistent"}
    return subprocess.run(
        ["bash", str(script)], env=base | environ, capture_output=True, text=True, cwd=folder, timeout=250
    )


def survives(folder: Path, setup: str, when: str, **environ: str) -> None:
    told = run(folder, setup, when, **environ)
    seen = f"{when}: {setup}\n{told.stderr}"
    assert (told.returncode, told.stdout) == (0, "own work done\n"), seen
    assert told.stderr.count("\n") <= 1, seen
    assert told.stderr == "" or told.stderr.startswith("lineage: "), seen
    content = content_of(folder / "journal")
    assert [record["task_id"] for record in content.records] == ["task-1", "task-2", "task-3", "task-4"], seen
    assert content.torn == []


def names(command: str) -> list[str]:
    """The options that this bash has, but for those that end or restrict the script by themselves."""
    told = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    return [line.split()[0] for line in told.stdout.splitlines() if line.split()[0] not in ("noexec", "onecmd")]


@pytest.mark.parametrize("when", ["before", "after"])
def test_with_every_shopt_on_and_off(when: str, tmp_path: Path):
    for name in names("shopt"):
        for switch in "su":
            survives(tmp_path / (name + switch), f"shopt -{switch} {name} 2>/dev/null", when)


@pytest.mark.parametrize("when", ["before", "after"])
def test_with_every_option_of_set_on_and_off(when: str, tmp_path: Path):
    for name in names("set -o"):
        for switch in "-+":
            quiet = "exec 3>&2 2>/dev/null; " if name in ("xtrace", "verbose") and switch == "-" else ""
            survives(tmp_path / (name + switch), f"{quiet}set {switch}o {name}", when)


OURS = sorted(set(re.findall(r"__l_[a-z0-9]+|__lineage_[a-z]+(?=\[)", LIBRARY.read_text())))
THEIRS = [
    *("IFS", "LC_ALL", "LANG", "PATH", "PWD", "OLDPWD", "BASHPID", "EPOCHREALTIME", "HOME", "REPLY", "OPTIND", "TZ"),
    *(
        "LINEAGE_ID",
        "LINEAGE_DIR",
        "LINEAGE_PYTHON",
        "LINEAGE_STRICT",
        "LINEAGE_NOW",
        "LINEAGE_PARENT_ID",
        "CORTEX_ENV",
    ),
    *("CORTEX_HOME", "CORTEX_PRINCIPAL", "CORTEX_SESSION_ID", "CORTEX_TRACE_ID", "TRACEPARENT", "__lineage_python"),
]


@pytest.mark.parametrize("when", ["before", "after"])
def test_with_every_variable_of_ours_read_only(when: str, tmp_path: Path):
    assert len(OURS) > 40
    for name in OURS:
        survives(tmp_path / name, f"readonly {name}=1", when)


@pytest.mark.parametrize("when", ["before", "after"])
def test_with_every_variable_that_is_read_read_only(when: str, tmp_path: Path):
    for name in THEIRS:
        survives(tmp_path / name, f"readonly {name}", when)


SHELLS = {
    "readonly IFS": "readonly IFS=,",
    "readonly locale": "readonly LC_ALL=C.UTF-8",
    "the last id read-only": "readonly LINEAGE_ID=x",
    "few descriptors": "ulimit -n 4",
    "no core, small stack": "ulimit -c 0; ulimit -s 512",
    "integer attributes": "declare -i __l_task __l_1 __l_v __lineage_parents; declare -i LINEAGE_PARENT_ID",
    "integer attributes, inherited": "shopt -s localvar_inherit; declare -i __l_task __l_1 __l_2 __l_v __l_text",
    "case attributes": "declare -u __l_v __l_text; declare -l __l_line",
    "arrays of our names": "__l_task=(1 2); declare -A __lineage_last=([1]=x) __lineage_parents=([a]=b) __l_v=([c]=d)",
    "references of our names": "declare -n __lineage_last=zz __l_task=yy __lineage_parents='aa[$(touch hacked)]'",
    "functions of our names": "__lineage_wrote() { exit; }; __lineage_log() { exit 9; }; log_task_failed() { exit; }",
    "aliases": "shopt -s expand_aliases\nalias local='echo no' printf=exit builtin=exit test=exit return=exit set=exit",
    "an error trap": "set -eET; trap 'exit 9' ERR",
    "a debug trap": "set -T; shopt -s extdebug; trap 'x=1' DEBUG",
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_in_any_odd_shell(shell: str, when: str, tmp_path: Path):
    if shell in ("functions of our names", "references of our names") and when == "after":
        return  # then the caller has put them there himself
    survives(tmp_path / "work", SHELLS[shell], when)
    assert not (tmp_path / "work" / "hacked").exists()


@pytest.mark.parametrize("taken", ["", "exec 3</dev/null 4>&2"])
@pytest.mark.parametrize("before", ["", "log_task_created task-0 kim"])
def test_with_any_number_of_descriptors_left(taken: str, before: str, tmp_path: Path):
    for limit in range(3, 13):
        (tmp_path / str(limit) / "journal").mkdir(parents=True)  # at 3 no program can be started to make it
        told = run(tmp_path / str(limit), f"{taken}\n{before}\nulimit -n {limit}", "after")
        seen = f"{limit}: {told.stderr}"
        assert (told.returncode, told.stdout) == (0, "own work done\n"), seen
        none_is_left = limit == 3 or (taken and limit <= 5)
        # Without any, bash itself says so, and nobody can send that elsewhere.
        assert told.stderr.count("\n") == 1, seen
        assert none_is_left or told.stderr.startswith("lineage: "), seen
        content = content_of(tmp_path / str(limit) / "journal")
        tasks = [record["task_id"] for record in content.records if record["task_id"] != "task-0"]
        assert tasks == ["task-1", "task-2", "task-3", "task-4"], seen
        assert content.torn == []


def test_with_the_home_of_a_python_that_is_gone(tmp_path: Path):
    survives(tmp_path / "work", "export PYTHONHOME=/proc/nonexistent", "before", LINEAGE_PYTHON="/usr/bin/python3")


@pytest.mark.parametrize("tool", ["dd", "mkdir", "readlink", "python3"])
def test_with_a_tool_missing(tool: str, tmp_path: Path, need_tool: Any):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in {"dd", "mkdir", "readlink", "bash", "env"} - {tool}:
        (bin_ / name).symlink_to(need_tool(name))
    (tmp_path / "work" / "journal").mkdir(parents=True)
    survives(tmp_path / "work", f"PATH='{bin_}'", "after", LINEAGE_PYTHON="")


def test_in_a_restricted_shell_a_fresh_bash_writes(tmp_path: Path, need_tool: Any):
    need_tool("bash")
    told = run(tmp_path, "set -r", "after")
    assert (told.returncode, told.stdout) == (0, "own work done\n")
    assert len(content_of(tmp_path / "journal").records) == 4


def test_strict_mode_still_tells_in_an_odd_shell(tmp_path: Path):
    told = run(tmp_path, "readonly IFS=,; LINEAGE_STRICT=1; LINEAGE_DIR=/dev/null/x", "after")
    assert told.stderr.count("lineage: cannot make the directory") == 4

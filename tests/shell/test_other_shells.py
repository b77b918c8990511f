"""lineage.sh sourced by a shell that is no bash: the same functions, by the `lineage` command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of

SHELLS = {"dash": ["dash"], "mksh": ["mksh"], "zsh": ["zsh", "-f"], "posix bash": ["bash", "--posix"]}
CALLS = """
set -eu
. "$LIB"
log_task_created task-1 kim '{"priority":"high"}'
log_task_failed task-1 a-master '-x'
LINEAGE_DIR=/dev/null/x log_task_started task-1 a-master
LINEAGE_DIR=/dev/null/x log_task_started task-1 a-master
echo "own work done"
"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", ["there", "missing"])
def test_the_functions_log_or_warn_once_and_the_script_goes_on(
    shell: str, command: str, tmp_path: Path, need_tool: Any
):
    program, *options = SHELLS[shell]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin" if command == "there" else str(tmp_path)
    told = subprocess.run(
        [need_tool(program), *options, "-c", CALLS],
        env={"PATH": path, "LIB": str(LIBRARY), "LINEAGE_DIR": str(tmp_path / "journal"), "HOME": str(tmp_path),
             "LINEAGE_PYTHON": sys.executable},
        capture_output=True, text=True, cwd=tmp_path, timeout=250,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (0, "own work done\n"), told.stderr
    assert told.stderr.count("lineage: ") == told.stderr.count("\n") == 1
    if command == "there":
        created, failed = content_of(tmp_path / "journal").records
        assert created["event_data"] == {"priority": "high"}
        assert failed["event_data"] == {"reason": "-x"}


def test_the_same_functions_are_there(need_tool: Any):
    listed = r"""sed -n 's/^\([a-z_]*\)() .*/\1/p' "$LIB" | grep '^log_\|^get_' | sort -u"""
    script = f'. "$LIB"; for f in $({listed}); do type "$f" >/dev/null || echo "$f is missing"; done'
    told = subprocess.run(
        [need_tool("dash"), "-c", script], env=os.environ | {"LIB": str(LIBRARY)}, capture_output=True
    )
    assert (told.stdout, told.stderr) == (b"", b"")

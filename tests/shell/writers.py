"""Writers in bash and in Python, each as a process: what the tests of their faults share."""

import subprocess
import sys
from typing import Any

from tests.shell.bash_writer import LIBRARY


def bash(script: str, environ: dict[str, str], **more: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", f'source "$LIB"\n{script}'], env=environ, capture_output=True, text=True, timeout=250, **more
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

"""Many writers at once, lines of awkward sizes, and system calls counted: one event is one line is one write."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of, ids_of

LAUNCHER = LIBRARY.with_name("lineage")

BASH_WRITER = r"""
source "$1"; pad=$2; end=$(( ${EPOCHREALTIME%[.,]*} + $3 ))
until (( ${EPOCHREALTIME%[.,]*} > end )); do
  log_task_failed "task-$$" a-master broke "{\"pad\":\"$pad\"}"; printf '%s\n' "$LINEAGE_ID"
  log_task_failed "task-$$" a-master "brøke \"$pad\""; printf '%s\n' "$LINEAGE_ID"
  ( log_task_started "task-$$" a-master; printf '%s\n' "$LINEAGE_ID" )
done
"""
PYTHON_WRITER = r"""
import sys, time, threading
from lineage_core import Journal
pad, seconds = sys.argv[1], float(sys.argv[2])
journal, end = Journal(), time.monotonic() + seconds
def work():
    while time.monotonic() < end:
        print(journal.log("task_failed", "task-1", "a-master", "broke", data={"pad": pad}), flush=True)
        time.sleep(0.002)  # or Python alone would write everything
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def all_at_once(journal: Path, seconds: int) -> None:
    writers = [
        *([["bash", "-c", BASH_WRITER, "writer", str(LIBRARY), "x" * 170, str(seconds)]] * 16),
        *([[sys.executable, "-c", PYTHON_WRITER, "x" * 200, str(seconds)]] * 16),
    ]
    environ = {"PATH": "/usr/bin:/bin", "LINEAGE_DIR": str(journal), "LINEAGE_PYTHON": sys.executable}
    running = [
        subprocess.Popen(writer, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for writer in writers
    ]
    told = [process.communicate() for process in running]
    assert [errors for _, errors in told] == [""] * 32
    assert [process.returncode for process in running] == [0] * 32
    assert all(out for out, _ in told)
    ids = [lineage_id for out, _ in told for lineage_id in out.split()]
    content = content_of(journal)
    assert content.torn == []
    assert max(Counter(ids).values()) == 1
    assert sorted(ids_of(content.records)) == sorted(ids)
    assert sorted(ids_of(content.read)) == sorted(ids)
    for out, _ in told[:16]:  # a subshell's ids come between those of its parent
        assert out.split() == sorted(out.split())


def test_sixteen_bash_and_sixteen_python_writers_lose_and_tear_nothing(tmp_path: Path):
    all_at_once(tmp_path / "journal", 3)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_sixteen_bash_and_sixteen_python_writers_lose_and_tear_nothing_for_half_a_minute(tmp_path: Path):
    all_at_once(tmp_path / "journal", 30)


SIZES = (1007, 1008, 1009, 4095, 4096, 4097, 10_000, 300_000)

SIZED_BASH = r"""
source "$1"; shift
task=100000
log_task_failed "task-$task" a-master r '{"pad":""}'
line=$(grep -h "$LINEAGE_ID" "$LINEAGE_DIR"/lineage-*)
for size; do
  printf -v pad '%0*d' $(( size - ${#line} - 1 )) 0
  log_task_failed "task-$(( ++task ))" a-master r "{\"pad\":\"$pad\"}"
done
"""


def test_lines_of_any_size_are_whole_with_many_writers(tmp_path: Path):
    journal = tmp_path / "journal"
    python = (
        "import sys\nfrom lineage_core import Journal\njournal = Journal()\n"
        "for size in map(int, sys.argv[1:]):\n"
        "    journal.log('task_failed', 'task-1', 'a-master', 'r', data={'pad': 'x' * size})"
    )
    environ = {"PATH": "/usr/bin:/bin", "LINEAGE_DIR": str(journal), "LINEAGE_PYTHON": sys.executable}
    sizes = [str(size) for size in SIZES]
    writers = [["bash", "-c", SIZED_BASH, "writer", str(LIBRARY), *sizes]] * 6
    writers += [[sys.executable, "-c", python, *sizes * 3]] * 4
    running = [subprocess.Popen(writer, env=environ, stderr=subprocess.PIPE) for writer in writers]
    for process in running:
        assert (process.communicate()[1], process.returncode) == (b"", 0)
    content = content_of(journal)
    assert content.torn == []
    assert len(content.records) == 6 * (1 + len(SIZES)) + 4 * 3 * len(SIZES)
    lengths = Counter(len(line) + 1 for path in journal.iterdir() for line in path.read_bytes().split(b"\n"))
    assert {size: lengths[size] >= 6 for size in SIZES} == dict.fromkeys(SIZES, True)


def system_calls(strace: str, command: list[str], journal: Path, log: Path) -> list[str]:
    """The writes to files of the journal, and the processes started, one line each."""
    calls = "write,writev,pwrite64,pwritev,sendfile,clone,clone3,fork,vfork,execve"
    environ = {"PATH": "/usr/bin:/bin", "LINEAGE_DIR": str(journal), "LINEAGE_PYTHON": sys.executable}
    options = ["-f", "-y", "-qq", "-o", str(log), "-e", f"trace={calls}"]
    subprocess.run([strace, *options, *command], env=environ | {"LC_ALL": "C.UTF-8"}, check=True)
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if not re.search(r"write(v|64)?\(\d+<", line) or f"<{journal}/" in line]


def test_bash_makes_one_write_and_no_process_for_an_event(tmp_path: Path, need_tool: Any):
    strace = need_tool("strace")
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / "task-lineage.jsonl").touch()
    script = f"""
        source {LIBRARY}
        for size in 10 800 1500 3600; do
          printf -v pad '%0*d' $size 0
          log_task_created task-1 kim
          data="{{\\"pad\\": \\"$pad\\", \\"token_usage\\": {{\\"input_tokens\\": 5}}}}"
          log_task_failed task-1 a-master 'brøke "x"' "$data"
        done
    """
    calls = system_calls(strace, ["bash", "-c", script], journal, tmp_path / "calls")
    assert len(content_of(journal).records) == 8
    writes = [line for line in calls if "write" in line]
    assert len(writes) == 8
    assert [line for line in calls if line not in writes and "execve" not in line] == []
    assert sum("execve" in line for line in calls) == 1


def test_the_first_event_of_a_process_is_one_write_with_the_newline_that_heals(tmp_path: Path, need_tool: Any):
    strace = need_tool("strace")
    journal = tmp_path / "journal"
    script = f"source {LIBRARY}; log_task_created task-1 kim"
    for _ in range(2):
        calls = system_calls(strace, ["bash", "-c", script], journal, tmp_path / "calls")
        assert sum("write" in line for line in calls) == 1
    assert re.search(r'"\\n\{', calls[-1])


def test_the_launcher_makes_one_write_and_starts_no_python(tmp_path: Path, need_tool: Any):
    strace = need_tool("strace")
    journal = tmp_path / "journal"
    journal.mkdir()
    command = [str(LAUNCHER), "log", "task_created", "task-1", "kim", "--data", '{"a": [1, 2]}']
    calls = system_calls(strace, command, journal, tmp_path / "calls")
    assert sum("write" in line for line in calls) == 1
    assert not [line for line in calls if re.search(r"\b(clone3?|v?fork)\(", line)]
    assert not [line for line in calls if re.search(r"execve\(\"[^\"]*python", line)]
    assert len(content_of(journal).records) == 1


def test_python_makes_one_write_for_an_event(tmp_path: Path, need_tool: Any):
    strace = need_tool("strace")
    journal = tmp_path / "journal"
    script = (
        "from lineage_core import Journal\njournal = Journal()\n"
        f"for size in {SIZES}: journal.log('task_failed', 'task-1', 'a-master', 'r', data={{'pad': 'x' * size}})"
    )
    calls = system_calls(strace, [sys.executable, "-c", script], journal, tmp_path / "calls")
    assert sum("write" in line for line in calls) == len(SIZES)
    assert len(content_of(journal).records) == len(SIZES)

"""`lineage_run` runs a command as a worker: a program by `lineage run`, what is of the shell in the shell."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shell.bash_writer import LIBRARY


def run(tmp_path: Path, script: str, shell: str = "bash", **more: str) -> tuple[int, str, str, list[dict[str, Any]]]:
    """The exit status, output, messages and events of a script in which the library is sourced."""
    directory = tmp_path / "lineage"
    environ = os.environ | {"LINEAGE_DIR": str(directory), "LINEAGE_PYTHON": sys.executable}
    environ |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | more
    words = [shell, "-c", f'. "{LIBRARY}"\n{script}', "_"]
    done = subprocess.run(words, capture_output=True, text=True, env=environ, cwd=tmp_path, check=False)
    files = sorted(directory.glob("lineage-*.jsonl")) if directory.exists() else []
    events = [json.loads(line) for file in files for line in file.read_text().splitlines() if line]
    return done.returncode, done.stdout, done.stderr, events


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "mksh"])
def test_a_program(tmp_path: Path, shell: str) -> None:
    script = "lineage_run task-1 worker-1 scan-worker sh -c 'cat; echo out; echo err >&2; exit 3' <<<in"
    if shell == "dash":
        script = "echo in | " + script.removesuffix(" <<<in")
    code, out, err, events = run(tmp_path, script, shell)
    assert (code, out, err) == (3, "in\nout\n", "err\n")
    assert [event["event_type"] for event in events] == ["worker_started", "worker_failed"]
    assert events[1]["event_data"]["error_details"]["error_message"] == "exit status 3: err"
    assert events[1]["event_data"]["metadata"] == {"exit_status": 3}


def test_a_function_of_the_shell_runs_in_it(tmp_path: Path) -> None:
    script = (
        'work() { seen=$1; return 4; }; set -e; lineage_run task-1 worker-1 t work "a b" || code=$?; echo "$seen $code"'
    )
    code, out, err, events = run(tmp_path, script)
    assert (code, out, err) == (0, "a b 4\n", "")
    assert [event["event_type"] for event in events] == ["worker_started", "worker_failed"]
    assert events[1]["event_data"]["error_details"]["error_message"] == "exit status 4"
    assert events[1]["event_data"]["duration_ms"] >= 0


def test_a_program_without_python_has_its_start_and_end(tmp_path: Path) -> None:
    script = "lineage_run task-1 worker-1 t sh -c 'exit 0' && echo good"
    code, out, _, events = run(tmp_path, script, LINEAGE_PYTHON="/proc/nonexistent")
    assert (code, out) == (0, "good\n")
    assert [event["event_type"] for event in events] == ["worker_started", "worker_completed"]


def test_switched_off_it_is_the_command_alone(tmp_path: Path) -> None:
    code, out, err, events = run(tmp_path, "lineage_run t w k echo out", LINEAGE_DISABLED="1")
    assert (code, out, err, events) == (0, "out\n", "", [])


def test_a_signal_to_the_command_ends_in_the_log(tmp_path: Path) -> None:
    code, _, _, events = run(tmp_path, "lineage_run task-1 worker-1 t sh -c 'kill -9 $$'; exit $?")
    assert code == 137
    assert events[-1]["event_data"]["metadata"] == {"signal": "SIGKILL"}


@pytest.mark.parametrize("word", ["-x", "--help", "--", "t[$(touch pwned)]", "$(touch pwned)", "a b\n", "%s%n", "@f"])
def test_no_word_is_an_option_or_code(tmp_path: Path, word: str) -> None:
    environ = {"WORD": word}
    code, out, err, events = run(tmp_path, 'lineage_run "$WORD" "$WORD" "$WORD" printf %s "$WORD"', **environ)
    if word == "--":  # as the whole of an id it cannot be told from the separator: refused, and said
        assert code in (0, 2)
    else:
        assert (code, out, err) == (0, word, "")
        assert {event["task_id"] for event in events} == {word}
    assert not (tmp_path / "pwned").exists()


def test_too_few_words(tmp_path: Path) -> None:
    code, _, err, events = run(tmp_path, "lineage_run task-1 worker-1 t")
    assert (code, events) == (2, [])
    assert err == "lineage: usage: lineage_run TASK WORKER TYPE COMMAND [ARG…]\n"

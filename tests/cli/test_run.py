"""`lineage run` logs the life of a command, and the command does not notice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.faults.pseudo_terminal import PtyProgram

COMMAND = [sys.executable, "-m", "lineage_core.cli", "run"]
WORKER = ["task-1", "worker-1", "scan-worker"]


def events(directory: Path) -> list[dict[str, Any]]:
    files = sorted(directory.glob("lineage-*.jsonl")) if directory.exists() else []
    texts = [file.read_text().rpartition("\n")[0] for file in files]  # the last line may be under way
    return [json.loads(line) for text in texts for line in text.splitlines() if line]


def until(condition: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + 120
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited 120 s for {what}")
        time.sleep(0.01)
    return value


@pytest.fixture
def lineage(tmp_path: Path) -> Path:
    return tmp_path / "lineage"


def words(directory: Path, *command: str, options: tuple[str, ...] = ()) -> list[str]:
    return [*COMMAND, "--dir", str(directory), *options, *WORKER, "--", *command]


def ended(directory: Path, *command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(directory, *command), capture_output=True, text=True, check=False, **more)


def test_a_command_that_succeeds(lineage: Path) -> None:
    done = ended(lineage, "sh", "-c", "cat; echo out; echo err >&2", input="in\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "in\nout\n", "err\n")
    start, end = events(lineage)
    assert [event["event_type"] for event in (start, end)] == ["worker_started", "worker_completed"]
    assert all(event["task_id"] == "task-1" for event in (start, end))
    assert start["event_data"]["worker_type"] == "scan-worker"
    assert end["parent_lineage_id"] == start["lineage_id"]
    assert end["event_data"]["completion_status"] == "success"
    assert end["event_data"]["duration_ms"] >= 0
    assert end["event_data"]["metadata"] == {"exit_status": 0}


def test_the_master_that_spawned_it_is_logged_first(lineage: Path) -> None:
    done = subprocess.run(words(lineage, "true", options=("--spawned-by", "cicd-master")), check=False)
    assert done.returncode == 0
    spawned, started, _ = events(lineage)
    assert spawned["event_type"] == "worker_spawned"
    assert spawned["actor"] | {"principal": ""} == {"type": "master", "id": "cicd-master", "principal": ""}
    assert spawned["event_data"] == {"worker_id": "worker-1", "worker_type": "scan-worker"}
    assert started["parent_lineage_id"] == spawned["lineage_id"]
    asked = [sys.executable, "-m", "lineage_core.cli", "validate", lineage]
    assert "worker-not-spawned" not in subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def test_a_command_that_fails_leaves_its_last_words_without_secrets(lineage: Path) -> None:
    script = "for i in $(seq 100); do echo line $i >&2; done; echo password=hunter2secret >&2; echo boom >&2; exit 3"
    done = ended(lineage, "sh", "-c", script)
    assert done.returncode == 3
    assert "password=hunter2secret" in done.stderr  # the caller's own terminal gets all as it is
    failure = events(lineage)[-1]["event_data"]
    assert failure["error_details"]["error_type"] == "exit_status"
    assert failure["error_details"]["error_message"] == "exit status 3: boom"
    trace = failure["error_details"]["stack_trace"].splitlines()
    assert (len(trace), trace[0], trace[-1]) == (20, "line 83", "boom")
    assert "hunter2secret" not in json.dumps(events(lineage))
    assert failure["metadata"] == {"exit_status": 3}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGQUIT"])
def test_a_signal_is_passed_on_once_and_the_command_may_end_as_it_likes(lineage: Path, name: str) -> None:
    script = f"trap 'echo got; exit 7' {name[3:]}; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(words(lineage, "bash", "-c", script), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.stdout.read() == "got\n"
        assert process.wait(120) == 7
    assert events(lineage)[-1]["event_data"]["metadata"] == {"exit_status": 7}


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV"])
def test_a_command_that_is_killed_ends_in_the_log_and_we_end_like_it(lineage: Path, name: str) -> None:
    done = ended(lineage, "bash", "-c", f"echo last >&2; kill -{name[3:]} $$")
    assert done.returncode == -getattr(signal, name)
    failure = events(lineage)[-1]
    assert failure["event_type"] == "worker_failed"
    assert failure["event_data"]["error_details"]["error_message"] == f"killed by {name}: last"
    assert failure["event_data"]["metadata"] == {"signal": name}


def test_a_command_that_does_not_exist_or_may_not_be_run(lineage: Path, tmp_path: Path) -> None:
    done = ended(lineage, "./no-such-command")
    assert (done.returncode, done.stderr) == (
        127,
        "lineage run: cannot run ./no-such-command: No such file or directory\n",
    )
    (tmp_path / "plain").write_text("x")
    assert ended(lineage, str(tmp_path / "plain")).returncode == 126
    kinds = [event["event_data"].get("error_details", {}).get("error_type") for event in events(lineage)]
    assert kinds == [None, "not_started", None, "not_started"]


def test_it_says_that_it_is_alive_and_what_the_command_says(lineage: Path) -> None:
    script = 'echo "40% compiling" >"$LINEAGE_PROGRESS"; while [ ! -e done ]; do sleep 0.02; done'
    command = words(lineage, "bash", "-c", script, options=("--every", "50ms"))

    def progress() -> list[dict[str, Any]]:
        return [one for one in events(lineage) if one["event_type"] == "worker_progress"]

    with subprocess.Popen(command, cwd=lineage.parent) as process:
        until(lambda: len(progress()) >= 3, "3 words")
        said = until(lambda: [one for one in progress() if "current_step" in one["event_data"]], "what it says")[0]
        (lineage.parent / "done").touch()
        assert process.wait(120) == 0
    assert said["event_data"] == {"worker_id": "worker-1", "progress_percentage": 40, "current_step": "compiling"}
    assert said["parent_lineage_id"] == events(lineage)[0]["lineage_id"]


def test_what_a_command_said_last_is_logged_before_its_end(lineage: Path) -> None:
    script = 'echo "40 compiling" >"$LINEAGE_PROGRESS"; echo "90% packing" >"$LINEAGE_PROGRESS"; exit 3'
    assert subprocess.run(words(lineage, "bash", "-c", script), cwd=lineage.parent, check=False).returncode == 3
    assert [one["event_type"] for one in events(lineage)] == ["worker_started", "worker_progress", "worker_failed"]
    said = events(lineage)[1]["event_data"]
    assert (said["progress_percentage"], said["current_step"]) == (90, "packing")


def test_a_run_that_is_killed_itself_leaves_the_command_at_work_and_its_worker_without_an_end(lineage: Path) -> None:
    script = "echo $$ >pid.new; mv pid.new pid; while [ ! -e done ]; do sleep 0.02; done; touch over"
    with subprocess.Popen(words(lineage, "bash", "-c", script), cwd=lineage.parent) as process:
        until(lambda: (lineage.parent / "pid").exists(), "the command")
        process.kill()
    (lineage.parent / "done").touch()
    until(lambda: (lineage.parent / "over").exists(), "the command's own end")
    assert [one["event_type"] for one in events(lineage)] == ["worker_started"]


def test_without_a_word_from_the_command_no_percentage_is_invented(lineage: Path) -> None:
    command = words(lineage, "sh", "-c", "while [ ! -e done ]; do sleep 0.02; done", options=("--every", "50ms"))
    with subprocess.Popen(command, cwd=lineage.parent) as process:
        progress = until(lambda: [e for e in events(lineage) if e["event_type"] == "worker_progress"], "a word")
        (lineage.parent / "done").touch()
        assert process.wait(120) == 0
    assert progress[0]["event_data"] == {"worker_id": "worker-1"}


def test_what_cannot_be_logged_costs_one_warning_and_the_command_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = ended(tmp_path / "file" / "lineage", "sh", "-c", "echo ran; exit 5")
    assert (done.returncode, done.stdout) == (5, "ran\n")
    assert done.stderr.count("\n") == 1
    assert "said once; the command goes on" in done.stderr


def test_processes_that_the_command_leaves_behind_keep_their_standard_error(lineage: Path, tmp_path: Path) -> None:
    script = "{ while [ ! -e go ]; do sleep 0.02; done; echo late >&2; touch said; } </dev/null >/dev/null & exit 0"
    with open(tmp_path / "stderr", "w") as file:
        done = subprocess.run(words(lineage, "bash", "-c", script), stdout=subprocess.PIPE, stderr=file, cwd=tmp_path)
    assert done.returncode == 0
    assert events(lineage)[-1]["event_type"] == "worker_completed"
    (tmp_path / "go").touch()
    until((tmp_path / "said").exists, "the process behind")
    until(lambda: (tmp_path / "stderr").read_text() == "late\n", "what it said")


def test_nothing_is_left_and_events_of_the_command_have_the_start_as_their_parent(
    lineage: Path, tmp_path: Path
) -> None:
    log = f"{sys.executable} -m lineage_core.cli log task_started task-1 dev-master --dir {lineage}"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert ended(lineage, "sh", "-c", log, env=os.environ | {"TMPDIR": str(scratch)}, cwd=ROOT).returncode == 0
    start, started, _ = events(lineage)
    assert started["parent_lineage_id"] == start["lineage_id"]
    assert list(scratch.iterdir()) == []


def test_switched_off_it_is_the_command_alone(lineage: Path) -> None:
    done = ended(lineage, "sh", "-c", "echo out; exit 4", env=os.environ | {"LINEAGE_DISABLED": "1"})
    assert (done.returncode, done.stdout, events(lineage)) == (4, "out\n", [])


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["task-1", "worker-1", "t"],
        ["task-1", "worker-1", "t", "--"],
        ["task-1", "", "t", "--", "true"],
        ["task-1", "worker-1", "--", "true"],
        ["--ever", "1m", "task-1", "worker-1", "t", "--", "true"],
        ["--every", "soon", "task-1", "worker-1", "t", "--", "true"],
    ],
)
def test_wrong_words_run_nothing(lineage: Path, wrong: list[str]) -> None:
    done = subprocess.run([*COMMAND, "--dir", str(lineage), *wrong], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert events(lineage) == []


def test_at_a_terminal_standard_error_stays_one(lineage: Path) -> None:
    script = "test -t 0 && test -t 1 && test -t 2 && echo all three >&2;"
    with PtyProgram(words(lineage, "sh", "-c", script)) as program:
        program.wait_for_output("all three")
        assert program.ends() == 0
    assert events(lineage)[-1]["event_type"] == "worker_completed"

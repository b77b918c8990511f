"""How a query ends: its exit code, and one line on stderr that says why."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import LEGACY, Ask

TASK_QUERIES = ("task", "timeline", "workers", "duration", "summary", "chain", "wait")
LIST_QUERIES = ("tasks", "workers", "failed", "zombies", "events", "recent")
COMMAND = [sys.executable, "-c", "import sys; from lineage_core.cli import main; sys.exit(main())"]


@pytest.mark.parametrize("query", [*TASK_QUERIES, "events --task", "failed --task", "export task --format json"])
def test_an_unknown_task_is_1_with_the_nearest_id(query: str, ask: Ask) -> None:
    words = query.split()
    words[2:2] = ["task-a-rolout"] if words[0] == "export" else []
    asked = ask(*words, *([] if words[0] == "export" else ["task-a-rolout"]))
    assert asked.code == (4 if query == "wait" else 1)
    assert asked.out == ""
    assert asked.err.count("\n") == 1
    assert "no task task-a-rolout" in asked.err
    assert "did you mean task-a-rollout" in asked.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["events", "--since", "tomorrowish"], "'tomorrowish' is no time"),
        (["events", "--until", "2026-13-45"], "'2026-13-45' is no time"),
        (["tasks", "--at", ""], "--at: '' is no time"),
        (["events", "--since", ""], "'' is no time"),
        (["tasks", "--date", ""], "'' is no date"),
        (["tasks", "--dir", ""], "which directory? it is empty"),
        (["tasks", "--date", "22.11.2026"], "'22.11.2026' is no date"),
        (["events", "--grep", "("], "bad regular expression '('"),
        (["tasks", "status:("], "bad regular expression '('"),
        (["tasks", "colour:red"], "unknown filter key 'colour'"),
        (["tasks", "--sort", "tokenz"], "no key 'tokenz'; did you mean tokens?"),
        (["zombies", "--zombie-after", "soon"], "'soon' is no duration"),
        (["tasks", "--zombie-after", "soon"], "'soon' is no duration"),
        (["tasks", "--warn-after", "zz"], "'zz' is no duration"),
        (["zombies", "--rule", "silents"], "no rule 'silents'; did you mean silent?"),
        (["wait", "task-a-rollout", "--timeout", "x"], "'x' is no duration"),
        (["recent", "many"], "'many' is no count"),
        (["events", "--limit", "-1"], "is no count"),
        (["events", "--format", "yaml"], "invalid choice: 'yaml'"),
        (["task"], "the following arguments are required: TASK"),
        (["export", "task-1", "--format", "csv"], "no query 'task-1'"),
        (["export", "tasks"], "in which format? Give --format"),
        (["export", "tasks", "-o", "x.txt"], "in which format? Give --format"),
        (["completion", "tcsh"], "invalid choice: 'tcsh'"),
    ],
)
def test_bad_words_are_2_and_one_line(words: list[str], said: str, ask: Ask) -> None:
    asked = ask(*words)
    assert asked.code == 2
    assert asked.out == ""
    assert asked.err.count("\n") == 1
    assert said in asked.err


def test_a_type_that_no_event_has_is_1_with_the_nearest(ask: Ask) -> None:
    asked = ask("events", "--type", "worker_progres")
    assert (asked.code, asked.err.count("\n")) == (1, 1)
    assert "did you mean worker_progress?" in asked.err


@pytest.mark.parametrize("query", [*LIST_QUERIES, "task t", "export tasks --format csv"])
def test_a_missing_directory_is_3(query: str, tmp_path: Path, ask: Ask) -> None:
    asked = ask(*query.split(), tmp_path / "nowhere")
    assert asked.code == 3
    assert asked.err.count("\n") == 1
    assert "does not exist" in asked.err


@pytest.mark.parametrize("query", [*LIST_QUERIES[:-1], "recent 50", "task task-a-rollout", "chain task-a-rollout"])
def test_what_cannot_be_read_is_named_and_3_after_the_answer(query: str, legacy: Path, ask: Ask) -> None:
    whole = ask(*query.split(), "--json", legacy).out
    os.mkfifo(legacy / "lineage-2026-11-20.jsonl")
    (legacy / "lineage-2026-11-19.jsonl").mkdir()
    (legacy / "lineage-2026-11-18.jsonl.gz").write_bytes(b"\x1f\x8bnot gzip at all")
    asked = ask(*query.split(), "--json", legacy)
    if query == "zombies":  # to which such a file is the first thing to look at
        told, before = json.loads(asked.out), json.loads(whole)
        assert [row["rule"] for row in told["findings"][:3]] == ["feed"] * 3
        assert told["findings"][3:] == before["findings"]
    else:
        assert asked.out == whole
    assert asked.code == 3
    assert [line.split(":")[1].split()[-1] for line in asked.err.splitlines()] == [
        "lineage-2026-11-18.jsonl.gz",
        "lineage-2026-11-19.jsonl",
        "lineage-2026-11-20.jsonl",
    ]


@pytest.mark.parametrize("query", LIST_QUERIES)
def test_an_empty_answer_is_0_and_with_fail_empty_1(query: str, tmp_path: Path, ask: Ask) -> None:
    (tmp_path / "lineage-2026-11-22.jsonl").touch()
    assert ask(query, tmp_path).code == 0
    asked = ask(query, "--fail-empty", "--json", tmp_path)
    assert asked.code == 1
    assert asked.err == ""
    assert asked.json in ([], asked.json if isinstance(asked.json, dict) else [])


@pytest.mark.parametrize("query", ["events", "tasks --format csv", "task task-a-rollout --json", "completion bash"])
def test_a_closed_pipe_is_silent(query: str, demo_dir: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    directory = demo_dir if "rollout" not in query else LEGACY
    words = [*query.split(), "--dir", str(directory)]
    done = subprocess.run([*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode in (0, -signal.SIGPIPE)


def test_head_gets_its_lines_and_no_more_is_said(demo_dir: Path) -> None:
    quoted = " ".join(f"'{word}'" for word in [*COMMAND, "events", "--dir", str(demo_dir)])
    done = subprocess.run(["sh", "-c", f"{quoted} | head -n 2"], capture_output=True, check=True)
    assert done.stdout.count(b"\n") == 2
    assert done.stderr == b""

"""No byte of hostile text reaches a terminal, a file or a pipe raw, by any query in any format."""

import os
import pty
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage_core.cli.commands.export import QUERIES
from tests import forked
from tests.build import record, write
from tests.cli.conftest import Ask

PAYLOADS = {
    "osc-title": "\x1b]0;owned\x07",
    "osc-link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "osc-clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "csi": "\x1b[2J\x1b[31m\x1b[6n",
    "c1": "\x9b2J\x9d0;owned\x9c\x85\x90",
    "c0": "a\x00\x08\x0c\x7f\rb\x0b",
    "bidi": "\u202eevil\u202c\u2066x\u2069\u061c\u200e\u200f",
    "separators": "one\u2028two\u2029three",
    "markup": "[/x] [b [@click=app.quit]x[/] <script>alert(1)</script> & \"'",
}
HOSTILE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]"
)
OURS = re.compile(r"\x1b\[\d*m")
COMMAND = [sys.executable, "-m", "lineage_core.cli"]


def journal(directory: Path, text: str) -> str:
    """A task with the text in every field that can hold one; returns its id."""
    task, worker, hand = f"task-{text}", f"worker-{text}", f"handoff-{text}"
    actor = {"type": "master", "id": f"master-{text}", "principal": text}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("task_created", {"priority": text, "type": text, "parent_task_id": f"parent-{text}"}),
        ("task_assigned", {"master_id": f"master-{text}", "priority": text}),
        ("task_started", {text: text}),
        ("task_blocked", {"reason": text, "blocked_by": [f"other-{text}"]}),
        ("task_unblocked", {"reason": text}),
        ("task_reassigned", {"from_master": text, "to_master": text, "reason": text}),
        ("task_escalated", {"reason": text}),
        ("worker_spawned", {"worker_id": worker, "worker_type": text}),
        ("worker_started", {"worker_id": worker, "worker_type": text}),
        ("worker_progress", {"worker_id": worker, "progress_percentage": text, "current_step": text}),
        ("worker_failed", {"worker_id": worker, "error_details": {"error_type": text, "error_message": text}}),
        ("worker_spawned", {"worker_id": f"{worker}2", "worker_type": text}),
        ("worker_progress", {"worker_id": f"{worker}2", "progress_percentage": 5, "current_step": text}),
        ("handoff_created", {"handoff_id": hand, "from_master": text, "to_master": text}),
        (text, {"reason": text}),
        ("task_completed", {"completion_status": text, "deliverables": [text], "reason": text}),
        ("task_failed", {"reason": text}),
        ("task_started", {}),
        ("task_blocked", {"reason": text, "blocked_by": [f"parent-{text}"]}),
    ]
    records = [
        record(
            lineage_id=f"lineage-{text}-{number}",
            task_id=task,
            event_type=kind,
            timestamp=f"2026-11-22T07:00:{number:02d}Z",
            actor={**actor, "type": text} if kind == text else actor,
            event_data=data,
            parent_lineage_id=f"lineage-{text}-{number - 1}",
            related_task_ids=[f"related-{text}"],
            context={"session_id": text, "trace_id": text, "master_type": text},
            tags=[text],
            **{text: text},
        )
        for number, (kind, data) in enumerate(steps)
    ]
    ended = {**records[0], "task_id": f"parent-{text}", "lineage_id": f"lineage-{text}-p", "event_type": "task_failed"}
    write(directory, *records, ended)  # C0 is escaped; C1, bidi and separators stand raw in the file
    return task


def questions(task: str) -> list[list[str]]:
    """Every query in every format, as words."""
    asked = []
    for query in QUERIES:
        words = [query]
        if query in ("task", "timeline", "duration", "summary", "chain", "explain", "related"):
            words.append(task)
        if query == "diff":
            words += [task, task.replace("task-", "parent-", 1)]
        if query == "changed":
            words += ["--since", "2020-01-01"]
        if query == "zombies":
            words.append("--all")
        asked += [[*words, "--format", form] for form in ("text", "json", "jsonl", "csv")]
        asked.append(["export", *words, "--format", "html"])
    near = ["task", "task-"], ["events", "--task", "task-"]  # ids of the journal are suggested
    return [*asked, ["wait", task, "--timeout", "1ms"], ["workers", task], *near]


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_query_lets_hostile_text_through(name: str, tmp_path: Path, ask: Ask) -> None:
    task = journal(tmp_path / "lineage", PAYLOADS[name])
    scripts = ask("export", "tasks", "--format", "html").out.count("<script")  # those of the page itself
    if "\0" in task:
        task = task.replace("\0", "")  # which no argument can hold: that task is unknown, and named as such
    for words in questions(task):
        asked = ask(*words, tmp_path / "lineage")
        assert asked.code in (0, 1, 4, 124), (words, asked.err)
        assert not HOSTILE.search(asked.out + asked.err), words
        if "html" in words:
            assert asked.out.count("<script") == (scripts if asked.out else 0)
            if "anomalies" not in words:  # there are none in so little
                assert "[/x]" in asked.out or name != "markup"
        elif name == "markup" and words[0] == "events" and "text" in words:
            assert PAYLOADS["markup"] in asked.out


@pytest.mark.parametrize("name", PAYLOADS)
def test_at_a_terminal_only_our_own_colours_arrive(name: str, tmp_path: Path) -> None:
    task = journal(tmp_path / "lineage", PAYLOADS[name]).replace("\0", "")
    for query in (["events"], ["task", task], ["timeline", task], ["chain", task], ["zombies", "--all"], ["failed"]):
        shown = terminal([*COMMAND, *query, "--dir", str(tmp_path / "lineage")])
        assert "\x1b[" in shown or query[0] == "failed" or "\0" in PAYLOADS[name]
        assert not HOSTILE.search(OURS.sub("", shown).replace("\r\n", "\n")), query


def terminal(command: list[str], **environ: str) -> str:
    """What a command writes to a terminal."""
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environ}
    process = forked.start(command, environment, (child, child, child))
    os.close(child)
    shown = b""
    while True:
        try:
            data = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        shown += data
    process.wait()
    os.close(parent)
    return shown.decode()


def test_colours_only_at_a_terminal_and_not_against_no_color(legacy: Path, ask: Ask) -> None:
    words = ["tasks", "--dir", str(legacy)]
    assert "\x1b[31mfailed\x1b[0m" in terminal([*COMMAND, *words])
    assert "\x1b" not in terminal([*COMMAND, *words], NO_COLOR="1")
    assert "\x1b" not in terminal([*COMMAND, *words], TERM="dumb")
    assert "\x1b" not in terminal([*COMMAND, *words, "--format", "csv"])
    assert "\x1b" not in ask("tasks", legacy).out

"""With `trace_url` the trace of a task is a link at a terminal: in `lineage task` and on the screen."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from lineage_core.otel import ids
from tests.core.otel.test_traces import FOOT, TRACE, TRACEPARENT, log
from tests.faults.pseudo_terminal import PtyProgram

CLI = [sys.executable, "-m", "lineage_core.cli", "task"]
TUI = [sys.executable, "-m", "lineage_tui.cli"]


@pytest.fixture(autouse=True)
def config() -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "lineage-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('trace_url = "http://jaeger:16686/trace/{trace_id}"\n')


def link(trace: str, text: str) -> bytes:
    return (
        re.escape(f";http://jaeger:16686/trace/{trace}\x1b\\".encode())
        + rb"(?:\x1b\[[0-9;]*m)?"
        + re.escape(text).encode()
    )


def printed(directory: Path, task_id: str) -> bytes:
    with PtyProgram([*CLI, task_id, "--dir", directory]) as program:
        program.ends()
        program.settle()
        return bytes(program.output)


def test_the_task_leads_to_its_trace_however_deep_it_is(tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT)
    for number in (2, 3, 4):
        log(tmp_path, f"task-{number}", *FOOT, at=number, parent=f"task-{number - 1}")
    log(tmp_path, "task-5", *FOOT, TRACEPARENT=TRACEPARENT)
    root = ids.trace_id("task-1")
    assert re.search(link(root, root), printed(tmp_path, "task-4"))
    assert re.search(link(root, root), printed(tmp_path, "task-1"))
    assert re.search(link(TRACE, TRACE), printed(tmp_path, "task-5"))


def test_a_trace_id_that_is_hostile_is_text_and_leads_to_the_trace_that_it_has(tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT, CORTEX_TRACE_ID="\x1b]8;;http://evil\x1b\\x")
    output = printed(tmp_path, "task-1")
    assert re.search(link(ids.trace_id("task-1"), "\\x1b]8;;http://evil\\x1b\\x"), output)
    assert b";http://evil" not in output.replace(b"\\x1b]8;;http://evil", b"")


def test_the_screen_leads_to_the_trace(tmp_path: Path) -> None:
    log(tmp_path, "task-1", ("task_started", "dev-master"), TRACEPARENT=TRACEPARENT)
    with PtyProgram([*TUI, "--dir", tmp_path, "--fresh"], size=(160, 50)) as program:
        program.wait_for(f"trace {TRACE[:8]}")
        assert re.search(link(TRACE, f"trace {TRACE[:8]}"), bytes(program.output))
        program.keys("q")
        program.ends()

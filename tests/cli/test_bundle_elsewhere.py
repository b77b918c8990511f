"""A bundle on a second machine: another user, home, time zone and language, and none of the files of the first."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.build import record, write

BIN = Path(sys.executable).parent
ELSEWHERE = {"HOME": "/nonexistent", "TZ": "Pacific/Chatham", "LC_ALL": "C", "PATH": "/usr/bin:/bin"}
"""All that the environment of the second machine has."""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write(
        tmp_path / "first" / "lineage",
        record(1, task_id="task-top", event_type="task_created"),
        record(2, task_id="task-below", event_type="task_created", event_data={"parent_task_id": "task-top"}),
        record(3, task_id="task-below", event_type="task_failed", event_data={"reason": "naïve – no disk"}),
    )


def bundled(directory: Path, path: Path, **environment: str) -> bytes:
    """A bundle made in this environment, as bytes."""
    words = [f"{BIN}/lineage", "--dir", str(directory), "bundle", "task-top", "-o", str(path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=path.parent)
    assert done.returncode == 0, done.stderr
    return path.read_bytes()


def test_made_by_another_user_in_another_place_it_is_the_same(directory: Path, tmp_path: Path) -> None:
    first = bundled(directory, tmp_path / "1.zip", **os.environ)
    other = tmp_path / "an other" / "ünter" / "lineage"
    write(other, *directory.glob("*.jsonl").__next__().read_bytes().splitlines(keepends=True))
    assert bundled(other, tmp_path / "2.zip", **ELSEWHERE) == first
    lenient = {"CORTEX_PRINCIPAL": "kim", "LINEAGE_REDACT": "0", "LINEAGE_NOW": "2027-01-01T00:00:00Z", "LANG": "de_DE"}
    assert bundled(other, tmp_path / "3.zip", **ELSEWHERE, **lenient) == first


def test_it_opens_where_none_of_the_first_is(directory: Path, tmp_path: Path, need_tool: Callable[[str], str]) -> None:
    from tests.tui.test_terminal import Terminal

    bundled(directory, tmp_path / "b.zip", **os.environ)
    directory.rename(tmp_path / "gone")
    empty = " ".join(f"{name}={value}" for name, value in {**ELSEWHERE, "TERM": "xterm-256color"}.items())
    terminal = Terminal(need_tool("tmux"), tmp_path / "tmux.sock")
    try:
        terminal.start(f"env -i {empty} {BIN}/lineage-tui --ascii --bundle {tmp_path}/b.zip; echo ended")
        assert "task-below" in terminal.wait_for("no disk")
        terminal.keys("d")
        terminal.wait_for("nothing is logged into it")
        terminal.keys("Home", "Down", "Space", "Down", "Space", "D")
        terminal.wait_for("DIFFERS IN")
        terminal.keys("q")
        terminal.wait_until(lambda screen: "DIFFERS IN" not in screen, "the page to go")
        terminal.keys("q")
        terminal.wait_for("ended")
    finally:
        terminal.run("kill-server")
    assert not list(tmp_path.glob("lineage-*")), "what was unpacked goes again"

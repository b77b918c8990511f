"""The real program in a real terminal: tmux shows what a person would see."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage_core.write.journal import Journal

BIN = Path(sys.executable).parent


class Terminal:
    """A program in a tmux window of its own server."""

    def __init__(self, tmux: str, socket: Path) -> None:
        self._tmux = [tmux, "-S", str(socket), "-f", "/dev/null"]

    def run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False)
        return done.stdout

    def start(self, command: str, width: int = 120, height: int = 36) -> None:
        shell = f"unset COLUMNS LINES; {command}; echo ended with $?; exec cat"
        self.run("new-session", "-d", "-x", str(width), "-y", str(height), shell)

    def keys(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def wait_for(self, text: str, seconds: float = 20.0) -> str:
        return self.wait_until(lambda screen: text in screen, repr(text), seconds)

    def wait_until(self, holds: Callable[[str], bool], what: str, seconds: float = 20.0) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            screen = self.screen()
            if holds(screen):
                return screen
            time.sleep(0.02)
        raise AssertionError(f"waited {seconds} s for {what}; the screen shows:\n{self.screen()}")


@pytest.fixture
def terminal(need_tool: Callable[[str], str], tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(need_tool("tmux"), tmp_path / "tmux.sock")
    yield terminal
    terminal.run("kill-server")


def selected_task(screen: str) -> str:
    """The task that the detail pane is about: the line below the rule names it."""
    lines = screen.splitlines()
    rule = next(n for n, line in enumerate(lines) if line.startswith("────"))
    found = re.search(r"task-[\w-]+", lines[rule + 1])
    assert found, screen
    return found[0]


def tui(*words: str) -> str:
    return shlex.join([str(BIN / "lineage-tui"), *words])


def test_an_event_logged_in_one_terminal_appears_in_the_other(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "lineage"
    terminal.start(tui("--dir", str(home)))
    terminal.wait_for("does not exist yet")
    log = [str(BIN / "lineage"), "log", "task_created", "task-1", "user-kim", "--data", '{"priority":"high"}']
    done = subprocess.run([*log, "--dir", str(home)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("lineage-")
    terminal.wait_for("queued")
    assert "task-1" in terminal.screen()


def test_the_demo_is_alive_and_leaves_nothing_behind(terminal: Terminal, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    terminal.start(f"TMPDIR={scratch} " + tui("--demo", "--rate", "30"), 80, 24)
    terminal.wait_for("running")
    assert list(scratch.iterdir())
    terminal.keys("q")
    terminal.wait_for("ended with 0")
    assert not list(scratch.iterdir())


def test_a_tree_under_fire_is_walked_without_the_selection_moving(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "lineage"
    journal = Journal(home)
    for n in range(40):
        journal.log("task_created", f"task-old-{n:02}", "user-kim")
    writer = subprocess.Popen(
        [str(BIN / "lineage"), "demo", "--dir", str(home), "--rate", "500", "--shell-share", "0"],
        stderr=subprocess.DEVNULL,
    )
    try:
        terminal.start(tui("--dir", str(home)))
        terminal.wait_for("task-")
        terminal.keys("G")
        selected = selected_task(terminal.wait_for("new (f)"))
        terminal.keys("Enter", "Enter", "Enter")
        terminal.wait_for('"lineage_id"')
        for tab in ("[events]", "[timeline]"):
            terminal.keys("Escape")
            terminal.wait_for(tab)
        terminal.keys("Tab", "?")
        terminal.wait_for("lineage-tui: keys")
        terminal.keys("Escape")
        terminal.wait_until(lambda screen: "lineage-tui: keys" not in screen, "the help to close")
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert selected_task(terminal.screen()) == selected
            time.sleep(0.05)
        terminal.keys("q")
        terminal.wait_for("ended with 0")
    finally:
        writer.terminate()
        writer.wait()

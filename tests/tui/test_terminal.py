"""The real program in a real terminal: tmux shows what a person would see."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lineage_core.write.journal import Journal
from tests.faults.test_crash_manners import descendants

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

    def wait_for(self, text: str, seconds: float = 120.0) -> str:
        return self.wait_until(lambda screen: text in screen, repr(text), seconds)

    def wait_until(self, holds: Callable[[str], bool], what: str, seconds: float = 120.0) -> str:
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
    terminal.wait_for("task-1")


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
        first = selected_task(terminal.wait_for("new above"))  # what needs somebody most: it is held from here on
        terminal.keys("G")
        selected = selected_task(terminal.wait_until(lambda screen: selected_task(screen) != first, "the last line"))
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


def listed(screen: str, view: int) -> list[str]:
    """The lines of the list, by the ids that they name whole, in view 3 with the reason; not those that could be taken
    for another. None, where the screen is drawn in part yet."""
    lines = screen.splitlines()
    rule = next((n for n, line in enumerate(lines) if line.startswith("────")), 0)
    named = [(line, re.findall(r"(?:task|worker|handoff)-[\w-]+(?!\S)", line)) for line in lines[1:rule]]
    found = [" ".join([line.split()[1], *ids] if view == 3 else ids) for line, ids in named if ids]
    return [name for name in found if found.count(name) == 1]


@pytest.mark.parametrize("view", [1, 2, 3])
@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(180)])])
def test_nothing_moves_by_itself_while_500_events_a_second_come(
    terminal: Terminal, tmp_path: Path, view: int, seconds: int
) -> None:
    home = tmp_path / "lineage"
    journal = Journal(home)
    for n in range(9):
        task, worker = f"task-old-{n}", f"worker-old-{n}"
        journal.log("task_started", task, "security-master")
        journal.log("worker_spawned", task, "security-master", worker, "scan-worker")
        journal.log("worker_progress", task, worker, "10")
        journal.log("task_escalated", task, "security-master", f"{'abcdefghi'[n]} asks")
    terminal.start(tui("--fresh", "--dir", str(home)), 200, 50)
    terminal.wait_for("task-old-3")
    terminal.keys(str(view))
    terminal.wait_until(lambda screen: len(listed(screen, view)) >= 9, "the view")
    terminal.keys("j", "j")
    third = ["task-old-7", "task-old-2", "task-old-6"][view - 1]  # a worker stands between two tasks in view 1
    terminal.wait_until(lambda screen: selected_task(screen) == third, "the selection of the third line")
    writer = subprocess.Popen(
        [str(BIN / "lineage"), "demo", "--dir", str(home), "--rate", "500", "--shell-share", "0", "--speed", "4"],
        stderr=subprocess.DEVNULL,
    )
    try:
        screen = terminal.wait_until(lambda screen: "(f)" in screen, "what comes")
        selected, moved = selected_task(screen), 0
        end = time.monotonic() + seconds
        while time.monotonic() < end or (not moved and time.monotonic() < end + 120):
            before, screen = listed(screen, view), terminal.screen()
            after = listed(screen, view)
            stayed = [ids for ids in before if ids in after]
            assert [ids for ids in after if ids in before] == stayed, (before, after)
            assert selected_task(screen) == selected
            moved += before != after
            time.sleep(0.05)
        assert moved, "nothing came"
        terminal.keys("f")
        terminal.wait_until(lambda screen: "(f)" not in screen, "all to be where it belongs")
    finally:
        writer.terminate()
        writer.wait()


# Keys of every terminal program: suspending, copying.


@pytest.fixture
def lineage(tmp_path: Path) -> Path:
    """A lineage directory with one task."""
    Journal(tmp_path / "lineage").log("task_created", "task-1", "user-kim")
    return tmp_path / "lineage"


def start_bash(terminal: Terminal, command: str) -> None:
    """An interactive bash, with job control, that was given a command."""
    terminal.start("PS1='ready> ' bash --norc --noprofile -i")
    terminal.wait_for("ready>")
    terminal.keys(command, "Enter")


def test_ctrl_z_gives_the_shell_back_and_fg_the_screen(terminal: Terminal, lineage: Path) -> None:
    start_bash(terminal, tui("--dir", str(lineage)))
    for turn in range(2):
        terminal.wait_for("? help")
        terminal.keys("C-z")
        terminal.wait_until(lambda screen: "Stopped" in screen and "? help" not in screen, "the shell")
        terminal.keys("clear; stty -a", "Enter")
        terminal.wait_until(lambda screen: " icanon " in screen and " echo " in screen, "usual modes")
        Journal(lineage).log("task_created", f"task-meanwhile-{turn}", "user-kim")
        terminal.keys("clear; fg", "Enter")
        terminal.wait_for(f"task-meanwhile-{turn}")
        terminal.keys("?")  # one reader of keys: two would open it and close it
        terminal.wait_for("lineage-tui: keys")
        terminal.keys("Escape")
        terminal.wait_until(lambda screen: "lineage-tui: keys" not in screen, "the help to close")
    terminal.keys("q")
    terminal.wait_for("ready>")
    terminal.keys("echo ended with $?", "Enter")
    terminal.wait_for("ended with 0")


def test_ctrl_z_stops_the_script_and_the_demo_around_it_too(terminal: Terminal, tmp_path: Path) -> None:
    script = tmp_path / "watch.sh"
    script.write_text(f"#!/bin/sh\n{tui('--demo')}\necho the script goes on\n")
    script.chmod(0o755)
    start_bash(terminal, str(script))
    terminal.wait_for("running")
    terminal.keys("C-z")
    terminal.wait_for("Stopped")
    terminal.keys("fg", "Enter")
    terminal.wait_for("? help")
    terminal.keys("q")
    terminal.wait_for("the script goes on")


def test_a_stop_that_nobody_can_catch_leaves_one_reader_of_keys(terminal: Terminal, lineage: Path) -> None:
    start_bash(terminal, tui("--dir", str(lineage)))
    terminal.wait_for("? help")
    pane = int(terminal.run("display-message", "-p", "#{pane_pid}"))
    for pid in descendants(pane):
        with suppress(OSError):  # it has ended
            if "lineage-tui" in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGSTOP)
    terminal.wait_for("Stopped")
    terminal.keys("fg", "Enter")
    terminal.wait_until(lambda screen: "? help" in screen and "Stopped" not in screen, "the screen")
    for _ in range(3):
        terminal.keys("?")
        terminal.wait_for("lineage-tui: keys")
        terminal.keys("?")
        terminal.wait_until(lambda screen: "lineage-tui: keys" not in screen, "the help to close")
    terminal.keys("q")
    terminal.wait_for("ready>")


def test_y_inside_tmux_fills_its_buffer_and_says_so(terminal: Terminal, lineage: Path) -> None:
    terminal.start(tui("--dir", str(lineage)))
    terminal.wait_for("task-1")
    terminal.keys("G", "y")
    terminal.wait_for("copied to tmux buffer: task-1")
    assert terminal.run("show-buffer") == "task-1"


def test_a_drag_inside_tmux_fills_its_buffer(terminal: Terminal, lineage: Path) -> None:
    terminal.start(tui("--dir", str(lineage)))
    lines = terminal.wait_for("task-1").splitlines()
    row = next(n for n, line in enumerate(lines) if "queued" in line)
    x = lines[row].index("queued")
    for button, column, final in ((35, x, "M"), (0, x, "M"), (32, x + 5, "M"), (0, x + 5, "m")):
        terminal.run("send-keys", "-l", f"\x1b[<{button};{column + 1};{row + 1}{final}")
        time.sleep(0.1)
    terminal.wait_for("copied to tmux buffer: 6 characters")
    assert terminal.run("show-buffer") == "queued"


def test_bytes_that_are_no_utf_8_do_not_end_it(terminal: Terminal, lineage: Path) -> None:
    terminal.start(tui("--dir", str(lineage)))
    terminal.wait_for("task-1")
    terminal.keys("-H", "1b", "5b", "4d", "20", "80", "21")
    terminal.keys("?")
    terminal.wait_for("lineage-tui: keys")
    terminal.keys("q")
    terminal.wait_until(lambda screen: "lineage-tui: keys" not in screen, "the help to close")
    terminal.keys("q")
    terminal.wait_for("ended with 0")

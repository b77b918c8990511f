"""How the screen behaves at a terminal: whatever comes from it, whatever it is, and what people expect of its keys."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from wcwidth import wcswidth

from lineage_core.write.journal import Journal
from tests.faults.pseudo_terminal import PtyProgram, without_sequences
from tests.faults.test_crash_manners import broken, report_of
from tests.wallclock import SHIFT

TUI = [sys.executable, "-m", "lineage_tui.cli"]


@pytest.fixture
def lineage(tmp_path: Path) -> Path:
    """A lineage directory with one task."""
    journal = Journal(tmp_path / "lineage")
    journal.log("task_created", "task-1", "user-kim")
    journal.log("task_created", "task-夜間-2", "user-kim")
    return journal.directory


@pytest.fixture
def app(lineage: Path) -> Iterator[PtyProgram]:
    """The program at a terminal, with the task on its screen."""
    with PtyProgram([*TUI, "--dir", str(lineage)]) as app:
        app.wait_for("task-1")
        yield app


# 7: what comes from the terminal.


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[M \x80!",  # X10: a click in column 96
        b"\x1b[M#\xff\xff",  # X10: a release in the last column that it can name
        b"\x1b[M \xc3\xa9",  # X10: coordinates that are one character of UTF-8
        b"\x1b[200~caf\xe9\x1b[201~",  # a paste in Latin-1
        b"\xff\xfe\x80",
        b"\xe5\xa4",  # a character that never ends
        b"\xed\xa0\x80",  # a surrogate
    ],
    ids=["x10", "x10-release", "x10-utf8", "latin-1", "no-utf8", "torn", "surrogate"],
)
@pytest.mark.parametrize("field", ["", "/"], ids=["list", "filter"])
def test_what_is_not_utf_8_does_not_end_the_screen(data: bytes, field: str, app: PtyProgram) -> None:
    if field:
        app.press(field, "status:failed master:sec")
    app.keys(data)
    if field:
        app.settle()
        app.keys("\x1b")
        app.wait_for("Esc drops it", gone=True)  # what follows an Esc at once would be its end: Alt-?
    app.press("?", "lineage-tui: keys")  # it lives, and keys are keys
    app.keys("q")
    app.wait_for("lineage-tui: keys", gone=True)
    app.keys("q")
    assert app.ends() == 0
    assert app.restored


def test_a_mouse_that_reports_as_x10_does_clicks(lineage: Path) -> None:
    with PtyProgram([*TUI, "--dir", str(lineage)], size=(160, 30)) as app:
        app.wait_for("task-1")
        app.settle()
        app.press("?", "lineage-tui: keys")
        click = bytes((32 + 0, 32 + 100, 32 + 10))  # beyond column 95: a byte that is no UTF-8
        app.keys(b"\x1b[M" + click + b"\x1b[M#" + click[1:])
        app.wait_for("lineage-tui: keys", gone=True)  # a click closes the help


@pytest.mark.parametrize(
    "function",
    [
        "lineage_tui.terminal:InputDecoder:__call__",  # in the thread that reads keys
        "textual._xterm_parser:XTermParser:feed",
        "lineage_tui.screens.main:MainScreen:action_do",  # in the handler of a key
    ],
)
def test_a_defect_at_a_key_is_reported_and_the_terminal_restored(function: str, lineage: Path, tmp_path: Path) -> None:
    words = [*broken("lineage_tui.cli", function), "--dir", str(lineage)]
    with PtyProgram(words, size=(200, 40), env=dict.fromkeys(SHIFT, "")) as app:  # libfaketime loses what is said last
        app.wait_until(lambda: "task-1" in app.screen() or app.process.poll() is not None, "the screen")
        if app.process.poll() is None:
            app.keys("?")
        assert app.ends() == 70
        app.settle()
        assert app.restored
        shown = bytes(app.output)
    after = without_sequences(shown[shown.rindex(b"\x1b[?1049l") :])
    assert "lineage-tui: a defect of ours ended this: KeyError" in after
    assert "Traceback" not in after
    assert "KeyError" in report_of(after, tmp_path / "xdg_state_home")


def test_a_screen_that_closes_by_itself_is_a_defect(lineage: Path, tmp_path: Path) -> None:
    closes = TUI[0], "-c", _CLOSES_BY_ITSELF, "--dir", str(lineage)
    with PtyProgram(closes, size=(200, 40)) as app:
        app.wait_for("task-1")
        app.keys("?")
        assert app.ends() == 70
        app.settle()
        assert app.restored
        assert "nobody had asked" in report_of(without_sequences(bytes(app.output)), tmp_path / "xdg_state_home")


_CLOSES_BY_ITSELF = """
import sys
from lineage_tui.cli import main
from lineage_tui.screens.main import MainScreen
MainScreen.action_do = lambda self, name: self.app.panic("raw words of a library")
sys.exit(main(sys.argv[1:]))
"""

_HANGS = """
import sys, time
from lineage_tui.cli import main
from lineage_tui.screens.main import MainScreen
MainScreen.action_do = lambda self, name: [time.sleep(0.01) for _ in iter(int, 1)]
sys.exit(main(sys.argv[1:]))
"""


def test_a_screen_that_hangs_ends_at_a_signal_with_its_terminal_restored(lineage: Path) -> None:
    with PtyProgram([TUI[0], "-c", _HANGS, "--dir", str(lineage)]) as app:
        app.wait_for("task-1")
        app.keys("?")
        app.settle(1)
        app.process.send_signal(signal.SIGTERM)
        assert app.ends() == 143
        app.settle()
        assert app.restored
        assert b"\x1b[?1049l" in app.output and b"\x1b[?25h" in app.output


# 8: no terminal.


@pytest.mark.parametrize(
    "line",
    [
        "{tui} </dev/null",
        "{tui} >{file}",
        "{tui} 2>{file} </dev/null; cat {file}",
        "{tui} <&-",
        "{tui} >&-",
        "echo one | while read -r line; do {tui}; done",
        "{tui} | cat",
        "echo x | xargs {tui}",
        "TERM=dumb {tui}",
    ],
)
def test_without_a_terminal_it_says_so_in_one_line(line: str, lineage: Path, tmp_path: Path) -> None:
    command = line.format(tui=shlex.join([*TUI, "--dir", str(lineage)]), file=shlex.quote(str(tmp_path / "out")))
    script = f"set -o pipefail; {command}; echo ended with $?"
    if "cat {file}" in line:
        script = f"{command.partition(';')[0]}; code=$?; cat {tmp_path / 'out'}; echo ended with $code"
    if "xargs" in line:
        script = script.replace("echo x |", "echo --ascii |")
    with PtyProgram(["bash", "-c", script], size=(250, 10)) as shell:
        shell.ends()
        shell.settle()
        assert b"\x1b" not in shell.output
        said, ended = without_sequences(bytes(shell.output)).split("\r\n")[:2]
    assert ended == ("ended with 123" if "xargs" in line else "ended with 2")  # 123: what xargs makes of it
    assert said.startswith("lineage-tui: ") and "`lineage tasks`" in said and "`lineage follow`" in said
    assert not (tmp_path / "out").exists() or b"\x1b" not in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("option", ["--help"])
def test_what_needs_no_screen_needs_no_terminal(option: str) -> None:
    done = subprocess.run([*TUI, option], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "lineage-tui" in done.stdout


# 9: the size of the terminal.


@pytest.mark.parametrize("exported", [("40", "10"), ("300", "90"), ("nonsense", "-1")])
def test_the_size_is_the_terminals_whatever_is_exported(exported: tuple[str, str], lineage: Path) -> None:
    columns, rows = exported
    with PtyProgram([*TUI, "--dir", str(lineage)], size=(130, 33), env={"COLUMNS": columns, "LINES": rows}) as app:
        app.wait_for("task-1")
        for size in ((130, 33), (90, 20), (150, 45)):
            app.resize(*size)
            app.wait_until(lambda size=size: drawn_size(app) == size, f"the screen to fill {size}")  # type: ignore[misc]


def drawn_size(app: PtyProgram) -> tuple[int, int]:
    """The size that is drawn to: the key line is the last, the top line ends at the right with the time."""
    lines = app.screen().split("\n")
    width = wcswidth(lines[0].rstrip()) + 1
    height = next((n for n, line in enumerate(lines, 1) if "? help" in line), 0)
    return width, height


# 18: keys of every terminal program.


def test_ctrl_z_without_a_shell_to_go_back_to_says_so(app: PtyProgram) -> None:
    app.keys("\x1a")
    app.wait_for("no shell to go back to")
    app.keys("q")
    assert app.ends() == 0


def place_of(app: PtyProgram, text: str) -> tuple[int, int]:
    """The first cell of a text on the screen."""
    lines = app.screen().split("\n")
    row = next(n for n, line in enumerate(lines) if text in line)
    return wcswidth(lines[row].partition(text)[0]), row


@pytest.mark.parametrize("text", ["task-1", "lineage", "queued"])
def test_a_drag_copies_what_it_was_dragged_over_and_ctrl_c_too(text: str, app: PtyProgram) -> None:
    app.wait_for("? help")
    x, y = place_of(app, text)
    app.drag((x, y), (x + len(text) - 1, y))
    app.wait_for("sent to the terminal (OSC 52)")
    assert app.copied() == [text]
    app.keys("\x03")
    app.wait_until(lambda: len(app.copied()) == 2, "the copy")
    assert app.copied()[1] == text
    app.settle()
    app.keys("\x03")  # nothing is selected any more
    assert app.ends() == 130
    assert app.restored


def test_a_drag_over_wide_characters_copies_what_is_seen(app: PtyProgram) -> None:
    app.wait_for("task-夜")
    x, y = place_of(app, "task-夜間-2 ")
    app.drag((x, y), (x + 7, y))
    app.wait_until(app.copied, "the copy")
    assert app.copied() == ["task-夜間"]


def test_a_second_click_enters_a_line_and_selects_nothing(app: PtyProgram) -> None:
    x, y = place_of(app, "task-1")
    for _ in range(2):
        app.keys(f"\x1b[<35;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")
    app.wait_for("[timeline]")
    app.settle()
    assert app.copied() == []
    app.keys("\x03")
    assert app.ends() == 130


def test_what_is_typed_into_a_field_is_copied_when_it_is_selected(app: PtyProgram) -> None:
    app.press("/", "status:failed master:sec")
    app.keys("abc\x1b[1;2D\x1b[1;2D")  # two characters back with shift
    app.settle()
    app.keys("\x03")
    app.wait_until(app.copied, "the copy")
    assert app.copied() == ["bc"]


def test_y_says_that_a_terminal_was_asked(app: PtyProgram) -> None:
    app.keys("y")
    app.wait_for("sent to the terminal (OSC 52): ")
    assert len(app.copied()) == 1


@pytest.mark.parametrize("broken_tmux", ["nobody,1,0", "{tmp}/no.sock,1,0"])
def test_a_tmux_that_is_gone_is_not_said_to_have_a_copy(broken_tmux: str, lineage: Path, tmp_path: Path) -> None:
    env = {"TMUX": broken_tmux.format(tmp=tmp_path)}
    with PtyProgram([*TUI, "--dir", str(lineage)], env=env) as app:
        app.wait_for("task-1")
        app.keys("y")
        app.wait_for("sent to the terminal (OSC 52): ")
        assert "copied to" not in app.screen()


def test_a_tmux_that_hangs_does_not_stop_the_screen(lineage: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tmux").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "bin" / "tmux").chmod(0o755)
    env = {"TMUX": "here,1,0", "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    with PtyProgram([*TUI, "--dir", str(lineage)], env=env) as app:
        app.wait_for("task-1")
        app.keys("y")
        app.press("?", "lineage-tui: keys")
        app.keys("q")
        app.wait_until(app.copied, "the copy by the terminal")


def test_the_file_of_a_record_is_a_link_to_it(app: PtyProgram, lineage: Path) -> None:
    file = next(iter(lineage.glob("lineage-*.jsonl")))
    app.keys("\r")
    app.press("\r", "[events]")
    app.press("\r", f"[record]  {file.name}")
    found = re.search(rb"\x1b\]8;id=[0-9-]+;(file://[^\x1b]+)\x1b", bytes(app.output))
    assert found and found[1].decode() == f"file://{socket.gethostname()}{quote(str(file))}"

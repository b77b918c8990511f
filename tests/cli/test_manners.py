"""Manners of a command line: what commands do with the streams and terminals that they are given. A row, a manner."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from socket import gethostname
from urllib.parse import unquote, urlsplit

import pytest

from lineage_core.cli import COMMANDS, main
from tests.cli.conftest import LEGACY
from tests.faults.pseudo_terminal import PtyProgram
from tests.shell.test_writers_together import LAUNCHER
from tests.tui.test_terminal import Terminal
from tests.wallclock import unshifted

ROOT = Path(__file__).resolve().parents[2]
LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
TASK = "task-a-rollout"
Tool = Callable[[str], str]

EVERY = [
    *(f"{name} --format {form}" for name in ("tasks", "workers", "failed", "zombies", "events", "recent", "stats")
      for form in ("text", "json", "jsonl", "csv")),
    *(f"{name} {TASK} --format {form}" for name in ("task", "timeline", "duration", "summary", "chain", "wait")
      for form in ("text", "json", "jsonl", "csv")),
    *(f"export tasks --format {form}" for form in ("csv", "json", "jsonl", "html", "parquet")),
    *(f"{name} --format {form}" for name in ("validate", "doctor", "archive --dry-run") for form in ("text", "json")),
    "watch --once", "follow --from-start", "follow --from-start --json", "validate --schema", "validate --rules",
    "completion bash", "completion zsh", "completion fish", "integration list", "integration show 3.1", "shell path",
    "log task_created t u", "--help", "--version", "", *(f"{name} --help" for name in COMMANDS),
]  # fmt: skip
"""Every command in every format. Only what it prints counts here."""


def takes_directory(words: list[str]) -> bool:
    return bool(words) and words[0] in COMMANDS


def ran(
    words: str | list[str], redirection: str = "", *, directory: Path = LEGACY, timeout: float = 250
) -> subprocess.CompletedProcess[bytes]:
    """Run `lineage` by a shell that redirects its streams."""
    listed = words.split() if isinstance(words, str) else words
    command = [*LINEAGE, *listed, *(["--dir", str(directory)] if takes_directory(listed) else [])]
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command],
        capture_output=True, check=False, timeout=timeout, env=unshifted(),
    )  # fmt: skip


def forked(words: str, directory: Path, errors: Path, target: str) -> int:
    """The exit code of a command in a process forked from this one, which has the modules already."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 99
    try:
        os.dup2(os.open(target, os.O_WRONLY), 1)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115  as the interpreter makes them
        sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # noqa: SIM115
        try:
            code = main([*words.split(), *(["--dir", str(directory)] if takes_directory(words.split()) else [])])
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stderr.flush()
    finally:
        os._exit(code)


@pytest.mark.parametrize("words", EVERY)
def test_a_full_disk_is_told_and_3(words: str, tmp_path: Path) -> None:
    directory, errors = tmp_path if words.startswith("log") else LEGACY, tmp_path / "errors"
    if words.startswith("stats") or "parquet" in words:  # Polars has threads, which a fork loses
        done = ran(words, "> /dev/full", directory=directory)
        code, told = done.returncode, done.stderr.decode()
    else:
        code, told = forked(words, directory, errors, "/dev/full"), errors.read_text()
    assert code == 3
    assert told.endswith("cannot write to standard output: No space left on device\n")
    assert told.count("\n") == 1


def test_in_a_program_of_its_own_nothing_more_is_said_at_its_end() -> None:
    done = ran("events", "> /dev/full")
    assert (done.returncode, done.stderr.count(b"\n")) == (3, 1)


@pytest.mark.parametrize(
    "words", ["events", "tasks --json", "export events --format csv", "log task_created t u", "--help"]
)
def test_a_closed_output_is_told_and_3(words: str, tmp_path: Path) -> None:
    done = ran(words, ">&-", directory=tmp_path if words.startswith("log") else LEGACY)
    assert done.returncode == 3
    assert done.stderr.decode().count("\n") == 1
    assert b"cannot write to standard output: Bad file descriptor" in done.stderr


@pytest.mark.parametrize("force_python", ["", "1"])
@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-"])
def test_the_launcher_that_logs_in_bash_says_the_same(
    redirection: str, force_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINEAGE_NOW")
    monkeypatch.setenv("LINEAGE_FORCE_PYTHON", force_python)
    command = ["bash", str(LAUNCHER), "log", "task_created", "t", "u", "--dir", str(tmp_path)]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command],
        capture_output=True, text=True, check=False, env=unshifted(),
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("lineage log: the event is written, as lineage-")
    assert "cannot write to standard output" in done.stderr
    assert len(ran("events --format jsonl", directory=tmp_path).stdout.splitlines()) == 1


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_messages_that_nobody_can_read_change_no_answer(redirection: str, tmp_path: Path) -> None:
    whole = ran("tasks --json")
    assert ran("tasks --json", redirection).stdout == whole.stdout
    missing = ran("tasks", redirection, directory=tmp_path / "nowhere")
    assert (missing.returncode, missing.stdout, missing.stderr) == (3, b"", b"")
    wrong = ran("tasks --limt 3", redirection)
    assert (wrong.returncode, wrong.stdout) == (2, b"")


@pytest.mark.parametrize("redirection", ["<&-", "<&- 2>&-", "< /dev/null"])
def test_without_an_input_queries_answer(redirection: str) -> None:
    done = ran("tasks --json", redirection)
    assert (done.returncode, done.stdout) == (0, ran("tasks --json").stdout)


def test_no_command_eats_the_input_of_the_loop_that_calls_it() -> None:
    script = 'while read -r line; do "$@" >/dev/null 2>&1; printf "%s\\n" "$line"; done'
    for words in (
        "tasks",
        f"wait {TASK}",
        f"export task {TASK} --format html",
        "doctor",
        "integration list",
        "help tasks",
    ):
        command = [*LINEAGE, *words.split(), *(["--dir", str(LEGACY)] if takes_directory(words.split()) else [])]
        done = subprocess.run(
            ["sh", "-c", script, "sh", *command], input="one\ntwo\n", capture_output=True, text=True, check=True
        )
        assert done.stdout == "one\ntwo\n", words


LONG = ["events", "--dir", "{demo}"]


@pytest.mark.parametrize(
    ("words", "environ", "paged"),
    [
        (LONG, {"LINEAGE_PAGER": "less"}, True),
        (LONG, {"PAGER": "less -S"}, True),
        (LONG, {"LINEAGE_PAGER": "cat", "PAGER": "less"}, False),
        (LONG, {"LINEAGE_PAGER": "", "PAGER": "less"}, False),
        (LONG, {"LINEAGE_PAGER": "no-such-pager"}, False),
        (LONG, {"LINEAGE_PAGER": "less 'unfinished"}, False),
        (LONG, {"LINEAGE_PAGER": "less", "TERM": "dumb"}, False),
        (["--no-pager", *LONG], {"PAGER": "less"}, False),
        ([*LONG, "--json"], {"PAGER": "less"}, False),
        ([*LONG, "--limit", "3"], {"PAGER": "less"}, False),
    ],
    ids=str,
)
def test_at_a_terminal_what_is_longer_than_it_goes_through_a_pager(
    words: list[str], environ: dict[str, str], paged: bool, demo_dir: Path, need_tool: Tool
) -> None:
    need_tool("less")
    command = [word.format(demo=demo_dir) for word in words]
    with PtyProgram([*LINEAGE, *command], size=(100, 30), env=environ) as program:
        if paged:
            program.wait_for("2026-11-20 ")  # the beginning is what is seen first
            program.settle()
            assert program.process.poll() is None
            program.keys("q")
        assert program.ends() == 0
        assert program.restored


def test_ctrl_c_in_the_pager_is_for_the_pager(demo_dir: Path, need_tool: Tool) -> None:
    need_tool("less")
    with PtyProgram([*LINEAGE, "tasks", "--dir", str(demo_dir)], size=(100, 10), env={"PAGER": "less"}) as program:
        program.wait_for("TASK ")
        program.keys("\x03")
        program.settle(1)
        assert program.process.poll() is None
        # less drops what was typed before it has taken the Ctrl-C
        program.wait_until(lambda: program.process.poll() is not None or program.keys("q"), "the pager to end")
        assert program.ends() == 0


@pytest.mark.parametrize("module", ["lineage_core.cli", "lineage_tui.cli"])
def test_the_version_is_an_answer_and_no_message(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def links(command: list[str], environ: dict[str, str]) -> list[tuple[str, str]]:
    """The address and the text of each hyperlink that a command writes to a terminal."""
    with PtyProgram([*LINEAGE, *command], size=(200, 30), env=environ | {"LINEAGE_PAGER": ""}) as program:
        program.ends()
        program.settle()
        output = program.output.decode()
    found = re.findall(r"\x1b]8;;(.+?)\x1b\\(.*?)\x1b]8;;\x1b\\", output)
    assert output.count("\x1b]8;") == 2 * len(found)
    return found


@pytest.mark.parametrize("words", ["doctor", "validate"])
def test_at_a_terminal_files_are_hyperlinks(words: str, tmp_path: Path) -> None:
    directory = tmp_path / "a dir\x07\x1b]8;;x"
    directory.mkdir()
    (directory / "lineage-2026-11-22.jsonl").write_bytes(b"torn\n")
    found = links([words, "--dir", str(directory)], {})
    assert found
    for address, text in found:
        there = urlsplit(address)
        assert (there.scheme, there.netloc) == ("file", gethostname())
        path = Path(unquote(there.path))
        assert path == directory or path == directory / text.partition(":")[0]


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "linux"}, {"FORCE_HYPERLINK": "0"}])
def test_where_links_are_not_wanted_there_are_none(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(b"torn\n")
    assert links(["validate", "--dir", str(tmp_path)], environ) == []


def test_in_a_pipe_there_are_no_links(tmp_path: Path) -> None:
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(b"torn\n")
    for words in ("validate", "doctor"):
        assert b"\x1b" not in ran(words, directory=tmp_path).stdout


def test_into_a_pipe_or_a_file_nothing_is_paged(demo_dir: Path, tmp_path: Path) -> None:
    environ = os.environ | {"PAGER": f"touch {tmp_path / 'paged'}", "TERM": "xterm"}
    command = [*LINEAGE, "events", "--dir", str(demo_dir)]
    piped = subprocess.run(command, env=environ, capture_output=True, check=True).stdout
    with open(tmp_path / "file", "wb") as file:
        subprocess.run(command, env=environ, stdout=file, check=True)
    assert (tmp_path / "file").read_bytes() == piped
    assert piped.count(b"\n") == 4000
    assert not (tmp_path / "paged").exists()


@pytest.mark.parametrize("words", ["events", f"wait {TASK}"])
def test_where_no_process_and_no_thread_can_be_started_it_is_told_and_3(words: str, need_tool: Tool) -> None:
    inject = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=clone,clone3,fork,vfork:error=EAGAIN"]
    command = [need_tool("strace"), *inject, *LINEAGE, *words.split(), "--dir", str(LEGACY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "cannot start a process or thread" in done.stderr


AT_A_TERMINAL = {
    "a directory before the command": ("lineage --dir {legacy} tasks", [], "task-a-rollout", 0),
    "the version": ("lineage-tui --version", [], "lineage-tui ", 0),
    "a long answer in a pager": ("LINEAGE_PAGER=less lineage events --dir {legacy}", ["q"], "task-a-rollout", 0),
    "no pager": ("LINEAGE_PAGER=less lineage --no-pager events --dir {legacy}", [], "task-a-rollout", 0),
    "a full disk": ("lineage events --dir {legacy} > /dev/full", [], "cannot write to standard output", 3),
    "no input": ("lineage-tui --dir {legacy} < /dev/null", [], "lineage-tui: ", 2),
    "no output": ("lineage-tui --dir {legacy} > {tmp}/file", [], "lineage tasks", 2),
    "a dumb terminal": ("TERM=dumb lineage-tui --dir {legacy}", [], "lineage follow", 2),
    "a size that is exported": ("COLUMNS=40 LINES=10 lineage-tui --fresh --dir {legacy}", ["q"], "task-a-rollout", 0),
    "no home": ("env -u HOME XDG_CONFIG_HOME=/dev/null lineage tasks --dir {legacy}", [], "task-a-rollout", 0),
    "no home and a screen": ("HOME=/proc/none lineage-tui --fresh --dir {legacy}", ["q"], "task-a-rollout", 0),
    "an interrupt": ("lineage follow --from-start --dir {legacy}", ["C-c"], "task-a-rollout", 130),
    "a manual page": ("LINEAGE_PAGER=less lineage help tasks", ["q"], "SYNOPSIS", 0),
}
"""Manners of rows 7 to 23: what is typed, the keys after that, what is seen before them, and the exit code."""


@pytest.mark.parametrize("row", AT_A_TERMINAL)
@pytest.mark.parametrize("kind", ["pty", "tmux"])
def test_at_a_terminal(row: str, kind: str, tmp_path: Path, need_tool: Tool) -> None:
    line, keys, seen, code = AT_A_TERMINAL[row]
    if "less" in line:
        need_tool("less")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = f"export PATH={shlex.quote(path)}; {line.format(legacy=LEGACY, tmp=tmp_path)}"
    if kind == "tmux":
        terminal = Terminal(need_tool("tmux"), tmp_path / "tmux.sock")
        try:
            terminal.start(command, height=24)
            terminal.wait_for(seen)
            if keys:
                terminal.keys(*keys)
            terminal.wait_for(f"ended with {code}")
        finally:
            terminal.run("kill-server")
        return
    with PtyProgram(["sh", "-c", f"trap : INT; {command}; exit $?"], size=(120, 24)) as program:
        program.wait_for(seen)
        if keys:
            program.keys(*({"C-c": "\x03"}.get(key, key) for key in keys))
        assert program.ends() == code
        assert program.restored


def test_a_python_without_the_packages_is_named_and_no_defect(tmp_path: Path) -> None:
    """As where a user may not enter the environment of the installed command: then another Python is found."""
    script = f"import sys; sys.path.append({str(ROOT)!r}); from lineage_core.cli import main; sys.exit(main())"
    command = [sys.executable, "-S", "-P", "-c", script, "tasks", "--dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"lineage tasks: \S+ has no package orjson: install lineage-tui for it, .*\n", done.stderr)

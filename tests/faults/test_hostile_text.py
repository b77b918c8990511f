"""Cases 15, 16 and 38: hostile text in every view of lineage-tui and every command of lineage, read at the terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lineage_core.cli import COMMANDS
from tests import forked
from tests.faults.hostile import FORMULAS, HTML, MARK, MARKUP, NOW, TERMINAL, hostile_directory, raw_payload, write
from tests.faults.pseudo_terminal import BIN, PtyProgram, without_sequences

TUI = [sys.executable, "-m", "lineage_tui.cli"]
LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
ENV = {"LINEAGE_NOW": NOW}
TASK = f"task-1 {TERMINAL}"

# How each command is asked, and whether text of the journal belongs into its answer. Every command stands here.
ASKED: dict[str, tuple[list[list[str]], bool]] = {
    "log": ([["task_created", TASK + "\n", f"user {TERMINAL}", f'{{"{MARK}'], [f"task_{TERMINAL}", TASK]], True),
    "run": ([[TASK, TERMINAL, "t", "--", "true"], [TASK, "w", "t", "--", f"/nowhere/{MARK}\x1b]0;{MARK}\x07"]], True),
    "help": ([[f"{MARK}\x1b]0;{MARK}\x07"]], True),
    "follow": ([], True),  # it does not end by itself: see below
    "tasks": ([["--limit", "50"], [f"{TERMINAL}:x"], [f"({TERMINAL}"]], True),
    "task": ([[TASK], [TASK + "x"]], True),
    "timeline": ([[TASK]], True),
    "duration": ([[TASK]], True),
    "summary": ([[TASK]], True),
    "explain": ([[TASK], [TASK, "--all"], [TASK + "x"]], True),
    "chain": ([[TASK]], True),
    "related": ([[TASK], [TASK + "x"]], True),
    "diff": ([[TASK, TASK], [TASK, TASK + "x"]], True),
    "changed": ([["--since", "9999d"], ["--since", f"{MARK}\x1b]0;{MARK}\x07"]], True),
    "bundle": ([[TASK, "-o", "/dev/null"], [TASK + "x"]], True),
    "watch": ([["--every", f"{MARK}\x1b]0;{MARK}\x07"]], True),  # it does not end by itself at a terminal
    "wait": ([[TASK, "--timeout", "1ms"]], True),
    "workers": ([[], [TASK]], True),
    "failed": ([[], ["--tasks"], ["--workers"]], True),
    "attention": ([[], ["--check"]], True),
    "zombies": ([[], ["--all"]], True),
    "events": ([[], ["--task", TASK], ["--grep", f"({TERMINAL}"]], True),
    "recent": ([["50"]], True),
    "export": ([["events"], ["tasks"], ["timeline", TASK], ["events", "--format", "html"]], True),
    "stats": ([[], ["--by", "worker_type"], ["--by", "master"], ["--by", f"{MARK}\x1b]0;{MARK}\x07"]], True),
    "validate": ([[]], True),
    "archive": ([["--dry-run"], []], False),
    "doctor": ([[]], False),
    "shell": ([["status", "--cortex-home", f"/nowhere/{MARK}\x1b]0;{MARK}\x07"]], True),
    "integration": ([["show", f"{MARK}\x1b]0;{MARK}\x07"]], True),
    "completion": ([[f"{MARK}\x1b]0;{MARK}\x07"]], True),
    "otel": (
        [["export", "--file", "-", "task:x"], ["export", "--endpoint", TERMINAL], ["export", f"({TERMINAL}"]],
        True,
    ),
    "import": ([["otlp", f"/nowhere/{TERMINAL}", "--into", "x"], [TERMINAL, "x", "--into", "x"]], True),
    "ship": ([["--to", TERMINAL], ["--to", "nats://x", "--host", TERMINAL]], True),
    "mirror": ([["--from", TERMINAL], ["--from", "nats://x", f"/proc/{MARK}\x1b]0;{MARK}\x07"]], True),
    "forecast": ([[], [TASK], [TASK + "x"]], True),
    "anomalies": ([[]], False),
    "alert": ([["--config", f"/nowhere/{MARK}\x1b]0;{MARK}\x07"]], True),
    "serve": ([["--port", f"{MARK}\x1b]0;{MARK}\x07"]], True),
    "metrics": ([["--textfile", f"/nowhere/{MARK}\x1b]0;{MARK}\x07"]], True),
    "lake": ([["sync", f"/nowhere/{MARK}\x1b]0;{MARK}\x07"]], True),
    "demo": ([["--rate", f"{MARK}\x1b]0;{MARK}\x07"]], True),
}
IN_FORMATS = (
    *("tasks", "task", "timeline", "duration", "summary", "chain", "wait", "workers", "failed", "zombies", "events"),
    *("recent", "stats", "validate"),
)

_MANY = """
import sys
from lineage_core.cli import main
for words in eval(sys.argv[1]):
    try:
        main(words)
    except SystemExit:
        pass
"""


def run_at_terminal(*words: str | Path) -> bytes:
    """A program's whole output at a terminal, until it ends."""
    with PtyProgram([str(word) for word in words], env=ENV) as program:
        program.ends()
        program.settle()
        return bytes(program.output)


@pytest.fixture(scope="module")
def terminal_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_directory(tmp_path_factory.mktemp("hostile"), TERMINAL)


def test_every_command_has_a_question_here() -> None:
    assert set(COMMANDS) - set(ASKED) == set()


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"follow"}))
def test_no_byte_of_hostile_text_reaches_the_terminal_from_a_command(
    command: str, tmp_path: Path, terminal_directory: Path
) -> None:
    writes = command in ("log", "run", "archive")
    directory = hostile_directory(tmp_path, TERMINAL) if writes else terminal_directory
    questions, answers = ASKED[command]
    shown = b""
    for question in questions:
        inside = [] if command in ("integration", "help", "run") else ["--dir", str(directory)]
        if command == "run":  # what follows -- is the command's
            question = ["--dir", str(directory), *question]
        output = run_at_terminal(*LINEAGE, command, *question, *inside)
        assert raw_payload(output) == "", question
        shown += output
    assert (MARK in without_sequences(shown)) >= answers


def test_no_byte_of_hostile_text_reaches_the_terminal_from_the_installed_command(terminal_directory: Path) -> None:
    output = run_at_terminal(BIN / "lineage", "events", "--dir", terminal_directory)
    assert raw_payload(output) == ""
    assert MARK in without_sequences(output)


def test_no_byte_of_hostile_text_reaches_the_terminal_while_following(terminal_directory: Path) -> None:
    for form in ("text", "json"):
        words = ["follow", "--from-start", "--format", form, "--dir", str(terminal_directory)]
        with PtyProgram([*LINEAGE, *words], env=ENV) as program:
            program.wait_for_output(MARK)
            program.settle()
            program.keys("\x03")
            assert program.ends() == 130
            assert raw_payload(bytes(program.output)) == ""


def test_no_byte_of_hostile_text_reaches_the_terminal_in_any_format(terminal_directory: Path) -> None:
    questions = [
        [command, *question, "--format", form, "--dir", str(terminal_directory)]
        for form in ("json", "jsonl", "csv")
        for command in IN_FORMATS
        for question in ASKED[command][0]
    ]
    output = run_at_terminal(sys.executable, "-c", _MANY, repr(questions))
    assert raw_payload(output) == ""
    assert output.count(MARK.encode()) > 1000


def test_an_error_names_a_hostile_directory_without_obeying_it(tmp_path: Path) -> None:
    nowhere = tmp_path / f"{MARK}\x1b]0;{MARK}\x07\u202e"
    output = run_at_terminal(*LINEAGE, "tasks", "--dir", nowhere)
    assert MARK in without_sequences(output)
    assert raw_payload(output) == ""


def walk(app: PtyProgram) -> None:
    """Through all views, all tabs, both panes, the filter, the palette and the help, at two sizes."""
    app.wait_for_output(MARK)
    deep = ("jlljlljlGk", "\r", "l", "jG\r", "l", "jG\r", "l", "jG\r", "l", "y", "\x1b", "\x1b", "\t", "\t")
    for size, way in (((120, 36), deep), ((80, 24), ("jG\r", "l", "\x1b"))):
        app.resize(*size)
        for keys in (keys for view in "12345" for keys in (view, *way)):
            app.keys(keys)
            app.settle(1)
    for keys in ("1/status:", "\x1b", "/(", "\x1b", "?", "\x1b", "\x10", "\x1b"):
        app.keys(keys)
        app.settle(1)


@pytest.mark.first
def test_no_byte_of_hostile_text_reaches_the_terminal_from_any_view(terminal_directory: Path) -> None:
    with PtyProgram([*TUI, "--dir", str(terminal_directory)], env=ENV) as app:
        walk(app)
        assert app.process.poll() is None
        app.keys("\x03")
        app.ends()
        app.settle()  # so that the last sequence is whole
        shown = without_sequences(bytes(app.output))
        assert raw_payload(bytes(app.output)) == ""
    for word in ("lineage_id", f"worker_id {MARK}", "quarantined", "unreadable"):
        assert word in shown
    assert re.search(rf"task-\d {MARK}", shown)


@pytest.mark.first
def test_markup_in_any_text_is_shown_as_it_is_in_any_view(tmp_path: Path) -> None:
    with PtyProgram([*TUI, "--dir", hostile_directory(tmp_path, MARKUP)], env=ENV) as app:
        walk(app)
        assert app.process.poll() is None  # neither crashed nor quit by a link
        shown = without_sequences(bytes(app.output))
    for text in (MARKUP[:40], MARKUP.split(" [link")[0]):
        assert text in shown


def test_markup_in_any_text_is_shown_as_it_is_by_every_command(tmp_path: Path) -> None:
    directory = hostile_directory(tmp_path, MARKUP)
    for command in IN_FORMATS:
        words = [word.replace(TERMINAL, MARKUP) for word in ASKED[command][0][0]]
        output = without_sequences(run_at_terminal(*LINEAGE, command, *words, "--dir", directory))
        assert "Traceback" not in output
        assert "[/x] [b [@click" in output.replace("\r\n", "") or command in ("stats", "wait"), command


def csv_cells(directory: Path, *words: str) -> Iterator[str]:
    done = forked.run([*LINEAGE, *words, "--format", "csv", "--dir", str(directory)], env=os.environ | ENV)
    assert done.returncode in (0, 1), done.stderr
    for row in csv.reader(io.StringIO(done.stdout)):
        yield from row


@pytest.mark.parametrize("command", IN_FORMATS)
def test_no_csv_cell_of_any_command_is_a_formula(command: str, tmp_path: Path) -> None:
    def text(name: str) -> str:
        return FORMULAS[sum(name.encode()) % len(FORMULAS)]

    directory = write(tmp_path / "lineage", text)
    for file in directory.iterdir():  # the task ids, too, begin like formulas
        file.write_text(file.read_text().replace('"task-1 ', '"=task-1 ').replace('"task-2 ', '"@task-2 '))
    asked = [f"=task-1 {text('task')}" if word == TASK else word for word in ASKED[command][0][0]]
    cells = list(csv_cells(directory, command, *asked))
    assert len(cells) > 5
    for cell in cells:
        assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n", "＝")), cell
        assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit(), cell
    if command not in ("stats", "duration"):
        assert any(cell.startswith("'") for cell in cells)


def test_json_of_hostile_text_is_json_of_the_same_text(terminal_directory: Path) -> None:
    words = [*LINEAGE, "events", "--json", "--dir", str(terminal_directory)]
    done = subprocess.run(words, capture_output=True, check=False, env=os.environ | ENV)
    records = json.loads(done.stdout)
    assert any(record["event_data"].get("reason") == TERMINAL + "\0" for record in records)
    assert not [byte for byte in set(done.stdout) if byte < 32 and byte != 10]


class _Tags(HTMLParser):
    """The tags and attributes of a page, the text of its scripts and styles, and the data in it."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: set[str] = set()
        self.tags: set[str] = set()
        self.inside = ""
        self.script = self.data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.inside = "data" if ("type", "application/json") in attrs else tag

    def handle_data(self, data: str) -> None:
        if self.inside == "data":
            self.data += data
        elif self.inside in ("script", "style"):
            self.script += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


@pytest.mark.parametrize("filling", [HTML, TERMINAL], ids=["html", "terminal"])
def test_an_html_export_holds_hostile_text_as_text(filling: str, tmp_path: Path) -> None:
    directory, harmless = hostile_directory(tmp_path / "a", filling), hostile_directory(tmp_path / "b", "harmless")
    ours = tags_of(exported(["tasks"], harmless))
    for what in (["events"], ["tasks"], ["timeline", f"task-1 {filling}"]):
        page = exported(what, directory)
        assert MARK in page or what[0] == "timeline"
        tags = tags_of(page)
        assert tags.tags == ours.tags and not tags.tags & {"img", "iframe"}
        assert not [name for name in tags.attributes if name.startswith("on")]
        assert tags.script == ours.script
        assert json.loads(tags.data)
        assert raw_payload(page.replace("\t", " ").encode()) == ""


def exported(what: list[str], directory: Path) -> str:
    words = [*LINEAGE, "export", *what, "--format", "html", "--dir", str(directory)]
    return forked.run(words, env=os.environ | ENV).stdout


def tags_of(page: str) -> _Tags:
    tags = _Tags()
    tags.feed(page)
    return tags

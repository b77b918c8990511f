"""Every id that can stand in a journal can be asked for, by every command that takes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_core.cli import main
from lineage_core.write.journal import Journal
from tests.build import record, write
from tests.cli.conftest import Ask, Asked
from tests.conftest import ROOT

IDS = ["-x", "--", "-", "--json", "--task", "-1", "@file", "@", "a b", "a\nb", "--a=b", "=", "*", "a*[b]?", "[x]",
       "task", "", " ", "'", '"', "\\", "é\u202e", "%s", "$(id)", "!", "-x y", "--dir"]  # fmt: skip
BY_WORD = ("task", "timeline", "duration", "summary", "chain", "workers", "wait")
KEYS = ("task", "type", "actor", "master", "worker", "session", "trace", "tag")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """As everywhere, without words of its own at the end."""

    def run(*words: str | Path) -> Asked:
        texts = [word for word in words if isinstance(word, str)]
        if isinstance(words[-1], Path):
            texts[1:1] = ["--dir", str(words[-1])]
        try:
            code = main(texts)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Asked(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two events of each of these tasks, everything in them called so; and of one that is another one."""
    folder = tmp_path_factory.mktemp("ids")
    lines = []
    for number, name in enumerate([*IDS, "another"]):
        common = {"task_id": name, "context": {"session_id": name, "trace_id": name}, "tags": [name]}
        actor = {"type": "master", "id": name, "principal": "system"}
        lines.append(record(2 * number, **common, actor=actor, event_type=name or "?", event_data={"worker_id": name}))
        lines.append(record(2 * number + 1, **common, actor=actor, event_type="task_completed", event_data={}))
    return write(folder, *lines)


@pytest.mark.parametrize("name", IDS, ids=repr)
def test_the_commands_that_take_a_task_find_it(name: str, directory: Path, ask: Ask) -> None:
    place = ["--dir", str(directory)]
    for command in BY_WORD:
        asked = ask(command, "--json", *place, "--", name)
        assert asked.code == 0, (command, asked.err)
        text = asked.out
        assert "another" not in text
        if command == "task":
            assert [event["task_id"] for event in asked.json["events"]] == [name, name]
        if command == "wait":
            assert asked.json["task_id"] == name
        exported = ask("export", "--format", "json", *place, command, "--", name) if command != "wait" else asked
        assert exported.code == 0, (command, exported.err)
        if not name.startswith("-") or name == "-" or name == "-1" or " " in name:
            assert ask(command, name, "--json", *place).out == text


@pytest.mark.parametrize("name", IDS, ids=repr)
def test_the_options_that_take_one_find_it(name: str, directory: Path, ask: Ask) -> None:
    for command in ("events", "recent"):
        for key in KEYS:
            if key == "type" and not name:
                continue
            asked = ask(command, f"--{key}={name}", "--json", "--limit", "1000", directory)
            assert asked.code == 0, (key, asked.err)
            tasks = {event["task_id"] for event in asked.json}
            assert name in tasks and (tasks == {name} or "*" in name), key
    asked = ask("failed", f"--task={name}", f"--master={name}", directory)
    assert (asked.code, asked.err) == (0, "")
    if name not in ("--", "--json", "--task", "--dir", "--a=b"):  # the value is the next word, as with getopt
        assert (
            ask("events", "--task", name, "--json", directory).out
            == ask("events", f"--task={name}", "--json", directory).out
        )


@pytest.mark.parametrize("name", [name for name in IDS if name.strip()], ids=repr)
def test_what_can_be_logged_by_the_command_can_be_asked_for(name: str, tmp_path: Path, ask: Ask) -> None:
    logged = ask("log", "--dir", str(tmp_path / "j"), "--", "task_created", name, "user-kim")
    assert logged.code == 0, logged.err
    found = ask("task", "--json", "--dir", str(tmp_path / "j"), "--", name)
    assert [event["lineage_id"] for event in found.json["events"]] == [logged.out.strip()]


@pytest.mark.parametrize("name", ["-x", "--", "--json", "@a", "a\nb", "-1", "-x y"], ids=repr)
def test_the_script_with_the_options_that_people_know_finds_it(name: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lineage")
    journal.log("task_created", name, "user-kim")
    journal.log("task_created", "another", "user-kim")
    command = tmp_path / "lineage-command"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lineage_core.cli "$@"\n')
    command.chmod(0o755)
    script = (ROOT / "lineage_core" / "shell" / "query-lineage.sh").read_text()
    (tmp_path / "query").write_text(script.replace("lineage_command=''", f"lineage_command='{command}'"))
    environ = os.environ | {"LINEAGE_DIR": str(journal.directory), "PYTHONPATH": str(ROOT)}
    for words in ([f"--task={name}", "--format", "json"], ["-t", name, "--format", "json"], ["-T", name], ["-d", name]):
        done = subprocess.run(
            ["bash", tmp_path / "query", *words], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)
        assert "another" not in done.stdout

"""The completion scripts complete commands, options, values and recent task ids, and start no Python."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.cli import COMMANDS
from lineage_core.cli.commands.completion import script
from lineage_core.cli.introspection import commands
from lineage_core.model.event_types import EVENTS
from tests.cli.conftest import LEGACY, Ask
from tests.journal_text import compact, record

Tool = Callable[[str], str]
Complete = Callable[..., list[str]]


def path_without_python(folder: Path) -> str:
    """A PATH with what the scripts may use and no Python."""
    folder.mkdir(exist_ok=True)
    for name in ("tail", "grep", "sed", "sort", "cat"):
        for place in ("/usr/bin", "/bin"):
            if Path(place, name).exists() and not (folder / name).exists():
                (folder / name).symlink_to(Path(place, name))
    return str(folder)


BASH = """
source "$1"; shift
COMP_WORDS=(lineage "$@"); COMP_CWORD=$#
_lineage
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { :; }
source "$1"; shift
_lineage_candidates "$@"
"""
FISH = "source $argv[1]; complete -C (string join ' ' -- lineage $argv[2..] | string collect)"


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(request: pytest.FixtureRequest, tmp_path: Path, need_tool: Tool) -> Complete:
    """`complete("task", "ta")` gives what a Tab offers after `lineage task ta`."""
    shell = request.param
    tool = need_tool(shell)
    path = tmp_path / f"lineage.{shell}"
    path.write_text(script(shell), encoding="utf-8")
    start = {"bash": [tool, "--norc", "-c", BASH, "-"], "zsh": [tool, "-f", "-c", ZSH, "-"]}
    environ = {"PATH": path_without_python(tmp_path / "bin"), "HOME": str(tmp_path), "LINEAGE_DIR": str(LEGACY)}

    def run(*words: str, **more: str) -> list[str]:
        command = [*start.get(shell, [tool, "--no-config", "-c", FISH]), str(path), *words]
        done = subprocess.run(command, env={**environ, **more}, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return sorted({line.partition("\t")[0] for line in done.stdout.splitlines() if line})

    return run


def test_commands(complete: Complete) -> None:
    assert complete("") == sorted(COMMANDS)
    assert complete("ta") == ["task", "tasks"]


def test_options_of_every_command(complete: Complete) -> None:
    for one in commands():
        long = sorted(name for option in one.options for name in option.names if name.startswith("--"))
        assert [name for name in complete(one.name, "--") if name in long] == long


def test_values_that_are_fixed(complete: Complete) -> None:
    assert complete("tasks", "--format", "") == ["csv", "json", "jsonl", "text"]
    assert complete("events", "--type", "task_c") == ["task_cancelled", "task_completed", "task_created"]
    assert complete("completion", "") == ["bash", "fish", "zsh"]
    assert set(complete("log", "")) >= set(EVENTS)


def test_recent_task_ids(complete: Complete) -> None:
    assert complete("task", "task-a") == ["task-a-deps-audit", "task-a-rollout"]
    assert complete("timeline", "--ascii", "task-a-r") == ["task-a-rollout"]
    assert complete("events", "--task", "task-a-d") == ["task-a-deps-audit"]


def test_the_directory_follows_option_and_environment(complete: Complete, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "lineage-2026-11-21.jsonl").write_bytes(compact(record(8)))
    (other / "lineage-2026-11-22.jsonl").write_bytes(compact(record(9)))
    assert complete("task", "--dir", str(other), "task-") == ["task-9"]
    assert complete("task", "task-", LINEAGE_DIR=str(other)) == ["task-9"]
    cortex = tmp_path / "cortex" / "coordination"
    cortex.mkdir(parents=True)
    (cortex / "lineage").symlink_to(other)
    assert complete("task", "task-", LINEAGE_DIR="", CORTEX_HOME=str(tmp_path / "cortex")) in (["task-9"], [])
    assert complete("task", "--dir", str(tmp_path / "nowhere"), "task-") == []


def test_an_id_that_a_shell_would_run_is_not_offered(complete: Complete, tmp_path: Path) -> None:
    evil = ["task-$(touch x)", "task-`id`", "task-\x1b]0;x\x07", "task-a b", "task-good"]
    lines = b"".join(compact(record(n, task_id=name)) for n, name in enumerate(evil))
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(lines)
    assert complete("task", "task-", LINEAGE_DIR=str(tmp_path)) == ["task-good"]


def test_export_completes_the_query_and_its_words(tmp_path: Path, need_tool: Tool) -> None:
    path = tmp_path / "lineage.bash"
    path.write_text(script("bash"), encoding="utf-8")

    def offered(*words: str) -> list[str]:
        command = [need_tool("bash"), "--norc", "-c", BASH, "-", str(path), *words]
        environ = {**os.environ, "LINEAGE_DIR": str(LEGACY)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert "timeline" in offered("export", "")
    assert offered("export", "task", "task-a-r") == ["task-a-rollout"]
    assert offered("export", "events", "--typ") == ["--type"]
    assert offered("export", "events", "--format", "=", "par") == ["parquet"]


def test_shellcheck_has_nothing_to_say_about_the_bash_script(tmp_path: Path, need_tool: Tool) -> None:
    path = tmp_path / "lineage.bash"
    path.write_text(script("bash"), encoding="utf-8")
    command = [need_tool("shellcheck"), "-s", "bash", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_command_prints_the_script(shell: str, ask: Ask) -> None:
    assert ask("completion", shell) == (0, script(shell), "")

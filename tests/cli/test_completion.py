"""The completion scripts complete commands, options, values and recent task ids, and start no Python."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.cli import COMMANDS
from lineage_core.cli.commands.completion import script
from lineage_core.cli.lineage_tui_options import parser
from lineage_core.cli.parser_introspection import commands
from lineage_core.model.event_types import EVENTS
from lineage_core.model.task_parts import Status
from lineage_core.query.filter_parser import KEYS
from lineage_core.rules.feed_health import FEED
from lineage_core.rules.stuck_work import OLD_RULES, RULES
from lineage_core.settings.config_file import THEMES
from tests.build import record, write
from tests.cli.conftest import LEGACY, Ask
from tests.faults.pseudo_terminal import PtyProgram

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
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&('  # words with colons stay whole; at a prompt below they do not
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_lineage
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { :; }
source "$1"; shift
[[ $1 == lineage-tui ]] || shift
_lineage_candidates "$@"
"""
FISH = "source $argv[1]; complete -C (string join ' ' -- $argv[2..] | string collect)"


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(request: pytest.FixtureRequest, tmp_path: Path, need_tool: Tool) -> Complete:
    """`complete("task", "ta")` gives what a Tab offers after `lineage task ta`."""
    shell = request.param
    tool = need_tool(shell)
    path = tmp_path / f"lineage.{shell}"
    path.write_text(script(shell), encoding="utf-8")
    start = {"bash": [tool, "--norc", "-c", BASH, "-"], "zsh": [tool, "-f", "-c", ZSH, "-"]}
    environ = {"PATH": path_without_python(tmp_path / "bin"), "HOME": str(tmp_path), "LINEAGE_DIR": str(LEGACY)}

    def run(*words: str, program: str = "lineage", **more: str) -> list[str]:
        command = [*start.get(shell, [tool, "--no-config", "-c", FISH]), str(path), program, *words]
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


def test_the_keys_of_a_filter_and_their_values(complete: Complete) -> None:
    assert complete("tasks", "") == sorted(f"{key}:" for key in KEYS)
    assert complete("stats", "!sta") == ["!status:"]
    assert complete("tasks", "status:") == sorted(f"status:{status.value}" for status in Status)
    assert complete("tasks", "status:failed", "is:o") == ["is:open", "is:orphaned"]
    assert complete("tasks", "!status:failed,ca") == ["!status:failed,cancelled"]
    assert complete("tasks", "type:task_cr") == ["type:task_created"]
    assert complete("tasks", "worker:scan/suc") == ["worker:scan/success"]
    assert complete("tasks", "worker:scan/failed/yes") == ["worker:scan/failed/yesterday"]
    assert complete("tasks", "task:task-a-r") == ["task:task-a-rollout"]
    assert complete("tasks", "priority:h") == ["priority:high"]
    assert complete("tasks", "is:la") == ["is:late"]
    assert complete("tasks", "session:") == []


def test_masters_are_those_at_the_end_of_the_newest_file(complete: Complete) -> None:
    known = complete("failed", "--master", "")
    assert known and all(name.endswith("-master") for name in known)
    for key in ("owner", "master"):
        assert complete("tasks", f"{key}:") == [f"{key}:{name}" for name in known]


def test_rules_have_no_blanks(complete: Complete) -> None:
    assert complete("zombies", "--rule", "n") == ["never-started", "new-error"]
    assert complete("zombies", "--rule", "") == sorted((FEED, *RULES))


def test_a_rule_is_found_by_the_names_that_it_had_before(ask: Ask) -> None:
    for old, name in OLD_RULES.items():
        for spelt in (old, old.replace(" ", "-")):
            assert ask("zombies", "--json", "--rule", spelt) == ask("zombies", "--json", "--rule", name)
    assert ask("zombies", "--rule", "never_started").code == 2


def test_the_screen(complete: Complete) -> None:
    names = {name for action in parser()._actions for name in action.option_strings if name.startswith("--")}
    assert set(complete("--", program="lineage-tui")) >= names
    assert complete("--theme", "", program="lineage-tui") == ["ansi", "clear", "dark", "light"]
    assert set(THEMES) == {"ansi", "clear", "dark", "light"}


INTERACTIVE = {
    "bash": (["--norc", "--noprofile"], "source {}"),
    "zsh": (["-f"], "autoload -U compinit; compinit -D; source {}"),
    "fish": (["--no-config"], "source {}"),
}


@pytest.mark.parametrize("shell", INTERACTIVE)
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("lineage tasks sta", "lineage tasks status:"),
        ("lineage tasks status:fa", "lineage tasks status:failed"),
        ("lineage tasks !status:failed,ca", "lineage tasks !status:failed,cancelled"),
        ("lineage zombies --rule nev", "lineage zombies --rule never-started"),
        ("lineage-tui --the", "lineage-tui --theme"),
        ("lineage-tui --theme cl", "lineage-tui --theme clear"),
    ],
)
def test_a_tab_at_a_prompt(shell: str, typed: str, becomes: str, tmp_path: Path, need_tool: Tool) -> None:
    words, source = INTERACTIVE[shell]
    path = tmp_path / f"lineage.{shell}"
    path.write_text(script(shell), encoding="utf-8")
    environ = {"HOME": str(tmp_path), "LINEAGE_DIR": str(LEGACY), "PS1": "> ", "INPUTRC": "/dev/null"}
    with PtyProgram([need_tool(shell), *words], size=(100, 20), env=environ) as program:
        program.keys(source.format(path) + "; echo re''ady\r")
        program.wait_for("ready")
        program.keys(typed + "\t")
        last = becomes.split()[-1]
        program.wait_for(last.replace("!", "\\!") if shell == "zsh" else last)  # which quotes it, as it must
        program.keys("\x03\x04")


def test_recent_task_ids(complete: Complete) -> None:
    assert complete("task", "task-a") == ["task-a-deps-audit", "task-a-rollout"]
    assert complete("timeline", "--ascii", "task-a-r") == ["task-a-rollout"]
    assert complete("events", "--task", "task-a-d") == ["task-a-deps-audit"]


def test_the_directory_follows_option_and_environment(complete: Complete, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, record(8), name="lineage-2026-11-21.jsonl")
    write(other, record(9))
    assert complete("task", "--dir", str(other), "task-") == ["task-9"]
    assert complete("task", "task-", LINEAGE_DIR=str(other)) == ["task-9"]
    cortex = tmp_path / "cortex" / "coordination"
    cortex.mkdir(parents=True)
    (cortex / "lineage").symlink_to(other)
    assert complete("task", "task-", LINEAGE_DIR="", CORTEX_HOME=str(tmp_path / "cortex")) in (["task-9"], [])
    assert complete("task", "--dir", str(tmp_path / "nowhere"), "task-") == []


def test_an_id_that_a_shell_would_run_is_not_offered(complete: Complete, tmp_path: Path) -> None:
    evil = ["task-$(touch x)", "task-`id`", "task-\x1b]0;x\x07", "task-a b", "task-good"]
    write(tmp_path, *(record(n, task_id=name) for n, name in enumerate(evil)))
    assert complete("task", "task-", LINEAGE_DIR=str(tmp_path)) == ["task-good"]


def test_export_completes_the_query_and_its_words(tmp_path: Path, need_tool: Tool) -> None:
    path = tmp_path / "lineage.bash"
    path.write_text(script("bash"), encoding="utf-8")

    def offered(*words: str) -> list[str]:
        command = [need_tool("bash"), "--norc", "-c", BASH, "-", str(path), "lineage", *words]
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

"""The manual pages are those of the present parsers, well formed, installed, and shown by `lineage help`."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable

import pytest

from lineage_core.cli import COMMANDS
from lineage_core.cli.commands.help import FOLDER
from lineage_core.cli.parser_introspection import commands
from lineage_tui.man_pages import made
from tests.conftest import ROOT
from tests.faults.pseudo_terminal import PtyProgram

Tool = Callable[[str], str]
LINEAGE = [sys.executable, "-m", "lineage_core.cli"]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return made()


def test_the_pages_are_as_they_are_made(pages: dict[str, str]) -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(pages), "run: python -m lineage_tui.man_pages"
    for name, text in pages.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run python -m lineage_tui.man_pages"


def test_there_is_one_for_every_command_with_every_option(pages: dict[str, str]) -> None:
    assert set(pages) == {"lineage.1", "lineage-tui.1", *(f"lineage-{name}.1" for name in COMMANDS)}
    for one in commands():
        text = pages[f"lineage-{one.name}.1"].replace("\\-", "-")
        for option in one.options:
            assert all(name in text or name == "-h" or name == "--help" for name in option.names), (one.name, option)


def test_the_wheel_installs_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {str(FOLDER.relative_to(ROOT)): "share/man/man1"}


def test_man_formats_them_without_a_warning(need_tool: Tool) -> None:
    for path in sorted(FOLDER.iterdir()):
        command = [need_tool("man"), "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stderr == b"", path.name


@pytest.mark.parametrize("name", ["tasks", "lineage-tui"])
def test_help_opens_the_page_in_the_pager_of_a_terminal(name: str, need_tool: Tool) -> None:
    need_tool("man")
    with PtyProgram([*LINEAGE, "help", name], env={"LINEAGE_PAGER": "less"}) as program:
        program.wait_for(f"LINEAGE-{name.removeprefix('lineage-').upper()}(1)")
        program.wait_for("SYNOPSIS")
        program.keys("q")
        assert program.ends() == 0


def test_on_a_dumb_terminal_help_is_plain_text() -> None:
    with PtyProgram([*LINEAGE, "help", "tasks"], env={"TERM": "dumb"}) as program:
        assert program.ends() == 0
        program.wait_for_output("usage: lineage tasks")
        assert b"\x1b" not in program.output

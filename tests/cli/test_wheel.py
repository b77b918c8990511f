"""The wheel, built and installed in a virtual environment of its own, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from lineage_core.cli import COMMANDS
from lineage_core.cli.commands.completion import SHELLS
from tests.cli.conftest import LEGACY
from tests.conftest import ROOT
from tests.faults.pseudo_terminal import PtyProgram

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
Run = Callable[..., str]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed; what it depends on is that of the environment of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", ROOT, "--no-deps", "-w", folder], check=True, cwd=folder)
    (wheel,) = folder.glob("lineage_tui-*.whl")
    prefix = folder / "venv"
    venv.create(prefix, symlinks=True)
    python = prefix / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True, cwd=folder)
    (site,) = prefix.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return prefix


@pytest.fixture
def run(prefix: Path, tmp_path: Path) -> Run:
    def run(*command: str | Path) -> str:
        environ = {"PATH": f"{prefix / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path), "LINEAGE_DIR": str(LEGACY)}
        environ["LC_ALL"] = "C.UTF-8"
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    return run


def test_it_is_the_installed_package_that_runs(prefix: Path, run: Run) -> None:
    found = run(prefix / "bin" / "python", "-c", "import lineage_core, lineage_tui; print(lineage_tui.__file__)")
    assert Path(found.strip()).is_relative_to(prefix)
    assert run("lineage", "--version").split()[1] == run("lineage-tui", "--version").split()[1]


def test_it_logs_and_every_command_has_its_help(run: Run, tmp_path: Path) -> None:
    lineage_id = run("lineage", "log", "task_created", "t", "kim", "--dir", str(tmp_path / "new"))
    assert lineage_id.strip() in run("lineage", "events", "--json", "--dir", str(tmp_path / "new"))
    for name in COMMANDS:
        assert "--dir" in run("lineage", name, "--help"), name
    assert "task-a-rollout" in run("lineage", "tasks")
    for shell in SHELLS:
        assert "lineage-tui" in run("lineage", "completion", shell)


def test_its_cutter_was_compiled(run: Run) -> None:
    assert json.loads(run("lineage", "doctor", "--check", "reader", "--json"))["checks"][0]["values"] == {
        "native": True,
        "history": True,
    }


def test_without_a_compiler_the_wheel_is_pure_python(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    environ = os.environ | {"CC": "/proc/nonexistent"}
    subprocess.run([*pip, "wheel", ROOT, "--no-deps", "-w", tmp_path], check=True, cwd=tmp_path, env=environ)
    (wheel,) = tmp_path.glob("lineage_tui-*-py3-none-any.whl")
    assert not [name for name in ZipFile(wheel).namelist() if name.endswith(".so")]


def test_the_library_of_the_shell_is_there(run: Run, tmp_path: Path) -> None:
    library = run("lineage", "shell", "path").strip()
    run("bash", "-c", '. "$1"; LINEAGE_DIR=$2 log_task_created t kim', "bash", library, tmp_path / "new")
    assert run("lineage", "events", "--format", "jsonl", "--dir", str(tmp_path / "new")).count("\n") == 1


def test_the_manual_pages_are_where_man_looks(prefix: Path, run: Run) -> None:
    pages = {path.name for path in (prefix / "share" / "man" / "man1").iterdir()}
    assert pages == {"lineage.1", "lineage-tui.1", *(f"lineage-{name}.1" for name in COMMANDS)}
    for name in ("lineage", "lineage-tui", "lineage-tasks"):  # man finds share/man beside a bin of PATH
        assert "SYNOPSIS" in run("man", "-P", "cat", name)


def test_the_screen_comes_up(prefix: Path, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LINEAGE_DIR": str(LEGACY)}
    with PtyProgram([str(prefix / "bin" / "lineage-tui"), "--fresh"], size=(120, 40), env=environ) as program:
        program.wait_for("task-a-rollout")
        program.keys("q")
        assert program.ends() == 0
        assert program.restored

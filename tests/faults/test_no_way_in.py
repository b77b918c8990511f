"""Nothing that is read can become a program: no shell, no eval, no pickle, no file made through a symbolic link."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lineage_core
import lineage_tui
from lineage_core.write.journal import Journal
from tests.faults.pseudo_terminal import PtyProgram

SOURCES = sorted(path for package in (lineage_core, lineage_tui) for path in Path(package.__path__[0]).rglob("*.py"))
MODULES = {"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "yaml", "xml", "code", "codeop", "pty"}
ALLOWED = {"base/fork_pool.py": ["marshal"]}  # from a pipe that only its own child can write to
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput", "tempfile.mktemp",
         "subprocess.getstatusoutput", "os.spawnlp", "os.spawnvp", "asyncio.create_subprocess_shell"}  # fmt: skip


def dotted(node: ast.AST) -> str:
    """`os.system` of a name or attribute; an empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def found(tree: ast.AST) -> Iterator[str]:
    """What in a module could turn text into a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in CALLS:
                yield name
            yield from (
                f"{name}(shell=…)"
                for keyword in node.keywords
                if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
            )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_module_runs_text(path: Path) -> None:
    assert list(found(ast.parse(path.read_text()))) == ALLOWED.get("/".join(path.parts[-2:]), [])


def test_the_check_sees_what_it_is_for() -> None:
    bad = "import pickle\nfrom os import system\nos.system(x)\neval(y)\nsubprocess.run(z, shell=True)\n"
    assert list(found(ast.parse(bad))) == ["pickle", "os.system", "eval", "subprocess.run(shell=…)"]


def test_no_state_or_cache_file_is_written_through_a_symbolic_link(tmp_path: Path) -> None:
    """A whole run of the viewer with links in the place of everything that it keeps."""
    journal = Journal(tmp_path / "lineage")
    for n in range(3):
        journal.log("task_failed", f"task-{n}", "a", "why")
    command = [sys.executable, "-m", "lineage_tui.cli", "--dir", str(journal.directory)]

    def run() -> None:
        with PtyProgram(command) as app:
            app.wait_for("task-2")
            for keys in ("j", "3", "j", "x", "a", "1", "/task", "\r", ":save\r", "?", "\x1b", "\x1b", "\x1b"):
                app.keys(keys)
                app.settle(1)
            app.keys("\x03")
            assert app.ends() in (0, 130)

    run()
    kept = [path for path in tmp_path.glob("xdg_*_home/**/*") if path.is_file()]
    assert kept, "the viewer keeps its view"
    victim = tmp_path / "victim"
    for path in kept:
        assert path.stat().st_mode & 0o077 == 0, path
        path.unlink()
        path.symlink_to(victim)
    victim.write_text("mine")
    run()
    assert victim.read_text() == "mine"


def test_what_the_journal_says_is_never_run_by_the_shell_library(tmp_path: Path) -> None:
    library = Path(lineage_core.__path__[0]) / "shell" / "lineage.sh"
    trap = tmp_path / "ran"
    script = f"""
    source {library}
    for bad in '$(touch {trap})' '`touch {trap}`' 'a[$(touch {trap})]' '"; touch {trap}; "' "x'; touch {trap}; '" \
               '%s%n' '-n' '--' '*' '~' '\\' $'a\\nb'; do
      log_task_created "$bad" "$bad" '{{"a":"b"}}'; log_worker_progress "$bad" "$bad" "$bad"
      log_task_failed "$bad" x "$bad" "$bad"
      LINEAGE_PARENT_ID=$bad CORTEX_SESSION_ID=$bad CORTEX_TRACE_ID=$bad CORTEX_PRINCIPAL=$bad log_task_started t m
      __lineage_at=$bad __lineage_count=$bad __lineage_today=$bad bash -c 'source "$0"; log_task_started t m' {library}
    done
    """
    env = {"LINEAGE_DIR": str(tmp_path / "lineage"), "PATH": "/usr/bin:/bin", "LINEAGE_PYTHON": sys.executable}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert not trap.exists(), done.stderr
    assert "'; touch" in (next((tmp_path / "lineage").glob("*.jsonl"))).read_text()

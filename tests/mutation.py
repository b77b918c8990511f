"""Mutation testing: break the modules that must not fail, one small change at a time, and see whether a test notices.

python -m tests.mutation [MODULE…] [--sample N]

It needs the extra `mutation`. For each module a copy of the repository goes to a temporary folder, where mutmut makes
the changes and finds which tests of that module reach them; slow tests are left out. `tests/mutation_each.py` runs
these, fastest first, for each change. Told are the share of changes that a test noticed, and each that none did; of
those that `tests/data/equivalent_changes.toml` names, why no test can: they count as not noticed all the same.
`--sample` tries at most N of a module's changes, always the same.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from difflib import unified_diff
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from tests.conftest import DATA, ROOT

EQUIVALENT = {
    line: reason["why"]
    for reason in tomllib.loads((DATA / "equivalent_changes.toml").read_text())["reason"]
    for line in reason["lines"]
}
"""Lines as a change leaves them that mean what they meant before, and why."""

EACH, TASKS, ANSWERS = "tests.mutation_each", "each-change.json", "each-answer.jsonl"


class Target(NamedTuple):
    """files: what is changed. tests: what must notice. slow: names of tests that are left out."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    slow: tuple[str, ...] = ()


TARGETS = {
    "journal": Target(
        ("lineage_core/write/journal.py",),
        ("tests/core/write/test_journal.py", "tests/core/write/test_journal_writes.py"),
    ),
    "archive": Target(
        ("lineage_core/maintenance/archive.py",),
        (
            "tests/core/maintenance/test_archive_guards.py",
            "tests/core/maintenance/test_archive.py::test_only_files_of_closed_months_older_than_keep_days_are_due",
        ),
    ),
    "redaction": Target(
        ("lineage_core/write/redaction.py", "lineage_core/write/secret*.py"),
        ("tests/core/write/test_redaction_exact.py", "tests/core/write/test_redaction.py"),
        ("linear", "megabyte", "random_bytes", "glance", "again"),
    ),
    "decoder": Target(
        ("lineage_core/read/decoder.py",),
        (
            "tests/core/read/test_decoder_places.py",
            "tests/core/read/test_decoder.py",
            "tests/core/read/test_pretty_printed.py",
        ),
        ("many_marks", "many_hostile", "cut_in_two_anywhere", "truncated_anywhere", "of_100_mb", "hardly_an_event"),
    ),
}


def copy_of(folder: Path, target: Target) -> None:
    """The tracked files as they are now, with mutmut set up for the target."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in filter(None, names):
            archive.add(ROOT / name, name)
    packed.seek(0)
    with tarfile.open(fileobj=packed) as archive:
        archive.extractall(folder, filter="fully_trusted")
    chosen = " or ".join(target.slow)
    settings = {
        "only_mutate": list(target.files),
        "pytest_add_cli_args": ["-n0", "-p", "no:cacheprovider", *(["-k", f"not ({chosen})"] if chosen else [])],
        "pytest_add_cli_args_test_selection": list(target.tests),
    }
    project = folder / "pyproject.toml"
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    project.write_text(project.read_text().replace("[tool.mutmut]\n", f"[tool.mutmut]\n{lines}"))


def mutmut(folder: Path, *words: str) -> str:
    """What mutmut says; it runs one process at a time."""
    command = [sys.executable, "-m", "mutmut", *words]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def made(folder: Path) -> dict[str, tuple[list[str], float]]:
    """Has mutmut make the changes: each with the tests that reach it, fastest first, and how long they take."""
    said = mutmut(folder, "run", "--max-children", "1", "none.such")  # makes the changes, and tries none
    changes: list[str] = []
    for path in folder.glob("mutants/**/*.meta"):
        changes += json.loads(path.read_text())["exit_code_by_key"]
    try:
        found = json.loads((folder / "mutants" / "mutmut-stats.json").read_text())
    except FileNotFoundError:
        sys.exit(f"mutmut tried nothing:\n{said[-3000:]}")
    reach, seconds = found["tests_by_mangled_function_name"], found["duration_by_test"]
    tests = {name: sorted(names, key=seconds.__getitem__) for name, names in reach.items()}
    taken = {name: sum(map(seconds.__getitem__, names)) for name, names in tests.items()}
    functions = {change: change.partition("__mutmut_")[0] for change in sorted(changes)}
    return {change: (tests.get(name, []), taken.get(name, 0.0)) for change, name in functions.items()}


def unnoticed(folder: Path, changes: dict[str, tuple[list[str], float]]) -> list[str]:
    """Tries the changes; gives those that no test noticed."""
    place = folder / "mutants"
    (place / TASKS).write_text(json.dumps(changes))
    chosen = sorted({name for names, _ in changes.values() for name in names})
    options = [
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--timeout=30",
        f"--basetemp={folder / 'tests'}",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir=.", "-p", EACH, *options, *chosen],
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    told = (place / ANSWERS).read_text() if (place / ANSWERS).exists() else ""
    answers = dict(map(json.loads, told.splitlines()))
    if set(answers) != set(changes):
        sys.exit(f"not all changes were tried:\n{done.stdout[-3000:]}")
    return [change for change, code in answers.items() if code in (0, 5)]


def difference(folder: Path, change: str) -> list[str]:
    """The lines of a change, as in a diff."""
    module, _, name = change.rpartition(".")
    functions = bodies((folder / "mutants" / module.replace(".", "/")).with_suffix(".py"))
    before = functions[f"{name.partition('__mutmut_')[0]}__mutmut_orig"]
    return [line for line in unified_diff(before, functions[name], n=0, lineterm="") if line[:2] in ("+ ", "- ")]


@cache
def bodies(path: Path) -> dict[str, list[str]]:
    """The functions of a changed module, each with its lines behind the first."""
    text = path.read_text()
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {node.name: lines[node.lineno : node.end_lineno] for node in functions}


def run(name: str, sample: int | None) -> float:
    """Try a module's changes and print what came of it; gives the share that was noticed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_of(folder, TARGETS[name])
        changes = made(folder)
        if sample is not None:
            changes = {key: changes[key] for key in random.Random(0).sample([*changes], min(sample, len(changes)))}
        left = unnoticed(folder, changes)
        share = 1 - len(left) / len(changes)
        print(f"{name}: {len(changes) - len(left)} of {len(changes)} changes were noticed ({share:.0%})", flush=True)
        for key in left:
            lines = difference(folder, key)
            why = [reason for line in lines if (reason := EQUIVALENT.get(line[1:].strip())) and line[0] == "+"]
            print("\n".join(["", f"{key}{' (equivalent)' if why else ''}", *lines, *why]), flush=True)
        return share


def main() -> None:
    """Run it; exit code 1 if less than nine tenths of a module's changes were noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", nargs="*", choices=[*TARGETS, []], help="default: all")
    parser.add_argument("--sample", type=int, metavar="N", help="changes to try in each module; default: all")
    options = parser.parse_args()
    shares = [run(name, options.sample) for name in options.module or TARGETS]
    sys.exit(0 if min(shares) >= 0.9 else 1)


if __name__ == "__main__":
    main()

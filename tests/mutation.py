"""Mutation testing: break the modules that must not fail, one small change at a time, and see whether a test notices.

python -m tests.mutation [MODULE…] [--sample N]

It needs the extra `mutation`. For each module a copy of the repository goes to a temporary folder, where mutmut makes
the changes and runs, for each, the tests of that module that reach it; slow tests are left out. Told are the share of
changes that a test noticed, and each that none did. `--sample` tries at most N of a module's changes, always the same.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT


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
        ("lineage_core/write/redaction.py", "lineage_core/write/secret_*.py"),
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
KILLED = {1, 3, 24, -24, 36, 37, 152, 255}
"""Exit codes of mutmut for a change that was noticed; some make the tests run for ever."""


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


def results(folder: Path) -> dict[str, int | None]:
    """Each change and the exit code of the tests with it; None if it was not tried."""
    found: dict[str, int | None] = {}
    for path in folder.glob("mutants/**/*.meta"):
        found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


def run(name: str, sample: int | None) -> float:
    """Try a module's changes and print what came of it; gives the share that was noticed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_of(folder, TARGETS[name])
        words: list[str] = []
        if sample is not None:
            said = mutmut(folder, "run", "--max-children", "1", "none.such")  # makes the changes, and tries none
            every = sorted(results(folder))
            words = random.Random(0).sample(every, min(sample, len(every)))
        said = mutmut(folder, "run", "--max-children", "1", *words)
        tried = {key: code for key, code in results(folder).items() if code is not None}
        if not tried:
            sys.exit(f"{name}: mutmut tried nothing:\n{said[-3000:]}")
        left = [key for key, code in tried.items() if code not in KILLED]
        share = 1 - len(left) / len(tried)
        print(f"{name}: {len(tried) - len(left)} of {len(tried)} changes were noticed ({share:.0%})", flush=True)
        for key in left:
            print(f"\n{key} (exit code {tried[key]})")
            shown = mutmut(folder, "show", key).splitlines()
            print("\n".join(line for line in shown if line[:1] in "+-" and line[:3] not in ("+++", "---")), flush=True)
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

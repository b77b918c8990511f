"""tests/CASES.md is whole: every case stands there, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]


def rows() -> list[tuple[str, list[str]]]:
    """The number of each case (F and a number: of a fault found in the field) and the tests that hold it."""
    lines = (TESTS / "CASES.md").read_text().splitlines()
    cells = [line.strip("|").split("|") for line in lines if re.match(r"\| F?\d", line)]
    return [(row[0].strip(), [name.strip() for name in row[3].split(",") if name.strip()]) for row in cells]


@cache
def defined_in(file: str) -> set[str]:
    """The tests in a file, by name; nothing of it is run."""
    path = TESTS / file
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    names |= {  # a Hypothesis machine: `TestTailer = TailerMachine.TestCase`
        target.id for node in tree.body if isinstance(node, ast.Assign)
        for target in node.targets if isinstance(target, ast.Name)
    }  # fmt: skip
    return {name for name in names if name.startswith(("test_", "Test"))}


def test_every_case_is_there_once() -> None:
    assert [number for number, _ in rows() if number[0] != "F"] == [str(number) for number in range(1, 43)]


def test_every_case_is_held_by_a_test() -> None:
    assert [number for number, names in rows() if not names] == []


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for number, names in rows():
        for name in names:
            file, _, test = name.partition("::")
            if test not in defined_in(file):
                missing.append((number, name))
    assert missing == []

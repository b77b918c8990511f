"""`lineage-tui --plain`: the operator's questions as a numbered menu, without a cursor."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_tui.plain_menu import QUESTIONS
from tests.cli.conftest import LEGACY, NOW

PLAIN = [sys.executable, "-m", "lineage_tui.cli", "--plain", "--dir", str(LEGACY)]
Typed = Callable[..., str]


@pytest.fixture(scope="module")
def typed() -> Typed:
    """`typed("4", "task-1")` is what is printed when an operator types these lines; it must end well."""

    def run(*lines: str) -> str:
        text = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(
            PLAIN, input=text, env={"LINEAGE_NOW": NOW}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0
        return done.stdout

    return run


def test_every_question_is_answered_by_its_number(typed: Typed) -> None:
    lines = [line for number in range(1, len(QUESTIONS) + 1) for line in (str(number), *asked_for(number))]
    said = typed(*lines, "q")
    assert len(said.split("Number of a question")) == len(QUESTIONS) + 2
    assert "usage:" not in said and "There is no question" not in said
    for words in ("found-dead", "task-a-rollout  ", "attempt 1", "flow from"):
        assert words in said


def asked_for(number: int) -> list[str]:
    words = QUESTIONS[number - 1].words
    return ["task-a-rollout"] if "TASK" in words else ["master:operations"] if "FILTER" in words else []


def test_whoever_reads_no_further_is_told_nothing(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        PLAIN,
        input="7\nq\n",
        env={"LINEAGE_NOW": NOW, "XDG_STATE_HOME": str(tmp_path)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_task_is_asked_for_once(typed: Typed) -> None:
    said = typed("4", "task-a-rollout", "5", "", "q")
    assert "or Enter for task-a-rollout" in said
    assert "in the order in which they count" in said


def test_what_is_no_number_of_a_question_is_told(typed: Typed) -> None:
    said = typed("99", "x\x1b[2J", "m", "q")
    assert "There is no question '99': give a number from 1 to" in said
    assert said.count("1. What needs somebody") == 2
    assert "\x1b" not in said


def test_an_unknown_task_and_a_wrong_filter_are_told_and_the_menu_goes_on(typed: Typed) -> None:
    said = typed("4", "task-of-nobody", "9", "status:nonsense", "3")
    assert "no task task-of-nobody" in said and "nonsense" in said
    assert "TASK" in said.rpartition("nonsense")[2]


def test_the_end_of_the_input_ends_it(typed: Typed) -> None:
    assert typed().count("Number of a question") == 1


def test_nothing_is_drawn_over(typed: Typed) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", typed("1", "4", "task-a-rollout", "10"))


def test_it_loads_no_screen() -> None:
    code = (
        "import sys; from lineage_tui import cli; cli.main(['--plain', '--dir', '/']); print('textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=False)
    assert done.stdout.endswith("False\n")

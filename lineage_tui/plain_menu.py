"""`lineage-tui --plain`: the operator's questions as a numbered menu of plain lines.

For screen readers, braille lines, and terminals that cannot place a cursor. The answers are those of the `lineage`
commands, one after the other; nothing that was printed is drawn over.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import ExitCode
from lineage_core.cli import main

_TASK, _FILTER = "TASK", "FILTER"


class Question(NamedTuple):
    """asks: in the operator's words. words: the command that answers; TASK and FILTER are asked for."""

    asks: str
    words: tuple[str, ...]


QUESTIONS = (
    Question("What needs somebody, the most urgent first?", ("attention", "--limit", "20")),
    Question("What is running?", ("tasks", "status:running", "--limit", "20")),
    Question("What is new?", ("tasks", "--limit", "20")),
    Question("How does a task stand, and what happened in it?", ("task", _TASK)),
    Question("Why does a task stand as it does?", ("explain", _TASK)),
    Question("Where did the time of a task go?", ("duration", _TASK)),
    Question("What failed, the newest first?", ("failed", "--limit", "20")),
    Question("Which workers are there?", ("workers", "--limit", "20")),
    Question("Which tasks match a filter, like master:security or is:zombie?", ("tasks", _FILTER)),
    Question("What are the figures?", ("stats",)),
    Question("What happened last?", ("recent", "--limit", "20")),
    Question("When will what is open end?", ("forecast", "--limit", "20")),
    Question("Is anything not normal?", ("anomalies",)),
)
_PROMPT = "Number of a question, m for the menu, q to leave: "


def run(directory: Path) -> int:
    """Ask and answer until the operator leaves, or there is nothing more to read; returns the exit code."""
    os.environ["NO_COLOR"] = "1"
    task = ""
    _print_menu()
    while True:
        answer = _ask(_PROMPT)
        if answer is None or answer in ("q", "quit"):
            return ExitCode.OK
        if answer in ("", "m", "?"):
            _print_menu()
            continue
        if not answer.isdecimal() or not 1 <= int(answer) <= len(QUESTIONS):
            print(f"There is no question {answer!r}: give a number from 1 to {len(QUESTIONS)}.")
            continue
        words = list(QUESTIONS[int(answer) - 1].words)
        if _TASK in words:
            given = _ask(f"Id of the task{f', or Enter for {task}' if task else ''}: ")
            task = given or task
            if not task:
                continue
            words[words.index(_TASK) :] = ["--", task]
        if _FILTER in words:
            words[words.index(_FILTER) :] = ["--limit", "20", "--", *(_ask("Filter: ") or "").split()]
        _answer(words, directory)


def _answer(words: list[str], directory: Path) -> None:
    print()
    command, *rest = words
    try:
        main(["--no-pager", command, "--dir", str(directory), *rest])
    except SystemExit:  # the words were wrong; it has been said
        pass
    except KeyboardInterrupt:
        print("Interrupted.")
    print()


def _print_menu() -> None:
    for number, question in enumerate(QUESTIONS, 1):
        print(f"{number}. {question.asks}")


def _ask(prompt: str) -> str | None:
    """What the operator types; None at the end of the input."""
    print(prompt, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        print()
        return None
    return line.strip()

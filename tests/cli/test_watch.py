"""`lineage watch`: what needs a person, drawn again as it changes, at a real terminal; once where there is none."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_core import Journal
from tests.cli.conftest import LEGACY, NOW, Ask
from tests.faults.pseudo_terminal import PtyProgram

WATCH = (sys.executable, "-m", "lineage_core.cli", "watch", "--every", "50ms", "--dir")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    copied = tmp_path / "lineage"
    shutil.copytree(LEGACY, copied)
    return copied


@pytest.fixture
def watched(directory: Path) -> Iterator[PtyProgram]:
    with PtyProgram([*WATCH, directory], size=(80, 24), env={"LINEAGE_NOW": NOW}) as program:
        program.wait_for("need somebody")
        yield program


def test_without_a_terminal_it_says_once_what_attention_says(ask: Ask) -> None:
    lines = ask("watch").lines
    findings = ask("attention", "--json").json["findings"]
    assert "2026-11-22T08:10:00Z" in lines[0]
    assert len(lines) == 3 + len(findings)
    for line, one in zip(lines[3:], findings, strict=True):
        assert one["rule"] in line and one["sentence"] in line and (one["task_id"] or "") in line


def test_what_has_the_same_cause_is_one_line(ask: Ask, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lineage")
    for number in range(6):
        journal.log(
            "task_failed",
            f"task-{number}",
            "security-master",
            "no space left",
            timestamp=f"2026-11-22T08:0{number}:00Z",
        )
    lines = [line for line in ask("watch", tmp_path / "lineage").lines if "no space left" in line]
    assert len(lines) == 1 and "6 tasks failed: no space left" in lines[0]


def test_a_directory_that_is_not_there_is_what_needs_somebody(ask: Ask, tmp_path: Path) -> None:
    told = ask("watch", tmp_path / "nowhere").out
    assert "nowhere does not exist" in told and "nothing needs you" not in told


def test_what_happens_shows_without_a_key(watched: PtyProgram, directory: Path) -> None:
    Journal(directory).log("task_escalated", "task-new", "dev", "disk full", timestamp="2026-11-22T08:09:00Z")
    watched.wait_for("disk full")
    watched.wait_for("task-new")


def test_what_does_not_fit_is_counted(watched: PtyProgram, directory: Path) -> None:
    journal = Journal(directory)
    for number in range(20):
        journal.log("task_escalated", f"task-{number}", "dev", "x" * 200, timestamp="2026-11-22T08:09:00Z")
    watched.wait_for("more lines: `lineage attention` has all")
    watched.wait_until(lambda: watched.screen().splitlines()[-1].startswith("and "), "the count in the last line")


def test_hostile_text_is_drawn_as_signs(watched: PtyProgram, directory: Path) -> None:
    at = "2026-11-22T08:09:00Z"
    Journal(directory).log("task_escalated", "task-\x1b]0;evil\x07", "dev", "\x1b[2J", timestamp=at)
    watched.wait_for("evil")
    assert b"\x1b]0;evil" not in watched.output and b"\x1b[2J" not in watched.output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_terminal_is_given_back(watched: PtyProgram, number: signal.Signals, code: int) -> None:
    watched.process.send_signal(number)
    assert watched.ends() == code
    assert bytes(watched.output).rstrip().endswith(b"\x1b[?25h\x1b[?1049l")


def test_a_line_takes_a_line_however_narrow_the_terminal_is(directory: Path) -> None:
    with PtyProgram([*WATCH, directory], size=(20, 5), env={"LINEAGE_NOW": NOW}) as program:
        program.wait_until(lambda: program.screen().splitlines()[4].startswith("and "), "the last line")
        lines = program.screen().splitlines()
        assert lines[0].rstrip() == "2026-11-22T08:10:00" and lines[4].startswith("and ")

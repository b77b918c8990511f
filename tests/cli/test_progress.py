"""The progress bar: on a terminal's stderr only, and gone in the end."""

import os
import pty
import sys

import pytest

from lineage_core.cli import progress
from lineage_core.cli.progress import ProgressBar
from tests.cli.conftest import Ask


def shown(monkeypatch: pytest.MonkeyPatch, after: float) -> str:
    """What a terminal gets of three steps of work."""
    monkeypatch.setattr(progress, "_AFTER", after)
    monkeypatch.setattr(progress, "_EVERY", 0)
    parent, child = pty.openpty()
    with open(child, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with ProgressBar("reading") as bar:
            for part in (0.0, 0.5, 1.0):
                bar(part)
        terminal.write("!")
    data = b""
    while not data.endswith(b"!"):
        data += os.read(parent, 65536)
    os.close(parent)
    return data.decode()


def test_it_fills_and_is_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, 0)
    assert f"\rreading [{'#' * 15}{'.' * 15}]  50%" in text
    assert text.endswith("100%\r\x1b[K!")


def test_short_work_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 60) == "!"


def test_a_pipe_gets_none(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    monkeypatch.setattr(progress, "_AFTER", 0)
    for words in (["tasks"], ["task", "task-a-rollout"], ["events"]):
        assert ask(*words).err == ""

"""Case 41, its short form; hours of it: `python tests/soak.py --minutes 60`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOAK = Path(__file__).parents[1] / "soak.py"


def soaked(minutes: float, rate: float) -> dict[str, Any]:
    """The figures of a run, in a process of its own, so that memory and descriptors are its own."""
    command = [sys.executable, str(SOAK), "--minutes", str(minutes), "--rate", str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=minutes * 60 + 260)
    assert done.returncode in (0, 1), done.stderr[-3000:]
    return dict(json.loads(done.stdout[done.stdout.rindex("\n{") :]))


def judged(figures: dict[str, Any]) -> None:
    """Nothing lost, doubled or torn, and what is held does not grow."""
    for key in ("lost", "doubled", "torn", "quarantined", "unreadable files"):
        assert figures[key] == 0, figures
    assert figures["written by a writer killed before it could note it"] <= figures["writers killed"]
    assert figures["events on the screen"] >= figures["events"]
    for who in ("feed", "screen"):
        assert figures[f"{who} watches at the end"] == 1, figures
        assert figures[f"{who} descriptors at the end"] <= figures[f"{who} descriptors at half time"] + 4, figures


@pytest.mark.first
def test_half_a_minute_of_everything_at_once_loses_and_doubles_nothing() -> None:
    figures = soaked(0.5, 100)
    judged(figures)
    assert figures["events"] > 500
    assert figures["renamed"] and figures["copied and truncated"] and figures["writers killed"]


@pytest.mark.long
@pytest.mark.timeout(5000)
def test_an_hour_of_everything_at_once_loses_and_doubles_nothing() -> None:
    figures = soaked(60, 100)
    judged(figures)
    assert figures["screen MB at the end"] < figures["screen MB at half time"] + 100, figures

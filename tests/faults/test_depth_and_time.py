"""Cases 31, 33 and 34, end to end: nesting drawn and exported, midnight in other zones, clocks that are wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.build import id_of, record
from tests.conftest import ROOT
from tests.faults.pseudo_terminal import PtyProgram, without_sequences

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
TUI = [sys.executable, "-m", "lineage_tui.cli"]
LIBRARY = ROOT / "lineage_core" / "shell" / "lineage.sh"


def asked(directory: Path, *words: str, **environ: str) -> str:
    """What a query prints."""
    done = forked.run([*LINEAGE, *words, "--dir", str(directory)], env=os.environ | environ)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def started(number: int, timestamp: str, **data: Any) -> dict[str, Any]:
    return record(number, task_id="task-1", event_type="task_started", timestamp=timestamp, event_data=data)


def depth_of(value: Any) -> int:
    """Levels of nesting."""
    depth = 0
    level = [value]
    while level := [part for item in level if isinstance(item, dict | list) for part in _parts(item)]:
        depth += 1
    return depth


def _parts(item: dict[str, Any] | list[Any]) -> list[Any]:
    return list(item.values() if isinstance(item, dict) else item)


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """Records nested 1,000 levels deep, as objects and as lists."""
    directory = tmp_path / "lineage"
    directory.mkdir()
    lines = []
    for number, (left, right) in enumerate((("[", "]"), ('{"k":', "}"))):
        text = json.dumps(started(number, f"2026-03-14T02:00:0{number}Z", metadata="DEEP", reason="why"))
        lines.append(text.replace('"DEEP"', left * 990 + '"bottom"' + right * 990))
    (directory / "lineage-2026-03-14.jsonl").write_text("\n".join(lines) + "\n")
    return directory


@pytest.mark.parametrize("words", [["events"], ["task", "task-1"], ["recent"], ["export", "events"]])
def test_what_is_nested_a_thousand_levels_deep_is_cut_before_it_is_exported(words: list[str], deep: Path) -> None:
    answer = json.loads(asked(deep, *words, "--format", "json"))
    assert 50 < depth_of(answer) <= 103
    text = asked(deep, *words, "--format", "csv")
    assert "bottom" not in text and "…" in text
    for row in csv.reader(io.StringIO(text)):
        assert all(cell.count("[") + cell.count("{") < 400 for cell in row)


def test_what_is_nested_a_thousand_levels_deep_is_cut_before_it_is_drawn(deep: Path) -> None:
    with PtyProgram([*TUI, "--dir", str(deep)], size=(200, 50)) as app:
        app.wait_for("task-1")
        app.press("\r\r\r", "lineage_id")
        for keys in ("G", "g"):
            app.keys(keys)
            app.settle(2)
        assert app.process.poll() is None
        shown = without_sequences(bytes(app.output))
        app.keys("\x03")
        assert app.ends() == 130
    assert "bottom" not in shown


ZONES = ("Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kolkata")


@pytest.mark.clock
@pytest.mark.parametrize("zone", ZONES)
def test_around_midnight_every_event_goes_to_the_file_of_its_utc_day_and_is_shown(zone: str, tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    times = ("13T23:59:59.999999", "14T00:00:00.000000", "14T10:00:00", "14T23:59:59")
    moments = [f"2026-03-{time}Z" for time in times]
    with PtyProgram([*TUI, "--dir", str(directory)], env={"TZ": zone, "LINEAGE_NOW": "2026-03-15T00:00:00Z"}) as app:
        app.wait_for("does not exist yet")
        for number, moment in enumerate(moments):
            environ = {"TZ": zone, "LINEAGE_NOW": moment, "LINEAGE_DIR": str(directory)}
            asked(directory, "log", "task_created", f"task-python-{number}", "user-kim", **environ)
            script = f"source {LIBRARY}; log_task_created task-bash-{number} user-kim"
            environ |= {"LINEAGE_PYTHON": sys.executable}
            subprocess.run(["bash", "-c", script], env=os.environ | environ, check=True)
        app.wait_for("task-bash-3")
        app.resize(140, 40)
        app.wait_for("8 events")
        app.keys("q")
        assert app.ends() == 0
    days = {file.name: len(file.read_text().splitlines()) for file in directory.iterdir()}
    assert days == {"lineage-2026-03-13.jsonl": 2, "lineage-2026-03-14.jsonl": 6}
    events = json.loads(asked(directory, "events", "--json", TZ=zone))
    assert [event["timestamp"][:19] + "Z" for event in events] == sorted([moment[:19] + "Z" for moment in moments] * 2)
    assert len(json.loads(asked(directory, "events", "--date", "2026-03-14", "--json", TZ=zone))) == 6


ODD_TIMES = [
    ("clock back an hour", ["2026-03-14T02:30:00Z", "2026-03-14T01:30:00Z"]),
    ("leap second", ["2026-12-31T23:59:59Z", "2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"]),
    ("daylight saving", ["2026-03-08T01:59:59-08:00", "2026-03-08T03:00:00-07:00", "2026-11-01T01:30:00-07:00",
                         "2026-11-01T01:30:00-08:00"]),
    ("years off", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-14T00:00:00Z"]),
    ("no offset", ["2026-03-14T02:00:00", "2026-03-14T02:00:01+0530", "2026-03-14T02:00:02.123456789Z"]),
]  # fmt: skip


@pytest.mark.parametrize("times", [times for _, times in ODD_TIMES], ids=[name for name, _ in ODD_TIMES])
def test_events_of_a_wrong_clock_are_all_shown_in_one_order_everywhere(times: list[str], tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    lines = [json.dumps(started(n, when, current_step=f"s{n}")) for n, when in enumerate(times)]
    (directory / "lineage-2026-03-14.jsonl").write_text("\n".join(lines) + "\n")
    order = [event["lineage_id"] for event in json.loads(asked(directory, "events", "--json"))]
    assert sorted(order) == [id_of(n) for n in range(len(times))]
    assert [event["lineage_id"] for event in json.loads(asked(directory, "recent", "--json"))] == order
    told = json.loads(asked(directory, "task", "task-1", "--json"))
    assert [event["lineage_id"] for event in told["events"]] == order
    now = {"LINEAGE_NOW": "2026-03-14T02:00:00Z"}
    for command in ("tasks", "timeline", "duration", "summary", "chain", "workers", "failed", "zombies", "stats"):
        words = [command, "task-1"] if command in ("timeline", "duration", "summary", "chain") else [command]
        asked(directory, *words, **now)
    with PtyProgram([*TUI, "--dir", str(directory)], size=(160, 40), env=now) as app:
        app.wait_for(f"{len(times)} events")
        for keys in ("\r", "l", "2", "3", "4", "5", "1"):
            app.keys(keys)
            app.settle(2)
        assert app.process.poll() is None
        app.keys("\x03")
        assert app.ends() == 130

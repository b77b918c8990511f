"""Times at the edge of what dates can name are clamped to the years 1 to 9999 in UTC, and said."""

from __future__ import annotations

import json
import sys
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base.clock import (
    DAY,
    FIRST,
    LAST,
    SECOND,
    clamped,
    format_local,
    format_timestamp,
    out_of_years,
    parse_timestamp,
)
from lineage_core.cli import main
from lineage_core.dataframes.reader import read_frames
from lineage_core.read.decoder import Decoder
from tests.build import compact, record, write
from tests.faults.pseudo_terminal import PtyProgram

CLAMPED = {
    "0001-01-01T00:00:00+01:00": FIRST,
    "0001-01-01T00:00:00+23:59": FIRST,
    "9999-12-31T23:59:59-06:00": LAST,
    "9999-12-31T23:59:59.999999-23:59": LAST,
    "9999-12-31T23:59:60Z": LAST,
    "9999-12-31T24:00:00Z": LAST,
}
EXACT = {
    "0001-01-01T00:00:00Z": FIRST,
    "0001-01-02T00:00:00+24:00"[:19] + "Z": FIRST + DAY,
    "9999-12-31T23:59:59.999999Z": LAST,
    "2026-12-31T23:59:60Z": 1_798_761_600 * SECOND,
    "2026-12-31T24:00:00Z": 1_798_761_600 * SECOND,
    "2026-12-31T24:00:00.000000+00:00": 1_798_761_600 * SECOND,
    "2026-12-31T24:00": 1_798_761_600 * SECOND,
}
NONE = (
    *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "2026-03-14T01:00:00+25:00"),
    *("2026-03-14T24:00:01Z", "2026-03-14T24:30:00Z", "2026-03-14T25:00:00Z", "2026-03-14T23:59:61Z", "1700000000"),
)


def at(number: int, timestamp: object, event: str) -> dict[str, Any]:
    data = {"worker_id": f"w{number}", "worker_type": "scan", "handoff_id": f"h{number}", "reason": "waits"}
    return record(
        lineage_id=f"lineage-{number}-{event}",
        task_id=f"task-{number}",
        event_type=event,
        timestamp=timestamp,
        event_data=data | {"from_master": "a-master", "to_master": "b-master"},
    )


EVENTS = ("task_created", "task_started", "worker_spawned", "worker_started", "handoff_created", "task_blocked")


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tasks at every edge, and one that goes from the first to the last moment."""
    monkeypatch.setenv("LINEAGE_NOW", "2026-03-14T03:00:00Z")
    stamps: list[object] = [*CLAMPED, *EXACT, *NONE, 1_700_000_000_000_000_000, None]
    lines = [at(number, stamp, event) for number, stamp in enumerate(stamps) for event in EVENTS]
    ends = zip(("task_created", "worker_spawned", "worker_started", "task_completed"), [*CLAMPED], strict=False)
    lines += [at(99, stamp, event) for event, stamp in ends]
    return write(tmp_path / "lineage", *lines, name="lineage-2026-03-14.jsonl")


def test_a_time_that_no_date_can_name_is_the_nearest_that_one_can() -> None:
    for text, at in CLAMPED.items():
        assert parse_timestamp(text) == at, text
        assert out_of_years(text), text
    for text, at in EXACT.items():
        assert parse_timestamp(text) == at, text
        assert not out_of_years(text), text
    for text in NONE:
        assert parse_timestamp(text) is None, text


minutes = st.integers(-24 * 60 + 1, 24 * 60 - 1)
near = st.integers(-2 * 86400, 2 * 86400)


@given(st.sampled_from([FIRST, LAST, 0]), near, minutes, st.sampled_from(["", ".5", ".999999"]))
def test_any_offset_near_the_edge_is_read_as_arithmetic_has_it(
    edge: int, seconds: int, offset: int, fraction: str
) -> None:
    local = clamped(edge + seconds * SECOND)
    zone = timezone(timedelta(minutes=offset)).tzname(None)[3:] or "+00:00"
    text = format_timestamp(local)[:19] + fraction + zone
    micros = round(float(fraction or 0) * SECOND)
    expected = local // SECOND * SECOND + micros - offset * 60 * SECOND
    assert parse_timestamp(text) == clamped(expected)
    assert out_of_years(text) == (expected != clamped(expected))
    (found,), rejected = Decoder().feed(compact(at(1, text, "task_created")))
    assert (found.at, rejected) == (clamped(expected), [])


@given(st.integers(-(10**19), 10**19))
def test_every_number_can_be_written_as_a_time(at: int) -> None:
    assert len(format_timestamp(at)) == 27
    assert parse_timestamp(format_timestamp(at)) == clamped(at)
    assert len(format_local(at)[:26]) == 26 and format_local(at)[4] == "-"


QUESTIONS = (
    *(
        "tasks",
        "tasks --json",
        "tasks is:open --sort elapsed_ms",
        "workers",
        "workers --json",
        "failed",
        "zombies --all",
    ),
    *("zombies --json", "events", "events --json", "events --since 1d", "events --since 0001-01-01", "recent 50"),
    *("events --until 9999-12-31", "stats", "stats --json", "stats --window 24h", "stats --window 500000w"),
    *("stats --by day", "stats --by hour", "stats --by master", "stats --format csv", "doctor", "validate"),
    *("task {}", "task {} --json", "timeline {}", "duration {}", "duration {} --json", "summary {}", "chain {}"),
    *("workers {}", "export tasks --format csv", "export events --format csv", "export task {} --format html"),
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_ends_for_them(question: str, journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [0, 2, len(CLAMPED), 99] if "{}" in question else [0]
    for number in tasks:
        words = question.format(f"task-{number}").split()
        assert main([*words, "--dir", str(journal)]) in (0, 1, 2 if "500000w" in question else 0)
        out, err = capsys.readouterr()
        assert out or err
        assert "10000-" not in out and '"0000-' not in out and "-0001" not in out


@pytest.mark.parametrize("words", ["tasks --format html", "events --format html", "zombies --format html"])
def test_pages_are_made(words: str, journal: Path, tmp_path: Path) -> None:
    assert main(["export", *words.split(), "-o", str(tmp_path / "x.html"), "--dir", str(journal)]) == 0
    assert "0001-01-01" in (tmp_path / "x.html").read_text()


def test_in_parquet_they_are_times(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    assert main(["export", "tasks", "--format", "parquet", "-o", str(path), "--dir", str(journal)]) == 0
    first = pl.read_parquet(path)["first_at"].dt.timestamp("us")
    assert (first.min(), first.max()) == (FIRST, LAST)


def test_frames_have_the_times_of_the_fold(journal: Path) -> None:
    at = read_frames(journal).frames.events["at"].dt.timestamp("us")
    assert (at.min(), at.max(), at.len()) == (FIRST, LAST, len(EVENTS) * len(CLAMPED | EXACT) + 4)


def test_it_is_said(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--json", "--dir", str(journal)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["counts"]["out-of-years"] == len(EVENTS) * len(CLAMPED) + 4
    assert report["counts"]["bad-value"] >= len(EVENTS) * len(NONE)
    (text,) = {one["text"] for one in report["findings"] if one["text"].startswith("9999-12-31T23:59:59-06:00")}
    assert text == "9999-12-31T23:59:59-06:00 counts as 9999-12-31T23:59:59.999999Z"
    assert main(["doctor", "--dir", str(journal)]) == 1
    assert f"{len(EVENTS) * len(CLAMPED) + 4} events outside the years 1 to 9999 in UTC" in capsys.readouterr().out


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_every_view_of_the_screen_shows_them(zone: str, journal: Path) -> None:
    environ = {"TZ": zone, "LINEAGE_NOW": "2026-03-14T03:00:00Z"}
    with PtyProgram([sys.executable, "-m", "lineage_tui.cli", "--dir", str(journal)], env=environ) as app:
        app.wait_for("task-1")
        for times in ("", "t", "t"):
            app.keys(times)
            for view in "12345":
                app.keys(view)
                app.wait_for(f"[{view} ")
                app.keys("G")
                app.settle(3)
        app.keys("\x03")
        assert app.ends() == 130

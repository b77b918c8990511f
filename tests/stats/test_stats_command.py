"""`lineage stats`: the same numbers for people and for programs."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lineage_core import demo
from lineage_core.cli import main
from lineage_core.cli.commands.stats import BY, DOCUMENT_KEYS
from lineage_core.dataframes.reader import write_parquet
from lineage_core.model.task_parts import Status
from lineage_core.shell.queries import main as shell_query
from lineage_core.state.load import load


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("lineage")
    demo.backfill(directory, 3000, days=2)
    return directory


class Ask:
    """Runs `lineage stats` in this process."""

    def __init__(self, directory: Path, capsys: Any) -> None:
        self.directory = directory
        self._capsys = capsys

    def text(self, *words: str, code: int = 0) -> str:
        self._capsys.readouterr()
        assert main(["stats", "--dir", str(self.directory), *words]) == code
        return str(self._capsys.readouterr().out)

    def json(self, *words: str) -> Any:
        return json.loads(self.text("--json", *words))


@pytest.fixture
def ask(journal: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    return Ask(journal, capsys)


def test_the_document_has_the_documented_keys(ask: Ask) -> None:
    assert list(ask.json()) == list(DOCUMENT_KEYS)


def test_the_totals_are_those_of_get_lineage_stats(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.argv", ["-c", "", "stats", "", str(journal), ""])
    shell_query()
    old = json.loads(capsysbinary.readouterr().out)
    main(["stats", "--dir", str(journal), "--json"])
    told = json.loads(capsysbinary.readouterr().out)
    assert {key: told[key] for key in old} == old


def test_people_read_the_numbers_that_programs_get(ask: Ask) -> None:
    told, text = ask.json(), ask.text()
    assert f"{told['total_events']:,} events, {told['tasks_tracked']:,} tasks" in text
    for row in told["failures"]["master"]:
        assert re.search(rf"{row['key']} +{row['ended']:,} +{row['failed']:,} +{row['rate']:.1%}", text)


def test_csv_holds_every_number_of_the_document(ask: Ask) -> None:
    told = ask.json()
    rows = list(csv.DictReader(io.StringIO(ask.text("--format", "csv"))))
    numbers = {(r["section"], r["group"], r["key"], r["figure"]): r["value"] for r in rows}
    for by, table in told["tokens"].items():
        for row in table:
            assert numbers["tokens", by, row["key"], "tokens"] == str(row["tokens"])
    assert numbers["total_events", "", "", "total_events"] == str(told["total_events"])
    for n, row in enumerate(told["flow"]):
        assert numbers["flow", "", row["start"], "events"] == str(told["flow"][n]["events"])


@pytest.mark.clock
@pytest.mark.parametrize("by", BY)
def test_one_line_for_each(ask: Ask, by: str) -> None:
    rows = ask.json("--by", by)
    lines = [json.loads(line) for line in ask.text("--by", by, "--format", "jsonl").splitlines()]
    assert rows == lines
    assert [row["key"] for row in rows] == [
        row["key"] for row in csv.DictReader(io.StringIO(ask.text("--by", by, "--format", "csv")))
    ]
    assert len(ask.text("--by", by).splitlines()) == len(rows) + 1 + (by == "master")  # which is explained below it
    assert len(ask.json("--by", by, "--limit", "1")) == 1


def test_a_filter_chooses_the_tasks(ask: Ask, journal: Path) -> None:
    state = load(journal).state
    failed = [row for row in state.rows.values() if row.status is Status.FAILED]
    told = ask.json("status:failed")
    assert told["tasks_tracked"] == len(failed)
    assert told["total_events"] == sum(row.events for row in failed)
    assert told["window"]["filtered"]


@pytest.mark.clock
def test_a_window_holds_what_happened_in_it(ask: Ask) -> None:
    everything, day, nothing = ask.json(), ask.json("--window", "1d"), ask.json("--window", "1ms")
    assert 0 < day["total_events"] < everything["total_events"]
    assert nothing["total_events"] == 0
    assert ask.text("--window", "1ms", "--fail-empty", code=1)


@pytest.mark.parametrize("words", [["--window", "soon"], ["--zombie-after", "x"], ["no:such"]])
def test_what_makes_no_sense_is_said_in_a_line(
    journal: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", "--dir", str(journal), *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--dir", str(tmp_path / "none")]) == 3
    assert "does not exist" in capsys.readouterr().err


def test_an_empty_directory_has_no_figures_and_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--json"], ["--by", "master"], ["--by", "hour"], ["--format", "csv"]):
        assert main(["stats", "--dir", str(tmp_path), *words]) == 0
    assert "0 events" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["events", "tasks", "workers", "handoffs", "phases"])
def test_a_frame_as_parquet_has_its_rows(journal: Path, tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.parquet"
    write_parquet(journal, what, path)
    frame = pl.read_parquet(path)
    state = load(journal).state
    rows = {
        "events": state.events,
        "tasks": len(state.rows),
        "workers": sum(row.workers for row in state.rows.values()),
        "handoffs": sum(row.handoffs for row in state.rows.values()),
    }
    assert frame.height == rows.get(what, frame.height) > 0
    if what == "events":
        assert frame["lineage_id"].n_unique() == state.events
    assert not [name for name in frame.columns if name.endswith("hash")]

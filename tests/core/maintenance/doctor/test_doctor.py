"""`lineage doctor` reports exactly the faults that were planted, each with what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lineage_core.cli import main
from lineage_core.maintenance.doctor import CHECKS, CheckResult, Surroundings, Word, examine, host
from tests.core.maintenance.doctor.conftest import newest, only, problems
from tests.wallclock import now

pytestmark = pytest.mark.clock


def test_a_directory_in_order_has_no_problem(journal: Path) -> None:
    found = list(examine(Surroundings(journal, None, now())))
    assert [(v.check, v.word) for v in found if v.word is Word.PROBLEM] == []
    assert [v.check for v in found] == list(CHECKS)
    assert {v.check for v in found if v.word is Word.NOTE} == {"times", "library", "integration"}


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    check, text, advice = only(tmp_path / "nowhere")
    assert check == "directory"
    assert text.endswith("nowhere does not exist")
    assert "the first event makes it" in advice


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "lineage").touch()
    assert only(tmp_path / "lineage")[0] == "directory"


def test_several_faults_are_all_told(journal: Path) -> None:
    with newest(journal).open("ab") as file:
        file.write(b"garbage\n" + b'{"torn')
    os.mkfifo(journal / "lineage-2020-01-01.jsonl")
    assert [check for check, *_ in problems(journal)] == ["names", "records", "torn"]


def test_the_command_tells_a_line_each_and_exits_with_1(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--dir", str(journal)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == list(CHECKS)
    os.mkfifo(journal / "lineage-2020-01-01.jsonl")
    assert main(["doctor", "--dir", str(journal)]) == 1
    text = "problem names        lineage-2020-01-01.jsonl: not a file but a pipe → look at it, and move it away\n"
    assert text in capsys.readouterr().out


def test_chosen_checks_only(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(journal / "lineage-2020-01-01.jsonl")
    assert main(["doctor", "--dir", str(journal), "--check", "size", "--check", "space"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["space", "size"]


def test_json_has_the_keys_that_monitoring_reads(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--dir", str(journal), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["directory", "checked_at", "ok", "problems", "checks"]
    assert document["ok"] is True
    assert all(list(check) == list(CheckResult._fields) for check in document["checks"])
    values = {check["check"]: set(check["values"]) for check in document["checks"]}
    assert values["directory"] == {"path", "files", "bytes"}
    assert values["space"] == {"free_bytes", "needed_bytes", "free_inodes"}
    assert values["size"] == {"largest_bytes", "limit_bytes", "over"}
    assert values["records"] >= {"records", "quarantined", "quarantined_bytes", "duplicates"}
    assert values["clock"] == {"ahead", "ahead_ms", "jumps", "jump_ms", "out_of_years"}
    assert values["times"] == {"count", "p50_us", "p95_us", "p99_us"}
    assert values["watch"] == {"max_user_watches", "max_user_instances", "mode"}
    assert values["reader"] == {"native", "history"}


def test_it_says_that_the_library_is_older_than_its_sources(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "library", lambda: journal)
    monkeypatch.setattr(host.facts, "available", lambda: False)
    (result,) = host.reader(Surroundings(journal, None, now()))
    assert (result.word, result.advice) == (Word.NOTE, "install it again")
    assert "compiled from other sources" in result.text


@pytest.mark.parametrize(("there", "said"), [(True, "LINEAGE_NATIVE=0"), (False, "no C compiler")])
def test_it_says_that_plain_lines_are_read_without_c(
    journal: Path, monkeypatch: pytest.MonkeyPatch, there: bool, said: str
) -> None:
    monkeypatch.setattr(host, "library", lambda: None)
    monkeypatch.setattr(host, "LIBRARY", journal if there else journal / "missing")
    (result,) = host.reader(Surroundings(journal, None, now()))
    assert result.word is Word.NOTE
    assert said in result.text


def test_nothing_in_the_directory_is_touched(journal: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in [journal, *journal.iterdir()]}
    list(examine(Surroundings(journal, None, now())))
    assert {path: path.stat().st_mtime_ns for path in [journal, *journal.iterdir()]} == before
